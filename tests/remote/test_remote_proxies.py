"""What stands between here and a server: pages instead of stories, packed and chopped streams, other forms of an answer."""

import json

import pytest

from story_engine.remote.events import ServerError, read_chunk

WORDS = " Tom ran to the park. He saw Mia there.<end>"
TOLD = WORDS.removesuffix("<end>")


@pytest.mark.parametrize("faults", [("halves",), ("halves", "chatter"), ("is_packed",), ("is_packed", "halves", "chatter")])
def test_characters_that_come_in_halves_in_talk_or_packed_are_whole(open_server, tell, faults):
    server = open_server(" “Café”, said Mia 🐢 and\u2028Tom.<end>")
    for fault in faults:
        setattr(server.faults, fault, True)
    story, said = tell(server)
    assert (story.last().text, said) == (" “Café”, said Mia 🐢 and\u2028Tom.", "")


PAGE = "<html><body>Bad gateway</body></html>"


@pytest.mark.parametrize("status", [408, 502, 524])
def test_a_proxys_page_is_an_error_and_not_a_story(open_server, tell, status):
    server = open_server(WORDS)
    server.faults.refusals = [(status, {"Content-Type": "text/html"}, PAGE)]
    story, said = tell(server)
    assert (story.last().text, said) == (TOLD, "")
    server.faults.whole = "text/html", PAGE
    story, said = tell(server)
    assert "a web page" in said
    assert story.last().author == "reader"


def test_a_proxy_that_does_not_stream_gives_the_passage_in_one_piece(open_server, tell):
    server = open_server(WORDS)
    server.faults.whole = "application/json", json.dumps({"choices": [{"text": TOLD, "finish_reason": "eos_token"}]})
    story, said = tell(server)
    assert (story.last().text, story.last().finish, said) == (TOLD, "end", "")
    server.faults.whole = "application/json", json.dumps({"error": "no room"})
    assert "no room" in tell(server)[1]


def test_a_redirect_is_said_and_not_followed(open_server, tell):
    server, other = open_server(WORDS), open_server(WORDS)
    server.faults.refusals = [(307, {"Location": f"{other.url}/completions"}, "")]
    assert "sends to another address" in tell(server)[1]
    assert other.requests == []


@pytest.mark.parametrize(
    "whole",
    [("text/event-stream", "data: " + "[" * 100_000 + "\n\n"), ("text/event-stream", "x" * 3_000_000), ("text/plain", "hello")],
)
def test_what_is_no_stream_is_an_error(open_server, tell, whole):
    server = open_server(WORDS)
    server.faults.whole = whole
    story, said = tell(server)
    assert said.startswith("The server that tells the stories does not answer")
    assert story.last().author == "reader"


def test_a_chunk_that_is_no_json_is_an_error():
    with pytest.raises(ServerError):
        read_chunk("<html>")
    for odd in ({"choices": []}, {"choices": {"0": {}}}, {"choices": [None]}, {"choices": [{"text": 5}]}, [], "x", None, 3):
        assert read_chunk(json.dumps(odd)).text == ""

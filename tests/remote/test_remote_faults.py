"""What goes wrong between here and a server: retried before the first word, said afterwards, and no word lost."""

import threading
import time

import pytest

from story_engine import ModelError, RemoteEngine, Settings, Story, StoryError
from story_engine.remote.address import read_address
from story_engine.remote.client import LONGEST_RETRY, Patience, read_retry_after
from story_engine.remote.replicas import LONGEST_REST, SHORTEST_REST, Replicas
from tests.conftest import find_port
from tests.remote.conftest import QUICK

WORDS = " Tom ran to the park. He saw Mia there.<end>"
TOLD = WORDS.removesuffix("<end>")
PLAIN = Settings(max_new_tokens=60, seed=3)
ERRORS = {
    "nested": {"error": {"message": "too long", "code": 400}},
    "flat": {"object": "error", "message": "too long", "code": 400},
    "plain": {"error": "too long"},
    "detail": {"detail": "too long"},
}


def test_a_stream_without_done_is_whole_if_it_says_why_it_ended(open_server, tell):
    server = open_server(WORDS, "transformers")
    server.faults.has_done = False
    assert tell(server)[0].last().text == TOLD


@pytest.mark.parametrize("fault", ["dies_after", "errs_after"])
def test_a_break_in_mid_passage_is_said_and_the_words_are_kept(open_server, tell, fault):
    server = open_server(WORDS)
    setattr(server.faults, fault, 8)
    story, said = tell(server)
    assert story.last().author == "model"
    assert TOLD.startswith(story.last().text)
    assert story.last().finish == "stopped"
    assert said.startswith("The server broke off in mid-passage")
    assert ("the engine is dead" in said) == (fault == "errs_after")
    assert len(server.requests) == 1


def test_a_silent_server_counts_as_dead(open_server, tell):
    server = open_server(WORDS)
    server.faults.delay, server.faults.is_hung = 1.0, True
    story, said = tell(server, patience=Patience(connect=1, read=0.2, tries=2, first_wait=0.01))
    assert "no answer in time" in said
    assert story.last().author == "reader"
    assert len(server.requests) == 2


def test_a_server_that_falls_silent_in_mid_passage_breaks_off(open_server, open_engine):
    server = open_server(WORDS)
    server.faults.delay = 0.05
    engine, story = open_engine(server, patience=Patience(connect=1, read=0.5, tries=2)), Story("Tom had a ball.")
    stream = engine.stream(story, PLAIN)
    while not next(stream).text:
        pass
    server.faults.delay = 2.0
    with pytest.raises(StoryError, match="broke off"):
        list(stream)
    assert TOLD.startswith(story.last().text)
    assert len(server.requests) == 1


def test_a_slow_server_is_waited_for(open_server, tell):
    server = open_server(" He ran.<end>")
    server.faults.delay = 0.2
    assert tell(server)[0].last().text == " He ran."


def test_before_the_first_word_a_failure_is_tried_again(open_server, tell):
    server = open_server(WORDS)
    server.faults.refusals = [(503, {}, ERRORS["plain"]), (500, {}, ERRORS["nested"])]
    story, said = tell(server)
    assert (story.last().text, said) == (TOLD, "")
    assert len(server.requests) == 3


def test_retry_after_is_kept_to(open_server, tell):
    server = open_server(WORDS)
    server.faults.refusals = [(429, {"Retry-After": "0.4"}, ERRORS["flat"])]
    begun = time.monotonic()
    assert tell(server)[0].last().text == TOLD
    assert time.monotonic() - begun >= 0.4


def test_a_server_that_is_busy_for_long_is_said_to_be(open_server, tell):
    server = open_server(WORDS)
    server.faults.refusals = [(429, {"Retry-After": "120"}, ERRORS["flat"])]
    story, said = tell(server)
    assert said == "The server has too many stories to tell. Yours is kept; please try again in 120 seconds."
    assert (len(server.requests), story.last().author) == (1, "reader")


def test_retry_after_may_be_a_date():
    assert 50 < read_retry_after(time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))) < 61
    assert read_retry_after("soon") == read_retry_after(None) == read_retry_after("nan") == read_retry_after("-3") == 0.0
    assert read_retry_after("inf") == LONGEST_RETRY


@pytest.mark.parametrize("shape", ERRORS)
def test_a_refusal_is_said_in_the_servers_words_and_not_tried_again(open_server, tell, shape):
    server = open_server(WORDS)
    server.faults.refusals = [(400, {}, ERRORS[shape])]
    assert tell(server)[1] == "The server does not take this request: too long"
    assert len(server.requests) == 1


def test_a_refused_key_is_said_without_the_key(open_server, tell, monkeypatch):
    monkeypatch.setenv("STORY_ENGINE_API_KEY", "secret-key")
    server = open_server(WORDS)
    server.faults.refusals = [(401, {}, {"error": {"message": "bad key secret-key"}})]
    said = tell(server)[1]
    assert "STORY_ENGINE_API_KEY" in said
    assert "secret" not in said


def test_an_end_for_an_unknown_reason_is_said(open_server, tell):
    server = open_server(WORDS)
    server.faults.finish = "content_filter"
    story, said = tell(server)
    assert "content_filter" in said
    assert story.last().text == TOLD


def test_where_nobody_answers_loading_says_so(tiny_folder):
    with pytest.raises(ModelError, match="No completions server answers"):
        RemoteEngine.open(f"openai:http://127.0.0.1:{find_port()}/v1#story@{tiny_folder}", QUICK)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("openai:", "form"),
        ("openai:ftp://host/v1#x", "http"),
        ("openai:https://me:secret@host/v1#x", "no password"),
        ("openai:https:///v1#x", "host"),
        ("openai:https://host/v1?key=1#x", "http"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(name, problem):
    with pytest.raises(ModelError, match=problem) as error:
        read_address(name)
    assert "secret" not in str(error.value)


def test_an_address_has_replicas_a_model_and_a_tokenizer():
    address = read_address("openai:https://a/v1/, https://b:8000/v1#org/name@some/folder")
    assert (address.urls, address.model, address.tokenizer) == (
        ("https://a/v1", "https://b:8000/v1"),
        "org/name",
        "some/folder",
    )
    assert address.fingerprint("org/name") == "org/name at a, b:8000"
    assert len(read_address(f"openai:https://{'a' * 60}.org/v1#x").fingerprint("name" * 20)) == 100


def test_certificates_are_verified(open_engine, open_server):
    engine = open_engine(open_server(WORDS))
    context = engine.client._http._transport._pool._ssl_context
    assert context.verify_mode.name == "CERT_REQUIRED"
    assert context.check_hostname
    assert not engine.client._http.follow_redirects


def test_a_story_keeps_its_replica_leaves_it_while_it_rests_and_comes_back():
    now = [0.0]
    replicas = Replicas([f"http://{name}/v1" for name in "abcd"], lambda: now[0])
    homes = {str(story): replicas.order(str(story))[0] for story in range(200)}
    assert all(list(homes.values()).count(url) > 20 for url in replicas.urls)
    gone = replicas.urls[0]
    replicas.fail(gone)
    moved = {story: replicas.order(story)[0] for story in homes}
    assert gone not in moved.values()
    assert all(moved[story] == home for story, home in homes.items() if home != gone)
    assert len({moved[story] for story, home in homes.items() if home == gone}) == 3
    now[0] += SHORTEST_REST
    assert {story: replicas.order(story)[0] for story in homes} == homes
    for _ in range(9):  # each time it rests for longer, up to a limit
        replicas.fail(gone)
        replicas.fail(gone)
        now[0] += LONGEST_REST
    assert {story: replicas.order(story)[0] for story in homes} == homes


COUNT = "Mia counts:" + "".join(f" {number}." for number in range(120))


def count_on(prompt: str) -> str:
    """What follows the prompt in COUNT: a word that is lost or doubled on the way would show."""
    assert COUNT.startswith(prompt)
    return COUNT[len(prompt) :][:160]


def test_a_story_sends_its_session_and_its_replica_reads_it_again(open_server, open_engine):
    servers = [open_server(WORDS), open_server(WORDS)]
    engine, story = open_engine(*servers), Story("Tom had a ball.")
    for _ in range(4):
        list(engine.stream(story, PLAIN))
    assert sorted(len(server.requests) for server in servers) == [0, 4]
    headers = max((server.headers for server in servers), key=len)
    assert {one["X-Session-ID"] for one in headers} == {story.uid}


def test_one_of_two_replicas_is_killed_in_the_middle_of_eight_stories(open_server, open_engine):
    servers = [open_server(count_on), open_server(count_on)]
    for server in servers:
        server.faults.delay = 0.02
    engine = open_engine(*servers)
    engine.retries_loops = False
    stories = [Story("Mia counts: 0.") for _ in range(8)]
    for number, story in enumerate(stories):  # four stories at home with each
        while engine.client.replicas.order(story.uid)[0] != servers[number % 2].url:
            story.uid = Story().uid
    shown, said = [""] * 8, [""] * 8

    def tell(number: int) -> None:
        try:
            for piece in engine.stream(stories[number], Settings(max_new_tokens=40, seed=number)):
                shown[number] = piece.follow(shown[number])
        except StoryError as error:
            said[number] = str(error)

    readers = [threading.Thread(target=tell, args=(number,)) for number in range(8)]
    for reader in readers:
        reader.start()
    while not all(shown):
        time.sleep(0.01)
    servers[0].kill()
    for reader in readers:
        reader.join()
    assert [words.startswith("The server broke off") for words in said] == [True, False] * 4
    for number, story in enumerate(stories):
        assert story.last().text == shown[number]
        kept = story.text()
        list(engine.stream(story, Settings(max_new_tokens=40, seed=number)))
        assert COUNT.startswith(story.text())
        assert len(story.text()) > len(kept)
    assert len(servers[1].requests) == 12
    revived = open_server(count_on, port=servers[0].port)
    engine.client.replicas.succeed(servers[0].url)  # as its rest ends
    list(engine.stream(stories[0], PLAIN))
    assert len(revived.requests) == 1


def test_a_replica_that_was_gone_before_the_first_word_costs_no_message(open_server, open_engine):
    servers = [open_server(WORDS), open_server(WORDS)]
    engine, story = open_engine(*servers), Story("Tom had a ball.")
    while engine.client.replicas.order(story.uid)[0] != servers[0].url:
        story.uid = Story().uid
    servers[0].kill()
    list(engine.stream(story, PLAIN))
    assert story.last().text == TOLD
    assert len(servers[1].requests) == 1


def test_a_closed_engine_ends_what_it_tells(open_server, open_engine):
    server = open_server(count_on)
    server.faults.delay = 0.05
    engine, story = open_engine(server), Story("Mia counts: 0.")
    stream = engine.stream(story, PLAIN)
    while not next(stream).text:
        pass
    engine.close()
    with pytest.raises(StoryError, match="was closed"):
        list(stream)
    assert story.last().author == "model"

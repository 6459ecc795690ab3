"""The playground for scripts, through gradio_client against the running page."""

import json

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

SAY = " He saw a red kite. They ran to the park. Mia was happy."


@pytest.fixture
def client(serve, scripted) -> Client:
    return Client(serve(scripted(SAY + "<end>")), verbose=False)


def test_a_script_writes_a_story(client):
    greedy = {"temperature": 0, "repetition_penalty": 1}
    told = client.predict("Tom went out.", api_name="/start", **greedy)
    assert told["text"] == "Tom went out." + SAY
    assert told["passage"] == SAY
    assert told["finish"] == "end"
    told = client.predict(told["story"], "And then?", api_name="/continue", **greedy)
    assert told["text"] == f"Tom went out.{SAY}\nAnd then?{SAY}"
    again = client.predict(told["story"], api_name="/retry", **greedy)
    assert again["text"] == told["text"]
    back = client.predict(told["story"], api_name="/undo")
    assert back["text"] == f"Tom went out.{SAY}\nAnd then?"


def test_answers_stream_in(serve, scripted):
    client = Client(serve(scripted(SAY, delay=0.01)), verbose=False)
    job = client.submit("Tom went out.", max_new_tokens=60, api_name="/start")
    job.result(30)
    passages = [answer["passage"] for answer in job.outputs()]
    assert len(passages) >= 4
    assert passages[0] == ""  # the reader's own words are no news
    assert 0 < len(passages[1]) < 30  # the first words wait for no others
    assert all(passages[-1].startswith(passage) for passage in passages)


def test_the_documented_parameters_are_the_settings(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert {"/start", "/continue", "/retry", "/undo"} == set(endpoints)
    names = [parameter["parameter_name"] for parameter in endpoints["/continue"]["parameters"]]
    assert names[:4] == ["story", "text", "temperature", "top_p"]
    assert {"top_k", "min_p", "repetition_penalty", "max_new_tokens", "seed"} <= set(names)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"temperature": 99}, "temperature"),
        ({"temperature": None}, "temperature"),
        ({"top_p": True}, "top_p"),
        ({"max_new_tokens": 2.5}, "max_new_tokens"),
        ({"seed": [1]}, "seed"),
        ({"opening": ""}, "begins"),
        ({"opening": "x" * 1_000_000}, "characters"),
        ({"opening": 5}, "plain text"),
    ],
)
def test_bad_requests_are_answered_in_words(client, values, said):
    with pytest.raises(AppError, match=said):
        client.predict(**({"opening": "Tom"} | values), api_name="/start")


def test_numbers_that_are_none_are_refused_at_the_door_too(client):
    """JSON has no NaN; a raw request that writes one all the same gets an error, not a story."""
    _, temperature, *others = client.view_api(return_format="dict")["named_endpoints"]["/start"]["parameters"]
    assert temperature["parameter_name"] == "temperature"
    content = json.dumps({"data": ["Tom", float("nan"), *(one["parameter_default"] for one in others)]})
    answer = httpx.post(f"{client.src}gradio_api/call/start", content=content, headers={"Content-Type": "application/json"})
    if answer.status_code == 200:
        stream = httpx.get(f"{client.src}gradio_api/call/start/{answer.json()['event_id']}", timeout=30).text
        assert "event: error" in stream
        assert "complete" not in stream


def test_foreign_numbers_are_refused(client):
    for number in ("", "0" * 32, "../../etc/passwd"):
        with pytest.raises(AppError, match="Begin a story"):
            client.predict(number, api_name="/undo")


def test_nothing_on_disk_is_handed_out(client, tmp_path):
    client.predict("Tom went out.", api_name="/start")
    [saved] = (tmp_path / "stories").glob("*.json")
    for path in (saved, "app.py", "story_engine/embedded/model-00001-of-00003.safetensors", "/etc/passwd"):
        assert httpx.get(f"{client.src}gradio_api/file={path}").status_code in (403, 404)

"""Requests that nobody would write by hand: each is answered or refused in words, and the next one is answered.

`FUZZ_EXAMPLES=4000 python -m pytest tests/reliability/test_fuzzing.py` asks for longer.
"""

import json
import os
import string
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from playground.engines import Engines
from playground.http.options import ApiOptions
from playground.http.schemas import CompletionBody
from playground.server import open_page
from story_engine import Library, StoryEngine
from story_engine.context.window import ContextWindow
from story_engine.model.tokenizer import StoryTokenizer
from tests.conftest import ScriptedDecoder, find_port

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "40"))
FUZZ = settings(
    max_examples=EXAMPLES, derandomize="FUZZ_EXAMPLES" not in os.environ, suppress_health_check=[*HealthCheck], database=None
)
GOOD = {"model": "scripted", "prompt": "Tom went out.", "max_tokens": 8, "temperature": 0}
SETTINGS = [0.7, 0.9, 0, 0.0, 1.1, 0.0, 0.0, 1, 8, 3, "", False, "any"]
NUMBER = "0123456789abcdef" * 2  # of a story

odd_text = st.text(max_size=30) | st.sampled_from(
    ["\x00", "\ud83d", "\u202e", "a" * 5000, "../../etc/passwd", "{{7*7}}", NUMBER]
)
number = st.integers() | st.floats() | st.sampled_from([0, -1, 2**31, 2**63, 2**70, -(2**70), 1e308, 5e-324])
leaf = st.none() | st.booleans() | number | odd_text
anything = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(odd_text, inner, max_size=4), max_leaves=8
)


class Running:
    """A page with its endpoints, and a client of it."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_keepalive_connections=0))
        self.first = self.complete()

    def complete(self) -> str:
        answer = self.client.post("/v1/completions", json=GOOD)
        assert answer.status_code == 200, answer.text
        return answer.json()["choices"][0]["text"]

    def send(self, method: str, path: str, content: bytes, **headers: str) -> httpx.Response:
        answer = self.client.request(method, path, content=content, headers=headers)
        # Gradio says so where a function that is called past the queue refuses: the page shows the words.
        is_refusal = (
            path.startswith(("/gradio_api/run/", "/gradio_api/api/"))
            and answer.status_code == 500
            and {"error"} <= {*answer.json()} <= {"error", "duration", "visible", "title"}
        )
        assert answer.status_code < 500 or is_refusal, (method, path, content[:500], answer.status_code, answer.text[:500])
        check_words(answer.text)
        return answer


def check_words(words: str) -> None:
    assert not [sign for sign in ("Traceback", "site-packages", 'File "', "Internal Server Error") if sign in words], words[
        :500
    ]


def write(value: Any) -> bytes:
    """JSON as Python's own writer leaves it, with NaN, infinities and halves of characters."""
    return json.dumps(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def running(tokenizer: Tokenizer, tmp_path_factory) -> Iterator[Running]:
    own = StoryTokenizer(Tokenizer.from_str(tokenizer.to_str()))
    decoder = ScriptedDecoder([*own.encode(" He ran to the park."), 0], own.size, 256)
    engine = StoryEngine(decoder, own, ContextWindow(256, 0, "scripted"), frozenset({0}), "scripted", False)
    library, port = Library(tmp_path_factory.mktemp("stories")), find_port()
    page = open_page(Engines(engine, engine.name), library, "127.0.0.1", port, api=ApiOptions(is_on=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("playground.rates.PER_ADDRESS", 10**9)
        yield Running(f"http://127.0.0.1:{port}")
    page.blocks.close()


prompts = odd_text | st.lists(odd_text, max_size=3) | st.lists(st.integers(0, 400), max_size=5) | anything
fitting = {
    "prompt": prompts,
    "max_tokens": st.integers(0, 12),
    "n": st.integers(0, 3),
    "stop": odd_text | st.lists(odd_text, max_size=3),
    "logprobs": st.integers(-1, 21),
    "stream_options": st.fixed_dictionaries({"include_usage": st.booleans()}),
}
own_fields = {name: field.annotation for name, field in CompletionBody.model_fields.items() if name != "model"}
fields = {name: fitting.get(name, st.booleans() if kind is bool else number) | anything for name, kind in own_fields.items()}


@FUZZ
@given(st.fixed_dictionaries({"model": st.just("scripted") | st.just("scripted") | anything}, optional=fields))
def test_any_body_of_a_completion_is_answered_or_refused_in_words(running, body):
    answer = running.send(
        "POST", "/v1/completions", write({"prompt": "Tom ran.", **body}), **{"Content-Type": "application/json"}
    )
    if answer.status_code != 200:
        assert answer.json()["error"]["message"]
    elif answer.headers["content-type"].startswith("text/event-stream"):
        events = [line.removeprefix("data: ") for line in answer.text.split("\n") if line.startswith("data: ")]
        assert events.pop() == "[DONE]"
        assert all("error" not in json.loads(event) for event in events)
    else:
        assert answer.json()["choices"]
    assert running.complete() == running.first


paths = st.sampled_from(
    ["/v1/completions", "/v1/models", "/v1/models/x", "/tokenize", "/detokenize", "/metrics", "/health", "/read/now"]
)
odd_path = st.text(string.ascii_letters + string.digits + "/.%_-~:@", max_size=20).map("/v1/{}".format)
kinds = st.sampled_from(["application/json", "text/plain", "multipart/form-data", "application/json; charset=utf-16", ""])
fields_of_tokens = st.dictionaries(st.sampled_from(["prompt", "content", "tokens", "model"]), anything)
bodies = st.binary(max_size=60) | (anything | fields_of_tokens).map(write)
header = st.text(string.printable.strip(), max_size=20)


@FUZZ
@given(st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]), paths | odd_path, kinds, bodies, header)
def test_any_request_to_our_routes_is_answered_or_refused_in_words(running, method, path, kind, body, header):
    headers = {"Content-Type": kind, "Authorization": header, "X-Reading-Link": header, "Accept-Language": header}
    running.send(method, path, body, **headers)
    assert running.complete() == running.first


given_words = {"start": 1, "continue": 2, "retry": 1, "undo": 1}
calls = st.sampled_from([*given_words]).flatmap(
    lambda name: st.tuples(
        st.just(name),
        anything
        | st.tuples(
            st.tuples(*[odd_text | anything] * given_words[name]),
            st.tuples(*(st.just(good) | number | anything for good in SETTINGS)) if name != "undo" else st.just(()),
            st.tuples(odd_text | anything) if name == "continue" else st.just(()),  # the wish
        ).map(lambda parts: [one for part in parts for one in part]),
    )
)


@FUZZ
@given(calls)
def test_any_call_of_a_function_is_answered_or_refused_in_words(running, call):
    name, data = call
    answer = running.send("POST", f"/gradio_api/call/{name}", write({"data": data}), **{"Content-Type": "application/json"})
    if answer.status_code == 200:
        told = running.send("GET", f"/gradio_api/call/{name}/{answer.json()['event_id']}", b"").text
        assert "event: complete" in told or "event: error" in told
    assert running.complete() == running.first


joins = st.fixed_dictionaries(
    {},
    optional={
        "data": st.lists(anything, max_size=16) | anything,
        "fn_index": st.integers(-2, 80) | anything,
        "session_hash": odd_text | anything,
        "event_data": anything,
        "trigger_id": st.integers(-2, 200) | anything,
        "api_name": odd_text,
    },
)
places = st.sampled_from(["queue/join", "run/predict", "api/predict", "run/start", "reset", "cancel", "component_server"])


@FUZZ
@given(places, joins | anything)
def test_any_event_of_the_page_is_taken_or_refused_in_words(running, place, body):
    running.send("POST", f"/gradio_api/{place}", write(body), **{"Content-Type": "application/json"})
    assert running.complete() == running.first


@pytest.mark.parametrize(
    ("place", "body", "status"),
    [
        ("queue/join", b'{"data": [NaN], "fn_index": 0, "session_hash": "a"}', 400),
        ("call/start", b'{"data": [1e400]}', 400),
        ("queue/join", b'{"data": [], "fn_index": 0, "session_hash": "\\ud83d"}', 400),
        ("queue/join", b'{"data": [], "fn_index": 0, "session_hash": ""}', 400),
        ("reset", b'{"data": ["\\ud83d"]}', 400),
        ("run/predict", b'{"data": []}', 404),
    ],
)
def test_an_event_that_cannot_be_one_is_refused_in_words(running, place, body, status):
    answer = running.send("POST", f"/gradio_api/{place}", body, **{"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]

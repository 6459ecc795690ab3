"""What the engine's endpoints refuse, each request with the field that is wrong, before the model reads a word."""

from __future__ import annotations

import json

import httpx
import pytest
from tokenizers import Tokenizer

from playground.engines import Engines
from playground.http.options import ApiOptions
from playground.http.schemas import MAX_BODY_BYTES, MAX_N, MAX_PROMPTS
from playground.server import open_page
from story_engine import Library, StoryEngine
from story_engine.context.window import ContextWindow
from story_engine.model.tokenizer import StoryTokenizer
from tests.conftest import ScriptedDecoder, find_port
from tests.playground.test_http import ask


@pytest.fixture(scope="module")
def refusing(tmp_path_factory, tokenizer):
    """A running page for requests that never reach the model."""
    own = StoryTokenizer(Tokenizer.from_str(tokenizer.to_str()))
    decoder = ScriptedDecoder([5], own.size, 2048)
    engine = StoryEngine(decoder, own, ContextWindow(2048, 0, "scripted"), frozenset({0}), "scripted")
    port, library = find_port(), Library(tmp_path_factory.mktemp("stories"))
    page = open_page(Engines(engine, "scripted"), library, "127.0.0.1", port, api=ApiOptions(is_on=True))
    yield f"http://127.0.0.1:{port}"
    assert decoder.reads == 0
    page.blocks.close()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"n": MAX_N + 1}, "n"),
        ({"n": MAX_N, "prompt": [[5]] * MAX_PROMPTS}, None),
        ({"prompt": [[5]] * (MAX_PROMPTS + 1)}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [[]]}, None),
        ({"prompt": [5, "Tom"]}, "prompt"),
        ({"prompt": [5, 99_999]}, None),
        ({"prompt": [-1]}, None),
        ({"prompt": [True]}, "prompt"),
        ({"prompt": "x" * 200_000}, "prompt"),
        ({"prompt": [5] * 3000}, None),
        ({"max_tokens": 1_000_000}, None),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"logprobs": 1000}, "logprobs"),
        ({"stop": ["x"] * 17}, "stop"),
        ({"stop": ""}, "stop"),
        ({"stop_token_ids": [99_999]}, None),
        ({"temperature": 9}, None),
        ({"top_p": "much"}, "top_p"),
        ({"seed": 2**60}, None),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"logit_bias": {"5": 101}}, "logit_bias"),
        ({"logit_bias": {"kite": 1}}, "logit_bias"),
        ({"logit_bias": {"99999": 1}}, None),
        ({"min_tokens": 17}, None),
        ({"best_of": 5}, "best_of"),
        ({"suffix": " The end."}, "suffix"),
        ({"typical_p": 0.5}, "typical_p"),
        ({"use_beam_search": True}, "use_beam_search"),
        ({"max_tokens": 5.0}, "max_tokens"),
        ({"echo": "yes"}, "echo"),
        ({"stream": True, "stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
        ({"mirostat": 2}, "mirostat"),
        ({"stream_options": {"include_usage": True}}, None),
    ],
)
def test_what_cannot_be_answered_is_said_with_its_field(refusing, body, param):
    answer = ask(refusing, **body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["param"] == param
    assert error["message"].endswith(".")
    assert not param or error["message"].startswith((param, f"This server does not know {param}"))
    assert error["type"] == "invalid_request_error"


def test_other_requests_are_refused_in_the_same_form(refusing):
    url = f"{refusing}/v1/completions"
    assert httpx.post(url, content=b"{" * 500, headers={"Content-Type": "application/json"}).status_code == 400
    assert httpx.post(url, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 400
    large = httpx.post(url, content=b" " * (MAX_BODY_BYTES + 1), headers={"Content-Type": "application/json"})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "too_large")
    assert httpx.get(url).json()["error"]["message"].startswith("Method Not Allowed")
    assert httpx.get(f"{refusing}/v1/nothing").json()["error"]["type"] == "not_found_error"
    assert "Use /v1/completions." in ask(refusing, "/v1/chat/completions", messages=[]).json()["error"]["message"]
    half = json.dumps({"model": "scripted", "prompt": "\ud800"})
    assert httpx.post(url, content=half, headers={"Content-Type": "application/json"}).status_code == 400

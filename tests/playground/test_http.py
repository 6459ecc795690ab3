"""The engine for other programs: the official client, the harness's requests, keys, faults, and readers beside it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import httpx
import openai
import pytest
from gradio_client import Client

from playground.http.options import ApiOptions
from story_engine import StoryEngine

SAY = " He saw a red kite. They ran to the park. Mia was happy."
GREEDY = {"temperature": 0}
KEY = "a-secret"


@pytest.fixture
def serve(serve):
    """A function: engine and options of the endpoints -> the running page with them."""

    def open_it(engine: StoryEngine, for_children: bool = False, **options) -> str:
        return serve(engine, for_children=for_children, api=ApiOptions(**{"is_on": True} | options))

    return open_it


def ask(url: str, path: str = "/v1/completions", **body) -> httpx.Response:
    if path == "/v1/completions":
        body = {"model": "scripted", "prompt": "Tom went out."} | body
    return httpx.post(url + path, json=body, timeout=60)


def read_events(response: httpx.Response) -> list[str]:
    return [line.removeprefix("data: ") for line in response.text.split("\n") if line.startswith("data: ")]


def wait_for(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def read_figure(url: str, name: str) -> float:
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"story_playground_{name}"))


def test_the_official_client_completes_streams_and_lists(serve, scripted):
    client = openai.OpenAI(base_url=serve(scripted(SAY + "<end>"), key=KEY) + "/v1", api_key=KEY, max_retries=0)
    assert [model.id for model in client.models.list()] == ["scripted"]
    told = client.completions.create(model="scripted", prompt="Tom went out.", max_tokens=60, **GREEDY)
    assert (told.choices[0].text, told.choices[0].finish_reason) == (SAY, "stop")
    assert told.usage.total_tokens == told.usage.prompt_tokens + told.usage.completion_tokens
    chunks = list(
        client.completions.create(
            model="scripted", prompt="Tom", max_tokens=60, stream=True, stream_options={"include_usage": True}, stop=" park"
        )
    )
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == " He saw a red kite. They ran to the"
    assert chunks[-1].usage.completion_tokens > 0
    assert chunks[-2].choices[0].finish_reason == "stop"
    with pytest.raises(openai.NotFoundError, match="scripted"):
        client.completions.create(model="other", prompt="Tom")
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=client.base_url, api_key="wrong").completions.create(model="scripted", prompt="Tom")


def test_every_form_of_prompt_is_answered_in_order(serve, scripted):
    url = serve(scripted(SAY))
    for prompt, count in (("Tom", 1), (["Tom", "Mia"], 2), ([5, 6, 7], 1), ([[5, 6], [7]], 2)):
        answer = ask(url, prompt=prompt, n=2, max_tokens=3, **GREEDY).json()
        assert [choice["index"] for choice in answer["choices"]] == list(range(2 * count))
        assert answer["usage"]["completion_tokens"] == 6 * count


def test_the_harness_computes_the_loss_of_our_own_scorer(serve, engine):
    """As lm-evaluation-harness's local-completions asks, and as it reads the answer."""
    from tests.completion.test_completions import CompletionOrder, Completions, collect

    url, end, sums = serve(engine), min(engine.end_tokens), []
    texts = [f"Once upon a time, Mia had a kite. It was number {number}." for number in range(4)]
    prompts = [[end, *engine.tokenizer.encode(text), end] for text in texts]
    body = {"max_tokens": 1, "logprobs": 1, "echo": True, "seed": 1234, "temperature": 0, "model": engine.name}
    for choice in ask(url, prompt=prompts, **body).json()["choices"]:
        scored = choice["logprobs"]
        sums.append(sum(scored["token_logprobs"][1:-1]))
        for chance, top in zip(scored["token_logprobs"][1:-1], scored["top_logprobs"][1:-1], strict=True):
            assert max(top.values()) >= chance
    own = [engine.prefill(ids, engine.decoder.new_slot(), True).log_softmax(-1) for ids in prompts]
    ours = [
        sum(float(rows[place, token]) for place, token in enumerate(ids[1:])) for rows, ids in zip(own, prompts, strict=True)
    ]
    assert sums == pytest.approx(ours, rel=1e-3)
    assert collect(list(Completions(engine).stream(CompletionOrder(tuple(prompts[0]), max_tokens=0, echo=True))))[0] == texts[0]


def test_what_clients_send_beside_is_taken_where_it_changes_nothing(serve, scripted):
    plain = {"n": 1, "best_of": 1, "presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": {}, "suffix": "", "seed": 1}
    others = {"skip_special_tokens": True, "length_penalty": 1.0, "use_beam_search": False, "min_tokens": 0, "typical_p": 1}
    nulls = dict.fromkeys(("suffix", "logprobs", "stop", "logit_bias", "max_tokens", "stream_options", "top_p"))
    url = serve(scripted(SAY))
    for body in (plain | others | {"user": "Mia", "top_k": -1}, nulls):
        assert SAY.startswith(ask(url, **body, **GREEDY).json()["choices"][0]["text"])


def test_a_stream_is_a_list_of_events_that_ends(serve, engine):
    body = {"model": engine.name, "max_tokens": 5, "ignore_eos": True, "logprobs": 2, "echo": True, "return_token_ids": True}
    events = read_events(ask(serve(engine), stream=True, **body))
    assert events[-1] == "[DONE]"
    choices = [json.loads(event)["choices"][0] for event in events[:-1]]
    assert "".join(choice["text"] for choice in choices).startswith("Tom went out.")
    assert [choice["finish_reason"] for choice in choices][-2:] == [None, "length"]
    assert sum(len(choice["token_ids"]) for choice in choices) == 5


def test_text_and_tokens_go_both_ways(serve, scripted):
    engine = scripted(SAY)
    url = serve(engine)
    ids = ask(url, "/tokenize", prompt="Tom went out.").json()["tokens"]
    assert ids == [engine.window.start, *engine.tokenizer.encode("Tom went out.")]
    assert ask(url, "/tokenize", content="Tom went out.", add_special_tokens=False).json()["tokens"] == ids[1:]
    assert ask(url, "/detokenize", tokens=ids).json()["prompt"] == "Tom went out."
    assert ask(url, "/detokenize", tokens=[99_999]).status_code == 400


def test_the_endpoints_are_off_unless_asked_for_and_the_health_is_on(serve, scripted):
    url = serve(scripted(SAY), is_on=False)
    assert httpx.get(f"{url}/health").json()["status"] == "ok"
    for path in ("/v1/models", "/metrics"):
        answer = httpx.get(url + path)
        assert "story_playground_" not in answer.text
        assert '"object"' not in answer.text
    assert ask(url).status_code in (404, 405)


def test_a_key_opens_everything_but_the_health(serve, scripted):
    url = serve(scripted(SAY), key=KEY)
    assert httpx.get(f"{url}/health").status_code == 200
    for path in ("/v1/models", "/metrics"):
        assert httpx.get(url + path).status_code == 401
        assert httpx.get(url + path, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
    for path in ("/v1/completions", "/tokenize", "/detokenize"):
        assert ask(url, path).json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize(("origin", "allowed"), [("", None), ("https://example.org", "https://example.org")])
def test_only_the_named_origin_may_call(serve, scripted, origin, allowed):
    url = serve(scripted(SAY), origin=origin)
    for host in ("127.0.0.1", "stories.example.com"):
        headers = {"Origin": "https://example.org", "Host": host}
        assert httpx.get(f"{url}/v1/models", headers=headers).headers.get("access-control-allow-origin") == allowed
        before = httpx.options(f"{url}/v1/completions", headers=headers | {"Access-Control-Request-Method": "POST"})
        assert before.headers.get("access-control-allow-origin") == allowed
        other = httpx.get(f"{url}/v1/models", headers=headers | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("stream", [True, False])
def test_a_closed_connection_frees_its_place(serve, scripted, stream):
    engine = scripted(SAY, delay=0.02)
    url = serve(engine)
    body = {"model": "scripted", "prompt": "Tom", "max_tokens": 1900, "stream": stream}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{url}/v1/completions", json=body, timeout=httpx.Timeout(20, read=1.0)) if not stream else leave(url, body)
    assert wait_for(lambda: engine.slots.writers == 0)
    assert wait_for(lambda: read_figure(url, "completions_running") == 0)


def leave(url: str, body: dict) -> None:
    with httpx.stream("POST", f"{url}/v1/completions", json=body, timeout=20) as response:
        assert next(response.iter_lines()).startswith("data: ")
    raise httpx.ReadTimeout("left")


def test_a_reader_of_the_page_writes_while_others_complete(serve, scripted):
    engine = scripted(SAY, delay=0.005)
    url, answers = serve(engine), []
    others = [threading.Thread(target=lambda: answers.append(ask(url, max_tokens=150))) for _ in range(20)]
    for other in others:
        other.start()
    assert wait_for(lambda: engine.slots.writers == 16)
    told = Client(url, verbose=False).predict("Mia sang.", max_new_tokens=20, api_name="/start")
    assert told["passage"].startswith(" He saw")
    for other in others:
        other.join()
    assert [answer.status_code for answer in answers] == [200] * 20


def test_too_many_are_sent_away(serve, scripted, monkeypatch):
    import playground.http.service as service
    from playground.http.desk import Desk

    monkeypatch.setattr(service, "Desk", lambda: Desk(places=1, waiting=1))
    engine = scripted(SAY, delay=0.02)
    url, answers = serve(engine), []
    others = [threading.Thread(target=lambda: answers.append(ask(url, max_tokens=100))) for _ in range(4)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429]
    assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 429)


def test_the_health_fails_with_the_model(serve, scripted):
    engine = scripted("Tom<fail>")
    url = serve(engine)
    assert ask(url, **GREEDY).status_code == 500
    assert "stumbled" in json.loads(read_events(ask(url, stream=True))[-2])["error"]["message"]
    assert httpx.get(f"{url}/health").status_code == 200
    engine.scheduler._worker._tasks.put(None)  # its thread ends
    assert wait_for(lambda: httpx.get(f"{url}/health").status_code == 503)
    assert ask(url).json()["error"]["code"] == "model_dead"


def test_the_figures_count_what_was_done(serve, scripted):
    url = serve(scripted(SAY))
    ask(url, max_tokens=10)
    ask(url, max_tokens=-1)
    Client(url, verbose=False).predict("Mia sang.", max_new_tokens=20, api_name="/start")
    assert read_figure(url, 'completion_tokens_total{kind="completion"}') == 10
    assert read_figure(url, "tokens_told_total") >= 20
    assert read_figure(url, 'requests_total{path="/v1/completions",status="400"}') == 1
    assert read_figure(url, "cache_misses_total") == 2
    for name in ("readers", "page_events_waiting", "completions_waiting", "forgettings_total", "errors_total"):
        assert read_figure(url, name) == 0
    assert read_figure(url, "tokens_per_second") > 0


def test_where_children_read_prompts_and_completions_are_checked(serve, scripted):
    url = serve(scripted(" He saw a dog. Then he took the gun. He ran.<end>"), for_children=True)
    refused = ask(url, prompt="He took the gun.")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "content_filter")
    told = ask(url, max_tokens=60, n=2, **GREEDY).json()
    assert [(one["text"].strip(), one["finish_reason"]) for one in told["choices"]] == [("He saw a dog.", "content_filter")] * 2
    events = read_events(ask(url, max_tokens=60, stream=True, **GREEDY))
    choices = [choice for event in events[:-1] for choice in json.loads(event)["choices"]]
    assert "".join(choice["text"] for choice in choices) == " He saw a dog."
    assert choices[-1]["finish_reason"] == "content_filter"
    whole = ask(url, max_tokens=60, stop="Then", echo=True, **GREEDY).json()["choices"][0]
    assert (whole["text"], whole["finish_reason"]) == ("Tom went out. He saw a dog. ", "stop")

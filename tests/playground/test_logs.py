"""Logs: one record a line, as data, and no word of any story whatever goes wrong."""

import io
import json
import logging

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from playground.http.options import ApiOptions
from playground.logs import set_up_logs
from story_engine import InputError

CANARY = "Zanzibarbara"


@pytest.fixture
def log():
    """What is written while the test runs; afterwards the logs are as before."""
    root, levels = logging.getLogger(), {name: logging.getLogger(name).level for name in ("", "playground", "story_engine")}
    handlers, stream = root.handlers[:], io.StringIO()
    set_up_logs("debug", stream)
    yield stream
    root.handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def read(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_a_line_of_data_and_an_error_says_where(log):
    logging.getLogger("playground.test").info("two\nlines", extra={"seconds": 1.5})
    try:
        raise InputError(CANARY)
    except InputError as error:
        logging.getLogger("story_engine").error("It failed", exc_info=error)
    logging.getLogger("foreign").warning("they said %s", CANARY)
    logging.getLogger("foreign").info("nothing of note")
    first, second, third = read(log)
    assert (first["message"], first["seconds"], first["level"]) == ("two\nlines", 1.5, "info")
    assert second["error"] == "InputError"
    assert "test_logs.py" in second["at"][0]
    assert third["message"] == "they said %s"
    assert CANARY not in log.getvalue()


def test_no_word_of_a_story_reaches_the_log(log, capfd, serve, scripted):
    url = serve(scripted(f" {CANARY} sang.<end>"), api=ApiOptions(is_on=True))
    page = Client(url, verbose=False)
    told = page.predict(f"{CANARY} went out.", temperature=0, api_name="/start")
    assert CANARY in told["passage"]
    body = {"model": "scripted", "prompt": f"{CANARY} went out.", "max_tokens": 20, "temperature": 0}
    assert CANARY in httpx.post(f"{url}/v1/completions", json=body, timeout=30).text
    httpx.post(f"{url}/v1/completions", json=body | {CANARY: 1}, timeout=30)
    assert {"passage", "completion"} <= {record["message"] for record in read(log)}
    assert CANARY not in log.getvalue() + "".join(capfd.readouterr())


def test_a_failure_that_nobody_expected_keeps_the_words_too(log, capfd, serve, scripted, monkeypatch):
    engine = scripted("Tom.<end>")

    def fail(ids, slot, all_logits=False):
        raise RuntimeError(f"cannot read {CANARY}")

    monkeypatch.setattr(engine.decoder, "prefill", fail)
    url = serve(engine, api=ApiOptions(is_on=True))
    with pytest.raises(AppError, match="Something went wrong"):
        Client(url, verbose=False).predict(f"{CANARY} went out.", api_name="/start")
    body = {"model": "scripted", "prompt": f"{CANARY} went out.", "stream": True}
    assert "internal_error" in httpx.post(f"{url}/v1/completions", json=body, timeout=30).text
    assert httpx.post(f"{url}/v1/completions", json=body | {"stream": False}, timeout=30).status_code == 500
    assert [record["error"] for record in read(log) if record["level"] == "error"] == ["RuntimeError"] * 3
    assert CANARY not in log.getvalue() + "".join(capfd.readouterr())

"""Forged, odd and huge requests against the running page: refused in words, at once, and nothing is handed out."""

import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from tokenizers import Tokenizer

from playground.engines import Engines
from playground.handlers import WAITING
from playground.server import open_page
from story_engine import Library, StoryEngine
from story_engine.context.window import ContextWindow
from story_engine.model.tokenizer import StoryTokenizer
from tests.conftest import ScriptedDecoder, find_port
from tests.reliability.odd_texts import ODD_TEXTS

GOOD = ["Tom went out.", 0.7, 0.9, 0, 0.0, 1.1, 0.0, 0.0, 1, 8, 3, "", False, "any"]
WRONG = [None, True, "x", [], {}, [1, 2], {"a": 1}, 1e400, -1e400, -1, 2**70, 1.5, "\u0000"]


class Running(NamedTuple):
    """One page for all tests of this file: it takes seconds to open."""

    url: str
    engine: StoryEngine
    folder: Path

    def list_stories(self) -> set[Path]:
        return {*self.folder.glob("*.json")}


@pytest.fixture(scope="module")
def running(tokenizer: Tokenizer, tmp_path_factory) -> Iterator[Running]:
    own = StoryTokenizer(Tokenizer.from_str(tokenizer.to_str()))
    script: list[int | None] = [*own.encode(" He ran to the park."), 0]
    decoder = ScriptedDecoder(script, own.size, 2048)
    engine = StoryEngine(decoder, own, ContextWindow(2048, 0, "scripted"), frozenset({0}), "scripted", False)
    folder, port = tmp_path_factory.mktemp("stories"), find_port()
    page = open_page(Engines(engine, engine.name), Library(folder), "127.0.0.1", port)
    yield Running(f"http://127.0.0.1:{port}", engine, folder)
    page.blocks.close()


@pytest.fixture
def url(running: Running) -> str:
    return running.url


def call(url: str, name: str, data: list, session: str = "", timeout: float = 30.0) -> tuple[str, str]:
    """The last event of a call, and its data."""
    body = json.dumps({"data": data, **({"session_hash": session} if session else {})})
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{url}/gradio_api/call/{name}", content=body, headers=headers, timeout=timeout)
    if answer.status_code != 200:
        return str(answer.status_code), answer.text
    stream = httpx.get(f"{url}/gradio_api/call/{name}/{answer.json()['event_id']}", timeout=timeout).text
    event, _, words = stream.strip().rpartition("event: ")[2].partition("\ndata: ")
    return event, words


def test_the_advisories_settings_are_off(serve, scripted, monkeypatch):
    """Run history (CVE-2026-134825), monitoring, error texts, allowed folders, a loose CORS, and a public tunnel."""
    import gradio

    given, launch = {}, gradio.Blocks.launch
    monkeypatch.setattr(gradio.Blocks, "launch", lambda blocks, **options: given.update(options) or launch(blocks, **options))
    serve(scripted(" He ran."))
    off = ("run_history", "enable_monitoring", "show_error", "share")
    assert {name: given[name] for name in off} == dict.fromkeys(off, False)
    assert given["allowed_paths"] == []
    assert given["strict_cors"] is True
    assert int(given["max_file_size"]) <= 8_000_000


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7860", "evil.example"])
def test_a_forged_host_opens_no_run_history_and_no_figures(url, host):
    """CVE-2026-134825: with run history on, a forged `Host: localhost` uses the operator's own token."""
    paths = ["runs", "run-history/buckets", "run-history/records", "run-history/records/start/1/assets/1"]
    for path in paths:
        assert httpx.get(f"{url}/gradio_api/{path}", headers={"Host": host}).status_code == 404
    assert httpx.post(f"{url}/gradio_api/run-history/connect", json={}, headers={"Host": host}).status_code in (404, 405)
    for path in ("monitoring", "monitoring/summary", "monitoring/x"):
        assert httpx.get(f"{url}/{path}", headers={"Host": host}).status_code >= 400


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://localhost.evil.example", "file://"])
def test_a_foreign_page_reads_no_answer(url, origin):
    """CVE-2024-47084, -47165 and -1727: no origin but the page's own is allowed, with cookies or without."""
    for method in ("OPTIONS", "POST", "GET"):
        answer = httpx.request(
            method,
            f"{url}/gradio_api/call/start",
            json={"data": GOOD},
            headers={"Origin": origin, "Access-Control-Request-Method": "POST", "Cookie": "a=b"},
        )
        assert answer.headers.get("access-control-allow-origin") != origin
        assert answer.headers.get("access-control-allow-origin") != "*"


PATHS = [
    "/etc/passwd",
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "app.py",
    "./app.py",
    "~/.bashrc",
    "file:///etc/passwd",
    "//etc/passwd",
    "..\\..\\etc\\passwd",
    "/proc/self/environ",
    "http://127.0.0.1:1/",
    "C:/Windows/win.ini",
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_and_no_address_is_fetched_for_a_stranger(url, path):
    """CVE-2026-59806, -49119, -28416 and CVE-2024-47167: file=, traversal, and the proxy."""
    for place in (
        "gradio_api/file=",
        "file=",
        "gradio_api/file/",
        "gradio_api/proxy=",
        "proxy=",
        "static/",
        "assets/",
        "gradio_api/stream/",
    ):
        answer = httpx.get(f"{url}/{place}{path}", follow_redirects=False)
        assert answer.status_code >= 300, (place, path)
        assert "root:" not in answer.text


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.xhtml", "x.xml"])
def test_an_upload_of_a_script_is_not_shown_as_a_page(url, name):
    """CVE-2024-47872: what was uploaded comes back as a download or not at all."""
    answer = httpx.post(f"{url}/gradio_api/upload", files={"files": (name, b"<script>alert(1)</script>", "text/html")})
    assert answer.status_code == 200
    [path] = answer.json()
    for headers in ({}, {"Range": "bytes=0-8"}):
        shown = httpx.get(f"{url}/gradio_api/file={path}", headers=headers)
        is_download = shown.headers.get("content-disposition", "").startswith("attachment")
        assert shown.status_code >= 400 or is_download


@pytest.mark.parametrize("place", range(len(GOOD)))
def test_a_value_of_a_wrong_kind_is_refused_in_words_and_the_next_request_works(url, place):
    for value in WRONG:
        data = [value if number == place else good for number, good in enumerate(GOOD)]
        event, words = call(url, "start", data)
        if event != "complete":
            assert event in ("error", "422", "400"), (value, event)
            assert "Traceback" not in words
            assert "/site-packages/" not in words
        elif place:
            # What is fit for a setting is used: no seed, a whole number for a share, a word that is never wanted.
            fit = (bool,) if type(GOOD[place]) is bool else (int, float, str, type(None))
            assert type(value) in fit, (value, words)
    assert call(url, "start", GOOD)[0] == "complete"


@pytest.mark.parametrize("data", [[], [None] * len(GOOD), {"a": 1}, "x", [["x"] * 10_000]])
def test_a_request_of_another_shape_makes_no_story(running, data):
    before = running.list_stories()
    body = json.dumps({"data": data})
    answer = httpx.post(f"{running.url}/gradio_api/call/start", content=body, headers={"Content-Type": "application/json"})
    if answer.status_code == 200:
        httpx.get(f"{running.url}/gradio_api/call/start/{answer.json()['event_id']}", timeout=30)
    assert running.list_stories() == before
    assert call(running.url, "start", GOOD)[0] == "complete"


@pytest.mark.parametrize("size", [1_000_000, 50_000_000])
def test_a_huge_paste_is_refused_before_the_model_sees_it(running, size):
    reads = running.engine.decoder.reads
    event, words = call(running.url, "start", ["x" * size, *GOOD[1:]], timeout=60)
    assert event in ("error", "413")
    assert "characters" in words or event == "413"
    assert running.engine.decoder.reads == reads


def test_two_hundred_odd_texts_are_told_on_or_refused(running):
    before = running.list_stories()
    assert len({*ODD_TEXTS}) >= 200

    def tell(number: int) -> str:
        return call(running.url, "start", [ODD_TEXTS[number], *GOOD[1:]])[0]

    with ThreadPoolExecutor(8) as pool:
        events = list(pool.map(tell, range(len(ODD_TEXTS))))
    assert {*events} <= {"complete", "error"}
    assert events.count("complete") > 150
    assert len(running.list_stories() - before) == events.count("complete")


def test_a_full_queue_is_said_at_once_and_everybody_else_is_served(running, monkeypatch):
    url = running.url
    monkeypatch.setattr(running.engine.decoder, "delay", 0.05)
    writers = running.engine.most_at_once
    waiting = WAITING * writers
    count = writers + waiting + 20

    def join(number: int) -> tuple[int, str, float]:
        begun = time.monotonic()
        answer = httpx.post(f"{url}/gradio_api/call/start", json={"data": [*GOOD[:9], 24, *GOOD[10:]]}, timeout=60)
        return answer.status_code, answer.text, time.monotonic() - begun

    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(join, range(count)))
    refused = [answer for answer in answers if answer[0] != 200]
    assert refused
    assert all(status == 503 and "full" in words for status, words, _ in refused)
    events = [json.loads(words)["event_id"] for status, words, _ in answers if status == 200]
    assert len(events) >= waiting
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda event: httpx.get(f"{url}/gradio_api/call/start/{event}", timeout=120).text, events))
    assert all("event: complete" in text for text in told)


def test_too_many_passages_in_a_minute_are_refused_in_words(url, monkeypatch):
    monkeypatch.setattr("playground.rates.PER_PAGE", 3)
    client = Client(url, verbose=False)
    told = [client.predict(*GOOD, api_name="/start") for _ in range(3)]
    for _ in range(2):
        with pytest.raises(AppError, match="more than 3 passages in a minute"):
            client.predict(told[0]["story"], api_name="/continue")
    assert client.predict(told[0]["story"], api_name="/undo")["story"] == told[0]["story"]
    assert Client(url, verbose=False).predict(*GOOD, api_name="/start")["text"].startswith("Tom went out. He")


def test_a_storys_number_is_in_no_log_and_no_page_and_no_address(running, caplog):
    caplog.set_level(logging.DEBUG)
    before = running.list_stories()
    call(running.url, "start", GOOD)
    [uid] = [path.stem for path in running.list_stories() - before]
    for words in ("He came.", "x" * 30_000):
        call(running.url, "continue", [uid, words, *GOOD[1:], ""])
    said = [
        record.getMessage()
        for record in caplog.records
        if record.name.split(".")[0] in ("playground", "story_engine", "uvicorn")
    ]
    assert not [message for message in said if uid in message or "Tom went out" in message]
    for path in ("", "config", "gradio_api/info"):
        page = httpx.get(f"{running.url}/{path}")
        assert uid not in page.text
        assert uid not in str(page.url)


@pytest.mark.parametrize("name", ["continue", "retry", "undo"])
def test_numbers_that_are_none_find_no_story(url, name):
    given = {"continue": ["", *GOOD[1:], ""], "retry": GOOD[1:], "undo": []}[name]
    for number in ("", "0" * 32, "../" * 5 + "etc/passwd", "a" * 10_000, None, 5, [], {"a": 1}, "\u0000" * 32, "A" * 32):
        event, words = call(url, name, [number, *given])
        assert event == "error"
        assert "story" not in words or "uid" not in words

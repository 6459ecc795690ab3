"""Forged, odd and huge requests against the running page: refused in words, at once, and nothing is handed out."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from playground.handlers import WAITING, WRITERS
from playground.page import Page
from playground.rates import PER_PAGE
from tests.reliability.odd_texts import ODD_TEXTS

START = [
    "opening",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "repetition_penalty",
    "guidance",
    "best_of",
    "max_new_tokens",
    "seed",
]
GOOD = ["Tom went out.", 0.7, 0.9, 0, 0.0, 1.1, 0.0, 1, 8, 3, ""]
WRONG = [None, True, "x", [], {}, [1, 2], {"a": 1}, 1e400, -1e400, -1, 2**70, 1.5, "\u0000"]


@pytest.fixture
def url(serve, scripted) -> str:
    return serve(scripted(" He ran to the park.<end>"))


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
@pytest.mark.parametrize(
    "path", ["run_history", "api/run_history", "history", "monitoring", "gradio_api/monitoring", "gradio_api/deep_link"]
)
def test_no_host_opens_what_is_off(url, host, path):
    answer = httpx.get(f"{url}/{path}", headers={"Host": host}, follow_redirects=False)
    assert answer.status_code >= 400 or "hf_" not in answer.text
    assert "analytics" not in answer.text or answer.status_code >= 400


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


def test_an_upload_of_a_script_is_not_shown_as_a_page(url):
    """CVE-2024-47872: what was uploaded comes back as a download or not at all."""
    files = {"files": ("x.html", b"<script>alert(1)</script>", "text/html")}
    answer = httpx.post(f"{url}/gradio_api/upload", files=files)
    if answer.status_code == 200:
        shown = httpx.get(f"{url}/gradio_api/file={answer.json()[0]}")
        is_download = "attachment" in shown.headers.get("content-disposition", "")
        assert shown.status_code >= 400 or is_download or "html" not in shown.headers["content-type"]


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
            assert type(value) in (int, float, str, type(None)), (value, words)
    assert call(url, "start", GOOD)[0] == "complete"


@pytest.mark.parametrize("data", [[], [None] * 11, GOOD * 2000, {"a": 1}, "x", [["x"] * 10_000]])
def test_a_request_of_another_shape_makes_no_story(url, data, tmp_path):
    body = json.dumps({"data": data})
    answer = httpx.post(f"{url}/gradio_api/call/start", content=body, headers={"Content-Type": "application/json"})
    if answer.status_code == 200:
        httpx.get(f"{url}/gradio_api/call/start/{answer.json()['event_id']}", timeout=30)
    assert len([*(tmp_path / "stories").glob("*.json")]) <= (data == GOOD * 2000)
    assert call(url, "start", GOOD)[0] == "complete"


@pytest.mark.parametrize("size", [1_000_000, 50_000_000])
def test_a_huge_paste_is_refused_before_the_model_sees_it(serve, scripted, size):
    engine = scripted(" He ran.<end>")
    url = serve(engine)
    event, words = call(url, "start", ["x" * size, *GOOD[1:]], timeout=60)
    assert event == "error" or event == "413"
    assert engine.decoder.reads == 0
    assert "characters" in words or event == "413"


def test_two_hundred_odd_texts_are_told_on_or_refused(serve, scripted, tmp_path):
    engine = scripted(" He ran.<end>")
    url = serve(engine)
    assert len({*ODD_TEXTS}) >= 200

    def tell(number: int) -> str:
        return call(url, "start", [ODD_TEXTS[number], *GOOD[1:]], session=f"s{number}")[0]

    with ThreadPoolExecutor(8) as pool:
        events = list(pool.map(tell, range(len(ODD_TEXTS))))
    assert {*events} <= {"complete", "error"}
    assert events.count("complete") > 100
    assert len([*(tmp_path / "stories").glob("*.json")]) == events.count("complete")


def test_a_full_queue_is_said_at_once_and_everybody_else_is_served(serve, scripted):
    url = serve(scripted(" He ran to the park." * 4, delay=0.01))
    count = WRITERS + WAITING + 20

    def join(number: int) -> tuple[int, str, float]:
        begun = time.monotonic()
        answer = httpx.post(f"{url}/gradio_api/call/start", json={"data": [*GOOD[:8], 24, *GOOD[9:]]}, timeout=60)
        return answer.status_code, answer.text, time.monotonic() - begun

    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(join, range(count)))
    refused = [answer for answer in answers if answer[0] != 200]
    assert refused
    assert all(status == 503 and "full" in words for status, words, _ in refused)
    events = [json.loads(words)["event_id"] for status, words, _ in answers if status == 200]
    assert len(events) >= WAITING
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda event: httpx.get(f"{url}/gradio_api/call/start/{event}", timeout=120).text, events))
    assert all("event: complete" in text for text in told)


def test_too_many_passages_in_a_minute_are_refused_in_words(url):
    events = [call(url, "start", GOOD, session="one page") for _ in range(PER_PAGE + 1)]
    said = [words for event, words in events if event == "error"]
    assert len(said) <= 1
    assert Page  # the page's own buttons share the count: tests/playground/test_rates.py


@pytest.mark.parametrize("name", ["continue", "retry", "undo"])
def test_numbers_that_are_none_find_no_story(url, name):
    for number in ("", "0" * 32, "../" * 5 + "etc/passwd", "a" * 10_000, None, 5, [], {"a": 1}, "\u0000" * 32, "A" * 32):
        event, words = call(url, name, [number] + ([""] if name == "continue" else []) + (GOOD[1:] if name != "undo" else []))
        assert event == "error"
        assert "story" not in words or "uid" not in words

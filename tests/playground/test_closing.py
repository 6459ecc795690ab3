"""The end of the server: sentences are finished, nothing new begins, and what does not end is stopped and saved."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from playground import closing
from playground.actions import Actions
from playground.engines import Engines
from playground.http.options import ApiOptions
from playground.visit import Visit
from story_engine import Library, Settings, StoryError
from tests.conftest import find_port

ROOT = Path(__file__).parents[2]


class Idle:
    """Endpoints that answer nothing."""

    is_idle = True

    def close(self) -> None: ...

    def stop(self) -> None: ...


def write(actions: Actions) -> threading.Thread:
    """A story that is being written; comes back once words have come."""
    views = actions.start(Visit(), "Tom went out.", Settings(temperature=0, repetition_penalty=1, max_new_tokens=400))
    begun = threading.Event()

    def follow() -> None:
        for number, _ in enumerate(views):
            if number == 2:
                begun.set()

    thread = threading.Thread(target=follow)
    thread.start()
    assert begun.wait(20)
    return thread


def read_story(library: Library) -> str:
    [path] = library.folder.glob("*.json")
    return "".join(passage["text"] for passage in json.loads(path.read_text())["passages"])


@pytest.mark.parametrize(
    ("say", "patience", "ends"),
    [(" He saw a red kite. Mia was happy.", 10.0, True), (" he saw and he saw and", 0.2, False)],
)
def test_a_passage_ends_with_its_sentence_or_is_stopped_and_is_saved(tmp_path, scripted, say, patience, ends):
    library = Library(tmp_path)
    actions = Actions(Engines(scripted(say, delay=0.01), "scripted"), library)
    thread, begun = write(actions), time.monotonic()
    assert closing.finish(actions.writing, library, Idle(), patience=patience)
    assert time.monotonic() - begun < 8
    thread.join(10)
    text = read_story(library)
    assert "saw" in text
    assert text.endswith(".") is ends
    with pytest.raises(StoryError, match="closing"):
        list(actions.start(Visit(), "Mia sang.", Settings()))


def test_completions_go_on_to_their_end_and_new_ones_are_refused(serve, scripted, tmp_path):
    url = serve(scripted(" He saw", delay=0.01), api=ApiOptions(is_on=True))
    body, answers = {"model": "scripted", "prompt": "Tom", "max_tokens": 100}, []
    thread = threading.Thread(target=lambda: answers.append(httpx.post(f"{url}/v1/completions", json=body, timeout=30)))
    thread.start()
    page = serve.pages[-1]
    endpoints, deadline = page.blocks.app.state.endpoints, time.monotonic() + 20
    while endpoints.is_idle and time.monotonic() < deadline:
        time.sleep(0.01)
    assert closing.finish(page.actions.writing, page.actions.library, endpoints)
    thread.join(10)
    assert answers[0].status_code == 200
    assert httpx.post(f"{url}/v1/completions", json=body).status_code == 503
    assert httpx.get(f"{url}/health").status_code == 503


def test_a_server_that_is_told_to_end_ends_with_zero(tmp_path, tiny_folder):
    port = find_port()
    command = [sys.executable, "app.py", "--model", str(tiny_folder), "--stories", str(tmp_path), "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert "is open" in server.stdout.readline()
        assert httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=60)
    finally:
        server.kill()
    assert server.returncode == 0
    assert "Traceback" not in errors

"""A reader whose connection hardly takes a byte, over a real socket: bounded in memory, in time, and in what others wait."""

import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx
import pytest
from gradio.queueing import EventQueue
from tokenizers import Tokenizer

from playground.engines import Engines
from playground.http import gate, patience
from playground.http.options import ApiOptions
from playground.page import Page
from playground.server import open_page
from story_engine import Library, OpenStory, Story, StoryEngine
from story_engine.context.window import ContextWindow
from story_engine.model.tokenizer import StoryTokenizer
from tests.conftest import ScriptedDecoder, find_port

WINDOW = 2048  # bytes that the slow reader's machine takes before its program reads
SAY = " He saw a red kite. They ran to the park. Mia was happy."


class Running(NamedTuple):
    page: Page
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def join(self, client: httpx.Client, session: str, uid: str) -> httpx.Response:
        """The answer to a page that asks for a story."""
        load = next(n for n, one in self.page.blocks.fns.items() if (self.page.blocks._id, "load") in one.targets)
        event = {"data": [{"story": uid}, {}], "fn_index": load, "session_hash": session}
        return client.post(f"{self.url}/gradio_api/queue/join", json=event)

    def count_unread(self, session: str) -> int:
        return self.page.blocks._queue.pending_messages_per_session[session].qsize()

    def ask_slowly(self, request: str, body: bytes = b"") -> socket.socket:
        """A connection that has sent a request, and takes no byte unless it is read."""
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        line.connect(("127.0.0.1", self.port))
        head = f"{request}\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        line.sendall(head.encode() + body)
        return line


@pytest.fixture(scope="module")
def running(tokenizer: Tokenizer, tmp_path_factory) -> Iterator[Running]:
    own = StoryTokenizer(Tokenizer.from_str(tokenizer.to_str()))
    decoder = ScriptedDecoder([*own.encode(SAY)], own.size, 2048)
    engine = StoryEngine(decoder, own, ContextWindow(2048, 0, "scripted"), frozenset({0}), "scripted", False)
    library, port = Library(tmp_path_factory.mktemp("stories")), find_port()
    page = open_page(Engines(engine, engine.name), library, "127.0.0.1", port, api=ApiOptions(is_on=True))
    yield Running(page, port)
    page.blocks.close()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30) as client:
        yield client


@pytest.fixture
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.3)


def wait_for(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60  # a busy machine
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def write_long_story(running: Running, passages: int) -> str:
    """A story whose book is some 20 KB for each passage; returns its number."""
    story = Story()
    for number in range(passages):
        story.add(f"This is passage {number}. " * 800, "reader")
    running.page.actions.library.adopt(OpenStory(story))
    running.page.actions.library.save(story)
    return story.uid


def read_a_few_bytes(line: socket.socket, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        line.recv(4)
        time.sleep(0.1)


def test_a_slow_reader_of_a_completion_gives_its_places_back(running, client, impatient):
    desk = running.page.blocks.app.state.endpoints.desk
    body = {"model": "scripted", "prompt": "Tom ran.", "max_tokens": 1000, "n": 8, "stream": True, "logprobs": 20}
    with running.ask_slowly("POST /v1/completions HTTP/1.1", json.dumps(body).encode()) as line:
        assert wait_for(lambda: desk.taken == 8)
        read_a_few_bytes(line, 0.2)
        answer = client.post(f"{running.url}/v1/completions", json={"model": "scripted", "prompt": "Mia", "max_tokens": 4})
        assert answer.status_code == 200
        assert wait_for(lambda: desk.taken == 0)
    assert not running.page.actions.engines.loaded[0].slots.writers


def test_a_page_that_takes_nothing_may_ask_for_nothing_more(running, client, monkeypatch):
    """Its messages are kept in memory: so many, and no more."""
    monkeypatch.setattr(gate, "MOST_UNREAD", 8)
    session, uid = "slowpage", write_long_story(running, 20)
    assert running.join(client, session, uid).status_code == 200
    with running.ask_slowly(f"GET /gradio_api/queue/data?session_hash={session} HTTP/1.1") as line:
        answers = (running.join(client, session, uid) for _ in range(60))
        refused = next(answer for answer in answers if answer.status_code != 200)
        assert refused.status_code == 429
        assert "Wait a moment" in refused.json()["error"]["message"]
        assert running.join(client, "another", uid).status_code == 200
        read_a_few_bytes(line, 0.2)


def test_a_page_that_takes_nothing_for_long_has_left(running, client, impatient):
    """More lies ready than the buffers of a connection hold, which are some 4 MB."""
    session, uid, events = "gonepage", write_long_story(running, 40), 50
    for _ in range(events):
        assert running.join(client, session, uid).status_code == 200
    assert wait_for(lambda: running.count_unread(session) >= events)
    with running.ask_slowly(f"GET /gradio_api/queue/data?session_hash={session} HTTP/1.1") as line:
        read_a_few_bytes(line, 0.3)
        assert wait_for(lambda: session not in running.page.blocks._queue.pending_messages_per_session)
        assert line.send(b"\n")  # it is open all the while


def test_a_slow_reader_of_a_reading_link_is_let_go(running, client, impatient, caplog):
    uid = write_long_story(running, 300)  # more than the buffers of a connection hold
    number = running.page.actions.links.share(uid).number
    with caplog.at_level(logging.INFO, "playground.http.front"):
        with running.ask_slowly(f"GET /read/now HTTP/1.1\r\nX-Reading-Link: {number}") as line:
            read_a_few_bytes(line, 0.3)
            assert wait_for(lambda: "took nothing" in caplog.text)
    assert client.get(f"{running.url}/read/now", headers={"X-Reading-Link": number}).status_code == 200


@pytest.fixture
def waiting(running, client, monkeypatch) -> Iterator[EventQueue]:
    """The queue of what a page asks for first. It begins nothing while its `current_concurrency` is 1."""
    assert running.join(client, "first", "").status_code == 200  # Gradio makes its queues then
    load = next(one for one in running.page.blocks.fns.values() if (running.page.blocks._id, "load") in one.targets)
    events = running.page.blocks._queue.event_queue_per_concurrency_id[load.concurrency_id]
    assert wait_for(lambda: not events.queue and not events.current_concurrency)
    monkeypatch.setattr(events, "concurrency_limit", 1)
    yield events
    events.current_concurrency = 0


def test_a_page_that_was_crowded_out_harms_no_other(running, client, waiting, monkeypatch):
    """Gradio keeps the messages of its last sessions alone, and speaks to all that wait whenever it begins something."""
    monkeypatch.setattr(running.page.blocks._queue.pending_messages_per_session, "max_size", 2)
    waiting.current_concurrency = 1
    for number in range(4):
        assert running.join(client, f"crowd{number}", "").status_code == 200
    waiting.current_concurrency = 0
    assert wait_for(lambda: not waiting.queue)  # all have begun
    with client.stream("GET", f"{running.url}/gradio_api/queue/data?session_hash=crowd3") as answer:
        assert any('"process_completed"' in line for line in answer.iter_lines())

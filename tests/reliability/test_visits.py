"""Readers who come, begin a short story, hear a part of it and leave: what the server keeps of them does not grow."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import playground.rates
import playground.turns
import story_engine.stories.library
from benchmarks import visitors, visits
from playground.page import Page

VISITS, MOST = 60, 20
BOUNDED = ("stories in memory", "rates", "pages with a turn", "sessions", "events noted")
NOTHING = ("passages being written", "queues of pages", "pages with events", "events", "iterators", "slots")


@pytest.fixture
def bounds(monkeypatch) -> None:
    """The same bounds for fewer visits."""
    monkeypatch.setattr(playground.rates, "MAX_CLIENTS", MOST)
    monkeypatch.setattr(playground.turns, "MAX_PAGES", MOST)
    monkeypatch.setattr(story_engine.stories.library, "MAX_OPEN", MOST)


def wait_until_let_go(page: Page) -> None:
    """The server hears some moments later that a reader has left."""
    deadline = time.monotonic() + 30
    while any(visits.count_kept(page)[name] for name in NOTHING) and time.monotonic() < deadline:
        time.sleep(0.1)


def test_what_is_kept_of_readers_who_left_is_bounded(serve, scripted, bounds):
    engine = scripted(" He saw a red kite.", delay=0.02)
    engine.slots.max_bytes = 0
    url = serve(engine)
    [page] = serve.pages
    page.blocks.app.state_holder.capacity = MOST
    load, begin = visits.find_functions(page)
    visit_all = visitors.visit_all(url, range(VISITS), load, begin, visits.choose_settings(page))
    with ThreadPoolExecutor(1) as other:  # a browser of other tests has a loop in this thread
        heard = other.submit(asyncio.run, visit_all).result()
    assert heard == VISITS * visitors.UPDATES
    wait_until_let_go(page)
    kept = visits.count_kept(page)
    assert {name: kept[name] for name in NOTHING if kept[name]} == {}
    assert {name: kept[name] for name in BOUNDED if kept[name] > MOST} == {}
    assert kept["stories on disk"] == VISITS
    assert not any(dict(session.config_values) for session in page.blocks.app.state_holder.session_data.values())

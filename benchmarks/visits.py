"""Visits: readers who open the page, begin a short story, hear a part of it and leave; what the server keeps of them."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks.processes import find_port
from playground.engines import Engines
from playground.page import Page
from playground.server import open_page
from story_engine import Library, StoryEngine

COUNTS = (100, 200, 500, 1000, 2000)
TOKENS = 40  # of a passage, so that its reader leaves within it
SLOTS = 32 << 20  # bytes for what was read of stories, which would else grow up to their budget for thousands of visits


@dataclass(frozen=True)
class Look:
    """After so many visits: what the process has, and what is kept in it, by name."""

    visits: int
    megabytes: float
    threads: int
    files: int
    kept: dict[str, int]


def measure(model: str, counts: Sequence[int]) -> Iterator[Look]:
    """A look before the first visit, and one after each of `counts`; the visitors are another process."""
    engine = StoryEngine.load(model)
    engine.slots.max_bytes = SLOTS
    with TemporaryDirectory() as place, open_server(engine, Path(place)) as (page, url):
        yield look(page, 0)
        for first, last in zip((0, *counts), counts, strict=False):
            send_visitors(page, url, first, last - first)
            yield look(page, last)


@contextmanager
def open_server(engine: StoryEngine, folder: Path) -> Iterator[tuple[Page, str]]:
    """A page of this process, and its address."""
    port = find_port()
    page = open_page(Engines(engine, engine.name), Library(folder), "127.0.0.1", port)
    try:
        yield page, f"http://127.0.0.1:{port}"
    finally:
        page.blocks.close(verbose=False)


def send_visitors(page: Page, url: str, first: int, count: int) -> None:
    """So many visitors.

    Raises:
        CalledProcessError: one of them was refused.
    """
    load, begin = find_functions(page)
    numbers = {"first": first, "count": count, "load": load, "begin": begin}
    options = [word for name, number in numbers.items() for word in (f"--{name}", str(number))]
    settings = json.dumps(choose_settings(page)).encode()
    subprocess.run(
        [sys.executable, "-m", "benchmarks.visitors", url, *options], input=settings, capture_output=True, check=True
    )


def find_functions(page: Page) -> tuple[int, int]:
    """The numbers of what happens first when a page is opened, and when a story is begun."""
    events = ((page.blocks._id, "load"), (page.widgets.begin._id, "click"))
    load, begin = (min(number for number, one in page.blocks.fns.items() if event in one.targets) for event in events)
    return load, begin


def choose_settings(page: Page) -> list[Any]:
    """The page's own settings, with a short passage."""
    return [TOKENS if name == "max_new_tokens" else widget.value for name, widget in page.widgets.settings.items()]


def look(page: Page, visits: int) -> Look:
    """What the process has, once all garbage is gone."""
    gc.collect()
    process = psutil.Process()
    return Look(visits, process.memory_info().rss / 1e6, process.num_threads(), process.num_fds(), count_kept(page))


def count_kept(page: Page) -> dict[str, int]:
    """How many things there are of each kind that comes with a visit."""
    actions, queue, app = page.actions, page.blocks._queue, page.blocks.app
    [engine] = actions.engines.loaded
    return {
        "stories on disk": len(actions.library._sizes),
        "stories in memory": len(actions.library._open),
        "passages being written": len(actions.writing.written),
        "slots": len(engine.slots._slots),
        "rates": len(actions.rates._asked),
        "pages with a turn": len(page.handlers._turns._current),
        "sessions": len(app.state_holder.session_data),
        "queues of pages": len(queue.pending_messages_per_session),
        "pages with events": len(queue.pending_event_ids_session),
        "events": len(queue.event_ids_to_events),
        "events noted": len(queue.event_analytics),
        "iterators": len(app.iterators) + len(app.iterators_to_reset),
    }


def print_looks(looks: Iterator[Look]) -> None:
    """A line for each, as soon as it is there."""
    for seen in looks:
        kept = ", ".join(f"{name} {count}" for name, count in seen.kept.items())
        print(f"{seen.visits} visits: {seen.megabytes:.0f} MB, {seen.threads} threads, {seen.files} files; {kept}", flush=True)

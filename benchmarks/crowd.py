"""Gradio's published load test on this page: 1, 5, 25 and 100 clients, each of whom hears 500 tokens at 100 a second.

The words come from a paced server, so the seconds beyond five are what the page and its queue add. The form of the test is that
of https://github.com/gradio-app/gradio/pull/7670.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from tempfile import TemporaryDirectory

from benchmarks.clients import Heard, complete, find_function, open_http, start_story
from benchmarks.processes import find_port, run_server
from story_engine import EMBEDDED_FOLDER, RANGES, Settings

CLIENTS = (1, 5, 25, 100)
TOKENS, RATE = 500, 100.0
PAGE, RAW = "page", "server-sent events"
BODY = {"model": "story", "prompt": [0], "max_tokens": TOKENS, "seed": 1}


@dataclass(frozen=True)
class Row:
    """By subject and round: seconds until the last client has heard all, and the median client's to the first words."""

    clients: int
    ended: dict[str, list[float]]
    first: dict[str, list[float]]


def measure(clients: Sequence[int], rounds: int) -> list[Row]:
    """The page, and the same words straight from the server, in turn."""
    with TemporaryDirectory() as place, ExitStack() as servers:
        near, far = find_port(), find_port()
        words = servers.enter_context(
            run_server(["-m", "benchmarks.paced_server", "--port", str(far), "--rate", str(RATE)], far, "/v1/models")
        )
        model = f"openai:{words}/v1#story@{EMBEDDED_FOLDER}"
        page = servers.enter_context(run_server(["app.py", "--model", model, "--port", str(near), "--stories", place], near))
        return asyncio.run(_measure(page, words, clients, rounds))


async def _measure(page: str, words: str, clients: Sequence[int], rounds: int) -> list[Row]:
    rows = [Row(count, {PAGE: [], RAW: []}, {PAGE: [], RAW: []}) for count in clients]
    async with open_http() as http:
        function = await find_function(http, page, "start")
        await start_story(http, page, function, make_values(0))  # warms up
        for number in range(rounds):
            for row in rows:
                begun = time.perf_counter()
                raw = await asyncio.gather(*(complete(http, f"{words}/v1", BODY) for _ in range(row.clients)))
                _note(row, RAW, begun, raw)
                begun, numbers = time.perf_counter(), range(row.clients)
                seen = await asyncio.gather(*(start_story(http, page, function, make_values(number)) for number in numbers))
                _note(row, PAGE, begun, seen)
    return rows


def make_values(seed: int, opening: str = "Once upon a time", tokens: int = TOKENS) -> list[str | float | bool | None]:
    """The arguments of `/start` in their order: the opening, the settings, no unwanted words, not for children, any level."""
    chosen = Settings(max_new_tokens=tokens, seed=seed)
    return [
        opening,
        *(getattr(chosen, one.name) for one in fields(Settings) if one.name in RANGES),
        "",
        False,
        chosen.reading_level,
    ]


def _note(row: Row, name: str, begun: float, heard: list[Heard]) -> None:
    row.ended[name].append(max(one.ended for one in heard) - begun)
    row.first[name].append(statistics.median(one.first for one in heard))


def print_table(rows: list[Row]) -> None:
    """Markdown: seconds, medians of the rounds."""
    print("| clients | page, s to the end | its first words, s | the words without a page, s |")
    print("|---|---|---|---|")
    for row in rows:
        ended, first, raw = (statistics.median(one) for one in (row.ended[PAGE], row.first[PAGE], row.ended[RAW]))
        print(f"| {row.clients} | {ended:.1f} | {first:.2f} | {raw:.1f} |")

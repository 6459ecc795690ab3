"""Visitors of a page, as a program of its own: each opens the page, begins a short story, hears a part of it and leaves.

python -m benchmarks.visitors http://127.0.0.1:7860 --first 0 --count 100 --load 1 --begin 2 < settings.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import uuid
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import httpx

from benchmarks.clients import hear_updates, open_http, send_event

AT_ONCE = 16
ADDRESSES = 200  # of this machine, since a page serves each only so many passages a minute
LOADS_EVERY = 10  # visitors, of whom one loads the page itself, which is the same for all and takes most of the time
UPDATES = 2  # of the passage that each hears: its beginning, and some words


async def visit_all(url: str, numbers: range, load: int, begin: int, settings: Sequence[Any]) -> int:
    """The visits of these numbers, AT_ONCE at a time; returns the updates they heard. `load` and `begin` are functions."""
    waiting = iter(numbers)

    async def visit_some() -> int:
        heard = 0
        for number in waiting:
            async with open_http(f"127.0.1.{1 + number % ADDRESSES}") as http:
                heard += await visit(http, url, number, load, begin, settings)
        return heard

    return sum(await asyncio.gather(*(visit_some() for _ in range(AT_ONCE))))


async def visit(http: httpx.AsyncClient, url: str, number: int, load: int, begin: int, settings: Sequence[Any]) -> int:
    """One reader, as a browser asks: the page, a sign of life, the story that it had, a beginning; returns what was heard.

    Raises:
        RuntimeError: the page refuses, or the passage failed.
    """
    session, heard = uuid.uuid4().hex, 0
    if not number % LOADS_EVERY:
        (await http.get(url)).raise_for_status()
    async with http.stream("GET", f"{url}/gradio_api/heartbeat/{session}"):
        await send_event(http, url, session, load, [{}, {}])
        async for _ in hear_updates(http, url, session):
            pass
        await send_event(http, url, session, begin, [{}, {}, f"Tom saw kite number {number}. It was", *settings])
        async with aclosing(hear_updates(http, url, session)) as updates:
            async for _ in updates:
                heard += 1
                if heard == UPDATES:
                    break
    return heard


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visitors")
    parser.add_argument("url")
    for name in ("first", "count", "load", "begin"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args(arguments)
    numbers = range(options.first, options.first + options.count)
    print(asyncio.run(visit_all(options.url, numbers, options.load, options.begin, json.load(sys.stdin))))


if __name__ == "__main__":
    main()

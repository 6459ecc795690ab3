"""Queues: how a request waits for its turn at a server that tells one story at a time, and in a server's own queue."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


class Turns:
    """Gives out turns at each server, in the order of asking; used by one event loop."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @contextlib.asynccontextmanager
    async def take(self, choose: Callable[[], str], *, alone: bool) -> AsyncIterator[str]:
        """The server that is chosen; where it tells one story at a time (`alone`), once nobody else has it.

        It is chosen anew when the turn has come, since it may have failed meanwhile.
        """
        while True:
            url = choose()
            if not alone:
                yield url
                return
            async with self._locks[url]:
                if choose() == url:
                    yield url
                    return


async def wait_for_first(
    stream: AsyncGenerator[T, None], silence: float, queue: float, is_alive: Callable[[], Awaitable[bool]]
) -> T | None:
    """The next of a stream that has said nothing yet; None where it has ended.

    After each `silence` (seconds) it is asked whether the server is alive, and then its queue is waited for.

    Raises:
        TimeoutError: the server is silent and not alive.
        StillQueued: `queue` seconds have passed.
    """
    loop = asyncio.get_running_loop()
    # No coroutine of the stream may be broken off by a time-out here: it could not go on.
    following, until = asyncio.ensure_future(anext(stream, None)), loop.time() + queue
    try:
        while not (await asyncio.wait({following}, timeout=silence))[0]:
            if not await is_alive():
                raise TimeoutError
            if loop.time() >= until:
                raise StillQueued
        return following.result()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


class StillQueued(Exception):
    """The server is alive, and has not come to the request."""


async def follow(stream: AsyncGenerator[T, None], silence: float) -> AsyncIterator[T]:
    """The rest of a stream, of which each bit comes within `silence` seconds.

    Raises:
        TimeoutError: one does not.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(silence) as limit:
        async for one in stream:
            yield one
            limit.reschedule(loop.time() + silence)

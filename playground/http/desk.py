"""The desk: how many completions are computed at once, who waits for a place, and who is sent away."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playground.http.errors import ApiError

PLACES = 16  # completions computed at once; a reader of the page shares the model's steps with them
WAITING = 64  # requests that wait for places
RETRY_AFTER = 5  # seconds


@dataclass(eq=False)
class _Ticket:
    places: int
    called: asyncio.Future[None]


class Desk:
    """Gives places in the order of asking; used by one event loop."""

    def __init__(self, places: int = PLACES, waiting: int = WAITING) -> None:
        self._places, self._most_waiting = places, waiting
        self.taken = 0  # completions that are being computed
        self._queue: deque[_Ticket] = deque()

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return len(self._queue)

    @asynccontextmanager
    async def take(self, places: int) -> AsyncIterator[None]:
        """Wait for so many places, and hold them.

        Raises:
            ApiError: too many wait already.
        """
        if len(self._queue) >= self._most_waiting:
            raise ApiError(429, "Too many requests wait. Try again in a moment.", code="queue_full", retry_after=RETRY_AFTER)
        ticket = _Ticket(places, asyncio.get_running_loop().create_future())
        self._queue.append(ticket)
        self._call()
        try:
            await ticket.called
            yield
        finally:  # also for one who left, before it was called or after
            if ticket in self._queue:
                self._queue.remove(ticket)
            elif not ticket.called.cancelled():
                self.taken -= places
            self._call()

    def _call(self) -> None:
        """Call those at the head of the queue for whom there is room."""
        while self._queue and self.taken + self._queue[0].places <= self._places:
            ticket = self._queue.popleft()
            if not ticket.called.cancelled():
                self.taken += ticket.places
                ticket.called.set_result(None)

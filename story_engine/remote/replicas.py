"""Replicas: which of several servers tells a story. A story stays with its own, moves on while that is gone, and comes back."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from threading import Lock

SHORTEST_REST, LONGEST_REST = 5.0, 60.0  # seconds that a replica which failed is left alone; twice as long each time
REMEMBERED = 10_000  # stories whose order is not computed again

log = logging.getLogger("story_engine")


class Replicas:
    """Servers by their bases; many threads call it at once. `clock` gives seconds.

    Each story has its own order of the replicas (rendezvous hashing: Thaler and Ravishankar, 1998), and is told by the first
    that is not at rest. So the stories of a replica that is gone spread over all others, and no other story moves.
    """

    def __init__(self, urls: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self.urls, self._clock, self._lock = tuple(urls), clock, Lock()
        self._failures: dict[str, int] = {}
        self._rests_until: dict[str, float] = {}
        self._find_own = lru_cache(maxsize=REMEMBERED)(self._compute_own)

    def order(self, story: str) -> list[str]:
        """All replicas, in the order in which they are asked for a story; those at rest stand last, the next to wake first."""
        own = self._find_own(story)
        with self._lock:
            now = self._clock()
            left = {url: until - now for url, until in self._rests_until.items() if until > now}
        return sorted(own, key=lambda url: left.get(url, 0.0)) if left else [*own]

    def _compute_own(self, story: str) -> list[str]:
        return sorted(self.urls, key=lambda url: hashlib.sha256(f"{story} {url}".encode()).digest())

    def fail(self, url: str) -> None:
        """Let a replica rest, since it could not be reached or broke off. What fails while it rests failed with it."""
        with self._lock:
            if self._rests_until.get(url, 0.0) > self._clock():
                return
            failures = self._failures[url] = self._failures.get(url, 0) + 1
            rest = min(LONGEST_REST, SHORTEST_REST * 2 ** (failures - 1))
            self._rests_until[url] = self._clock() + rest
        log.warning("The server %s failed; it is left alone for %.0f seconds where another can tell.", url, rest)

    def succeed(self, url: str) -> None:
        """A replica has answered: stories that belong to it come back."""
        with self._lock:
            came_back = self._failures.pop(url, 0)
            self._rests_until.pop(url, None)
        if came_back:
            log.info("The server %s answers again.", url)

"""Rates: how many passages a page and an address may ask for in a minute, since each of them is dear."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

import gradio as gr

from story_engine import InputError

PER_PAGE, PER_ADDRESS = 40, 600  # passages in a minute; many readers may share an address, as a class in a school does
MINUTE = 60.0
MAX_CLIENTS = 10_000  # of which the passages are counted; those that were quiet longest are forgotten


class Rates:
    """The passages of the last minute, by page and by address; many threads call it at once. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._lock = Lock()

    def count(self, request: gr.Request) -> None:
        """Note that a passage is asked for.

        Raises:
            InputError: it is one too many in this minute.
        """
        address = request.client.host if request.request and request.client else ""
        with self._lock:
            now = self._clock()
            noted = []
            for kind, name, most in (("page", request.session_hash or "", PER_PAGE), ("address", address, PER_ADDRESS)):
                if not name:
                    continue
                asked = self._asked.setdefault((kind, name), deque(maxlen=most))
                self._asked.move_to_end((kind, name))
                if len(asked) == most and now - asked[0] < MINUTE:
                    wait = int(MINUTE - (now - asked[0])) + 1
                    raise InputError(
                        "That is more than {most} passages in a minute. Wait {wait} seconds, then go on.", most=most, wait=wait
                    )
                noted.append(asked)
            for asked in noted:
                asked.append(now)
            while len(self._asked) > MAX_CLIENTS:
                self._asked.popitem(last=False)

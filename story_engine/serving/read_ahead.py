"""Reading ahead: while nobody waits, the window of a story's next turn is read into its slot, so that no turn has to."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from story_engine.errors import InputError
from story_engine.model.kv_cache import Slot
from story_engine.serving.slots import SlotCache

CHUNK = 32  # tokens between two looks at whether somebody waits; under 0.1 s for 190M parameters on two cores
PAUSE = 0.02  # seconds between two looks while somebody writes


class ReadAhead:
    """One background thread over all stories; any real request goes first.

    `read` appends tokens to a slot, `is_idle` says whether no story is being written.
    """

    def __init__(self, cache: SlotCache, read: Callable[[Sequence[int], Slot], object], is_idle: Callable[[], bool]) -> None:
        self._cache, self._read, self._is_idle = cache, read, is_idle
        self._wanted: OrderedDict[str, Sequence[int]] = OrderedDict()
        self._condition = threading.Condition()
        self._current: str | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def ask(self, story: str, ids: Sequence[int]) -> None:
        """Read `ids` into the story's slot some time soon; a later request for the same story replaces this one."""
        with self._condition:
            if self._is_closed:
                return
            self._wanted[story] = ids
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="read-ahead")
                self._thread.start()
                # A thread that is inside a model while the interpreter ends would take the whole process down.
                atexit.register(self.close)
            self._condition.notify_all()

    def interrupt(self, story: str) -> None:
        """Forget the request for a story, and wait until its slot is free: one chunk at most."""
        with self._condition:
            self._wanted.pop(story, None)
            self._condition.wait_for(lambda: self._current != story)

    def wait(self, timeout: float) -> bool:
        """Wait until all that was asked for is read; returns whether it is."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._wanted and self._current is None, timeout)

    def close(self) -> None:
        """Let the thread end, and with it the model that it holds; a chunk that is being read is read to its end."""
        with self._condition:
            self._is_closed = True
            self._wanted.clear()
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join()
            atexit.unregister(self.close)

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._wanted or self._is_closed)
                if self._is_closed:
                    return
                self._current = story = next(iter(self._wanted))
            try:
                is_done = self._read_chunk(story)
            except Exception:  # a failing model is reported where a reader waits for it; here nobody does
                logging.getLogger(__name__).exception("reading ahead failed")
                is_done = True
            with self._condition:
                if is_done:
                    self._wanted.pop(story, None)
                self._current = None
                self._condition.notify_all()
            if not is_done and not self._is_idle():
                time.sleep(PAUSE)

    def _read_chunk(self, story: str) -> bool:
        """One chunk for a story, if nobody waits; returns whether its window is read, or it is being written anew."""
        if not self._is_idle():
            return False
        with self._condition:
            ids = self._wanted.get(story)
        if ids is None:
            return True
        try:
            slot = self._cache.take(story)
        except InputError:
            return True
        try:
            slot.crop_to_prefix(ids)
            chunk = ids[len(slot.ids) : len(slot.ids) + CHUNK]
            if chunk:
                self._read(chunk, slot)
            return len(slot.ids) >= len(ids)
        finally:
            self._cache.give_back(story)

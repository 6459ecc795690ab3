"""Reading ahead: while nobody waits, the window of a story's next turn is read into its slot, so that no turn has to."""

from __future__ import annotations

import atexit
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from story_engine.model.kv_cache import Slot
from story_engine.serving.slots import SlotPool

CHUNK = 32  # tokens that a writer may have to wait for; under 0.1 s for 190M parameters on two cores
LONGEST_WAIT = 1.0  # seconds between two looks at whether the engine was closed


class ReadAhead:
    """One background thread over all stories; it reads a chunk at a time, and only while nobody writes.

    `read` appends tokens to a slot. A request for a story is dropped when somebody begins to write it.
    """

    def __init__(self, slots: SlotPool, read: Callable[[Sequence[int], Slot], object]) -> None:
        self._slots, self._read = slots, read
        slots.on_lease = self._drop
        self._wanted: OrderedDict[str, Sequence[int]] = OrderedDict()
        self._condition = threading.Condition()
        self._is_reading = False
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @property
    def is_reading(self) -> bool:
        """Whether a chunk is being read at this moment."""
        return self._is_reading

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

    def wait(self, timeout: float) -> bool:
        """Wait until all that was asked for is read; returns whether it is."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._wanted and not self._is_reading, timeout)

    def close(self) -> None:
        """Let the thread end, and with it the model that it holds; a chunk that is being read is read to its end."""
        with self._condition:
            self._is_closed = True
            self._wanted.clear()
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join()
            atexit.unregister(self.close)

    def _drop(self, story: str) -> None:
        with self._condition:
            self._wanted.pop(story, None)
            self._condition.notify_all()

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._wanted or self._is_closed)
                if self._is_closed:
                    return
                story = next(iter(self._wanted))
            if not self._slots.wait_idle(LONGEST_WAIT):
                continue
            try:
                is_done = self._read_chunk(story)
            except Exception:  # a failing model is reported where a reader waits for it; here nobody does
                logging.getLogger(__name__).exception("reading ahead failed")
                is_done = True
            with self._condition:
                if is_done:
                    self._wanted.pop(story, None)
                self._is_reading = False
                self._condition.notify_all()

    def _read_chunk(self, story: str) -> bool:
        """One chunk for a story, if nobody writes; returns whether its window is read, or is no longer wanted."""
        with self._slots.lease_idle(story) as slot:
            if slot is None:
                return False
            with self._condition:  # a writer who came and went has dropped the request
                ids = self._wanted.get(story)
                self._is_reading = ids is not None
            if ids is None:
                return True
            for chunk in slot.unread(ids, CHUNK):
                self._read(chunk, slot)
                break
            return len(slot.ids) >= len(ids)

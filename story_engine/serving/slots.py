"""Slots by story, kept between turns within a budget of bytes; whoever holds a lease is the only one to use a slot."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

from story_engine.errors import InputError
from story_engine.model.kv_cache import Slot


class SlotPool:
    """Slots by story, the least recently used given up first when they exceed `max_bytes`.

    A writer leases a story's slot for a passage. Reading ahead leases it for a chunk, only while nobody writes, and a writer
    waits for the end of that chunk. `on_lease` is called with the story whenever a writer asks for one.
    """

    def __init__(self, new_slot: Callable[[], Slot], *, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.on_lease: Callable[[str], None] = lambda story: None
        self._new_slot = new_slot
        self._slots: OrderedDict[str, Slot] = OrderedDict()
        self._leased: dict[str, Slot] = {}
        self._written: set[str] = set()  # stories with a writer, or one who waits for the end of a chunk
        self._changed = Condition()
        self.hits = self.misses = 0  # leases that found what was read before, and those that found nothing

    @property
    def nbytes(self) -> int:
        """Bytes of memory that all slots take."""
        with self._changed:
            return self._count_bytes()

    @property
    def writers(self) -> int:
        """Stories that are being written."""
        return len(self._written)

    def check_free(self, story: str) -> None:
        """Raises InputError where the story is being written."""
        with self._changed:
            self._check_free(story)

    @contextmanager
    def lease(self, story: str) -> Iterator[Slot]:
        """The story's slot, or a fresh one, for one writer.

        Raises:
            InputError: the story is being written already.
        """
        with self._changed:
            self._check_free(story)
            self._written.add(story)
        try:
            self.on_lease(story)
            with self._changed:
                self._changed.wait_for(lambda: story not in self._leased)
                slot = self._take(story)
                is_hit = bool(slot.ids)
                self.hits, self.misses = self.hits + is_hit, self.misses + (not is_hit)
            try:
                yield slot
            finally:
                self._put_back(story)
        finally:
            with self._changed:
                self._written.discard(story)
                self._changed.notify_all()

    @contextmanager
    def lease_idle(self, story: str) -> Iterator[Slot | None]:
        """The story's slot for a chunk of reading ahead; None while anybody writes."""
        with self._changed:
            slot = None if self._written else self._take(story)
        try:
            yield slot
        finally:
            if slot is not None:
                self._put_back(story)

    def drop(self, story: str) -> None:
        """Give up the slot of a story that nobody uses; one that is leased stays."""
        with self._changed:
            self._slots.pop(story, None)

    def wait_idle(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds until nobody writes; returns whether nobody does."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._written, timeout)

    def _check_free(self, story: str) -> None:
        if story in self._written:
            raise InputError("This story is being written right now. Stop it first, or wait for it to finish.")

    def _take(self, story: str) -> Slot:
        slot = self._leased[story] = self._slots.pop(story) if story in self._slots else self._new_slot()
        return slot

    def _put_back(self, story: str) -> None:
        """Keep a slot as the most recently used, and keep to the budget."""
        with self._changed:
            self._slots[story] = self._leased.pop(story)
            total = self._count_bytes()
            while total > self.max_bytes and self._slots:
                total -= self._slots.popitem(last=False)[1].nbytes
            self._changed.notify_all()

    def _count_bytes(self) -> int:
        return sum(slot.nbytes for slot in (*self._slots.values(), *self._leased.values()))

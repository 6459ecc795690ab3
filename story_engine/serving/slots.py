"""Slots by story, kept between turns within a budget of bytes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import torch

from story_engine.errors import InputError
from story_engine.model.config import ModelConfig
from story_engine.model.kv_cache import Slot


class SlotCache:
    """Slots by story, the least recently used given up first when they exceed `max_bytes`."""

    def __init__(self, config: ModelConfig, dtype: torch.dtype, device: torch.device, max_bytes: int) -> None:
        self._make = lambda: Slot(config, dtype, device)
        self.max_bytes = max_bytes
        self._slots: OrderedDict[str, Slot] = OrderedDict()
        self._busy: dict[str, Slot] = {}
        self._lock = Lock()

    @property
    def nbytes(self) -> int:
        with self._lock:
            return sum(slot.nbytes for slot in (*self._slots.values(), *self._busy.values()))

    def is_busy(self, story: str) -> bool:
        with self._lock:
            return story in self._busy

    def take(self, story: str) -> Slot:
        """The story's slot, or a fresh one, for one user until `give_back`.

        Raises:
            InputError: the story is being written at this moment.
        """
        with self._lock:
            if story in self._busy:
                raise InputError("This story is being written right now. Stop it first, or wait for it to finish.")
            slot = self._slots.pop(story, None) or self._make()
            self._busy[story] = slot
            return slot

    def give_back(self, story: str) -> None:
        """Put a taken slot back as the most recently used, and keep to the budget."""
        with self._lock:
            self._slots[story] = self._busy.pop(story)
            total = sum(slot.nbytes for slot in (*self._slots.values(), *self._busy.values()))
            while total > self.max_bytes and self._slots:
                total -= self._slots.popitem(last=False)[1].nbytes

    def drop(self, story: str) -> None:
        """Give up a story's slot, if it is not in use."""
        with self._lock:
            self._slots.pop(story, None)

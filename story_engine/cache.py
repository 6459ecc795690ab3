"""Key/value slots: what the model has read of each story, kept between turns within a budget of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import torch
from torch import Tensor

from story_engine.errors import InputError
from story_engine.model import ModelConfig

FIRST_CAPACITY = 256  # tokens; a slot doubles from here up to the context


class Slot:
    """Keys and values of one story's window: `keys[layer]` and `values[layer]` are [kv_heads, capacity, head_dim].

    Where they are bytes, each vector of head_dim has a size, by which its bytes are multiplied: `key_sizes[layer]` and
    `value_sizes[layer]` are [kv_heads, capacity] in float32, and empty otherwise. `ids` are the tokens that are in, in
    order; places behind them hold leftovers that no query sees.
    """

    def __init__(self, config: ModelConfig, dtype: torch.dtype, device: torch.device) -> None:
        self.ids: list[int] = []
        self._config = config
        lines = torch.empty((config.layers, config.kv_heads, 0, config.head_dim), dtype=dtype, device=device)
        self.keys, self.values = lines, lines
        self.key_sizes = self.value_sizes = torch.empty(lines.shape[:-1], device=device)

    @property
    def parts(self) -> dict[str, Tensor]:
        """All that grows with the tokens, by its name; capacity is the third dimension."""
        names = ["keys", "values", *(["key_sizes", "value_sizes"] if self.keys.dtype == torch.int8 else [])]
        return {name: getattr(self, name) for name in names}

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in self.parts.values())

    def reserve(self, length: int) -> None:
        """Make room for `length` tokens in all, keeping what is in."""
        capacity = self.keys.shape[2]
        if length <= capacity:
            return
        wanted = max(FIRST_CAPACITY, capacity)
        while wanted < length:
            wanted *= 2
        wanted = min(wanted, max(length, self._config.context))
        for name, old in self.parts.items():
            new = old.new_empty((*old.shape[:2], wanted, *old.shape[3:]))
            new[:, :, : len(self.ids)] = old[:, :, : len(self.ids)]
            setattr(self, name, new)

    def crop(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        del self.ids[length:]

    def copy(self) -> Slot:
        """A slot of its own that holds the same."""
        twin = Slot(self._config, self.keys.dtype, self.keys.device)
        twin.ids = list(self.ids)
        for name, part in self.parts.items():
            setattr(twin, name, part.clone())
        return twin

    def crop_to_prefix(self, ids: Sequence[int]) -> int:
        """Forget what does not begin `ids`; returns how many tokens stay."""
        same = 0
        for ours, theirs in zip(self.ids, ids, strict=False):
            if ours != theirs:
                break
            same += 1
        self.crop(same)
        return same


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

"""Key/value slots: what the model has read of a story."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from story_engine.model.config import ModelConfig

# Tokens of a slot at first; it doubles from here up to the context. A processor's memory is only taken page by page, as it
# is written, so there is no need to grow, which for eight long stories at once held up a step for a fifth of a second.
GROUP = 16  # neighbouring numbers of a key or a value in bytes that share a scale
PAGE = 4096  # bytes of memory that a processor's system gives at once, so that a short story takes more than its tokens
FIRST_CAPACITY = {"cpu": 4096}
OTHER_FIRST_CAPACITY = 256  # on a GPU


class Slot:
    """Keys and values of one story's window: `keys[layer]` and `values[layer]` are [kv_heads, capacity, head_dim].

    Where they are bytes, each GROUP of a vector has a scale, by which its bytes are multiplied: `key_scales[layer]` and
    `value_scales[layer]` are [kv_heads, capacity, groups] in float32, and empty otherwise. `ids` are the tokens that are in, in
    order; places behind them hold leftovers that no query sees.
    """

    def __init__(self, config: ModelConfig, dtype: torch.dtype, device: torch.device) -> None:
        self.ids: list[int] = []
        self._config = config
        self._reached = 0  # tokens that it had room for at most
        lines = torch.empty((config.layers, config.kv_heads, 0, config.head_dim), dtype=dtype, device=device)
        self.keys, self.values = lines, lines
        groups = -(-config.head_dim // GROUP)
        self.key_scales = self.value_scales = torch.empty((*lines.shape[:-1], groups), device=device)

    @property
    def parts(self) -> dict[str, Tensor]:
        """All that grows with the tokens, by its name; capacity is the third dimension."""
        names = ["keys", "values", *(["key_scales", "value_scales"] if self.keys.dtype == torch.int8 else [])]
        return {name: getattr(self, name) for name in names}

    @property
    def nbytes(self) -> int:
        """Bytes of memory that are taken: on a processor the pages up to where each line has ever been filled."""
        if self.keys.device.type != "cpu":
            return sum(part.nbytes for part in self.parts.values())
        capacity, lines = max(self.keys.shape[2], 1), self._config.layers * self._config.kv_heads
        filled = [(part.nbytes // lines, part.nbytes // lines // capacity * self._reached) for part in self.parts.values()]
        return lines * sum(min(line, -(-taken // PAGE) * PAGE) for line, taken in filled)

    def reserve(self, length: int) -> None:
        """Make room for `length` tokens in all, keeping what is in."""
        capacity = self.keys.shape[2]
        self._reached = max(self._reached, length)
        if length <= capacity:
            return
        wanted = max(FIRST_CAPACITY.get(self.keys.device.type, OTHER_FIRST_CAPACITY), capacity)
        while wanted < length:
            wanted *= 2
        wanted = min(wanted, max(length, self._config.context_length))
        for name, old in self.parts.items():
            new = old.new_empty((*old.shape[:2], wanted, *old.shape[3:]))
            new[:, :, : len(self.ids)] = old[:, :, : len(self.ids)]
            setattr(self, name, new)

    def crop(self, length: int) -> None:
        """Forget all but the first `length` tokens."""
        del self.ids[length:]

    def copy(self) -> Slot:
        """A slot of its own that holds the same."""
        twin, length = Slot(self._config, self.keys.dtype, self.keys.device), len(self.ids)
        twin.reserve(length)
        twin.ids = list(self.ids)
        for name, part in self.parts.items():
            twin.parts[name][:, :, :length] = part[:, :, :length]
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

    def unread(self, ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
        """Chunks of at most `size` tokens of what the slot lacks of `ids`; what does not begin `ids` is forgotten first.

        Each chunk is to be read into the slot before the next one is taken.
        """
        self.crop_to_prefix(ids)
        while len(self.ids) < len(ids):
            yield ids[len(self.ids) : len(self.ids) + size]

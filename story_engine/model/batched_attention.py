"""Attention of one step for many stories in a few calls: on a GPU the launch of a call costs more than a copy of keys."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from story_engine.model.kv_cache import Slot


class BatchedAttention:
    """Five calls a layer, whatever the number of rows; each row is the next token of a slot of its own.

    The keys and values of all slots are laid side by side, up to the longest, and what a row must not see is masked. What
    is new stays beside the slots until `keep` puts it in, once for all layers.
    """

    def __init__(self, slots: Sequence[Slot], places: Sequence[int]) -> None:
        """`places` are the tokens that each slot holds already."""
        self._slots, self._places = slots, places
        self._new: list[tuple[Tensor, Tensor]] = []
        device = slots[0].keys.device
        ends = torch.tensor(places, device=device)[:, None]
        columns = torch.arange(max(places) + 1, device=device)
        starts = ends.cumsum(0) - ends
        own = sum(places) + torch.arange(len(places), device=device)[:, None]
        # Where column c of a row stands among all keys in a line: first the slots' own, then the new one of each row.
        self._index = torch.where(columns < ends, starts + columns, own)
        self._mask = columns <= ends

    def attend(self, number: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Of layer `number`: query [rows, heads, dim], key and value [rows, kv_heads, dim] -> [rows, heads * dim]."""
        self._new.append((key, value))
        keys = self._lay([slot.keys[number] for slot in self._slots], key)
        values = self._lay([slot.values[number] for slot in self._slots], value)
        return attend_masked(query, keys, values, self._mask)

    def keep(self) -> None:
        """Put the new keys and values of all layers into the slots."""
        keys, values = (torch.stack(each) for each in zip(*self._new, strict=True))
        for row, (slot, place) in enumerate(zip(self._slots, self._places, strict=True)):
            slot.keys[:, :, place] = keys[:, row]
            slot.values[:, :, place] = values[:, row]

    def _lay(self, kept: Sequence[Tensor], new: Tensor) -> Tensor:
        """kept [kv_heads, capacity, dim] of each slot, new [rows, kv_heads, dim] -> [rows, kv_heads, longest, dim]."""
        parts = [one[:, :place] for one, place in zip(kept, self._places, strict=True)]
        line = torch.cat([*parts, new.transpose(0, 1).to(kept[0].dtype)], dim=1)
        return line[:, self._index].transpose(0, 1)


def attend_masked(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """One query for each row, which sees what `mask` [rows, length] leaves of its keys: [rows, heads * dim].

    query [rows, heads, dim], keys and values [rows, kv_heads, length, dim], numbers all of them, also where nothing is seen.
    """
    mixed = functional.scaled_dot_product_attention(
        query[:, :, None].to(keys.dtype),
        keys,
        values,
        attn_mask=mask[:, None, None],
        enable_gqa=query.shape[1] != keys.shape[1],
    )
    return mixed.reshape(len(query), -1).to(query.dtype)

"""Held-out loss: nats per token and bits per byte, story by story, each from the start token."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional


@dataclass(frozen=True)
class HeldOutLoss:
    """Sums over stories; every token of a story is predicted, and the end token that closes it."""

    nats: float
    tokens: int
    text_bytes: int

    @property
    def nats_per_token(self) -> float:
        return self.nats / self.tokens

    @property
    def bits_per_byte(self) -> float:
        """Bits for text and end token together, over the bytes of the text alone."""
        return self.nats / math.log(2) / self.text_bytes


@torch.no_grad()
def measure_loss(
    forward: Callable[[torch.Tensor], torch.Tensor],
    stories: Sequence[tuple[list[int], int]],
    end_token: int,
    context: int,
    batch_tokens: int = 8192,
) -> HeldOutLoss:
    """Score `(ids, text_bytes)` stories with `forward`: int64 [rows, time] -> logits [rows, time, vocabulary].

    Stories of like length share a batch; padding stands behind the text, where a causal model cannot see it. A story
    longer than `context` is cut there, and its bytes are counted in proportion.
    """
    nats, tokens, text_bytes = 0.0, 0, 0.0
    ordered = sorted(stories, key=lambda story: len(story[0]))
    while ordered:
        length = min(len(ordered[-1][0]) + 1, context)
        take = max(1, batch_tokens // length)
        batch, ordered = ordered[-take:], ordered[:-take]
        rows = torch.full((len(batch), length + 1), end_token)
        mask = torch.zeros(len(batch), length)
        for row, (ids, size) in enumerate(batch):
            line = [end_token, *ids, end_token][: length + 1]
            rows[row, : len(line)] = torch.tensor(line)
            mask[row, : len(line) - 1] = 1
            text_bytes += size * min(1.0, (len(line) - 1) / (len(ids) + 1))
        losses = functional.cross_entropy(
            forward(rows[:, :-1]).float().flatten(0, 1).cpu(), rows[:, 1:].flatten(), reduction="none"
        )
        nats += float((losses.double() * mask.flatten()).sum())
        tokens += int(mask.sum())
    return HeldOutLoss(nats, tokens, round(text_bytes))

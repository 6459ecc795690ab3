"""Rotary positions: how far each pair of a head's numbers is turned at each place, plain or scaled for longer texts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

LINEAR, LLAMA3 = "linear", "llama3"
FIELDS = {
    LINEAR: ("factor",),
    LLAMA3: ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
}


@dataclass(frozen=True)
class PositionScaling:
    """How slower the pairs turn than they did in the first training.

    `linear` divides every frequency by `factor` (Chen et al., 2023). `llama3` divides those whose wave is longer than
    `original` / `low` tokens, keeps those whose wave is shorter than `original` / `high`, and goes from one to the other
    between them (Llama 3.1's own rule; `original` is the context of the first training, in tokens).
    """

    kind: str
    factor: float
    low: float = 1.0
    high: float = 4.0
    original: int = 8192

    def apply(self, frequencies: Tensor) -> Tensor:
        """Radians a token of each pair, float32 [head_dim / 2], scaled."""
        if self.kind == LINEAR:
            return frequencies / self.factor
        waves = 2 * math.pi / frequencies
        kept = ((self.original / waves - self.low) / (self.high - self.low)).clamp(0, 1)
        return (1 - kept) * frequencies / self.factor + kept * frequencies


def read_scaling(rope: dict[str, Any]) -> tuple[PositionScaling | None, list[str]]:
    """The scaling that a config's `rope_scaling` or `rope_parameters` ask for, and every reason against it in words."""
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind == "default":
        return None, []
    if not isinstance(kind, str) or kind not in FIELDS:
        return None, [f"it scales its positions ({kind})"]
    values: dict[str, Any] = {name: rope.get(name) for name in FIELDS[kind]}
    wrong = [
        f"{name} of its positions is {value!r}, not a number above 0"
        for name, value in values.items()
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf
    ]
    if not wrong and kind == LLAMA3 and values["high_freq_factor"] <= values["low_freq_factor"]:
        wrong.append("high_freq_factor of its positions is not above low_freq_factor")
    return (None, wrong) if wrong else (PositionScaling(kind, *values.values()), [])


def find_rotations(
    context: int, head_dim: int, *, theta: float, scaling: PositionScaling | None, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the rotary positions, each [context, head_dim] (Su et al., 2021; halves, as Llama has them)."""
    frequencies = theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float32, device=device) / head_dim)
    if scaling:
        frequencies = scaling.apply(frequencies)
    angles = torch.outer(torch.arange(context, dtype=torch.float32, device=device), frequencies)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()

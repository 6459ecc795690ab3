"""Parameter groups, optimizers and the learning-rate schedule in closed form."""

from __future__ import annotations

import math

import torch
from torch import nn

from train.presets import Preset

ONE_CYCLE_WARM_UP = 0.3
ONE_CYCLE_START = 1 / 25
ONE_CYCLE_END = 1 / 25 / 1e4
LINEAR_WARM_UP = 0.03
TRAPEZOID_WARM_UP = 20  # steps; not a share, as the number of steps may still change


def scale_at(step: int, preset: Preset) -> float:
    """The learning rate of a step, as a share of its maximum.

    `one-cycle` is the closed form of `torch.optim.lr_scheduler.OneCycleLR` with its defaults: half a cosine from 1/25
    to 1 over 30% of the steps, half a cosine down to 4e-6. Computed from the step, it cannot drift when a run is
    resumed or when several processes share it.
    """
    if preset.schedule == "trapezoid":
        return min((step + 1) / TRAPEZOID_WARM_UP, 1.0, (preset.steps - step) / preset.cool_down)
    if preset.schedule == "linear":
        warm = max(1, round(LINEAR_WARM_UP * preset.steps))
        return min((step + 1) / warm, (preset.steps - step) / max(1, preset.steps - warm))
    is_rising, begun = _one_cycle(step, preset)
    start, end = (ONE_CYCLE_START, 1.0) if is_rising else (1.0, ONE_CYCLE_END)
    return end + (start - end) * begun


def beta1_at(step: int, preset: Preset) -> float:
    """AdamW's first beta: constant, unless `cycle_momentum` asks for OneCycleLR's default 0.95 -> 0.85 -> 0.95.

    The published description gives betas (0.9, 0.95); cycling would never use that 0.9, so it is off.
    """
    if not preset.cycle_momentum:
        return preset.betas[0]
    is_rising, begun = _one_cycle(step, preset)
    start, end = (0.95, 0.85) if is_rising else (0.85, 0.95)
    return end + (start - end) * begun


def _one_cycle(step: int, preset: Preset) -> tuple[bool, float]:
    """Whether the rate is rising, and how much of this half is still to come: 1 at its start, 0 at its end, a cosine."""
    peak, last = ONE_CYCLE_WARM_UP * preset.steps - 1, preset.steps - 1
    if step <= peak:
        return True, (1 + math.cos(math.pi * (step / peak if peak > 0 else 1.0))) / 2
    return False, (1 + math.cos(math.pi * (step - peak) / max(1e-9, last - peak))) / 2


def build_optimizers(model: nn.Module, preset: Preset) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or Muon for the blocks' matrices and AdamW for the rest.

    Only tensors of two or more dimensions decay; every group keeps its maximum rate as `max_lr`.
    """
    named = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    is_block_matrix = {name: weight.ndim == 2 and ".layers." in name for name, weight in named}
    muon = [weight for name, weight in named if preset.optimizer == "muon" and is_block_matrix[name]]
    rest = [weight for name, weight in named if not (preset.optimizer == "muon" and is_block_matrix[name])]
    groups = [
        {"params": [w for w in rest if w.ndim >= 2], "weight_decay": preset.weight_decay},
        {"params": [w for w in rest if w.ndim < 2], "weight_decay": 0.0},
    ]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=preset.max_lr, betas=preset.betas, fused=True)]
    if muon:
        optimizers.append(torch.optim.Muon(muon, lr=preset.muon_lr, weight_decay=preset.weight_decay))
    renew_rates(optimizers, preset)
    return optimizers


def keeps_rates(steps_done: int, one: Preset, other: Preset) -> bool:
    """Whether two presets give every step that is done the same rate: their schedules are one, or both are still constant."""
    if (one.schedule, one.steps, one.cool_down) == (other.schedule, other.steps, other.cool_down):
        return True
    both = (one, other)
    return all(p.schedule == "trapezoid" and steps_done <= p.steps - p.cool_down for p in both)


def renew_rates(optimizers: list[torch.optim.Optimizer], preset: Preset) -> None:
    """Give every group the preset's maximum rate, after a checkpoint has brought that of an earlier start."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["max_lr"] = preset.muon_lr if isinstance(optimizer, torch.optim.Muon) else preset.max_lr


def set_rates(optimizers: list[torch.optim.Optimizer], step: int, preset: Preset) -> float:
    """Give every group its rate for this step; returns the first group's rate."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["max_lr"] * scale_at(step, preset)
            if "betas" in group:
                group["betas"] = (beta1_at(step, preset), preset.betas[1])
    rate: float = optimizers[0].param_groups[0]["lr"]
    return rate

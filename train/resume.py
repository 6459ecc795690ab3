"""A run taken up again: whether it is the same run, and its newest checkpoint."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import torch
from torch import nn

from train.checkpoint import load_newest
from train.curve import read_log
from train.errors import TrainError
from train.optim import keeps_rates, renew_rates
from train.presets import FREE_FIELDS, Preset

LOWERED = ("max_lr", "muon_lr")  # a run that diverges goes on with a lower rate; its log and card say so


def is_begun(folder: Path) -> bool:
    """Whether a folder holds a run that --resume can go on with."""
    try:
        read_log(folder)
    except TrainError:
        return False
    return True


def resume_run(
    folder: Path, preset: Preset, made_of: dict[str, object], model: nn.Module, optimizers: list[torch.optim.Optimizer]
) -> int:
    """Restore a run's newest checkpoint; returns the steps it has done, 0 where it was stopped before the first checkpoint.

    `made_of` is what the run's log notes of its data and its lineage.

    Raises:
        TrainError: the folder holds another run, or none, or no checkpoint that is whole.
    """
    noted_preset, entries = read_log(folder)
    noted = [entry for entry in entries if "preset" in entry][-1]
    differing = find_differences(noted_preset, preset)
    for name, said in (
        ("data", "the prepared data is another"),
        ("lineage", "the model it started with, or its teachers, are others"),
    ):
        if noted.get(name, made_of[name]) != made_of[name]:
            differing.append(said)
    if differing:
        raise TrainError(f"{folder} holds another run: {'; '.join(differing)}. Choose another folder for this one.")
    step = load_newest(folder, model, optimizers)
    if not keeps_rates(step, noted_preset, preset):
        raise TrainError(
            f"After {step} steps their number can no longer change: that is in the cool-down of the old schedule or of the new "
            f"one. Resume with --set steps={noted_preset.steps} cool_down={noted_preset.cool_down}, or begin a run in another "
            "folder."
        )
    renew_rates(optimizers, preset)
    return step


def find_differences(noted: Preset, wanted: Preset) -> list[str]:
    """In which fields two presets give different runs, in words."""
    free = set(FREE_FIELDS)
    if noted.schedule == wanted.schedule == "trapezoid":
        free |= {"steps", "cool_down"}  # as long as the rate is constant; `keeps_rates` looks
    if "auto" in (noted.precision, wanted.precision):
        free.add("precision")
    differing = []
    for name in (field.name for field in fields(Preset) if field.name not in free):
        old, new = getattr(noted, name), getattr(wanted, name)
        if old != new and not (name in LOWERED and new < old):
            differing.append(f"{name} was {old} and is {new}")
    return differing

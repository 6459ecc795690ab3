"""Checkpoints that survive a kill: written aside, hashed, renamed into place; a damaged one is named and passed over."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from train.data import hash_file
from train.errors import TrainError, guard_writing
from train.sharding import gather, load_optimizer, load_weights

KEPT = 2


def save_checkpoint(folder: Path, step: int, weights: dict[str, torch.Tensor], optimizers: list[dict[str, Any]]) -> Path:
    """Write `folder/checkpoint-STEP` out of whole tensors and the optimizers' states; the two newest are kept.

    Raises:
        TrainError: the disk is full or not writable. Earlier checkpoints are untouched.
    """
    final = folder / f"checkpoint-{step:06d}"
    aside = folder / f".part-{step:06d}"
    try:
        with guard_writing(f"The checkpoint of step {step}"):
            for part in folder.glob(".part-*"):  # left by a run that was killed while it saved
                shutil.rmtree(part)
            aside.mkdir(parents=True)
            save_file(weights, aside / "model.safetensors")
            torch.save(optimizers, aside / "optimizers.pt")
            hashes = {path.name: hash_file(path) for path in sorted(aside.iterdir())}
            (aside / "manifest.json").write_text(json.dumps({"step": step, "sha256": hashes}))
            for path in aside.iterdir():
                with path.open("rb") as handle:
                    os.fsync(handle.fileno())
            shutil.rmtree(final, ignore_errors=True)
            aside.replace(final)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    for old in find_checkpoints(folder)[:-KEPT]:
        shutil.rmtree(old)
    return final


def find_checkpoints(folder: Path) -> list[Path]:
    """Complete checkpoints, oldest first."""
    return sorted(folder.glob("checkpoint-[0-9]*"))


def load_newest(folder: Path, model: nn.Module, optimizers: list[torch.optim.Optimizer]) -> int:
    """Restore the newest intact checkpoint; returns the number of steps it has done, 0 where none was written yet.

    Raises:
        TrainError: every checkpoint is damaged.
    """
    checkpoints = find_checkpoints(folder)
    if not checkpoints:
        return 0
    for path in reversed(checkpoints):
        if problem := describe_damage(path):
            print(f"{path.name} is damaged ({problem}); going back to the one before it.")
            continue
        load_weights(model, load_file(path / "model.safetensors"))
        states = torch.load(path / "optimizers.pt", weights_only=True, map_location="cpu")
        for optimizer, state in zip(optimizers, states, strict=True):
            load_optimizer(optimizer, state)
        return int(json.loads((path / "manifest.json").read_text())["step"])
    raise TrainError(
        f"Every checkpoint in {folder} is damaged. Delete its checkpoint folders and --resume to begin again at step 0."
    )


def describe_damage(path: Path) -> str | None:
    """What is wrong with a checkpoint folder, or None."""
    try:
        recorded = json.loads((path / "manifest.json").read_text())["sha256"]
    except (OSError, ValueError, KeyError):
        return "its manifest cannot be read"
    for name, digest in recorded.items():
        if not (path / name).is_file() or hash_file(path / name) != digest:
            return f"{name} does not match its hash"
    return None


def gather_weights(model: nn.Module, dtype: torch.dtype | None = None) -> dict[str, torch.Tensor]:
    """The model's weights on the CPU, tied ones once, by transformers' names. All processes must call it."""
    return {name: gather(weight.detach()).to("cpu", dtype).contiguous() for name, weight in model.named_parameters()}

"""The log of a run, and the curve drawn from it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from train.errors import TrainError
from train.presets import Preset, Shape

PUBLISHED_POINTS = {2000: 1.27, 3000: 0.8516}  # training loss of Test-1-3000, as reported


def read_log(run: Path) -> tuple[Preset, list[dict[str, Any]]]:
    """The preset and all entries of a run's log.

    Raises:
        TrainError: there is no log.
    """
    path = run / "log.jsonl"
    if not path.is_file():
        raise TrainError(f"{run} holds no run (log.jsonl is missing). Give the folder that `train run --out` named.")
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    facts = [entry["preset"] for entry in entries if "preset" in entry][-1]
    known = {field.name for field in fields(Preset)}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in facts.items() if key in known
    }
    # A field that a log does not know yet has its default: what was done before there was a choice.
    return Preset(**(values | {"shape": Shape(**facts["shape"])})), entries


def draw_curve(entries: list[dict[str, Any]], preset: Preset, path: Path) -> None:
    """Training and held-out loss against the step, with the published points where the preset is the published one."""
    # A resumed run has some steps twice; the later entry counts.
    losses = {entry["step"]: entry["loss"] for entry in entries if "loss" in entry}
    held_out = {entry["step"]: entry["held_out"]["nats_per_token"] for entry in entries if "held_out" in entry}
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(list(losses), list(losses.values()), color="#c9a36a", linewidth=0.8, label="training")
    axes.plot(list(held_out), list(held_out.values()), "o-", color="#8a4b08", markersize=4, label="held out")
    if preset.name == "test-1-3000":
        axes.plot(list(PUBLISHED_POINTS), list(PUBLISHED_POINTS.values()), "k*", label="published (training)")
    axes.set(xlabel="step", ylabel="nats per token", title=f"Preset {preset.name}", ylim=(None, 6))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)

"""The log of a run, and the curve plotted from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from train.errors import TrainError
from train.presets import Preset, Shape

PUBLISHED_POINTS = {2000: 1.27, 3000: 0.8516}  # training loss of Test-1-3000, as reported


def read_log(run: Path) -> tuple[Preset, list[dict[str, Any]]]:
    """The preset that a run had last, and all entries of its log; a line that was cut when the run was killed is left out.

    Raises:
        TrainError: there is no log, or nothing that says what was run.
    """
    path = run / "log.jsonl"
    if not path.is_file():
        raise TrainError(f"{run} holds no run (log.jsonl is missing). Give a run's folder, or start one without --resume.")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    entries = [entry for line in lines if (entry := _read_line(line))]
    begun = [entry["preset"] for entry in entries if "preset" in entry]
    if not begun:
        raise TrainError(f"The log of {run} does not say what was run. Start the run without --resume.")
    return restore_preset(begun[-1]), entries


def restore_preset(facts: Mapping[str, Any]) -> Preset:
    """A preset out of a log. A field that the log does not know has its default: what was done before there was a choice."""
    known = {field.name for field in fields(Preset)}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in facts.items() if key in known
    }
    return Preset(**(values | {"shape": Shape(**facts["shape"])}))


def _read_line(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def plot_curve(entries: list[dict[str, Any]], preset: Preset, path: Path) -> None:
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

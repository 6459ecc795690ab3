"""The scorecard's three plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet

from train.scorecard.figures import RECALLED, estimate
from train.scorecard.phases import PHASES
from train.scorecard.probes import DISTANCES, TAILS
from train.scorecard.subjects import Subject

COLOURS = {"model": "#8a4b08", "untrained": "#9a9a9a", "trigram": "#3d6f8e", "real stories": "#4a7a3a"}


def draw_context_use(subjects: Mapping[str, Subject], path: Path) -> None:
    """What it costs to keep only the last k tokens."""
    sheet, axes = _open("tokens kept", "nats a token dearer than with the whole story", "Context use")
    for name, subject in subjects.items():
        _draw_line(axes, subject, "context use", TAILS, name)
    _close(sheet, axes, path)


def draw_recall(subjects: Mapping[str, Subject], path: Path) -> None:
    """How often what was told is recalled, against the distance."""
    sheet, axes = _open("tokens between what is told and what is asked", "pairs judged rightly", "Memory")
    for name, subject in subjects.items():
        _draw_line(axes, subject, "memory", DISTANCES, name)
    axes.axhline(0.5, color="#bbb", linewidth=0.8)
    axes.axhline(RECALLED, color="#bbb", linewidth=0.8, linestyle=":")
    axes.set_ylim(0.3, 1.03)
    _close(sheet, axes, path)


def draw_phases(stages: Sequence[Subject], subjects: Mapping[str, Subject], path: Path) -> None:
    """The four phases' measures against the step; without phases, the finished model and its controls."""
    if stages:
        sheet, axes = _open("step", "share", "Phases")
        steps = [int(stage.name) for stage in stages]
        for phase, measure in PHASES.items():
            figures = [estimate(stage.items.get(measure, [])) for stage in stages]
            if all(figures):
                axes.plot(steps, [figure.value for figure in figures if figure], "o-", label=f"{phase}: {measure}")
                ends = [[figure.low for figure in figures if figure], [figure.high for figure in figures if figure]]
                axes.fill_between(steps, ends[0], ends[1], alpha=0.15)
    else:
        sheet, axes = _open("", "share", "The finished model and its controls")
        measures = [measure for measure in PHASES.values() if estimate(subjects["model"].items.get(measure, []))]
        for place, (name, subject) in enumerate(subjects.items()):
            drawn = [(at, estimate(subject.items.get(measure, []))) for at, measure in enumerate(measures)]
            bars = [(at + 0.2 * place, figure.value) for at, figure in drawn if figure]
            axes.bar([at for at, _ in bars], [value for _, value in bars], 0.19, label=name, color=COLOURS[name])
        axes.set_xticks([at + 0.2 for at in range(len(measures))], measures)
    _close(sheet, axes, path)


def _draw_line(axes: Axes, subject: Subject, measure: str, keys: Sequence[int], name: str) -> None:
    found = [(key, estimate(subject.items.get(measure, []), str(key))) for key in keys]
    points = [(key, figure) for key, figure in found if figure]
    if points:
        places = [key for key, _ in points]
        axes.plot(places, [figure.value for _, figure in points], "o-", color=COLOURS[name], markersize=4, label=name)
        low, high = [figure.low for _, figure in points], [figure.high for _, figure in points]
        axes.fill_between(places, low, high, color=COLOURS[name], alpha=0.15)
        axes.set_xscale("log", base=2)
        axes.set_xticks(places, [f"{place:,}" for place in places])


def _open(x: str, y: str, title: str) -> tuple[Sheet, Axes]:
    sheet = Sheet(figsize=(8, 4.2), layout="constrained")
    axes = sheet.subplots()
    axes.set(xlabel=x, ylabel=y, title=title)
    axes.grid(alpha=0.3)
    return sheet, axes


def _close(sheet: Sheet, axes: Axes, path: Path) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    sheet.savefig(path, dpi=110)

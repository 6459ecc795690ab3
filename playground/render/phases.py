"""The time machine: one opening continued by each stage of the model's training, beside the curve of that training.

`train report` writes both into `phases.json` of a model's folder, so nothing has to be loaded to show them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from markupsafe import Markup

from playground.render.texts import NOTHING
from playground.wording.strings import ENGLISH, Texts

# The phases of the published description, as fractions of the run: it names steps 0, 250, 1000, 2000 and 3000 of 3000.
NAMES = {0.0: "phase_words", 1 / 12: "phase_sentences", 1 / 3: "phase_coherence", 2 / 3: "phase_telling", 1.0: ""}
WIDTH, HEIGHT, MARGIN = 640, 220, 34
TOP, RIGHT, BOTTOM = 26, WIDTH - 8, HEIGHT - 24  # of the plot

STORIES = Markup('<div class="phases">{}</div>')
STORY = Markup('<article><h3>{title}</h3><p lang="en"><em>{opening}</em>{words} …</p></article>')
CURVE = Markup(
    '<svg class="curve" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{bands}{names}{ends}'
    '<line class="axis" x1="{left}" y1="{bottom}" x2="{right}" y2="{bottom}"/>'
    '<polyline points="{points}" fill="none" stroke-width="2"/>'
    '<text x="{right}" y="{base}" text-anchor="end">{steps}</text><text x="{left}" y="{base}">{surprise}</text></svg>'
)
BAND = Markup('<g class="band"><rect x="{x:.1f}" y="8" width="{width:.1f}" height="{height}"/></g>')
NAME = Markup('<text x="{x:.1f}" y="20" text-anchor="middle">{words}</text>')
LOSS = Markup('<text x="{x}" y="{y:.1f}" text-anchor="end">{loss}</text>')


@dataclass(frozen=True)
class Phases:
    """`curve` holds (step, nats per token on held-out text); `stages` a step and its stories, opening by opening.

    A `fine_tuned` run began with a model that had learnt from other text; the named phases are none of its own.
    """

    steps: int
    curve: list[tuple[int, float]]
    stages: list[dict[str, Any]]
    fine_tuned: bool = False

    @property
    def openings(self) -> list[str]:
        return list(self.stages[-1]["stories"])

    def render_stories(self, opening: str, texts: Texts = ENGLISH) -> Markup:
        """The continuation of one opening by every stage."""
        stories = (
            STORY.format(title=self._name_stage(stage["step"], texts), opening=opening, words=stage["stories"].get(opening, ""))
            for stage in self.stages
        )
        return STORIES.format(NOTHING.join(stories))

    def _name_stage(self, step: int, texts: Texts) -> str:
        if step == 0:
            return texts["before_tuning" if self.fine_tuned else "untrained"]
        return texts["after_training"].format(share=step / self.steps)

    def plot_curve(self, texts: Texts = ENGLISH) -> Markup:
        """Held-out loss over the step, above the named phases if it has them; an SVG that takes its colours from the page."""
        top, bottom = max(loss for _, loss in self.curve), min(loss for _, loss in self.curve)

        def y(loss: float) -> float:
            return TOP + (top - loss) / max(1e-9, top - bottom) * (BOTTOM - TOP)

        def name(loss: float) -> str:
            return f"{loss:.1f}".replace(".", texts["point"])

        phases = [] if self.fine_tuned else list(pairwise(NAMES))
        return CURVE.format(
            width=WIDTH,
            height=HEIGHT,
            label=texts["curve_label"].format(top=name(top), bottom=name(bottom), steps=self.steps),
            bands=NOTHING.join(BAND.format(x=_x(a), width=_x(b) - _x(a), height=HEIGHT - 32) for a, b in phases),
            names=NOTHING.join(NAME.format(x=(_x(a) + _x(b)) / 2, words=texts[NAMES[a]]) for a, b in phases),
            ends=NOTHING.join(LOSS.format(x=MARGIN - 4, y=y(loss) + 4, loss=name(loss)) for loss in (top, bottom)),
            left=MARGIN,
            right=RIGHT,
            bottom=BOTTOM,
            base=HEIGHT - 6,
            points=" ".join(f"{_x(step / self.steps):.1f},{y(loss):.1f}" for step, loss in self.curve),
            steps=texts["steps"].format(steps=self.steps),
            surprise=texts["surprise"],
        )


def _x(fraction: float) -> float:
    """The place of a fraction of the run in the plot."""
    return MARGIN + fraction * (RIGHT - MARGIN)


def read_phases(folder: Path) -> Phases | None:
    """The record in a model's folder; None where there is none."""
    path = folder / "phases.json"
    if not path.is_file():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    return Phases(data["steps"], [(step, loss) for step, loss in data["curve"]], data["stages"], data.get("fine_tuned", False))

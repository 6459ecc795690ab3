"""The time machine: one opening continued by each stage of the model's own training, beside the curve of that training.

`train report` records both into `phases.json` of a model's folder, so that nothing has to be loaded to look at them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from playground.wording.strings import ENGLISH, Texts

# The phases of the published description, as shares of the run: it names steps 0, 250, 1000, 2000 and 3000 of 3000.
NAMES = {0.0: "phase_words", 1 / 12: "phase_sentences", 1 / 3: "phase_coherence", 2 / 3: "phase_telling", 1.0: ""}
WIDTH, HEIGHT, MARGIN = 640, 220, 34


@dataclass(frozen=True)
class Phases:
    """`curve` holds (step, nats per token on held-out text); `stages` a step and its stories, opening by opening."""

    steps: int
    curve: list[tuple[int, float]]
    stages: list[dict[str, Any]]

    @property
    def openings(self) -> list[str]:
        return list(self.stages[-1]["stories"])

    def draw_stories(self, opening: str, texts: Texts = ENGLISH) -> str:
        """What every stage made of one opening."""
        drawn = []
        for stage in self.stages:
            step, words = stage["step"], stage["stories"].get(opening, "")
            title = self._name_stage(step, texts)
            drawn.append(f"<article><h3>{title}</h3><p><em>{escape(opening)}</em>{escape(words)} …</p></article>")
        return f'<div class="phases">{"".join(drawn)}</div>'

    def _name_stage(self, step: int, texts: Texts) -> str:
        if step > self.steps:  # another run came behind that of the curve
            return texts["after_joining"]
        return texts["untrained"] if step == 0 else texts["after_training"].format(share=step / self.steps)

    def draw_curve(self, texts: Texts = ENGLISH) -> str:
        """Held-out loss against the step, over the four named phases; an SVG that takes its colours from the page."""
        top, bottom = max(loss for _, loss in self.curve), min(loss for _, loss in self.curve)

        def x(step: float) -> float:
            return MARGIN + step / self.steps * (WIDTH - MARGIN - 8)

        def y(loss: float) -> float:
            return 26 + (top - loss) / max(1e-9, top - bottom) * (HEIGHT - 26 - 24)

        def say_number(loss: float) -> str:
            return f"{loss:.1f}".replace(".", texts["point"])

        shares = list(NAMES)
        label = texts["curve_label"].format(top=say_number(top), bottom=say_number(bottom), steps=self.steps)
        bands = "".join(
            f'<g class="band"><rect x="{x(a * self.steps):.1f}" y="8" width="{x(b * self.steps) - x(a * self.steps):.1f}" '
            f'height="{HEIGHT - 32}"/></g>'
            for a, b in pairwise(shares)
        )
        names = "".join(
            f'<text x="{(x(a * self.steps) + x(b * self.steps)) / 2:.1f}" y="20" text-anchor="middle">{texts[NAMES[a]]}</text>'
            for a, b in pairwise(shares)
        )
        line = " ".join(f"{x(step):.1f},{y(loss):.1f}" for step, loss in self.curve)
        ends = "".join(
            f'<text x="{MARGIN - 4}" y="{y(loss) + 4:.1f}" text-anchor="end">{say_number(loss)}</text>'
            for loss in (top, bottom)
        )
        return (
            f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{bands}{names}{ends}'
            f'<line class="axis" x1="{MARGIN}" y1="{HEIGHT - 24}" x2="{WIDTH - 8}" y2="{HEIGHT - 24}"/>'
            f'<polyline points="{line}" fill="none" stroke-width="2"/>'
            f'<text x="{WIDTH - 8}" y="{HEIGHT - 6}" text-anchor="end">{texts["steps"].format(steps=self.steps)}</text>'
            f'<text x="{MARGIN}" y="{HEIGHT - 6}">{texts["surprise"]}</text></svg>'
        )


def read_phases(folder: Path) -> Phases | None:
    """The record in a model's folder; None where there is none."""
    path = folder / "phases.json"
    if not path.is_file():
        return None
    data = json.loads(path.read_text(encoding="utf-8"))
    return Phases(data["steps"], [(step, loss) for step, loss in data["curve"]], data["stages"])

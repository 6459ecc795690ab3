"""Four phases, as the published description names them: are they there, in this order, one after another?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from story_engine import StoryEngine
from train.scorecard.options import Options, Sizes
from train.scorecard.probes import Item
from train.scorecard.scorers import EngineScorer
from train.scorecard.subjects import Say, Subject, measure_likelihoods, measure_told, tell_stories
from train.scorecard.texts import TrainingText

# Each phase and the measure that stands for it.
PHASES = {"lexical": "known words", "relational": "relations", "coherence": "continuity", "narrative": "order"}
TOLD, TOKENS = 20, 120
RESAMPLES = 400
SIZES = Sizes(pairs=80, stories=60, positions=30, memory=4, told=TOLD, controls=0, openings=0)


@dataclass(frozen=True)
class Midpoint:
    """The step at which half of a measure's way was made, with its 95% interval."""

    phase: str
    step: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """Midpoints in the published order, and whether they come one after another."""

    midpoints: tuple[Midpoint, ...]

    @property
    def is_supported(self) -> bool:
        """Only if the midpoints are ordered and no two neighbours' intervals overlap."""
        pairs = zip(self.midpoints, self.midpoints[1:], strict=False)
        return len(self.midpoints) == len(PHASES) and all(first.high < second.low for first, second in pairs)

    def describe(self) -> str:
        told = "; ".join(f"{m.phase} {m.step:,.0f} ({m.low:,.0f} to {m.high:,.0f})" for m in self.midpoints)
        word = "supported" if self.is_supported else "not supported"
        return f"Four phases one after another: **{word}**. Step at which half of the way was made: {told}."


def score_phases(options: Options, stories: Sequence[str], training: TrainingText | None, say: Say) -> list[Subject]:
    """Every kept phase of a run on the same items, in small sizes; a subject's name is its step."""
    stages = []
    for folder in sorted(Path(options.phases or "").glob("phase-*")):
        with closing(StoryEngine.load(str(folder))) as engine:
            subject, scorer = Subject(str(int(folder.name.split("-")[1]))), EngineScorer(engine)
            measure_likelihoods(scorer, subject, stories, SIZES, options.seed, say)
            tell_stories(scorer, subject, TOLD, options.seed, say, TOKENS)
            measure_told(subject, training, scorer)
        stages.append(subject)
    return stages


def judge_phases(stages: Sequence[Subject], seed: int) -> Verdict:
    """Midpoints by straight lines between the phases, with intervals from resampled items."""
    steps = np.array([int(stage.name) for stage in stages], dtype=float)
    generator = np.random.default_rng(seed)
    midpoints = []
    for phase, measure in PHASES.items():
        columns = [_collect(stage.items.get(measure, [])) for stage in stages]
        if not all(len(column) for column in columns):
            continue
        middle = find_midpoint(steps, np.array([column.mean() for column in columns]))
        drawn = []
        for _ in range(RESAMPLES):
            places = [generator.integers(0, len(column), len(column)) for column in columns]
            means = [column[place].mean() for column, place in zip(columns, places, strict=True)]
            drawn.append(find_midpoint(steps, np.array(means)))
        low, high = np.quantile(drawn, (0.025, 0.975))
        midpoints.append(Midpoint(phase, middle, float(low), float(high)))
    return Verdict(tuple(midpoints))


def find_midpoint(steps: np.ndarray, values: np.ndarray) -> float:
    """The first step at which a measure has made half of the way from its first value to its largest."""
    half = (values[0] + values.max()) / 2
    for place in range(1, len(values)):
        if values[place] >= half > values[place - 1]:
            share = (half - values[place - 1]) / (values[place] - values[place - 1])
            return float(steps[place - 1] + share * (steps[place] - steps[place - 1]))
    return float(steps[-1])


def _collect(items: Sequence[Item]) -> np.ndarray:
    return np.array([item.value for item in items])

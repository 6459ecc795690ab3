"""Figures with their intervals, and the table of them: one line for each claim, one column for each subject."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.scorecard.probes import DISTANCES, Item
from train.scorecard.subjects import Subject

RESAMPLES = 1000
RECALLED = 0.75  # accuracy below which something told is counted as forgotten


@dataclass(frozen=True)
class Figure:
    """An estimate with its 95% interval, bootstrapped by story or template pair."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Line:
    """One line of the table. A `probe` must be passed better than a trigram model does, or it is taken out."""

    number: int
    label: str
    measure: str
    key: str | None = None
    probe: bool = False


LINES = (
    Line(1, "held-out loss, bits per byte (less is better)", "loss", "bits per byte"),
    Line(1, "held-out loss, nats per token (less is better)", "loss", "nats per token"),
    Line(2, "words that the training text knows", "known words", probe=True),
    Line(3, "agreement: one animal or several (chance 0.5)", "relations", "agreement", probe=True),
    Line(3, "reference: he or she (chance 0.5)", "relations", "reference", probe=True),
    Line(4, "continuity: the true next paragraph of four (chance 0.25)", "continuity", probe=True),
    Line(4, "the same, the paragraph alone (control)", "continuity, paragraph alone"),
    Line(4, "the same, the story's words shuffled (control)", "continuity, words shuffled"),
    Line(5, "context use: nats a token saved by what lies beyond 32 tokens", "context use", "32", probe=True),
    Line(5, "the same beyond 128 tokens", "context use", "128", probe=True),
    Line(6, "characters: which name (chance 0.5)", "characters", "name", probe=True),
    Line(6, "characters: he or she, of two (chance 0.5)", "characters", "pronoun", probe=True),
    Line(6, "characters: whose thing (chance 0.5)", "characters", "possession", probe=True),
    Line(6, "stories with an unexplained new name in their last third", "stray names"),
    *(Line(7, f"memory over {distance} tokens (chance 0.5)", "memory", str(distance), probe=True) for distance in DISTANCES),
    Line(8, "feelings: what follows from what happened (chance 0.5)", "feelings", "feeling", probe=True),
    Line(8, "feelings that change (chance 0.5)", "feelings", "turn", probe=True),
    Line(9, "order of two neighbouring sentences (chance 0.5)", "order", probe=True),
    Line(10, "repetition: seq-rep-4 in 200 tokens", "repetition"),
    Line(10, "stories with a loop in 200 tokens", "loops"),
    Line(11, "distinct-2 of 100 words", "distinct"),
    Line(11, "self-BLEU-4 of 100 words", "self-BLEU"),
    Line(11, "share inside runs of 12 tokens of the training text", "copied"),
    Line(12, "stories ended within 600 tokens", "ended"),
    Line(12, "an end is likelier at the true end, nats", "ending", probe=True),
)


def estimate(items: Sequence[Item], key: str | None = None, seed: int = 0) -> Figure | None:
    """Sum of values over sum of weights, with an interval from 1,000 resamples of the groups; None without items."""
    values, weights = _sum_groups(items, key)
    groups = list(values)
    return _resample([(values, weights)], groups, seed) if groups else None


def estimate_difference(first: Sequence[Item], second: Sequence[Item], key: str | None = None, seed: int = 0) -> Figure | None:
    """The first figure minus the second on the groups that both have, which are resampled together; None without any."""
    sums = [_sum_groups(items, key) for items in (first, second)]
    groups = [group for group in sums[0][0] if group in sums[1][0]]
    return _resample(sums, groups, seed) if groups else None


def _sum_groups(items: Sequence[Item], key: str | None) -> tuple[dict[int, float], dict[int, float]]:
    """Sums of values and of weights by group, the groups in rising order."""
    chosen = sorted((item for item in items if key is None or item.key == key), key=lambda item: item.group)
    values: dict[int, float] = defaultdict(float)
    weights: dict[int, float] = defaultdict(float)
    for item in chosen:
        values[item.group] += item.value
        weights[item.group] += item.weight
    return values, weights


def _resample(sums: Sequence[tuple[dict[int, float], dict[int, float]]], groups: Sequence[int], seed: int) -> Figure:
    """One figure, or the first minus the second, with an interval from 1,000 resamples of the groups."""
    drawn = np.random.default_rng(seed).integers(0, len(groups), (RESAMPLES, len(groups)))
    whole, resampled = 0.0, np.zeros(RESAMPLES)
    for sign, (values, weights) in zip((1, -1), sums, strict=False):
        value, weight = (np.array([column[group] for group in groups]) for column in (values, weights))
        whole += sign * float(value.sum() / weight.sum())
        resampled += sign * value[drawn].sum(1) / weight[drawn].sum(1)
    low, high = np.quantile(resampled, (0.025, 0.975))
    return Figure(whole, float(low), float(high))


def find_figures(subject: Subject, lines: Sequence[Line] = LINES) -> dict[Line, Figure]:
    """The subject's figure for every line that it has items for."""
    found = {line: estimate(subject.items.get(line.measure, []), line.key) for line in lines}
    return {line: figure for line, figure in found.items() if figure}


def split_lines(model: dict[Line, Figure], trigram: dict[Line, Figure] | None) -> tuple[list[Line], list[Line]]:
    """Lines that stand, and probes that a trigram model passes as well: they show nothing, and are taken out."""
    out = [
        line
        for line in LINES
        if line.probe and trigram and line in model and line in trigram and trigram[line].high >= model[line].low
    ]
    # A probe at one distance is a point of a curve: those beyond the model's reach belong to the result.
    out = [line for line in out if line.measure != "memory"]
    return [line for line in LINES if line in model and line not in out], out


def find_reach(model: dict[Line, Figure]) -> int:
    """The longest distance, in tokens, up to which the model recalls at least 75% throughout; 0 for none."""
    reach = 0
    for distance in DISTANCES:
        figure = next((figure for line, figure in model.items() if (line.measure, line.key) == ("memory", str(distance))), None)
        if figure is None or figure.value < RECALLED:
            break
        reach = distance
    return reach


def write_table(subjects: dict[str, dict[Line, Figure]], lines: Sequence[Line], absent: dict[Line, str] | None = None) -> str:
    """Markdown: claim, figure, one column a subject; `absent` says why a line has no figures, where it is not a dash."""
    names = list(subjects)
    rows = [f"| # | figure | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
    for line in lines:
        cells = [str(subjects[name].get(line, (absent or {}).get(line, "–"))) for name in names]
        rows.append(f"| {line.number} | {line.label} | {' | '.join(cells)} |")
    return "\n".join(rows)

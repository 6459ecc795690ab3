"""What a reading level changes: sentences, words, how well a passage follows from its opening, and its heroes' names."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.children import read_stories
from story_engine import READING_LEVELS, Story, StoryEngine, measure_reading
from story_engine.text.names import find_new_names
from train.scorecard.figures import Figure, estimate
from train.scorecard.fit import make_derangement, measure_fit
from train.scorecard.following import find_misspelt, is_named
from train.scorecard.openings import Opening, load_openings
from train.scorecard.scorers import EngineScorer, Told

OPENINGS, TOKENS = 30, 200
TOGETHER = 8  # stories told at once; their words do not depend on it
COMMON = 1000  # words that stand most often in the stories; all others are rare
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Row:
    """A level: median words of a sentence, shares of rare words, nats a byte, and heroes."""

    level: str
    told: list[Told]
    sentence: float
    rare: float
    not_whole: float
    behind: Figure
    fit: Figure
    named: tuple[int, int]
    misspelt: int


class _OwnScorer:
    """The model that told the stories, as it reads them."""

    name = "the model itself"

    def __init__(self, engine: StoryEngine) -> None:
        self._scorer = EngineScorer(engine)

    def score(self, context: str, continuation: str) -> float:
        before, ids = map(self._scorer.tokenizer.encode, (context, continuation))
        return float(self._scorer.score(before, [ids])[0].sum())


def measure(folder: Path, stories: Path, count: int, levels: Sequence[str] = READING_LEVELS) -> list[Row]:
    """Every level on the same openings and seeds; `stories` are held-out ones, which say which words are common."""
    words = Counter(word for story in read_stories(stories) for word in _WORD.findall(story.lower()))
    common, openings = {word for word, _ in words.most_common(COMMON)}, load_openings(count)
    with closing(StoryEngine.load(str(folder))) as engine:
        return [_measure(engine, openings, level, common) for level in reversed(levels)]


def _measure(engine: StoryEngine, openings: Sequence[Opening], level: str, common: Collection[str]) -> Row:
    settings = replace(engine.recommended, max_new_tokens=TOKENS, reading_level=level)

    def tell(opening: Opening) -> Told:
        story = Story(opening.text)
        for _ in engine.stream(story, replace(settings, seed=opening.number)):
            pass
        return Told(opening.text, story.path()[-1].text, False)

    with ThreadPoolExecutor(TOGETHER) as pool:
        told = list(pool.map(tell, openings))
    whole = "\n".join(one.text for one in told)
    reading = measure_reading(whole, engine.tokenizer)
    assert reading
    others = make_derangement(len(told), np.random.default_rng(0))
    items = measure_fit(_OwnScorer(engine), list(enumerate(told)), others)
    behind, fit = (estimate(items[name]) for name in ("behind", "fit"))
    assert behind
    assert fit
    heroes = [(one, opening.heroes) for one, opening in zip(told, openings, strict=True) if opening.heroes]
    named = sum(any(is_named(hero, one.text) for hero in names) for one, names in heroes)
    misspelt = sum(bool(find_misspelt(names, one.opening, one.text)) for one, names in heroes)
    return Row(
        level,
        told,
        reading.words,
        statistics.fmean(share for one in told if (share := _count_rare(one, common)) is not None),
        reading.rare,
        behind,
        fit,
        (named, len(heroes)),
        misspelt,
    )


def _count_rare(told: Told, common: Collection[str]) -> float | None:
    """The share of a passage's words that are rare, no word of its opening, and no name."""
    known = {word.lower() for word in _WORD.findall(told.opening)}
    known |= {name.group().lower() for name in find_new_names(told.opening + told.text, len(told.opening))}
    words = [word.lower() for word in _WORD.findall(told.text)]
    return sum(word not in common and word not in known for word in words) / len(words) if words else None


def print_table(rows: list[Row]) -> None:
    """Markdown: a line for each level; `not whole` are words that are no entry of the vocabulary."""
    print("| level | words a sentence | rare words | not whole | nats a byte | fit | named | misspelt |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        named, count = row.named
        print(
            f"| {row.level} | {row.sentence:g} | {row.rare:.1%} | {row.not_whole:.1%} | {row.behind} | {row.fit} "
            f"| {named} of {count} | {row.misspelt} |"
        )


def print_stories(rows: list[Row]) -> None:
    """All passages, for somebody to read."""
    for row in rows:
        for one in row.told:
            print(f"\n[{row.level}] {one.opening} //{one.text}")

"""What a reading level changes: sentences, words, how well a passage follows from its opening, and its heroes' names."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.children import read_stories
from story_engine import READING_LEVELS, Settings, Story, StoryEngine, measure_reading
from story_engine.text.names import find_new_names
from story_engine.text.sentences import split_sentences
from story_engine.text.words import is_familiar
from train.scorecard.figures import Figure, estimate
from train.scorecard.fit import make_derangement, measure_fit
from train.scorecard.following import find_misspelt, is_named
from train.scorecard.openings import Opening, load_openings
from train.scorecard.scorers import EngineScorer, Told

OPENINGS, TOKENS = 30, 200
TOGETHER = 8  # stories told at once; their words do not depend on it
COMMON = 1000  # words that stand most often in the stories; all others are rare
LONG = 12  # words; a longer sentence is a long one
_WORD = re.compile(r"[^\W\d_]+")
_SPOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # "don't" is one word of a sentence


@dataclass(frozen=True)
class Row:
    """A level: words of a sentence (median, mean), shares of long ones and of rare words, nats a byte, and heroes."""

    level: str
    told: list[Told]
    sentence: float
    mean: float
    long: float
    rare: float
    unfamiliar: float
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


def measure(
    folder: Path, stories: Path, count: int, tokens: int = TOKENS, levels: Sequence[str] = READING_LEVELS
) -> Iterator[Row]:
    """Every level on the same openings and seeds; `stories` are held-out ones, which say which words are common."""
    words = Counter(word for story in read_stories(stories) for word in _WORD.findall(story.lower()))
    common, openings = {word for word, _ in words.most_common(COMMON)}, load_openings(count)
    with closing(StoryEngine.load(str(folder))) as engine:
        for level in reversed(levels):
            yield _measure(engine, openings, replace(engine.recommended, max_new_tokens=tokens, reading_level=level), common)


def _measure(engine: StoryEngine, openings: Sequence[Opening], settings: Settings, common: Collection[str]) -> Row:
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
    lengths = [length for text in split_sentences(whole) if (length := len(_SPOKEN.findall(text)))]
    others = make_derangement(len(told), np.random.default_rng(0))
    items = measure_fit(_OwnScorer(engine), list(enumerate(told)), others)
    behind, fit = (estimate(items[name]) for name in ("behind", "fit"))
    assert behind
    assert fit
    heroes = [(one, opening.heroes) for one, opening in zip(told, openings, strict=True) if opening.heroes]
    named = sum(any(is_named(hero, one.text) for hero in names) for one, names in heroes)
    misspelt = sum(bool(find_misspelt(names, one.opening, one.text)) for one, names in heroes)
    return Row(
        settings.reading_level,
        told,
        reading.words,
        statistics.fmean(lengths),
        sum(length > LONG for length in lengths) / len(lengths),
        _average(_count_rare(one, lambda word: word in common) for one in told),
        _average(_count_rare(one, is_familiar) for one in told),
        reading.rare,
        behind,
        fit,
        (named, len(heroes)),
        misspelt,
    )


def _average(shares: Iterable[float | None]) -> float:
    return statistics.fmean(share for share in shares if share is not None)


def _count_rare(told: Told, is_known: Callable[[str], bool]) -> float | None:
    """The share of a passage's words that are not known, no word of its opening, and no name."""
    known = {word.lower() for word in _WORD.findall(told.opening)}
    known |= {name.group().lower() for name in find_new_names(told.opening + told.text, len(told.opening))}
    words = [word.lower() for word in _WORD.findall(told.text)]
    return sum(word not in known and not is_known(word) for word in words) / len(words) if words else None


def print_table(rows: Iterable[Row]) -> list[Row]:
    """Markdown, a line for each level as soon as it is measured; gives all `rows`.

    `unfamiliar` are words that the level's own list has not, `not whole` those that are no entry of the vocabulary.
    """
    print("| level | sentence | mean | long | rare words | unfamiliar | not whole | nats a byte | fit | named | misspelt |")
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    printed = []
    for row in rows:
        named, count = row.named
        print(
            f"| {row.level} | {row.sentence:g} | {row.mean:.2f} | {row.long:.0%} | {row.rare:.1%} | {row.unfamiliar:.1%} "
            f"| {row.not_whole:.1%} | {row.behind} | {row.fit} | {named} of {count} | {row.misspelt} |",
            flush=True,
        )
        printed.append(row)
    return printed


def print_stories(rows: list[Row]) -> None:
    """All passages, for somebody to read."""
    for row in rows:
        for one in row.told:
            print(f"\n[{row.level}] {one.opening} //{one.text}")

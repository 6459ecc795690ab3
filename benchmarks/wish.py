"""How often a wish comes up in the passage that it guides, against the same stories without it, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from story_engine import Story, StoryEngine
from train.scorecard.openings import Opening, load_openings
from train.scorecard.scorers import EngineScorer

Given = TypeVar("Given")
Made = TypeVar("Made")

WISHES = Path(__file__).parent / "sentences" / "wishes.txt"
BEFORE, TOKENS = 70, 110  # tokens told before the wish, and by it
TOGETHER = 8  # stories told at once; their text does not depend on it
STEP = 7  # the story that a passage is read behind for its fit is so many places further on
WISHED, UNWISHED = "with the wish", "without"


@dataclass(frozen=True)
class Wished:
    """A wish, and the words by which one sees that it came up."""

    text: str
    signs: frozenset[str]


@dataclass(frozen=True)
class Passage:
    """What was told behind `before`; `loops` were taken back on the way."""

    wish: Wished
    before: str
    text: str
    loops: int

    @property
    def words(self) -> list[str]:
        return re.findall(r"[a-z]+", self.text.lower())

    @property
    def place(self) -> int | None:
        """The words before the first sign of the wish."""
        return next((place for place, word in enumerate(self.words) if word in self.wish.signs), None)


def read_wishes() -> list[Wished]:
    """The thirty that ship."""
    lines = WISHES.read_text(encoding="utf-8").splitlines()
    parts = (line.partition("\t") for line in lines if line and not line.startswith("#"))
    return [Wished(text, frozenset(signs.split())) for text, _, signs in parts]


def measure(model: str, shows: bool = False) -> dict[str, dict[str, float]]:
    """By manner, `WISHED` and `UNWISHED`: the figures of one passage for each wish."""
    wishes = read_wishes()
    with closing(StoryEngine.load(model)) as engine:
        begun = _spread(lambda opening: begin(engine, opening), load_openings(len(wishes)))
        told = {}
        for name in (UNWISHED, WISHED):
            passages = [*zip(begun, wishes, range(len(wishes)), strict=True)]
            told[name] = _spread(partial(tell, engine, is_asked=name == WISHED), passages)
        for passage in told[WISHED] if shows else ():
            print(f"\n[{passage.wish.text}] {passage.before} ||{passage.text}")
        return {name: describe(engine, passages) for name, passages in told.items()}


def begin(engine: StoryEngine, opening: Opening) -> str:
    """A story that has begun: its opening and one passage."""
    story = Story(opening.text)
    list(engine.stream(story, replace(engine.recommended, seed=opening.number, max_new_tokens=BEFORE)))
    return story.text()


def tell(engine: StoryEngine, given: tuple[str, Wished, int], *, is_asked: bool) -> Passage:
    """The next passage, by the wish or without it, from the same random numbers."""
    before, wish, number = given
    story = Story(before)
    settings = replace(engine.recommended, seed=1000 + number, max_new_tokens=TOKENS)
    list(engine.stream(story, settings, wish=wish.text if is_asked else ""))
    last = story.path()[-1]
    return Passage(wish, before, last.text if last.receipt else "", last.receipt.loops if last.receipt else 0)


def describe(engine: StoryEngine, passages: Sequence[Passage]) -> dict[str, float]:
    """How often the wish came up and after how many words, and how the passages read to the model that told them."""
    places = [passage.place for passage in passages if passage.place is not None]
    scorer = EngineScorer(engine)
    behind, fit = [], []
    for number, passage in enumerate(passages):
        if size := len(passage.text.encode()):
            elsewhere = passages[(number + STEP) % len(passages)].before
            own, other = (_score(scorer, before, passage.text) for before in (passage.before, elsewhere))
            behind.append(-own / size)
            fit.append((own - other) / size)
    return {
        "came up": len(places),
        "of": len(passages),
        "words before it": float(np.median(places)) if places else float("nan"),
        "as a bare copy": sum(passage.wish.text in passage.text for passage in passages),
        "4-grams said before": float(np.mean([_repeat(passage.words) for passage in passages])),
        "circles taken back": sum(passage.loops for passage in passages),
        "nats a byte": float(np.mean(behind)),
        "fit": float(np.mean(fit)),
    }


def print_table(figures: dict[str, dict[str, float]]) -> None:
    """Markdown, a row for each manner."""
    names = [*next(iter(figures.values()))]
    print(f"| passages of {TOKENS} tokens | {' | '.join(names)} |")
    print("|---" * (len(names) + 1) + "|")
    for name, row in figures.items():
        print(f"| {name} | {' | '.join(f'{value:.3g}' for value in row.values())} |")


def _spread(act: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(act, given))


def _score(scorer: EngineScorer, before: str, text: str) -> float:
    context, ending = scorer.tokenizer.encode(before), scorer.tokenizer.encode(text)
    return float(scorer.score(context, [ending])[0].sum())


def _repeat(words: Sequence[str]) -> float:
    """The share of a passage's 4-grams that it has said before."""
    grams = [tuple(words[place : place + 4]) for place in range(len(words) - 3)]
    return 1 - len({*grams}) / len(grams) if grams else 0.0

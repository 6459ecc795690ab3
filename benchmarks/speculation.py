"""Speculative decoding: the same stories with it and without, in turn; what it saves, and that no word changes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from story_engine import Settings, Story, StoryEngine
from story_engine.model.kv_cache import Slot

WARM_UP = 40  # stories from which the n-grams are learned
LENGTH = 200  # tokens a story
NAMES = ("Tom", "Mia", "Ben", "Sara", "Lily", "Max", "Anna", "Tim", "Sue", "Sam")
THINGS = ("a blue car", "a red kite", "a big dog", "a small boat", "an old tree", "a little bird", "a toy box", "a yellow hat")


@dataclass(frozen=True)
class Round:
    """Tokens a second with speculation and without, and tokens a step with them."""

    speculating: float
    plain: float
    tokens_per_step: float


def measure(folder: Path, rounds: int) -> list[Round]:
    """Each round tells ten stories that have not been told before, both ways in turn.

    Raises:
        AssertionError: a story came out differently.
    """
    engine = StoryEngine.load(str(folder))
    step, steps = engine.decoder.step, [0]

    def count(tokens: Sequence[int], slots: Sequence[Slot]) -> Tensor:
        steps[0] += 1
        return step(tokens, slots)

    engine.decoder.step = count  # type: ignore[method-assign]
    for number in range(WARM_UP):
        tell(engine, number)
    found = []
    for start in range(WARM_UP, WARM_UP + 10 * rounds, 10):
        seconds, tokens, told, taken = {True: 0.0, False: 0.0}, 0, {}, 0
        for number in range(start, start + 10):
            # First without: what a telling teaches must not help the same one.
            for engine.speculates in (False, True):
                steps[0], begun, learn = 0, time.perf_counter(), engine.ngrams.learn
                if not engine.speculates:
                    engine.ngrams.learn = lambda tokens: None  # type: ignore[method-assign]
                told[engine.speculates] = tell(engine, number)
                seconds[engine.speculates] += time.perf_counter() - begun
                engine.ngrams.learn = learn  # type: ignore[method-assign]
            assert told[True] == told[False]
            tokens += len(told[True])
            taken += steps[0]
        found.append(Round(tokens / seconds[True], tokens / seconds[False], tokens / taken))
    return found


def tell(engine: StoryEngine, number: int) -> tuple[int, ...]:
    """The tokens of one story."""
    story = Story(f"Once upon a time, {NAMES[number % 10]} found {THINGS[number // 10 % 8]}.")
    list(engine.stream(story, Settings(seed=number, max_new_tokens=LENGTH)))
    return story.last().tokens if story.last() else ()  # type: ignore[union-attr]


def print_table(rounds: list[Round]) -> None:
    """Markdown, as the README shows it."""
    ratios = sorted(one.speculating / one.plain for one in rounds)
    print("| tokens/s with speculation | without | ratio (lowest to highest round) | tokens a step |")
    print("|---|---|---|---|")
    middle = [statistics.median(getattr(one, name) for one in rounds) for name in ("speculating", "plain", "tokens_per_step")]
    ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    print(f"| {middle[0]:.0f} | {middle[1]:.0f} | {ratio} | {middle[2]:.2f} |")

"""Long stories with a reader's twelve turns: how much of them the model has said before, and how many sentences are new."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from story_engine import Settings, Story, StoryEngine
from story_engine.text.sentences import split_sentences
from train.scorecard.readers import Variant

TURNS = Path(__file__).parent / "sentences" / "turns.txt"
SEEDS = 2  # times that each story is told
PASSAGE = 240  # tokens of a passage at most
GRAMS = (4, 8)  # words of the strings that are counted


@dataclass(frozen=True)
class Told:
    """A story, the tokens that the model has told of it, and its words and sentences without the reader's."""

    story: Story
    tokens: int

    @property
    def text(self) -> str:
        return " ".join(passage.text for passage in self.story.path() if passage.author == "model")


def read_turns() -> list[list[str]]:
    """The lines of each story: its opening, then the reader's turns."""
    lines = (line for line in TURNS.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [part.splitlines() for part in "\n".join(lines).strip().split("\n\n")]


def measure(variants: Sequence[Variant], tokens: int) -> dict[str, list[Told]]:
    """By variant: each story told with `SEEDS` seeds, about so many tokens each, all stories at once."""
    stories = [(lines, seed) for lines in read_turns() for seed in range(SEEDS)]
    told = {}
    for variant in variants:
        with closing(StoryEngine.load(variant.model)) as engine, ThreadPoolExecutor(len(stories)) as pool:
            settings = replace(engine.recommended, max_new_tokens=PASSAGE, **variant.changes)
            act = partial(tell, engine, settings, tokens=tokens)
            told[variant.label] = [*pool.map(act, *zip(*stories, strict=True))]
    return told


def tell(engine: StoryEngine, settings: Settings, lines: Sequence[str], seed: int, *, tokens: int) -> Told:
    """One story: behind each line as many passages as bring it to its share of `tokens`."""
    story, counted, number = Story(lines[0]), 0, 1000 * seed
    for turn, line in enumerate(lines):
        words: str | None = line if turn else None
        while words or counted < tokens * (turn + 1) / len(lines):
            for _ in engine.stream(story, replace(settings, seed=number), words):
                pass
            last = story.path()[-1]
            counted += max(len(last.tokens), 1) if last.author == "model" else 1
            words, number = None, number + 1
    return Told(story, counted)


def count_repeated(words: Sequence[str], size: int) -> float:
    """The share of the strings of `size` words that were said before."""
    strings = [tuple(words[place : place + size]) for place in range(len(words) - size + 1)]
    return 1 - len(set(strings)) / max(len(strings), 1)


def count_new(text: str) -> float:
    """The share of the sentences that are said for the first time."""
    sentences = [sentence.strip().lower() for sentence in split_sentences(text)]
    return len(set(sentences)) / max(len(sentences), 1)


def print_table(told: dict[str, list[Told]], shows: bool = False) -> None:
    """Markdown, a row for each variant, with the lowest and the highest of its stories."""
    names = [f"{size}-grams said before" for size in GRAMS]
    print(f"| settings | stories | tokens of the model | {' | '.join(names)} | new sentences |")
    print("|---" * (len(names) + 4) + "|")
    for label, stories in told.items():
        words = [one.text.lower().split() for one in stories]
        figures = [[count_repeated(one, size) for one in words] for size in GRAMS]
        figures.append([count_new(one.text) for one in stories])
        cells = [f"{sum(row) / len(row):.3f} ({min(row):.3f} to {max(row):.3f})" for row in figures]
        print(f"| {label} | {len(stories)} | {sum(one.tokens for one in stories):,} | {' | '.join(cells)} |")
    for label, stories in told.items() if shows else ():
        for one in stories:
            print(f"\n## {label}\n")
            for passage in one.story.path():
                print(f"> {passage.text.strip()}\n" if passage.author == "reader" else f"{passage.text.strip()}\n")

"""How much the guard for children finds, and how often it is wrong: on hard sentences that ship, and on stories of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from story_engine import find_kinds
from story_engine.text.sentences import split_sentences

SENTENCES = Path(__file__).parent / "sentences"
END_OF_STORY = "<|endoftext|>"
Z = 1.959964  # of a 95% interval
CAVEAT = (
    "A list knows words, not meaning: it passes cruelty in plain words (“He held her head until she moved no more”), other\n"
    "languages, new spellings and new slang, and it stops kind sentences that need an unkind word. The hard sentences have\n"
    "the same author as the list, so strangers' words are found less often. It is no substitute for a grown-up who reads along."
)


@dataclass(frozen=True)
class Rate:
    """`found` of `count` sentences, with Wilson's 95% interval (1927), which holds near 0 and 1 too."""

    found: int
    count: int

    @property
    def interval(self) -> tuple[float, float]:
        if not self.count:
            return 0.0, 1.0
        share, n = self.found / self.count, self.count
        middle, spread = share + Z * Z / (2 * n), Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
        return max(0.0, (middle - spread) / (1 + Z * Z / n)), min(1.0, (middle + spread) / (1 + Z * Z / n))

    def __str__(self) -> str:
        low, high = self.interval
        share = self.found / self.count if self.count else 0.0
        return f"{self.found} of {self.count:,} ({share:.2%}, 95% {low:.2%} to {high:.2%})"


def read_sentences(name: str) -> list[tuple[str, str]]:
    """(kind or "", sentence) of each line of a file that ships."""
    lines = (SENTENCES / name).read_text(encoding="utf-8").splitlines()
    parts = (line.rpartition("\t") for line in lines if line and not line.startswith("#"))
    return [(kind, sentence) for kind, _, sentence in parts]


def read_stories(path: Path) -> list[str]:
    """The stories of a text file, each followed by a line `<|endoftext|>`."""
    return [story for part in path.read_text(encoding="utf-8").split(END_OF_STORY) if (story := part.strip())]


def count_found(sentences: Iterable[str]) -> Rate:
    marks = [bool(find_kinds(sentence)) for sentence in sentences]
    return Rate(sum(marks), len(marks))


def print_hard() -> None:
    """The hit rate by kind, and the false alarms, on the hard sentences; those that were not looked at apart."""
    unfit, fit = read_sentences("unfit.txt"), read_sentences("fit.txt")
    print("Hard sentences that are unfit, and how many are found:")
    for kind in dict.fromkeys(kind for kind, _ in unfit):
        print(f"  {kind}: {count_found(text for one, text in unfit if one == kind)}")
    print(f"  all: {count_found(text for _, text in unfit)}")
    print(f"  those that were not looked at while the list was made: {count_found(text for _, text in unfit[1::2])}")
    print("Hard sentences that are fit, and how many are stopped:")
    print(f"  all: {count_found(text for _, text in fit)}")
    print(f"  those that were not looked at while the list was made: {count_found(text for _, text in fit[1::2])}")


def print_stories(path: Path, *, most: int, shows: bool) -> None:
    """How many sentences of a file's stories are stopped; with `shows` each of them, for somebody to judge."""
    stories = read_stories(path)[: most or None]
    stopped: list[tuple[int, Counter[str], str]] = []
    count = touched = 0
    for number, story in enumerate(stories):
        sentences = split_sentences(story)
        found = [(number, kinds, text.strip()) for text in sentences if (kinds := find_kinds(text))]
        count, touched, stopped = count + len(sentences), touched + bool(found), stopped + found
    print(f"{path.name}: sentences stopped, rightly or not: {Rate(len(stopped), count)}")
    print(f"  in stories: {Rate(touched, len(stories))}")
    for number, kinds, text in stopped if shows else ():
        print(f"  {number} {', '.join(kinds)}: {text}")


def print_figures(paths: Iterable[Path], *, most: int = 0, shows: bool = False) -> None:
    print_hard()
    for path in paths:
        print_stories(path, most=most, shows=shows)
    print(CAVEAT)

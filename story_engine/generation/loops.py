"""Loops: whether a passage being written goes round in circles, and where the circle began."""

from __future__ import annotations

import re
from collections.abc import Sequence

from story_engine.text.sentences import split_sentences

SAYINGS = 3  # of one sentence that make a loop
FEWEST_WORDS = 3  # of such a sentence; shorter ones, "Yes!", are said often in good stories
LONGEST_ROUND = 16  # tokens of a circle inside a sentence
ROUNDS = 4  # in a row that make a loop
FEWEST_TOKENS = 12  # that those take together: "very, very, very" is no loop

_WORD = re.compile(r"\w+")


def find_loop(text: str) -> int | None:
    """The character where the second round of a loop begins, if the last sentence of `text` makes one; else None.

    A loop is a sentence said for the third time. The sentences before it that were also said before belong to it.
    """
    sentences = split_sentences(text)
    said = [tuple(_WORD.findall(sentence.lower())) for sentence in sentences]
    if not said or len(said[-1]) < FEWEST_WORDS or said.count(said[-1]) < SAYINGS:
        return None
    first = len(said) - 1
    while said[first - 1] in said[: first - 1]:
        first -= 1
    return sum(map(len, sentences[:first]))


def count_round(tokens: Sequence[int]) -> int:
    """The tokens of the circle that `tokens` ends in, said `ROUNDS` times in a row; 0 where there is none."""
    for size in range(1, LONGEST_ROUND + 1):
        length = size * ROUNDS
        if length < FEWEST_TOKENS or length > len(tokens) or tokens[-1] != tokens[-1 - size]:
            continue
        tail = tokens[-length:]
        if all(a == b for a, b in zip(tail, tail[size:], strict=False)):
            return size
    return 0

"""Loops: whether a passage being written goes round in circles, and where the circle began; echoes of what was told before."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from story_engine.text.sentences import split_sentences

SAYINGS = 3  # of one sentence that make a loop
FEWEST_WORDS = 3  # of such a sentence; shorter ones, "Yes!", are said often in good stories
LONGEST_ROUND = 16  # tokens of a circle inside a sentence
ROUNDS = 4  # in a row that make a loop
FEWEST_TOKENS = 12  # that those take together: "very, very, very" is no loop

FEWEST_ECHOED = 8  # words of an echo

_WORD = re.compile(r"\w+")

Words = tuple[str, ...]
Said = tuple[Words, ...]  # a sentence, or two


def find_loop(text: str) -> int | None:
    """The character where the second round of a loop begins, if the last sentence of `text` makes one; else None.

    A loop is a sentence said for the third time. The sentences before it that were also said before belong to it.
    """
    sentences = split_sentences(text)
    said = list(map(_find_words, sentences))
    if not said or len(said[-1]) < FEWEST_WORDS or said.count(said[-1]) < SAYINGS:
        return None
    first = len(said) - 1
    while said[first - 1] in said[: first - 1]:
        first -= 1
    return sum(map(len, sentences[:first]))


def list_said(text: str) -> frozenset[Said]:
    """What can come back as an echo of `text`: its long sentences, and any two sentences that follow one another."""
    words = [_find_words(sentence) for sentence in split_sentences(text)]
    return frozenset(said for said in (*((one,) for one in words), *pairwise(words)) if _can_echo(said))


def find_echo(said: Collection[Said], text: str) -> int | None:
    """The character where an echo begins, if `text` ends in one; else None.

    An echo is a long sentence, or two that follow one another, that the story before has `said` word for word.
    """
    sentences = split_sentences(text)[-2:]
    words = tuple(map(_find_words, sentences))
    count = next((count for count in (2, 1) if len(words) >= count and words[-count:] in said), 0)
    return len(text) - sum(map(len, sentences[-count:])) if count else None


def _can_echo(said: Said) -> bool:
    return sum(map(len, said)) >= FEWEST_ECHOED and min(map(len, said)) >= FEWEST_WORDS


def _find_words(sentence: str) -> Words:
    return tuple(_WORD.findall(sentence.lower()))


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

"""Onward: how a story goes on after its end. Left to itself, a small model begins another one there, of somebody else."""

from __future__ import annotations

import torch

from story_engine.insight.continuity import find_hero
from story_engine.model.tokenizer import Vocabulary

# Words that lead a story of this kind on, to be followed by its hero; which of them is left to chance.
OPENERS = (
    "Later that day,",
    "The next morning,",
    "A few days later,",
    "That night,",
    "On the way home,",
    "One week later,",
    "Just then,",
    "Suddenly,",
)
LATELY = 1500  # characters back to which none is used again
AT_LEAST = 48  # tokens before the story may end again: some three sentences


def draw_opener(vocabulary: Vocabulary, before: str, generator: torch.Generator) -> list[int]:
    """The tokens of one of the openers that the story `before` has not used lately, and of its hero's name."""
    fresh = [words for words in OPENERS if words not in before[-LATELY:]] or OPENERS
    words = fresh[int(torch.randint(len(fresh), (), generator=generator))]
    return vocabulary.encode(f"{words} {find_hero(before)}".rstrip())

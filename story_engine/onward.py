"""Onward: how a story goes on after its end. Left to itself, a small model begins another one there, of somebody else."""

from __future__ import annotations

import torch

from story_engine.tokens import Vocabulary

# Words that lead a story of this kind on; which of them is left to chance.
OPENERS = ("Later that day,", "The next morning,", "A few days later,", "But then,")
AT_LEAST = 48  # tokens before the story may end again: some three sentences


def draw_opener(vocabulary: Vocabulary, generator: torch.Generator) -> list[int]:
    """The tokens of one of the openers."""
    return vocabulary.encode(OPENERS[int(torch.randint(len(OPENERS), (), generator=generator))])

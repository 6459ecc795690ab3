"""Opener: how a story goes on after its end. Left to itself, a small model begins another one there, of somebody else."""

from __future__ import annotations

import numpy as np
import torch

from story_engine.generation.unwanted import Unwanted
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.text.names import find_hero

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
RECENT_CHARACTERS = 1500  # back to which no opener is used again
MIN_TOKENS = 48  # before the story may end again: some three sentences


class Opener:
    """One of the openers that the story `before` has not used lately, and its hero's name, as the first tokens of a passage."""

    def __init__(self, tokenizer: StoryTokenizer, before: str, generator: torch.Generator, unwanted: Unwanted) -> None:
        openers = [words for words in OPENERS if not unwanted.is_said("", words)]
        fresh = [words for words in openers if words not in before[-RECENT_CHARACTERS:]] or openers
        words = fresh[int(torch.randint(len(fresh), (), generator=generator))] if fresh else ""
        hero = find_hero(before)
        self._left = tokenizer.encode(f"{words} {'' if unwanted.is_said('', hero) else hero}".strip())

    def choose(self, text: str, logits: np.ndarray, generator: torch.Generator) -> int | None:
        """The next of its tokens; None once all are said."""
        return self._left.pop(0) if self._left else None

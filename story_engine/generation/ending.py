"""Ending: leads a passage to the story's end in about as many sentences as the reader asks for."""

from __future__ import annotations

import numpy as np
import torch

from story_engine.errors import InputError
from story_engine.generation.sampling import Candidates, pick
from story_engine.generation.unwanted import Unwanted
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.text.sentences import is_round, split_sentences

# Words that stories of this kind begin their last sentences with; the model chooses among them.
CLOSERS = (" In the end,", " From that day on,", " After that,", " At last,")
# Those of stories for children, in their last sentence; the model goes on from one of them, or stops behind it.
KIND_CLOSERS = (
    " In the end, everyone was happy",
    " From that day on, they were all kind",
    " At last, everyone was safe and happy",
)
MIN_SENTENCES, MAX_SENTENCES = 3, 20
ENDINGS = range(MIN_SENTENCES, MAX_SENTENCES + 1)  # sentences that an ending may take


def check_ending(sentences: int) -> None:
    """Raises InputError: an ending takes 3 to 20 sentences."""
    if sentences not in ENDINGS:
        raise InputError("An ending takes {fewest} to {most} sentences.", fewest=MIN_SENTENCES, most=MAX_SENTENCES)


class Ending:
    """The way to an end in about `sentences` sentences: two before it a closing turn is taken, then the story ends.
    With `is_kind` the last sentence itself is a turn to a happy end.

    The model writes freely up to there, chooses the turn by its own probabilities, and may end sooner by itself. A turn that
    holds an unwanted word is not taken.
    """

    def __init__(
        self, sentences: int, tokenizer: StoryTokenizer, unwanted: Unwanted | None = None, is_kind: bool = False
    ) -> None:
        self.sentences = sentences
        closers, self._last = (KIND_CLOSERS, 1) if is_kind else (CLOSERS, 2)
        self._closers = [tokenizer.encode(words) for words in closers if not (unwanted and unwanted.is_said("", words))]
        self._is_closing = False
        self._left: list[int] = []

    def is_reached(self, text: str) -> bool:
        """Whether the passage, as far as it has come, may end here and now."""
        return self._is_closing and not self._left and is_round(text) and _count(text) >= self.sentences

    def choose(self, text: str, logits: np.ndarray, generator: torch.Generator) -> int | None:
        """The token that has to come next, or None where the model is free; `logits` are float32 [vocab_size]."""
        if not self._left and not self._is_closing and is_round(text) and _count(text) >= self.sentences - self._last:
            self._is_closing = True
            if not self._closers:
                return None
            scores = logits[[tokens[0] for tokens in self._closers]]
            # Guidance may have put all of them out of reach: then each is as likely.
            weights = np.exp(scores - scores.max()) if np.isfinite(scores.max()) else np.ones_like(scores)
            chosen = pick(Candidates(np.arange(len(weights)), weights / weights.sum()), generator)
            self._left = list(self._closers[chosen])
        return self._left.pop(0) if self._left else None


def _count(text: str) -> int:
    return len(split_sentences(text))

"""Minding: what of a passage for children may be shown, sentence by sentence, and where it has to be told anew."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from story_engine.guard.check import find_new_kinds
from story_engine.text.sentences import ends_sentence, split_sentences

TRIES = 3  # times that a sentence is told anew before the passage ends in its place
# What stands in the place of a sentence that never became fit; the first that fits the length, from a random one on.
KIND_SENTENCES = (
    " Then everyone took a deep breath, and all was calm again.",
    " Then somebody smiled, and everyone felt safe and warm.",
    " But soon all was well again.",
)
KIND_ENDS = (
    " In the end, everyone was safe and happy.",
    " And so everyone went home and slept well.",
    " All was well.",
)


class Minder:
    """Checks a passage that follows `before`.

    `released` counts its characters that may be shown; `held` are the sentences that were unfit, as they were told.
    """

    def __init__(self, before: str) -> None:
        self.released = 0
        self.held: list[str] = []
        self._before, self._start, self._tries = before, -1, 0

    def find_unfit(self, text: str, *, is_over: bool) -> int | None:
        """Where the sentence begins that cannot stay; None where all is fit, which is released with its last whole sentence.

        A sentence that `is_over` early, as the length allows no more, is checked as it is.
        """
        self.released = min(self.released, len(text))
        if not (is_over or ends_sentence(text)):
            return None
        sentences = split_sentences(text)
        start = len(text) - len(sentences[-1]) if sentences else 0
        start = min(start, self.released)  # a stop may have been a part of a sentence only
        if not find_new_kinds(text[start:], self._before + text[:start]):
            self.released = len(text)
            return None
        self.held.append(text[start:].strip())
        self.released = start
        return start

    @property
    def is_first_try(self) -> bool:
        return self._tries == 1

    def may_try(self, start: int) -> bool:
        """Whether the sentence at `start` is told anew once more; each has `TRIES`."""
        self._tries = self._tries + 1 if start == self._start else 1
        self._start = start
        return self._tries <= TRIES

    def list_closings(self, whole: str, *, is_end: bool, generator: torch.Generator) -> Iterable[str]:
        """Kind sentences to end the `whole` story so far with, in a random order."""
        sentences = KIND_ENDS if is_end else KIND_SENTENCES
        first = int(torch.randint(len(sentences), (), generator=generator))
        for number in range(len(sentences)):
            words = sentences[(first + number) % len(sentences)]
            if not whole or whole[-1].isspace():
                yield words.lstrip()
            else:
                yield words if ends_sentence(whole) else "…" + words

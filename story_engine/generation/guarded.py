"""A passage for children: each sentence is held until it is checked, told anew where it is unfit, or replaced by a kind one."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np
import torch
from torch import Tensor

from story_engine.generation.healing import Healing
from story_engine.generation.minding import Minder
from story_engine.generation.piece import Piece
from story_engine.generation.telling import Guide, Telling


class _Noted:
    """A guide whose tokens are counted: what leads the telling by the hand is not told anew."""

    def __init__(self, guide: Guide, telling: GuardedTelling) -> None:
        self._guide, self._telling = guide, telling

    def choose(self, text: str, logits: np.ndarray, generator: torch.Generator) -> int | None:
        token = self._guide.choose(text, logits, generator)
        if token is not None:
            self._telling.led = len(self._telling.tokens) + 1
        return token


class GuardedTelling(Telling):
    """As `Telling`, for children. `held` are the sentences that were held back.

    A sentence that is unfit is taken back and told anew with the random numbers that follow, so that the same seed tells the
    same words again; the words that began it cannot be drawn there again. After three tries a kind sentence ends the passage.
    """

    def __init__(self, *given: Any, before: str = "", **named: Any) -> None:
        self.minder, self.led, self._story = Minder(before), 0, before
        super().__init__(*given, before=before, **named)
        self._lead, self._first_tokens = self._prefix, frozenset[int]()
        self._guides = [_Noted(guide, self) for guide in self._guides]

    @property
    def held(self) -> list[str]:
        return self.minder.held

    @property
    def is_begun(self) -> bool:
        return self.minder.released > self._opened

    @property
    def told(self) -> str:
        return self.text[len(self.taken) : max(self.minder.released, len(self.taken))]

    @property
    def whole_tokens(self) -> list[int]:
        return self.tokens[: min(self._whole, bisect_right(self._ends, self.minder.released))]

    def heal(self, healing: Healing) -> None:
        super().heal(healing)
        self._lead, self.led, self.minder = 0, self._prefix, Minder(self._before)

    def advance(self, logits: Tensor, *others: Tensor) -> Piece | None:
        shown, held = self.shown, len(self.held)
        piece = super().advance(logits, *others)
        self._mind()
        now = self.shown
        same = len(now) if shown.startswith(now) else len(shown) if now.startswith(shown) else 0
        if piece is None and now == shown and len(self.held) == held:
            return None
        token = piece.token if piece else None
        return Piece(now[same:], token, back=len(shown) - same, telling=self.number, held=tuple(self.held[held:]))

    def _mind(self) -> None:
        """Check what has been told; take back what is unfit."""
        start = self.minder.find_unfit(self.text, is_over=bool(self.finish))
        if start is None:
            return
        self.finish = ""
        begun = bisect_right(self._ends, start) if start else self._lead
        if not self.minder.may_try(start):
            self._close(begun)
            return
        keep = max(begun, min(self.led, len(self.tokens)))
        if self.minder.is_first_try:
            self._first_tokens = frozenset()
        self._first_tokens |= {*self.tokens[keep : keep + 1]}
        self._refused = self._first_tokens
        self._rewrite(self.tokens[:keep])

    def _close(self, keep: int) -> None:
        """End the passage with a kind sentence, the first that the length allows, behind the first `keep` tokens."""
        self._rewrite(self.tokens[:keep])
        if not self.text.startswith(self.taken):
            self.taken, self._opened = "", 0  # the unfinished word was unfit as well
        for words in self.minder.list_closings(
            self._story + self.text, is_end=self.ending is not None, generator=self._generator
        ):
            tokens = self._vocabulary.encode(words)
            if len(tokens) <= self.left and not self._unwanted.is_said(self._story + self.text, words):
                for token in tokens:
                    self._add(token, self._complete(token), 0.0)
                break
        self.minder.released = len(self.text)
        self.finish = "end" if self.ending else "sentence"

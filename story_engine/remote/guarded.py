"""A passage for children as a server tells it: held sentence by sentence until checked, asked for anew where it is unfit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from story_engine.generation.minding import Minder
from story_engine.generation.piece import Piece
from story_engine.remote.events import Delta
from story_engine.remote.telling import RemoteTelling


class GuardedRemoteTelling(RemoteTelling):
    """The rules of `generation.GuardedTelling`, on text instead of logits; each request has other random numbers."""

    def __init__(self, *given: Any, before: str, **named: Any) -> None:
        self.minder = Minder(before)
        super().__init__(*given, before=before, **named)

    @property
    def told(self) -> str:
        return self.text[: self.minder.released]

    @property
    def is_begun(self) -> bool:
        return self.minder.released > self._opened

    @property
    def whole_tokens(self) -> list[int]:
        """As without the guard; nothing while a part of the text is held."""
        return super().whole_tokens if self.minder.released >= len(self.text) else []

    @property
    def shown(self) -> str:
        return self.told if self.is_begun else ""

    def take(self, delta: Delta) -> Iterator[Piece]:
        held = len(self.minder.held)
        yield from super().take(delta)
        if self.left <= 0 and not self.asks_anew:
            self.finish = self.finish or "length"
        shown = self.shown
        if self.finish:
            self._mind()
        if self.shown != shown or len(self.minder.held) > held:
            back = 0 if self.shown.startswith(shown) else len(shown)
            new = self.shown[len(shown) - back :]
            yield Piece(new, back=back, telling=self.number, held=tuple(self.minder.held[held:]))

    def _say(self, piece: str) -> None:
        super()._say(piece)
        if not self.asks_anew:
            self._mind()

    def _mind(self) -> None:
        """Check what has been told; have it told anew where it is unfit."""
        start = self.minder.find_unfit(self.text, is_over=bool(self.finish))
        if start is None:
            return
        start = max(start, self._opened)
        if self.minder.may_try(start):
            self.finish = ""
            self._ban(self.text[start:])
            self._rewind(start)
            self._count = len(self._vocabulary.encode(self.text)) - self._unasked
            return
        self.text = self.text[:start]
        words = self.minder.list_closings(self._before + self.text, is_end=self.ending is not None, generator=self._generator)
        self.text += next((one for one in words if not self._unwanted.is_said(self._before + self.text, one)), "")
        self.minder.released, self.asks_anew = len(self.text), False
        self.finish = "end" if self.ending else "sentence"

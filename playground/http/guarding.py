"""Completions where children read: words come once their sentence is checked, and an unfit one ends its completion."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Final

from playground.http.errors import ApiError
from story_engine import CompletionOrder, CompletionPiece, Completions, InputError, Minder, check_fit

UNFIT: Final = "content_filter"  # what completions servers call it
Pieces = Generator[CompletionPiece, None, None]


class _Held:
    """The pieces of one completion that wait for the end of their sentence."""

    def __init__(self, before: str) -> None:
        self._minder, self._text = Minder(before), ""
        self._waiting: list[tuple[int, CompletionPiece]] = []  # with the length of the text at its end
        self.is_over = False

    def feed(self, piece: CompletionPiece) -> list[CompletionPiece]:
        """What can be shown now."""
        self._text += piece.text
        self._waiting.append((len(self._text), piece))
        self.is_over = bool(piece.finish)
        if self._minder.find_unfit(self._text, is_over=self.is_over) is not None:
            self.is_over, self._waiting = True, []
            return [CompletionPiece(piece.index, "", finish=UNFIT)]
        ready = [one for end, one in self._waiting if self.is_over or end <= self._minder.released]
        self._waiting = self._waiting[len(ready) :]
        return ready


def check_prompt(completions: Completions, order: CompletionOrder) -> None:
    """Raises ApiError: a prompt is unfit for children."""
    try:
        check_fit(completions.decode(order.ids))
    except InputError as error:
        raise ApiError(400, str(error), param="prompt", code=UNFIT) from error


def guard(pieces: Pieces, before: str, n: int) -> Pieces:
    """The pieces of `n` completions of the prompt `before`, sentence by sentence; those of an unfit one end with `UNFIT`."""
    held = [_Held(before) for _ in range(n)]
    with closing(pieces):
        for piece in pieces:
            if piece.is_prompt:
                yield piece
            elif not held[piece.index].is_over:
                yield from held[piece.index].feed(piece)
            if all(one.is_over for one in held):
                return

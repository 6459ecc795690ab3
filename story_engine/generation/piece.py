"""Piece: a bit of the stream in which a passage is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """A bit of the stream. While the window is read, `text` is empty and `read` counts the tokens still to be read.

    `back` characters of what was shown are taken back before `text`, where the passage had gone round in circles.
    `telling` says which one it belongs to, where several are told side by side. `held` are sentences that were held back from
    children at this place.
    """

    text: str
    token: int | None = None
    read: int = 0
    back: int = 0
    telling: int = 0
    held: tuple[str, ...] = ()

    @property
    def way(self) -> int:
        """The name of `telling` before 0.2."""
        return self.telling

    def follow(self, shown: str) -> str:
        """What is shown once this piece has come."""
        return shown[: len(shown) - self.back] + self.text

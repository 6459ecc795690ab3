"""Book: what is printed, as data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"  # of the page, too


@dataclass(frozen=True)
class Prose:
    """A paragraph: its words one behind the other, each with whether they are the reader's own."""

    runs: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Picture:
    """A scene as SVG of `WIDTH` by `HEIGHT` of the palette; it may use the symbols of its book by their ids."""

    svg: str


@dataclass(frozen=True)
class Book:
    """A title, what stands behind it in reading order, and the symbols that the pictures share, as SVG."""

    title: str
    blocks: tuple[Prose | Picture, ...]
    symbols: str = ""

    @property
    def has_pictures(self) -> bool:
        return any(isinstance(block, Picture) for block in self.blocks)

    @property
    def has_both_hands(self) -> bool:
        """Whether both a reader and a model wrote in it."""
        runs = [run for block in self.blocks if isinstance(block, Prose) for run in block.runs]
        return len({is_reader for words, is_reader in runs if words.strip()}) > 1

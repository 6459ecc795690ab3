"""Lines: paragraphs broken to a width, each line as runs of one style."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

Measure = Callable[[str, str, float], float]  # words, style, points -> mm
_SPACE = re.compile(r"[^\S\xa0\u2007\u202f]+")  # where a line may break
_JOINER = "\u200d"


@dataclass(frozen=True)
class Run:
    """Words in one style: "" is upright, "I" is italic."""

    text: str
    style: str


@dataclass(frozen=True)
class Line:
    """Runs in reading order; `indent` in mm, `size` in points. A line from right to left begins at the right."""

    runs: tuple[Run, ...]
    size: float
    indent: float = 0
    is_rtl: bool = False


def break_lines(runs: Sequence[Run], measure: Measure, width: float, size: float, *, indent: float = 0) -> list[Line]:
    """The lines of a paragraph, `width` mm wide, the first of them indented; a word that fits no line is cut."""
    is_rtl = _is_rtl("".join(run.text for run in runs))
    lines: list[list[Run]] = [[]]
    room = width - indent
    for word in _split_words(runs):
        wide = _measure_all(word, measure, size)
        space = Run(" ", word[0].style if lines[-1] and lines[-1][-1].style == word[0].style else "")
        gap = _measure_all([space], measure, size) if lines[-1] else 0
        if gap + wide <= room:
            lines[-1] += [space, *word] if gap else word
            room -= gap + wide
            continue
        if lines[-1]:
            lines.append([])
            room = width
        for number, part in enumerate(_cut(word, measure, room, width, size) if wide > room else [word]):
            if number:
                lines.append([])
            lines[-1] += part
            room = width - _measure_all(part, measure, size)
    return [Line(_join(line), size, 0 if number else indent, is_rtl) for number, line in enumerate(lines) if line]


def _measure_all(runs: Sequence[Run], measure: Measure, size: float) -> float:
    return sum(measure(run.text, run.style, size) for run in runs)


def _split_words(runs: Sequence[Run]) -> list[list[Run]]:
    """Words, each of one run or, where a style changes in its midst, of more."""
    words: list[list[Run]] = [[]]
    for run in runs:
        for number, part in enumerate(_SPACE.split(run.text)):
            if number:
                words.append([])
            if part:
                words[-1].append(Run(part, run.style))
    return [word for word in words if word]


def _cut(word: Sequence[Run], measure: Measure, room: float, width: float, size: float) -> Iterator[list[Run]]:
    """A word too long for a line in parts that fit: `room` for the first of them. Marks stay with their letters."""
    part = list[Run]()
    for run in word:
        for sign in _split_signs(run.text):
            wide = measure(sign, run.style, size)
            if wide > room and part:
                yield list(_join(part))
                part, room = [], width
            part.append(Run(sign, run.style))
            room -= wide
    yield list(_join(part))


def _split_signs(text: str) -> list[str]:
    """Characters with the marks that belong to them."""
    signs: list[str] = []
    for sign in text:
        is_mark = unicodedata.category(sign)[0] == "M" or sign == _JOINER or (signs and signs[-1].endswith(_JOINER))
        if is_mark and signs:
            signs[-1] += sign
        else:
            signs.append(sign)
    return signs


def _join(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Neighbours of one style as one run."""
    return tuple(Run("".join(run.text for run in same), style) for style, same in groupby(runs, key=lambda run: run.style))


def _is_rtl(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left (rule P2 of Unicode's annex 9)."""
    strong = next((kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL")), "L")
    return strong != "L"

"""Quotations in a line of text: which ones are still open, by straight and typographic marks."""

from __future__ import annotations

import re

# An opening mark, and the marks that close it: English, German, French, and one mark for both sides.
CLOSERS = {
    '"': '"',
    "'": "'",
    "“": "”",
    "”": "”",
    "„": "“”",
    "‘": "’",
    "‚": "‘’",
    "«": "»",
    "»": "«",
    "‹": "›",
    "›": "‹",
}
_MARK = re.compile(f"[{''.join({*CLOSERS, *''.join(CLOSERS.values())})}]")
_TWO_SIDED = "”»›"  # these open a quotation only where a word begins
_ELISION = re.compile(r"['‘’](?:(?:tis|twas|twere|twill|em|til|till|cause|bout|round|n)\b|\d\d)", re.IGNORECASE)


def find_open_quotations(text: str) -> tuple[str, ...]:
    """The opening marks of the quotations that the last line of `text` leaves open, the outermost first.

    Apostrophes are no quotation marks: "Tom's", "the boys' ball", "'tis".
    """
    line = text.rstrip("\n").rpartition("\n")[2]
    opened: list[str] = []
    for found in _MARK.finditer(line):
        place, mark = found.start(), found.group()
        before, after = line[place - 1 : place] if place else "", line[place + 1 : place + 2]
        if is_apostrophe(line, place):
            continue
        if mark in "'’" and (not before or before.isspace()):
            closed = None
        else:
            closed = next((at for at in reversed(range(len(opened))) if mark in CLOSERS[opened[at]]), None)
        if closed is not None:
            del opened[closed:]
        elif _opens(mark, before, after) and not (mark == "'" and mark in opened):
            opened.append(mark)
    return tuple(opened)


def is_apostrophe(text: str, place: int) -> bool:
    """Whether the mark at `place` stands inside a word, or for the letters that a word has lost at its beginning."""
    is_inside = 0 < place < len(text) - 1 and text[place - 1].isalnum() and text[place + 1].isalnum()
    is_behind_word = place > 0 and text[place - 1].isalnum()
    return text[place] in "'‘’" and (is_inside or (not is_behind_word and bool(_ELISION.match(text, place))))


def _opens(mark: str, before: str, after: str) -> bool:
    if mark == '"':
        return not before.isdigit()  # 5" is a length
    if mark == "'":
        return not after.isspace() and (not before or not (before.isalnum() or before in ".,;:!?…)’"))
    if mark in _TWO_SIDED:
        return (not before or before.isspace()) and not after.isspace()
    return mark in CLOSERS

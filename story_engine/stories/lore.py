"""Lore: what a reader knows of people, places and things, for the model to read when one of their names was just said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from story_engine.errors import InputError
from story_engine.stories.input import MAX_NOTE, check_words

LAST_PASSAGES = 4  # in which a name must stand, the reader's passages and the model's
MAX_LORE, MAX_NAMES, MAX_NAME = 500, 10, 60  # entries, names of one, characters of one


@dataclass(frozen=True)
class Lore:
    """An entry: `text` is true of whoever or whatever has these `names`."""

    names: tuple[str, ...]
    text: str


class Named(NamedTuple):
    """An entry, by its number, that the last passages name, and the name that was said last."""

    number: int
    name: str


def find_named(lore: Sequence[Lore], passages: Sequence[str]) -> list[Named]:
    """The entries of which a name stands in the last of `passages`, the one that was named last first.

    A name counts as a whole word, in any letter case, and with an s behind it.
    """
    text = "\n".join(passages[-LAST_PASSAGES:])
    found = []
    for number, entry in enumerate(lore):
        said = max(((_find_last(name, text), name) for name in entry.names), default=(-1, ""))
        if said[0] >= 0:
            found.append((-said[0], Named(number, said[1])))
    return [named for _, named in sorted(found)]


def _find_last(name: str, text: str) -> int:
    """The character at which the name was said last; -1 where it was not."""
    places = (match.start() for match in re.finditer(rf"(?<!\w){re.escape(name)}s?(?!\w)", text, re.IGNORECASE))
    return max(places, default=-1)


def check_lore(text: object) -> list[Lore]:
    """Entries from a reader's lines, `names: what is true`, with commas between names; empty lines are left out.

    Raises:
        InputError: not a text, a line without names or words, or too many or too long ones.
    """
    lines = [" ".join(line.split()) for line in check_words(text).splitlines() if line.strip()]
    entries = []
    for line in lines:
        before, _, words = line.partition(":")
        names = tuple(dict.fromkeys(name.strip() for name in before.split(",") if name.strip()))
        if not names or not words.strip():
            raise InputError(
                "A line of lore needs names, a colon, and what is true, as in “Rex, the dog: Rex is old.” Change: “{line}”.",
                line=line[:MAX_NAME],
            )
        entries.append(Lore(names, words.strip()))
    if not fits(entries):
        raise InputError(
            "Lore may be {lines} lines of {most} characters, each with up to {names} names of {length}. Shorten it.",
            lines=MAX_LORE,
            most=MAX_NOTE,
            names=MAX_NAMES,
            length=MAX_NAME,
        )
    return entries


def fits(entries: Sequence[Lore]) -> bool:
    """Whether these entries are not too many, and none is too long."""
    return len(entries) <= MAX_LORE and all(
        len(entry.text) <= MAX_NOTE and len(entry.names) <= MAX_NAMES and max(map(len, entry.names), default=0) <= MAX_NAME
        for entry in entries
    )


def write_lore(entries: Iterable[Lore]) -> str:
    """Entries as a reader's lines."""
    return "\n".join(f"{', '.join(entry.names)}: {entry.text}" for entry in entries)

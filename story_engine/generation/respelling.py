"""Respelling: a rare name keeps the spelling that its story gave it.

A tokenizer cuts a rare name into pieces ("Or", "sol", "ya"), and a small model that draws them one by one makes slips:
"Orsolia". Such a word is taken back as soon as it is complete, and told as the story has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from story_engine.text.edits import count_edits

SHORTEST = 4  # letters of a name that is kept; shorter ones are near to too many words. A slip may have one less
ROOM = (0, 6, 8)  # letters from which a name has room for one slip, for two, and for three
FEW = 2  # letters that may be lost at a name's beginning
_WORD = re.compile(r"[^\W\d_]+")
_LAST = re.compile(r"[^\W\d_]+$")
_OPENS_SPEECH = re.compile(r"[\"“”‘'«»]$")
_GLUED = re.compile(r"and|but|so|then|when|the|said", re.IGNORECASE)  # what a name is written together with
_DETERMINER = re.compile(r"\b(?:an?|the|my|your|his|her|its|our|their|this|that|every|each|some|any|no|of)\s+$", re.IGNORECASE)


@dataclass(frozen=True)
class Slip:
    """A misspelt name: where in the text it starts, and the name as the story has it."""

    start: int
    name: str


class Respelling:
    """Finds the slips of a passage that follows the text `before`.

    A slip is a word that is no entry of the tokenizer (`has_word`), that the story has not said before, and that is near to a
    capitalised word of the story which is no entry either: one letter apart (two from six letters on, three from eight), or
    other in letter case alone; the name without its first letters or its last one; or the name behind a small word that is
    written together with it. Another beginning of the name, or a word that begins with it, is a form: "Thandi" for Thandiwe.
    """

    def __init__(self, before: str, has_word: Callable[[str], bool]) -> None:
        self._before, self._has_word = before, has_word
        self._known: frozenset[str] | None = None

    def find_slip(self, text: str) -> Slip | None:
        """The last word of `text`, which has just been completed, if it is a misspelt name."""
        last = _LAST.search(text)
        if last is None or last.end() - last.start() < SHORTEST - 1 or self._has_word(last.group()):
            return None
        if self._known is None:
            self._known = frozenset(_WORD.findall(self._before))
        word, told = last.group(), text[: last.start()]
        known = self._known.union(_WORD.findall(told))
        if word in known or (word.islower() and _DETERMINER.search(told)):
            return None
        names = (name for name in known if len(name) >= SHORTEST and name[0].isupper() and _is_slip(word, name))
        fitting = [name for name in names if not self._has_word(name) and not self._is_call(word, name, told)]
        return Slip(last.start(), min(fitting, key=lambda name: (count_edits(word, name), name))) if fitting else None

    def _is_call(self, word: str, name: str, told: str) -> bool:
        """Whether a word in other case is none of a name's: "Woof, woof!", or what only ever began a speech."""
        if word.casefold() != name.casefold():
            return False
        *_, last = _WORD.findall(told) or [""]
        text = self._before + told
        places = (found.start() for found in re.finditer(rf"\b{name}\b", text))
        return last.casefold() == word.casefold() or all(_OPENS_SPEECH.search(text[:place]) for place in places)


def _is_slip(word: str, name: str) -> bool:
    """Whether `word` can be meant for `name`."""
    written, meant = word.casefold(), name.casefold()
    if written == meant:
        return not word.isupper() and not name.isupper()
    if word.islower() or written.startswith(meant):
        return False
    if written.endswith(meant) and _GLUED.fullmatch(written.removesuffix(meant)):
        return True
    lost = len(meant) - len(written)
    if meant.startswith(written):
        return lost == 1 and len(meant) >= ROOM[1]
    if written[0] != meant[0]:
        return len(written) >= SHORTEST and lost <= FEW and meant.endswith(written)
    return count_edits(written, meant) <= sum(len(meant) >= letters for letters in ROOM)

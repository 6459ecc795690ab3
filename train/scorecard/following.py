"""What a continuation takes up of its opening, by rule and from the text alone: its words, and its heroes' names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from story_engine.text.edits import count_edits
from story_engine.text.words import FUNCTION_WORDS, ORDINARY

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s?$")
_LAST = re.compile(r"\w+$")
_APART = re.compile(r"['’]")
_TITLES = frozenset({"mr", "mrs", "ms", "dr"})
_VOWELS = "aeiou"
SHARED = 3  # letters at the beginning of two names that make one a misspelling of the other; half of a short name
PIECE = 3  # letters of a scrap of a name: "Od" for Omar


def cut_words(text: str) -> list[str]:
    """Words and numbers as they are written, without marks and without a possessive ending."""
    return [_POSSESSIVE.sub("", word) for word in _WORD.findall(text)]


def stem(word: str) -> str:
    """The word in lower case without a regular ending; the same for all regular forms of a noun or verb."""
    word = word.lower()
    if len(word) > 4 and word.endswith(("ies", "ied")):
        word = word[:-3] + "y"
    elif len(word) > 4 and word.endswith(("sses", "xes", "zes", "ches", "shes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) > 1 and any(letter in _VOWELS + "y" for letter in root):
            word = root
            break
    if len(word) > 2 and word[-1] == word[-2] and word[-1] not in _VOWELS:
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def find_content_words(text: str, heroes: Sequence[str]) -> list[str]:
    """Words of an opening, in lower case and in order, that are neither function words nor a hero's name; no stem twice."""
    names = {part.lower() for hero in heroes for part in cut_words(hero)}
    chosen: dict[str, str] = {}
    for word in (word.lower() for word in cut_words(text)):
        if len(word) > 1 and word not in FUNCTION_WORDS | names:
            chosen.setdefault(stem(word), word)
    return list(chosen.values())


def count_followed(words: Sequence[str], heroes: Sequence[str], text: str) -> int:
    """How many of the words, in any regular form, and of the heroes come back in `text`."""
    stems = {stem(word) for word in cut_words(text)}
    return sum(stem(word) in stems for word in words) + sum(is_named(hero, text) for hero in heroes)


def is_named(hero: str, text: str) -> bool:
    """Whether the hero's name, or the last word of a longer one, stands in `text`, in whatever letters."""
    return cut_words(hero)[-1].lower() in (word.lower() for word in cut_words(text))


def find_misspelt(heroes: Sequence[str], opening: str, text: str) -> dict[str, str]:
    """Words of `text` that look like a misspelt name, each with the name: capitalised, strange, and near to it.

    A word that the opening has, that the text also writes in lower case, or that is an ordinary word or name of English
    misspells nothing, nor does one that the end of the text may have cut. A rule can be wrong: a short form of a name
    counts as a misspelling.
    """
    told = cut_words(_LAST.sub("", text))
    fine = {word.lower() for word in cut_words(opening)} | {word for word in told if word[0].islower()} | ORDINARY
    names = [part for hero in heroes for part in cut_words(hero) if part.lower() not in _TITLES]
    capitals = (word for word in dict.fromkeys(told) if word[0].isupper() and len(word) > 1)
    strange = [word for word in capitals if _APART.split(word.lower())[0] not in fine]
    near = ((word, next((name for name in names if is_near(word, name)), None)) for word in strange)
    return {word: name for word, name in near if name}


def is_near(word: str, name: str) -> bool:
    """Whether `word` may be meant for `name`: few edits away, the same beginning, or a scrap with the same initial."""
    word, name = word.lower(), name.lower()
    if word in (name, name + "s"):
        return False
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, name, strict=False)))
    is_scrap = shared > 0 and len(word) <= min(PIECE, len(name) - 1)
    return is_scrap or shared >= min(SHARED, (len(name) + 1) // 2) or count_edits(word, name) <= max(1, len(name) // 3)

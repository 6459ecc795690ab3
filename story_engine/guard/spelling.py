"""Spelling: words as they are meant, behind capitals, odd letters, signs for letters, and letters set apart."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Signs that stand for letters inside a word; where a sign stands for two, both are tried.
_SIGNS = {
    "0": "o",
    "3": "e",
    "4": "a",
    "5": "s",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "+": "t",
    "€": "e",
    "£": "l",
}
_EITHER = ("1!|", ("i", "l"))
_LETTER_TWINS = str.maketrans("аеіїорсухкмтнвѕԁјɡοαερικντυ", "aeiiopcyxkmthbsdjgoaepikvtu")  # Cyrillic and Greek, to Latin
_CHUNK = re.compile(r"\S+")
_OUTER = "\"'“”‘’„«»‹›()[]{}<>,.;:?!…—–-_*~#/\\"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_PLAIN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_APART = re.compile(r"(?<![\w'])(?:[\w@$!|][\s.\-_*·,/]{1,2}){2,}[\w@$|](?![\w'])")
_GAPS = re.compile(r"[^\w@$!|+€£]|_")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_CLAUSE_END = re.compile(r"[.,;:!?…\"”)\]—–]")
_SENTENCE_END = re.compile(r"[.!?…]|\n")


@dataclass(frozen=True)
class Token:
    """A word by every way of reading it. With `is_name` it has a capital that no sentence gives it."""

    readings: frozenset[str]
    is_name: bool
    ends_clause: bool
    ends_sentence: bool


def fold(text: str) -> str:
    """`text` in compatibility form and without accents, unseen characters and typographic apostrophes; capitals stay."""
    kept = (one for one in unicodedata.normalize("NFKD", text) if unicodedata.category(one) not in ("Mn", "Cf"))
    return "".join(kept).replace("’", "'").replace("‘", "'")


def cut_tokens(folded: str) -> list[Token]:
    """The words of a folded text."""
    tokens, begins = [], True
    for match in _WORD.finditer(folded):
        after = folded[match.end() : match.end() + 3].lstrip("*_~'")[:1]
        word = match.group()
        ends = not after or bool(_SENTENCE_END.match(after))
        is_inside = not begins and folded[match.start() - 1] not in "\"“'"
        is_name = is_inside and word[:1].isupper() and word[1:].islower() and "'" not in word
        tokens.append(Token(_read(word.casefold()), is_name, not after or bool(_CLAUSE_END.match(after)), ends))
        begins = ends
    return tokens


def find_disguised(folded: str) -> list[frozenset[str]]:
    """For each word that is no plain one, what it may mean; `.` stands for a letter that a star hides."""
    text = folded.casefold()
    found = [read for chunk in _CHUNK.findall(text) if (read := _read_signs(chunk))]
    for apart in _APART.findall(text):
        letters = _GAPS.sub("", apart)
        if sum(letter.isalpha() for letter in letters) >= 2:
            found.append(_replace_signs(letters) | _replace_signs(letters[1:] if letters[0] in "ai" else letters))
    return found


def _read(word: str) -> frozenset[str]:
    """A plain word, also without the end of a possessive, and with stretched letters as one or two."""
    readings = {word, word.removesuffix("'s")}
    if _STRETCHED.search(word):
        readings |= {_STRETCHED.sub(r"\1\1", word), _STRETCHED.sub(r"\1", word)}
    return frozenset(readings)


def _read_signs(chunk: str) -> frozenset[str]:
    """What a chunk between spaces may mean, if it has signs, stars or hyphens inside, or letters of two alphabets."""
    core = chunk.strip(_OUTER.replace("*", "")) if "*" in chunk.strip("*") else chunk.strip(_OUTER)
    if not core or (_PLAIN.fullmatch(core) and core.isascii()):
        return frozenset()
    fewest = 1 if set(core) & set("@$!") else 2  # digits alone with one letter are numbers of things
    if sum(letter.isalpha() for letter in core) < fewest:
        return frozenset()
    if core.count("*") and _WORD.search(core):
        hidden = re.sub(r"[*#]", ".", core.strip("*"))
        return frozenset({hidden}) if re.fullmatch(r"[a-z.]{3,}", hidden) and "." in hidden else frozenset()
    return _replace_signs(_GAPS.sub("", core))


def _replace_signs(letters: str) -> frozenset[str]:
    plain = "".join(_SIGNS.get(letter, letter) for letter in letters.translate(_LETTER_TWINS))
    signs, choices = _EITHER
    readings: set[str] = set()
    for choice in (*choices, ""):
        read = "".join(choice if letter in signs else letter for letter in plain)
        readings |= _read(read)
    return frozenset(reading for reading in readings if reading.isalpha())

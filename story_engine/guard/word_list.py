"""The list: phrases of `words.txt` by kind and severity, and the innocent phrases beside them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from story_engine.guard.spelling import Token

LIST = Path(__file__).parent / "words.txt"
MOST_BETWEEN = 3  # words that ".." may stand for
ALWAYS, MOSTLY, TOGETHER = 3, 2, 1  # severities
# A word of these behind "her" or "him" begins another clause, or says how.
AFTER_CLAUSE = frozenset(
    {"and", "with", "in", "again", "so", "because", "when", "but", "for", "on", "hard", "until", "too", "very"}
)
_LINE = re.compile(r"([123-])\s+(\S.*)")


@dataclass(frozen=True)
class Phrase:
    """Elements in a row: a set of words (`<name>` is any name), `..` for up to three words, `|` for a clause's end."""

    kind: str
    severity: int
    elements: tuple[frozenset[str] | str, ...]

    def match(self, tokens: Sequence[Token], place: int) -> int | None:
        """Where the phrase that begins at `place` is over, or None."""
        return _match(self.elements, tokens, place, place)


@dataclass(frozen=True)
class WordList:
    """Phrases and innocent ones by the words they may begin with; `disguised` are single words, to be found in disguise."""

    phrases: dict[str, list[Phrase]]
    innocent: dict[str, list[Phrase]]
    disguised: dict[str, str]  # word -> kind
    mark: str  # names the words of the list


@cache
def load_list() -> WordList:
    """The list that ships, read once."""
    text = LIST.read_text(encoding="utf-8")
    phrases: dict[str, list[Phrase]] = {}
    innocent: dict[str, list[Phrase]] = {}
    disguised: dict[str, str] = {}
    for phrase in _read_phrases(text):
        target = phrases if phrase.severity else innocent
        first = phrase.elements[0]
        for word in first if isinstance(first, frozenset) else [first]:
            target.setdefault(word, []).append(phrase)
        if len(phrase.elements) == 1 and isinstance(first, frozenset) and phrase.severity >= MOSTLY:
            disguised |= dict.fromkeys(first, phrase.kind)
    return WordList(phrases, innocent, disguised, sha256(text.encode()).hexdigest()[:8])


def inflect(word: str) -> frozenset[str]:
    """A word with its regular endings, as a verb or a noun; not all that it gives are words."""
    forms = {word}
    if word.endswith("e"):
        forms |= {word + "s", word + "d", word[:-1] + "ing"}
    elif re.search(r"[^aeiou]y$", word):
        forms |= {word[:-1] + "ies", word[:-1] + "ied", word + "ing"}
    else:
        plural = "es" if re.search(r"(?:s|x|z|ch|sh)$", word) else "s"
        forms |= {word + plural, word + "ed", word + "ing"}
        if re.search(r"[^aeiou][aeiou][^aeiouwxy]$", word):
            forms |= {word + word[-1] + "ed", word + word[-1] + "ing"}
    return frozenset(forms)


def _read_phrases(text: str) -> Iterator[Phrase]:
    groups: dict[str, frozenset[str]] = {}
    kind, is_turned = "", False
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("@"):
            name, _, words = line[1:].partition("=")
            groups[name.strip()] = frozenset(words.split())
        elif line.startswith("["):
            kind, _, coding = line[1:].partition("]")
            is_turned = coding.strip() == "rot13"
        elif found := _LINE.fullmatch(line):
            words = codecs.encode(found[2], "rot13") if is_turned else found[2]
            severity = 0 if found[1] == "-" else int(found[1])
            yield from (Phrase(kind, severity, elements) for elements in _expand(words.split(), groups))
        else:
            raise ValueError(f"{LIST.name}: {line!r} is no line of the list")


def _expand(words: list[str], groups: dict[str, frozenset[str]]) -> Iterator[tuple[frozenset[str] | str, ...]]:
    """The phrase, with each word that may be absent and without."""
    if not words:
        yield ()
        return
    word, rest = words[0], words[1:]
    if word.startswith("("):
        end = next(number for number, part in enumerate(words) if part.endswith(")"))
        inside = " ".join(words[: end + 1])[1:-1].split()
        yield from _expand([*inside, *words[end + 1 :]], groups)
        yield from _expand(words[end + 1 :], groups)
        return
    for more in _expand(rest, groups):
        yield (_read_element(word, groups), *more)


def _read_element(word: str, groups: dict[str, frozenset[str]]) -> frozenset[str] | str:
    if word in ("..", "|"):
        return word
    parts: set[str] = set()
    for part in word.split("/"):
        if part.startswith("<"):
            parts |= groups.get(part[1:-1], {part})  # `<name>` stays
        else:
            parts |= inflect(part[:-1]) if part.endswith("+") else {part}
    return frozenset(parts)


def _match(elements: Sequence[frozenset[str] | str], tokens: Sequence[Token], place: int, start: int) -> int | None:
    if not elements:
        return place
    first, rest = elements[0], elements[1:]
    if first == "|":
        is_over = place == len(tokens) or tokens[place - 1].ends_clause or bool(tokens[place].readings & AFTER_CLAUSE)
        return _match(rest, tokens, place, start) if is_over else None
    if (place > start and tokens[place - 1].ends_sentence) or place == len(tokens):
        return None
    if first == "..":
        for step in range(MOST_BETWEEN + 1):
            if place + step > len(tokens) or any(token.ends_sentence for token in tokens[place : place + step]):
                return None
            if (end := _match(rest, tokens, place + step, start)) is not None:
                return end
        return None
    fits = bool(tokens[place].readings & first) or (tokens[place].is_name and "<name>" in first)  # type: ignore[operator]
    return _match(rest, tokens, place + 1, start) if fits else None

"""Continuity, by rule: names that nobody has told of, and people who change from he to she. A rule can be wrong."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from story_engine.context.sentences import split_sentences

SURE = 2  # times that a person must have been he, or she, before the other is doubted

# A capital in mid-sentence marks a name; a name is explained where a word of kin or naming stands just before it.
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
_CAPITAL = re.compile(r"[A-Z][a-z]{2,}\b")
_EXPLAINED = re.compile(
    r"(?:named|called|name (?:is|was)|I am|I'm|friend|friends|brother|sister|neighbor|cousin|teacher|Mr\.|Mrs\.|Miss|"
    r"boy|girl|dog|cat|bird|rabbit|bear|frog|fox|mouse|man|woman|lady|Aunt|Uncle|Grandma|Grandpa),? $"
)
_NO_NAME = frozenset(
    {"Mom", "Mommy", "Mum", "Mummy", "Mama", "Mother", "Dad", "Daddy", "Papa", "Father", "Grandma", "Grandpa", "Yes", "The"}
    | {"End", "Let", "You", "What", "Why", "Can", "But", "And", "Thank", "Please", "Look", "They", "She", "This", "That", "How"}
)
_PERSON = re.compile(
    r"\b(?:mom|mommy|mum|mummy|mama|mother|dad|daddy|papa|father|grandma|grandpa|boy|girl|man|woman|lady|friend|friends|"
    r"brother|sister|teacher|king|queen|prince|princess|aunt|uncle|doctor|baby|child|everyone|someone|they)\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"""[\s"“]*(?:(?:Then|But|So|And|When|Later|Suddenly|Now|One day),? )?([A-Z][a-z]{2,})\b""")
_PRONOUN = re.compile(r"""[\s"“]*(He|She)\b""")


@dataclass(frozen=True)
class Doubt:
    """A place in a passage, from `start` to `end` characters, that does not go with what was told before it."""

    start: int
    end: int
    kind: Literal["name", "pronoun"]
    name: str


def find_new_names(whole: str, start: int) -> list[re.Match[str]]:
    """Names from `start` on that nothing before has told, and that nothing explains there; each once."""
    known = {*_CAPITAL.findall(whole[:start])} | _NO_NAME
    found = []
    for name in _NAME.finditer(whole, start):
        if name.group() not in known and not _EXPLAINED.search(whole[: name.start()]):
            found.append(name)
        known.add(name.group())
    return found


def find_hero(text: str) -> str:
    """The first name in mid-sentence that a story says more than once; "" where there is none."""
    said = Counter(_CAPITAL.findall(text))
    names = (match.group() for match in _NAME.finditer(text))
    return next((name for name in names if name not in _NO_NAME and said[name] > 1), "")


def find_doubts(before: str, text: str) -> list[Doubt]:
    """What in `text` does not go with the story `before` it, in the order of the text."""
    whole, begin = before + text, len(before)
    doubts = [Doubt(name.start() - begin, name.end() - begin, "name", name.group()) for name in find_new_names(whole, begin)]
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for name, pronoun, place in _follow_pronouns(whole):
        other = sum(told[name].values()) - told[name][pronoun]
        if place >= begin and other >= SURE and not told[name][pronoun]:
            doubts.append(Doubt(place - begin, place - begin + len(pronoun), "pronoun", name))
        told[name][pronoun] += 1
    return sorted(doubts, key=lambda doubt: doubt.start)


def _follow_pronouns(whole: str) -> list[tuple[str, str, int]]:
    """(name, He or She, its place) wherever a sentence that begins with one person, and has no other, is followed so."""
    names = {match.group() for match in _NAME.finditer(whole)} - _NO_NAME
    found, place = [], 0
    for first, second in pairwise(split_sentences(whole)):
        place += len(first)
        about, pronoun = _ABOUT.match(first), _PRONOUN.match(second)
        if about and pronoun and names & {*_CAPITAL.findall(first)} == {about[1]} and not _PERSON.search(first):
            found.append((about[1], pronoun[1], place + pronoun.start(1)))
    return found

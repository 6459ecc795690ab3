"""Continuity, by rule: names that nobody has told of, and people who change from he to she. A rule can be wrong."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from story_engine.text.names import CAPITAL, NAME, NO_NAME, find_new_names
from story_engine.text.sentences import split_sentences

MIN_PRONOUN_EVIDENCE = 2  # times that a person must have been he, or she, before the other is doubted

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


def find_doubts(before: str, text: str) -> list[Doubt]:
    """What in `text` does not go with the story `before` it, in the order of the text."""
    whole, begin = before + text, len(before)
    doubts = [Doubt(name.start() - begin, name.end() - begin, "name", name.group()) for name in find_new_names(whole, begin)]
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for name, pronoun, place in _follow_pronouns(whole):
        other = sum(told[name].values()) - told[name][pronoun]
        if place >= begin and other >= MIN_PRONOUN_EVIDENCE and not told[name][pronoun]:
            doubts.append(Doubt(place - begin, place - begin + len(pronoun), "pronoun", name))
        told[name][pronoun] += 1
    return sorted(doubts, key=lambda doubt: doubt.start)


def _follow_pronouns(whole: str) -> list[tuple[str, str, int]]:
    """(name, He or She, its place) wherever a sentence that begins with one person, and has no other, is followed so."""
    names = {match.group() for match in NAME.finditer(whole)} - NO_NAME
    found, place = [], 0
    for first, second in pairwise(split_sentences(whole)):
        place += len(first)
        about, pronoun = _ABOUT.match(first), _PRONOUN.match(second)
        if about and pronoun and names & {*CAPITAL.findall(first)} == {about[1]} and not _PERSON.search(first):
            found.append((about[1], pronoun[1], place + pronoun.start(1)))
    return found

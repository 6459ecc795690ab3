"""How a story speaks, found by rule: who its hero is, in which person and tense it is told. A rule can be wrong."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from story_engine.text.language import is_english
from story_engine.text.names import CAPITAL, NAME, NO_NAME
from story_engine.text.verbs import PAST_FORMS, THIRD_FORMS, Person, Tense

_QUOTED = re.compile(r'"[^"\n]*"?|“[^”\n]*”?')
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PAIR = re.compile(r"\b([A-Z][a-z]+) and ([A-Z][a-z]+)\b")
# "There was a little bear who", "a little bear in the forest": the last word before what cannot belong to the creature's name.
_NAMELESS = re.compile(
    r"\b(?:[Tt]here (?:was|lived|is|lives)|lived|had been) (?:once )?an? (?:[a-z]+ ){0,3}?([a-z]+)"
    r"(?=\s*(?:[.,;!?]|$|(?:who|that|named|called|in|on|near|at|with|and|by|under|from|living|was|is)\b))"
)
# Capitalized because a sentence begins with them.
_STARTERS = frozenset(
    "A An After All Alas All And Another Are As At Because Before Behind But By Can Come Did Do During Each Even Ever "
    "Every Everyone Finally First For From Go Has Have He Hello Her Here Hi His How I If In Inside Is It Its Just Last "
    "Later Let Long Look Many Maybe Morning My Near Never Next Night No Nobody Not Now Of Oh On Once One Our Out Outside "
    "Over Perhaps Please Quickly She Slowly So Some Someone Sometimes Soon Spring Still Suddenly Summer That The Their "
    "Then There These They This Those Though Today Together Tomorrow Tonight Two Under Until Up Very Was We Well Were "
    "What When Where While Who Why Will Winter With Yes Yesterday You Your".split()
)
_PRONOUNS = ("he", "she", "they", "it")
_POSSESSIVES = {
    "he": ("him", "his", "himself"),
    "she": ("her", "her", "herself"),
    "it": ("it", "its", "itself"),
    "they": ("them", "their", "themselves"),
    "I": ("me", "my", "myself"),
    "we": ("us", "our", "ourselves"),
}


@dataclass(frozen=True)
class Voice:
    """The voice of a story: `subject` ("Tom", "the bear", "I") and its `pronoun` ("he", "I"), tense, and all names so far."""

    subject: str = "they"
    pronoun: str = "they"
    tense: Tense = "past"
    names: frozenset[str] = frozenset()
    is_english: bool = True

    @property
    def person(self) -> Person:
        """Which form of a verb the subject takes."""
        if self.subject == "I":
            return "I"
        return "they" if self.subject in ("they", "we") or " and " in self.subject else "it"

    @property
    def objects(self) -> tuple[str, str, str]:
        """The words for me, my and myself: him, his, himself."""
        return _POSSESSIVES[self.pronoun]


def find_voice(text: str) -> Voice:
    """The voice of a story so far.

    The hero is the first name that comes twice, else the first name, else a creature that "there was"; a pair that is always
    named together is two heroes. Without any, the most frequent pronoun stands for the hero. Speech in quotation marks does
    not count. A story is in the past where it has at least as many past verbs as present ones.
    """
    told = _QUOTED.sub(" ", text)
    words = Counter(word.lower() for word in _WORD.findall(told))
    names = frozenset(_list_names(text))
    subject = _find_subject(told, names, words)
    past = sum(words[form] for form in PAST_FORMS if form not in THIRD_FORMS)
    present = sum(words[form] for form in ("is", "are", "am", "has", "says", "goes", "sees", "wants", "comes", "takes", "gets"))
    tense: Tense = "present" if present > past else "past"
    return Voice(subject, _find_pronoun(subject, words), tense, names, is_english(text))


def _list_names(text: str) -> set[str]:
    """All names: capitals in mid-sentence, and those at a sentence's beginning that are no usual words."""
    inside, small = {match.group() for match in NAME.finditer(text)}, {*_WORD.findall(text)}
    first = {word for word in CAPITAL.findall(text) if word.lower() not in small}
    return (inside | first) - NO_NAME - _STARTERS


def _find_subject(told: str, names: frozenset[str], words: Counter[str]) -> str:
    said = [word for word in CAPITAL.findall(told) if word in names]
    hero = next((name for name in said if words[name.lower()] > 1), said[0] if said else "")
    if words["i"] > words[hero.lower()]:
        return "I"
    if hero:
        return _find_pair(told, hero, words) or hero
    if words["we"]:
        return "we"
    if kind := _find_kind(told):
        return f"the {kind}"
    return max(_PRONOUNS, key=lambda pronoun: words[pronoun]) if any(words[one] for one in _PRONOUNS) else "they"


def _find_pair(told: str, hero: str, words: Counter[str]) -> str:
    """Two heroes: named together from the first, and at least as often together as the first of them alone."""
    pairs = Counter(pair.group() for pair in _PAIR.finditer(told) if hero in pair.groups())
    first = _PAIR.search(told)
    if not first or first.group() not in pairs or told.index(hero) < first.start():
        return ""
    together, alone = pairs[first.group()], words[first[1].lower()] - pairs[first.group()]
    return first.group() if words["they"] + words["their"] and together >= alone else ""


def _find_kind(told: str) -> str:
    """`bear` of "There was a little bear who"."""
    match = _NAMELESS.search(told)
    return match[1] if match else ""


def _find_pronoun(subject: str, words: Counter[str]) -> str:
    if subject in _POSSESSIVES:
        return subject
    if " and " in subject:
        return "they"
    most = max(("he", "she", "it"), key=lambda pronoun: words[pronoun])
    return most if words[most] else "they"

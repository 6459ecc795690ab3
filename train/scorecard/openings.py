"""Sixty openings as strangers type them, which ship with the scorecard, and openings of real stories to compare with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from story_engine.text.sentences import split_sentences
from train.scorecard.following import find_content_words
from train.scorecard.templates import Pair
from train.serials import find_hero

PATH = Path(__file__).with_name("openings.json")
KINDS = ("he or she", "animal", "number", "colour", "place")  # of facts
MOST_SENTENCES = 3  # of a real story, within which its hero has to be named


@dataclass(frozen=True)
class Fact:
    """Something that an opening says, and two ways to go on behind `then`: one keeps it, the other has lost it.

    `swap` turns the opening into one in which the other way is right. `kind` is one of `KINDS`.
    """

    kind: str
    swap: dict[str, str]
    then: str
    kept: str
    lost: str

    def make_pair(self, opening: str) -> Pair:
        """The opening and its opposite, and what goes on from each."""
        words = re.compile(rf"\b({'|'.join(map(re.escape, self.swap))})\b")
        opposite = words.sub(lambda match: self.swap[match[1]], opening)
        return Pair(self.kind, (opening + self.then, opposite + self.then), (self.kept, self.lost))


@dataclass(frozen=True)
class Opening:
    """An opening, the names of its heroes, its content words and its facts. `number` gives the seed of its story."""

    number: int
    text: str
    heroes: tuple[str, ...]
    words: tuple[str, ...]
    facts: tuple[Fact, ...] = ()


def load_openings(count: int) -> list[Opening]:
    """`count` of the sixty, evenly spread over them, in their order."""
    read = json.loads(PATH.read_text(encoding="utf-8"))
    openings = [
        Opening(
            number, one["text"], tuple(one["heroes"]), tuple(one["words"]), tuple(Fact(**fact) for fact in one.get("facts", []))
        )
        for number, one in enumerate(read, 1)
    ]
    count = min(count, len(openings))
    return [openings[place * len(openings) // count] for place in range(count)]


def cut_stories(stories: Iterable[str], count: int) -> list[tuple[Opening, str]]:
    """Real stories as an opening, up to the sentence that names the hero, and what follows; one without a hero is left out."""
    cut: list[tuple[Opening, str]] = []
    for story in stories:
        sentences, hero = split_sentences(story), find_hero(story)
        for place in range(1, min(MOST_SENTENCES, len(sentences) - 1) + 1) if hero and len(cut) < count else ():
            opening = "".join(sentences[:place])
            if hero and re.search(rf"\b{hero}\b", opening):
                words = tuple(find_content_words(opening, [hero]))
                cut.append((Opening(len(cut) + 1, opening, (hero,), words), "".join(sentences[place:])))
                break
    return cut

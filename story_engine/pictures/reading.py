"""Reading a story for its pictures: who is in a passage, what they carry, where and when, from its words and the story so far."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from story_engine.pictures.cast import Cast, pick_number
from story_engine.pictures.creatures import KINDS
from story_engine.pictures.lexicon import (
    CLOTHES,
    HEAVY,
    MOOD_OF,
    PLACE_OF,
    THING_OF,
    TIME_OF,
    WEATHER_OF,
    Place,
    Time,
    Weather,
    is_underwater,
    singular,
)
from story_engine.pictures.scene import Figure, Scene
from story_engine.pictures.senses import is_done, is_in_hand, is_there
from story_engine.text.sentences import split_sentences

STRONGEST: tuple[Weather, ...] = ("rainbow", "storm", "snow", "rain", "wind", "sunny")
MOST_FIGURES, MOST_THINGS = 4, 3
COLOURS = frozenset("red orange yellow green blue purple pink brown black white gray grey gold golden".split())
_WORD = re.compile(r"[A-Za-z][A-Za-z-]*")
_INTO = re.compile(r"\b(?:in|into|at|to|on|by|near|through|across|from|around|under|behind|along|reached|inside|entered)$")
_HAS = re.compile(
    r"\b(?:ha[sd]|have|holds?|held|holding|takes?|took|carr(?:y|ied|ying|ies)|br(?:ing|ought)|found|got|gets?|gave|gives?|picked|"
    r"grabbed|with|play(?:ed|ing)?|threw|caught|w[eo]re|wearing|opened|ate|eating|bought|made|put on|showed|drew|pulled)\b"
)
_GETS = re.compile(r"\b(?:found|finds|bought|gave|got|made|lost|new)\b")  # clothes that are no part of who has them
_PAIRS = re.compile(
    r"\b(?:teddy bear|polar bear|guinea pig|ice cream|fire truck|christmas tree|merry go round|story book|tropical fish|fishing pole)",
    re.IGNORECASE,
)
_MOON = re.compile(
    r"\b(?:fl[ey]w?|flying|rocket|land(?:ed|s)?|walk(?:ed|s)?|travel(?:ed|s)?)\b[^.!?]* (?:to|on) the moon\b|\b(?:in|into|through|outer) space\b",
    re.IGNORECASE,
)
_AFLOAT = re.compile(
    r"\bsail(?:s|ed|ing)\b|\b(?:on|aboard|onto) (?:the|his|her|their|a) (?:\w+ ){0,2}(?:ship|boat|deck)\b", re.IGNORECASE
)
_ON_WATER = ("river", "beach", "sea")
_DARK = re.compile(r"\b(?:was|got|grew|getting) (?:very |so |too )?dark\b|\bdark night\b|\bin(?:to|side)? the dark\b(?! \w)")
_INDOORS = re.compile(
    r"\b(?:in|inside|into) (?:the|his|her|their|a|my) (?:\w+ )?house\b|\bat home\b|\b(?:went|came|ran|got|walked) (?:back )?home\b"
)
_FURNITURE = frozenset("door window sofa couch table".split())  # there may be one in any room
_OUT = re.compile(
    r"\b(?:went|goes?|going|ran|run|walk\w*|play\w*|came|come|stepp?\w*|rush\w*|hurr\w*|gets?|got|were|was|be|flew|jump\w*) (?:\w+ )?$"
)
_HOLE = re.compile(r"\b(?:hole|cave|den|burrow|tunnel)\b")
_IN_WATER = re.compile(r"\b(?:swam|swims|is swimming|was swimming|were swimming|float(?:s|ed|ing)) \b")
_DEEP = frozenset(("shark", "whale", "dolphin", "octopus", "jellyfish"))  # whoever meets one is at the sea
_NEW_DAY = re.compile(r"\b(?:next|one|another|following|later that|sunny|every) day\b|\bmorning\b", re.IGNORECASE)
_STOPPED = re.compile(r"\b(?:rain|snow|storm|wind) (?:had )?stopped\b|\bstopped (?:raining|snowing)\b", re.IGNORECASE)
_INSIDE: frozenset[str] = frozenset(("room", "kitchen", "bedroom", "shop", "school", "cave"))
LANDMARKS = {
    "house": "house",
    "home": "house",
    "hut": "hut",
    "castle": "castle",
    "barn": "house-with-garden",
    "village": "houses",
}
LANDMARKS |= {
    "tower": "castle",
    "church": "church",
    "tent": "tent",
    "school": "school",
    "volcano": "volcano",
    "tree": "tree",
    "cottage": "hut",
}
_LANDMARK = re.compile(rf"\b(?:(?<=his )|(?<=her )|(?<=their )|(?<=its )|(?!home))({'|'.join(LANDMARKS)})\b")


@dataclass
class Reading:
    """What is known of a story as far as it was read; `looks` counts the reader's clicks on figures, by their keys."""

    looks: Mapping[str, int]
    cast: Cast = field(default_factory=Cast)
    place: Place = "meadow"
    time: Time = "day"
    weather: Weather = ""
    underwater: bool = False
    colours: dict[str, str] = field(default_factory=dict)

    def read(self, text: str) -> Scene:
        """The scene of the next piece of the story. The words, and what was read before, decide everything."""
        figures: dict[str, str] = {}  # key -> what it carries
        things: dict[str, None] = {}
        text = _PAIRS.sub(lambda match: match.group().replace(" ", "-"), text)
        self.cast.text += text
        words = [word.lower() for word in _WORD.findall(text)]
        for sentence in split_sentences(text):
            self._read_sentence(sentence, figures, things)
            self._find_place(sentence)
        figures = self._call_by_name(figures)
        self._find_hours(words, text)
        if self.place == "meadow" and (_IN_WATER.search(text) or any(self.cast.kinds[key] in _DEEP for key in figures)):
            self.place = "sea" if any(self.cast.kinds[key] in _DEEP for key in figures) else "river"
        if not figures:
            figures = dict.fromkeys(self.cast.find_last(lambda kind: True, 1), "")
        return Scene(
            seed=pick_number(text, 2**31),
            figures=tuple(self._show(key, thing) for key, thing in list(figures.items())[:MOST_FIGURES]),
            things=tuple(thing for thing in things if thing not in figures.values())[:MOST_THINGS],
            place=self.place,
            time=self.time,
            weather=self.weather,
            mood=find_mood(text),
            landmark=next((LANDMARKS[word] for word in _LANDMARK.findall(text.lower())), ""),
            underwater=self.underwater,
        )

    def _call_by_name(self, figures: dict[str, str]) -> dict[str, str]:
        """Who got a name behind their first words is one figure, with its colour and what it carries."""
        called: dict[str, str] = {}
        for key, thing in figures.items():
            own = key if key in self.cast.kinds else self.cast.named[key]
            called[own] = called.get(own) or thing
            if own != key and key in self.colours:
                self.colours.setdefault(own, self.colours[key])
        return called

    def _show(self, key: str, thing: str) -> Figure:
        look, colour = self.looks.get(key, 0), self.colours.get(key, "")
        return Figure(key, self.cast.kinds[key], look, colour, thing, self.cast.hero)

    def _read_sentence(self, sentence: str, figures: dict[str, str], things: dict[str, None]) -> None:
        """Who is in a sentence, and which things; one who has a thing carries it."""
        spoken = list(self.cast.find(sentence))
        for _, key in spoken:
            figures.setdefault(key, "")
        for key, place in {key: place for place, key in spoken}.items():
            self._note_colour(key, sentence[:place])
        for match in _WORD.finditer(sentence):
            symbol, before = self._find_thing(match.group().lower()), sentence[: match.start()]
            after = sentence[match.end() :]
            if not symbol or after.startswith(" of ") or (symbol in CLOTHES and not _GETS.search(before)):
                continue
            if not is_there(match.group().lower(), before, after):
                continue
            self._note_colour(symbol, before)
            thing = f"{symbol}:{self.colours[symbol]}" if symbol in self.colours else symbol
            owner = next((key for place, key in reversed(spoken) if place < match.start()), "")
            is_free = owner and not figures[owner] and self.cast.kinds[owner] not in KINDS and thing not in figures.values()
            if is_free and symbol not in HEAVY and thing not in things and _HAS.search(before) and is_in_hand(before):
                figures[owner] = thing
            else:
                things.setdefault(thing)

    def _find_thing(self, word: str) -> str:
        return THING_OF.get(word) or THING_OF.get(singular(word), "")

    def _note_colour(self, key: str, before: str) -> None:
        """The colour that stands in the two words before something: it keeps it all through the story."""
        for word in before.lower().replace(",", " ").split()[-2:]:
            if word in COLOURS:
                self.colours[key] = {"grey": "gray", "golden": "gold"}.get(word, word)

    def _find_place(self, sentence: str) -> None:
        if is_underwater(sentence):
            self.place, self.underwater = "sea", True
            return
        if _MOON.search(sentence):
            self._go("space")
        elif _AFLOAT.search(sentence) and self.place not in _ON_WATER:
            self._go("sea")
        elif _INDOORS.search(sentence):
            self._go("room")
        for match in _WORD.finditer(sentence):
            word = match.group().lower()
            place = PLACE_OF.get(word) or PLACE_OF.get(singular(word))
            if word in _FURNITURE and self.place in _INSIDE:
                continue
            if word == "outside" and not _OUT.search(sentence[: match.start()]):
                continue
            if word == "inside" and _HOLE.search(sentence):
                place = "cave"
            before = " ".join(sentence[: match.start()].lower().split()[-4:])
            is_told_of = before == "the" and sentence[match.end() :].startswith((" was", " were"))
            if word in ("outside", "inside") or is_told_of or (place and word not in ("house", "home") and _leads_into(before)):
                self._go("meadow" if word == "outside" and self.place in _INSIDE else place or self.place)

    def _go(self, place: Place) -> None:
        if place != "meadow" or self.place in _INSIDE:
            self.place, self.underwater = place, False

    def _find_hours(self, words: list[str], text: str) -> None:
        if found := list(_NEW_DAY.finditer(text)):
            self.time = "day"
            words = [word.lower() for word in _WORD.findall(text[found[-1].start() :])]
            if self.weather in ("storm", "wind", "rain", "rainbow", "sunny"):
                self.weather = ""
        hours = [word for word in words if word in TIME_OF]
        for word in [word for word in hours if word != "woke"] or hours:
            self.time = TIME_OF[word]
        told = {WEATHER_OF[word] for word in map(str.lower, _WORD.findall(text)) if word in WEATHER_OF}
        self.weather = next((weather for weather in STRONGEST if weather in told), self.weather)
        if _STOPPED.search(text) and self.weather != "rainbow":
            self.weather = ""
        if _DARK.search(text):
            self.time = "night"


def _leads_into(before: str) -> bool:
    """Whether the last of up to four words say that somebody is or goes there: "into the big dark"."""
    words = before.split()
    return any(_INTO.search(" ".join(words[: len(words) - back])) for back in range(4))


def find_mood(text: str) -> str:
    """The sign of what was done last that has one; "" where nothing has."""
    found = (match for match in _WORD.finditer(text) if match.group().lower() in MOOD_OF)
    done = [MOOD_OF[match.group().lower()] for match in found if is_done(text[max(0, match.start() - 40) : match.start()])]
    return done[-1] if done else ""

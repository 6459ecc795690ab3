"""Cast: who is who in a story, by rule: names, what kind of creature has them, and whom a pronoun means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from story_engine.pictures.creatures import CREATURE_OF, FEMALE, PEOPLE, PERSON_OF
from story_engine.pictures.lexicon import is_word, singular
from story_engine.text.names import NO_NAME

_NAME = r"[A-Z][a-z]+"
_WORD = r"[A-Za-z][\w-]*"
_KIND = rf"((?:{_WORD} )*?{_WORD})"
# "a boy named Tom", "her dog, Rex", "Tom was a little bear", "Finn the fish"; a word of the lexicon decides.
_NAMED = re.compile(rf"\b({_WORD}) (?:named|called|whose name was) ({_NAME})")
_OWN = re.compile(rf"\b(?:his|her|their|my|the|old|little) ({_WORD}),? ({_NAME})\b")
# The words behind the name; the first of them that names a kind counts.
_IS = re.compile(rf"\b({_NAME}) (?:was|is) (?:a|an|the) ((?:{_WORD},? ?){{1,4}})")
_THE = re.compile(rf"\b({_NAME}),? the ((?:{_WORD} ?){{1,2}})")
_TITLE = re.compile(rf"\b(Mr|Mrs|Ms|Miss|Dr)\.? ({_NAME})")
_TITLES = {"Mr": "man", "Dr": "man", "Mrs": "woman", "Ms": "woman", "Miss": "woman"}
_MIDDLE = re.compile(rf"(?<=[a-z,;] )({_NAME})\b")
_FIRST = re.compile(
    rf"(?:^\s*|[.!?\n\"“] *)({_NAME})(?: and (?:(?:his|her|the|a) \w+|{_NAME}))?,? (?:was|were|is|had|has|and|said|asked|saw|went|ran|loved|liked|wanted|"
    rf"found|made|got|took|told|put|felt|knew|thought|gave|came|woke|sat|lived|kicked|bit|looked|\w+ed)\b"
)
_NO_NAMES: frozenset[str] = NO_NAME | {
    *("Once He She It They We You His Her Their There Then When One Every Everyone Everybody Nobody Somebody But So And Suddenly"
      " Under Behind Deep High Soon Later Inside Outside After Before While Now Today Tomorrow Some All Both Each Who What Where"
      " Its My Our Another Many Suddenly Finally Just Here Something Nothing Everything Oh Yes No Hello Hi Sorry Thanks").split()
}  # fmt: skip
_GIRLS = frozenset(
    "Lily Mia Anna Sara Sarah Sue Lucy Emma Zoe Ella Jane Amy Kate Mary Molly Daisy Rose Grace Lisa Jenny Bella Maya Nina Ava "
    "Sally Susie Polly Clara Ruby Sophie Olivia Alice Mandy Jill Jen Kim Mimi Lola Tina Julia Eva Ida Lena".split()
)
_BOYS = frozenset(
    "Tom Ben Sam Tim Max Jack Leo Timmy Tommy Billy Bob Bobby Joe Joey John Johnny Jim Jimmy Mark Mike Peter Paul Dan Danny Nick "
    "Fred Charlie Oliver Henry Will Luke Noah Adam Andy Eric George Harry Theo Finn Spot Rex".split()
)
_SAME = {"mommy": "mom", "mum": "mom", "mummy": "mom", "mama": "mom", "mother": "mom", "daddy": "dad", "papa": "dad"}
_SAME |= {"father": "dad", "grandmother": "grandma", "granny": "grandma", "nana": "grandma"}
_SAME |= {"grandfather": "grandpa", "granddad": "grandpa", "queen": "queen"}
_KNOWN = re.compile(rf"\b({'|'.join(sorted(_GIRLS | _BOYS))})\b")


@dataclass
class Cast:
    """Everybody of a story so far: key -> kind, in the order in which they came, and when each was last spoken of."""

    kinds: dict[str, str] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)
    clock: int = 0
    text: str = ""  # of the story so far

    @property
    def hero(self) -> str:
        """The first person with a name."""
        return next((key for key, kind in self.kinds.items() if key[0].isupper() and kind in PEOPLE), "")

    def find(self, sentence: str) -> Iterator[tuple[int, str]]:
        """Whom a sentence speaks of, by place and key; each may come more than once."""
        apposed = self._bind(sentence)
        for match in re.finditer(_WORD, sentence):
            if match.start() in apposed:
                continue
            for key in self._resolve(match.group(), sentence[: match.start()]):
                self.clock += 1
                self.said[key] = self.clock
                yield match.start(), key

    def _bind(self, sentence: str) -> set[int]:
        """Learn the names of a sentence; returns where a word only says what kind of somebody a name is."""
        apposed = set()
        for pattern, words in ((_NAMED, 1), (_OWN, 1), (_IS, 2), (_THE, 2)):
            for match in pattern.finditer(sentence):
                name = match.group(3 - words)
                word = next((word for word in re.finditer(_WORD, match.group(words)) if kind_of(word.group())), None)
                if word and name not in _NO_NAMES:
                    self._name(name, kind_of(word.group()))
                    apposed.add(match.start(words) + word.start())
        for match in _TITLE.finditer(sentence):
            self._name(match.group(2), kind_of(match.group(2).lower()) or _TITLES[match.group(1)])
        for pattern in (_MIDDLE, _FIRST, _KNOWN):
            for match in pattern.finditer(sentence):
                name = match.group(1)
                if name not in self.kinds and self._is_name(name, pattern is _FIRST):
                    self.kinds[name] = guess_kind(name, sentence[match.end() :])
                    self.guessed.add(name)
        return apposed

    def _is_name(self, name: str, is_first: bool) -> bool:
        """Whether a capital makes a name; at a sentence's beginning the story must have written it so before."""
        if name in _NO_NAMES or is_word(name.lower()):
            return False
        if not is_first or name in _GIRLS | _BOYS:
            return True
        return len(re.findall(rf"\b{name}\b", self.text)) > 1 and not re.search(rf"\b{name.lower()}\b", self.text)

    def _name(self, name: str, kind: str) -> None:
        if kind and name not in _NO_NAMES and (name not in self.kinds or name in self.guessed):
            self.kinds[name] = kind
            self.guessed.discard(name)
            if self.kinds.get(kind) == kind:  # "a dog", and then "named Rex"
                del self.kinds[kind]

    def _resolve(self, word: str, before: str) -> list[str]:
        if word in self.kinds:
            return [word]
        lower = word.lower()
        if lower in ("he", "him", "his", "she", "her"):
            return self._find_meant(lower in ("she", "her"))
        if lower in ("they", "them", "their", "we", "both"):
            return self.find_last(lambda kind: True, 2)
        noun = singular(lower)
        kind = kind_of(noun)
        if not kind or (lower == "chicken" and before.rstrip().endswith("eat")):
            return []
        named = [key for key in self.find_last(lambda other: other == kind, 1) if key[0].isupper()]
        is_new = re.search(r"\b(?:an?|another|some) (?:\w+ ){0,2}$", before) is not None
        key = named[0] if named and not is_new else _SAME.get(noun, noun)
        self.kinds.setdefault(key, kind)
        return [key, f"{key} 2"] if noun != lower and key == noun and self.kinds.setdefault(f"{key} 2", kind) else [key]

    def _find_meant(self, is_female: bool) -> list[str]:
        """Whom a pronoun means: the last person or somebody with a name, else the last creature."""
        recent = self.find_last(lambda kind: (kind in FEMALE) == is_female, len(self.said))
        return ([key for key in recent if self.kinds[key] in PEOPLE or key[0].isupper()] or recent)[:1]

    def find_last(self, fits: Callable[[str], bool], most: int) -> list[str]:
        """Those of a kind who were spoken of last."""
        recent = sorted(
            (key for key in self.said if key in self.kinds and fits(self.kinds[key])), key=lambda key: -self.said[key]
        )
        return recent[:most]


def kind_of(word: str) -> str:
    """The kind of person or creature that a word names; "" where it names none."""
    noun = singular(word.lower())
    return PERSON_OF.get(noun) or CREATURE_OF.get(noun) or ""


def guess_kind(name: str, after: str) -> str:
    """A child's kind by its name, or by the first pronoun behind it."""
    if name in _GIRLS or name in _BOYS:
        return "girl" if name in _GIRLS else "boy"
    pronoun = re.search(r"\b(he|his|him|she|her)\b", after)
    if pronoun:
        return "boy" if pronoun.group(1) in ("he", "his", "him") else "girl"
    return "girl" if name[-1] in "aey" or pick_number(name, 2) else "boy"


def pick_number(text: str, most: int) -> int:
    """A number below `most` that a text stands for, always the same."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") % most

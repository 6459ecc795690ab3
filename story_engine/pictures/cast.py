"""Cast: who is who in a story, by rule: names, what kind of creature has them, and whom a pronoun means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from story_engine.pictures.creatures import CREATURE_OF, FEMALE, KINDS, PEOPLE, PERSON_OF
from story_engine.pictures.lexicon import is_word, singular
from story_engine.pictures.senses import is_alive
from story_engine.text.names import NO_NAME
from story_engine.text.sentences import split_sentences
from story_engine.text.verbs import PASTS
from story_engine.text.words import SENTENCE_WORDS, is_familiar

_NAME = r"[A-Z][a-z]+"
_WORD = r"[A-Za-z][\w-]*"
_KIND = rf"((?:{_WORD} )*?{_WORD})"
# "a boy named Tom", "her dog, Rex", "Tom was a little bear", "Finn the fish"; a word of the lexicon decides.
_NAMED = re.compile(rf"\b({_WORD}) (?:named|called|whose name was) ({_NAME})")
_OWN = re.compile(rf"\b(?i:his|her|their|my|the|old|little) ({_WORD}),? (?:(?:Mr|Mrs|Ms|Miss|Dr)\.? )?({_NAME})\b")
_RANK = re.compile(rf"\b([A-Z][a-z]+) ({_NAME})\b")  # "Captain Zara"
_PAIR = re.compile(rf"\b({_WORD}s),? ({_NAME}) and ({_NAME})\b")  # "two foxes, Saffron and Flint"
# The words behind the name; the first of them that names a kind counts.
_OLD = re.compile(rf"\b[Oo]ld ({_NAME})\b")
_IS = re.compile(rf"\b({_NAME}) (?:was|is) (?:a|an|the) ((?:{_WORD},? ?){{1,4}})")
_THE = re.compile(rf"\b({_NAME}),? the ((?:{_WORD} ?){{1,2}})")
_TITLE = re.compile(rf"\b(Mr|Mrs|Ms|Miss|Dr)\.? ({_NAME})")
_TITLES = {"Mr": "man", "Dr": "man", "Mrs": "woman", "Ms": "woman", "Miss": "woman"}
_MIDDLE = re.compile(rf"(?<=[a-z,;] )({_NAME})\b")
# First in a sentence, before a verb in the past or what somebody is.
_FIRST = re.compile(
    rf"(?:^\s*|[.!?\n\"“] *)({_NAME})(?: and (?:(?:his|her|the|a) \w+|{_NAME}))?,? "
    rf"(?:the \w+|were|is|has|and|\w+ed|{'|'.join(sorted({*PASTS.values()}))})\b"
)
_NO_NAMES: frozenset[str] = NO_NAME | {
    *("Once He She It They We You His Her Their There Then When One Every Everyone Everybody Nobody Somebody But So And Suddenly"
      " Under Behind Deep High Soon Later Inside Outside After Before While Now Today Tomorrow Some All Both Each Who What Where"
      " Mr Mrs Ms Miss Dr Its My Our Another Many Finally Just Here Something Nothing Everything Oh Yes No Hello Hi Sorry Thanks").split()
}  # fmt: skip
_GIRLS = frozenset(
    "Lily Mia Anna Sara Sarah Sue Lucy Emma Zoe Ella Jane Amy Kate Mary Molly Daisy Rose Grace Lisa Jenny Bella Maya Nina Ava "
    "Sally Susie Polly Clara Ruby Sophie Olivia Alice Mandy Jill Jen Kim Mimi Lola Tina Julia Eva Ida Lena".split()
)
_BOYS = frozenset(
    "Tom Ben Sam Tim Max Jack Leo Timmy Tommy Billy Bob Bobby Joe Joey John Johnny Jim Jimmy Mark Mike Peter Paul Dan Danny Nick "
    "Fred Charlie Oliver Henry Will Luke Noah Adam Andy Eric George Harry Theo Finn Spot Rex".split()
)
# Against what the last letter says; a pronoun near the name counts before it.
_ALSO_GIRLS = frozenset(
    "Agnes Astrid Beatrix Carmen Doris Edith Eleanor Ellen Erin Esther Fern Gretel Hannah Hazel Heidi Imani Ines Ingrid Iris "
    "Isabel Jasmin Judith Karen Leah Lin Ling Lilian Lois Mabel Margaret Marigold Marit Meg Megan Mei Miriam Naomi Noor Opal "
    "Pearl Phyllis Rachel Rosalind Ruth Saffron Sharon Sigrid Susan Vivian Willow Yuki Zuri".split()
)
_ALSO_BOYS = frozenset(
    "Abe Akira Andre Anthony Barnaby Barry Bertie Bruce Dave Eddie Ezra Freddie Gary George Geoffrey Gregory Guy Jake "
    "Jamie Jerry Jesse Joshua Kyle Larry Lee Luca Luke Nicky Pete Pierre Ray Ricky Rory Roy Steve Terry Toby Tony Wayne Ziggy".split()
)
_SAME = {"mommy": "mom", "mum": "mom", "mummy": "mom", "mama": "mom", "mother": "mom", "daddy": "dad", "papa": "dad"}
_SAME |= {"father": "dad", "grandmother": "grandma", "granny": "grandma", "nana": "grandma"}
_SAME |= {"grandfather": "grandpa", "granddad": "grandpa", "queen": "queen"}
_OLDER = {"boy": "old-man", "man": "old-man", "girl": "old-woman", "woman": "old-woman"}
_AGED = ("man", "woman")  # kinds that are drawn older behind "old"
_NEAR = 200  # characters
TELLER = "storyteller"  # the key of who says "I"
_BEGINNING = 200  # characters in which somebody who tells of themselves says so
_I = re.compile(r"\b(?:I|me)\b")
_PRONOUN = re.compile(r"\b(he|his|him|she|her)\b", re.IGNORECASE)
_PLAIN = frozenset("boy girl child kid man woman lady".split())  # words that may mean anybody of the kind; "farmer" means one
_ANYBODY = frozenset(
    "farmer doctor baker driver shopkeeper sailor captain hunter gardener clockmaker carpenter tailor cook chef keeper pilot "
    "shepherd viking".split()
)  # men and women
_PARENTS = frozenset(("mom", "dad", *_SAME)) - {"queen"}
_KNOWN = re.compile(rf"\b({'|'.join(sorted(_GIRLS | _BOYS))})\b")


@dataclass
class Cast:
    """Everybody of a story so far: key -> kind, in the order in which they came, and when each was last spoken of."""

    kinds: dict[str, str] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)
    guessed: set[str] = field(default_factory=set)
    named: dict[str, str] = field(default_factory=dict)  # the keys that there are no more: "dog", who turned out to be Rex
    roles: dict[str, str] = field(default_factory=dict)  # the word by which a name was introduced: "baker"
    clock: int = 0
    text: str = ""  # of the story so far

    @property
    def hero(self) -> str:
        """The first person with a name."""
        return next((key for key, kind in self.kinds.items() if key[0].isupper() and kind in PEOPLE), "")

    @property
    def is_told_by_i(self) -> bool:
        """Whether the story begins with somebody who says "I" outside of speech."""
        sentences = split_sentences(self.text[:_BEGINNING])
        return any(not _is_spoken(one[: i.start()], one[i.end() :]) for one in sentences for i in _I.finditer(one))

    def find(self, sentence: str) -> Iterator[tuple[int, str]]:
        """Whom a sentence speaks of, by place and key; each may come more than once."""
        apposed = self._bind(sentence)
        for match in re.finditer(_WORD, sentence):
            if match.start() in apposed:
                continue
            for key in self._resolve(match.group(), sentence[: match.start()], sentence[match.end() :]):
                self.clock += 1
                self.said[key] = self.clock
                yield match.start(), key

    def _bind(self, sentence: str) -> set[int]:
        """Learn the names of a sentence; returns where a word only says what kind of somebody a name is."""
        apposed = set()
        for pattern, words in ((_NAMED, 1), (_OWN, 1), (_RANK, 1), (_IS, 2), (_THE, 2)):
            for match in pattern.finditer(sentence):
                name = match.group(3 - words)
                word = next((word for word in re.finditer(_WORD, match.group(words)) if kind_of(word.group())), None)
                if word and name not in _NO_NAMES:
                    self._name(name, kind_of(word.group()), word.group().lower())
                    apposed.add(match.start(words) + word.start())
        for match in _PAIR.finditer(sentence):
            for name in match.group(2, 3):
                self._name(name, kind_of(match.group(1)))
            apposed.add(match.start(1))
        for match in _TITLE.finditer(sentence):
            self._name(match.group(2), kind_of(match.group(2).lower()) or _TITLES[match.group(1)])
        for pattern in (_MIDDLE, _FIRST, _KNOWN):
            for match in pattern.finditer(sentence):
                self._guess(match.group(1), pattern is _FIRST)
        for match in _OLD.finditer(sentence):
            if (kind := self.kinds.get(match.group(1))) in _OLDER:
                self.kinds[match.group(1)] = _OLDER[kind]
        return apposed

    def _guess(self, name: str, is_first: bool) -> None:
        if name not in self.kinds and self._is_name(name, is_first):
            self.kinds[name] = guess_kind(name, self.text)
            self.guessed.add(name)

    def _is_name(self, name: str, is_first: bool) -> bool:
        """Whether a capital makes a name; at a sentence's beginning the story must have written it so before."""
        if name in _NO_NAMES or is_word(name.lower()):
            return False
        if not is_first or name in _GIRLS | _BOYS:
            return True
        if re.search(rf"\b{name.lower()}\b", self.text):
            return False
        is_rare = not is_familiar(name.lower()) and name.lower() not in SENTENCE_WORDS
        return is_rare or len(re.findall(rf"\b{name}\b", self.text)) > 1

    def _name(self, name: str, kind: str, role: str = "") -> None:
        if kind == "man" and role in _ANYBODY and guess_kind(name, self.text) == "girl":
            kind = "woman"
        if kind and name not in _NO_NAMES and (name not in self.kinds or name in self.guessed):
            self.kinds[name] = kind
            self.guessed.discard(name)
            self.roles[name] = role
            if self.kinds.get(kind) == kind:  # "a dog", and then "named Rex"
                del self.kinds[kind]
                self.named[kind] = name

    def _resolve(self, word: str, before: str, after: str) -> list[str]:
        if word in self.kinds:
            return [word]
        if _I.fullmatch(word) and not _is_spoken(before, after) and self.is_told_by_i:
            self.kinds.setdefault(TELLER, "child")
            return [TELLER]
        lower = word.lower()
        if lower in ("he", "him", "his", "she", "her"):
            return self._find_meant(lower in ("she", "her"))
        if lower in ("they", "them", "their", "we", "both"):
            return self.find_last(lambda kind: True, 2)
        noun = singular(lower)
        kind = kind_of(noun)
        if not kind or not is_alive(lower, before, after) or (kind in PEOPLE and _says_whose_young(after)):
            return []
        if kind in _AGED and before.endswith("old "):
            kind = f"old-{kind}"
        if noun in _PARENTS:
            kind = self._find_kin(before) or kind
        fits = (key for key in self.find_last(lambda other: other == kind, len(self.said)) if key[0].isupper())
        named = [key for key in fits if kind in KINDS or noun in _PLAIN or self.roles.get(key) == noun][:2]
        is_new = noun in _PARENTS or re.search(r"\b(?:an?|another|some) (?:\w+ ){0,2}$", before) is not None
        if noun != lower and len(named) > 1 and not is_new:
            return named
        key = named[0] if named and not is_new else _SAME.get(noun, noun)
        self.kinds.setdefault(key, kind)
        return [key, f"{key} 2"] if noun != lower and key == noun and self.kinds.setdefault(f"{key} 2", kind) else [key]

    def _find_kin(self, before: str) -> str:
        """The kind of the creature whose parent is spoken of: "Mungo's mother", where Mungo is a hedgehog."""
        owner = re.search(rf"\b({_WORD})['’]s $|\b(his|her|its) $", before)
        if owner is None:
            return ""
        word = owner.group(1) or ""
        meant = [word] if word in self.kinds else [] if word else self._find_meant(owner.group(2) == "her")
        kind = self.kinds[meant[0]] if meant else ""
        return kind if kind in KINDS else ""

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


def _is_spoken(before: str, after: str) -> bool:
    """Whether a word between two parts of its sentence stands in speech, which may go over several sentences."""
    closing, opening = after.find("”"), after.find("“")
    is_inside = before.count("“") > before.count("”") or (closing >= 0 and not 0 <= opening < closing)
    return is_inside or before.count('"') % 2 > 0 or after.count('"') % 2 > 0


def _says_whose_young(after: str) -> bool:
    """Whether the next word says whose baby or mother somebody is: "baby dragon"."""
    following = re.match(rf" ({_WORD})", after)
    return following is not None and bool(kind_of(following.group(1)))


def guess_kind(name: str, text: str) -> str:
    """A child's kind by its name, by the first pronoun near behind it, or by the last one near before it."""
    if name in _GIRLS or name in _BOYS:
        return "girl" if name in _GIRLS else "boy"
    before, _, after = text.partition(name)
    pronouns = _PRONOUN.findall(after[:_NEAR])[:1] or _PRONOUN.findall(before[-_NEAR:])[-1:]
    if pronouns:
        return "boy" if pronouns[0].lower() in ("he", "his", "him") else "girl"
    return "girl" if (name[-1] in "aey" and name not in _ALSO_BOYS) or name in _ALSO_GIRLS else "boy"


def pick_number(text: str, most: int) -> int:
    """A number below `most` that a text stands for, always the same."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") % most

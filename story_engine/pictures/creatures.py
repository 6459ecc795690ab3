"""Creatures: which words of a story name a person or an animal, and how tall each stands in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """A creature: its symbol, its height in a picture of 360, how it is drawn, and where it lives.

    `build` is "whole" where the symbol has a body, "head" where it needs one, "flying" where it hangs in the air and
    "swimming" where it hangs in water.
    """

    symbol: str
    height: int
    build: Literal["whole", "head", "flying", "swimming"] = "whole"


# symbol, height, build: the words that name it; the first word is the key of its figure.
_CREATURES = {
    ("dog", 74, "whole"): "dog puppy doggy doggie pup",
    ("cat", 66, "whole"): "cat kitten kitty",
    ("rabbit", 58, "whole"): "rabbit bunny hare",
    ("mouse", 40, "whole"): "mouse",
    ("rat", 42, "whole"): "rat",
    ("duck", 56, "whole"): "duck",
    ("baby-chick", 40, "whole"): "chick duckling",
    ("rooster", 62, "whole"): "rooster",
    ("chicken", 62, "head"): "hen chicken",
    ("goose", 68, "whole"): "goose",
    ("swan", 74, "whole"): "swan",
    ("turkey", 62, "whole"): "turkey",
    ("peacock", 78, "whole"): "peacock",
    ("penguin", 72, "whole"): "penguin",
    ("owl", 56, "flying"): "owl",
    ("bird", 44, "flying"): "bird birdie robin sparrow crow pigeon bluebird",
    ("parrot", 54, "flying"): "parrot",
    ("eagle", 66, "flying"): "eagle hawk",
    ("dove", 52, "flying"): "dove seagull gull",
    ("bat", 46, "flying"): "bat",
    ("butterfly", 38, "flying"): "butterfly moth",
    ("honeybee", 32, "flying"): "bee bumblebee wasp",
    ("lady-beetle", 30, "whole"): "ladybug ladybird",
    ("ant", 30, "whole"): "ant",
    ("spider", 32, "whole"): "spider",
    ("bug", 36, "whole"): "bug caterpillar worm",
    ("beetle", 32, "whole"): "beetle cricket grasshopper",
    ("snail", 40, "whole"): "snail",
    ("turtle", 48, "whole"): "turtle tortoise",
    ("frog", 62, "head"): "frog toad froggy",
    ("lizard", 48, "whole"): "lizard gecko",
    ("snake", 58, "whole"): "snake",
    ("crocodile", 96, "whole"): "crocodile alligator",
    ("cow", 112, "whole"): "cow calf",
    ("ox", 116, "whole"): "bull ox",
    ("pig", 84, "whole"): "pig piglet piggy",
    ("horse", 130, "whole"): "horse pony foal mare",
    ("donkey", 104, "whole"): "donkey",
    ("ewe", 88, "whole"): "sheep lamb",
    ("goat", 88, "whole"): "goat",
    ("camel", 130, "whole"): "camel",
    ("elephant", 168, "whole"): "elephant",
    ("giraffe", 190, "whole"): "giraffe",
    ("zebra", 122, "whole"): "zebra",
    ("hippopotamus", 118, "whole"): "hippo hippopotamus",
    ("lion", 112, "head"): "lion",
    ("tiger", 104, "whole"): "tiger",
    ("monkey", 78, "whole"): "monkey ape",
    ("kangaroo", 110, "whole"): "kangaroo",
    ("koala", 78, "head"): "koala",
    ("panda", 104, "head"): "panda",
    ("bear", 122, "head"): "bear",
    ("polar-bear", 122, "head"): "polar-bear",
    ("fox", 84, "head"): "fox",
    ("wolf", 96, "head"): "wolf",
    ("deer", 120, "whole"): "deer fawn reindeer moose",
    ("chipmunk", 54, "whole"): "squirrel chipmunk",
    ("hedgehog", 46, "whole"): "hedgehog",
    ("hamster", 56, "head"): "hamster guinea-pig",
    ("raccoon", 72, "head"): "raccoon",
    ("skunk", 58, "whole"): "skunk",
    ("badger", 58, "whole"): "badger",
    ("beaver", 60, "whole"): "beaver",
    ("otter", 58, "whole"): "otter",
    ("seal", 66, "whole"): "seal",
    ("fish", 48, "swimming"): "fish fishy goldfish",
    ("tropical-fish", 46, "swimming"): "tropical-fish",
    ("whale", 150, "swimming"): "whale",
    ("dolphin", 96, "swimming"): "dolphin",
    ("shark", 108, "swimming"): "shark",
    ("octopus", 78, "swimming"): "octopus squid",
    ("jellyfish", 56, "swimming"): "jellyfish",
    ("crab", 46, "whole"): "crab lobster",
    ("dragon", 132, "whole"): "dragon",
    ("unicorn", 128, "head"): "unicorn",
    ("sauropod", 170, "whole"): "dinosaur dino",
    ("ghost", 84, "flying"): "ghost",
    ("robot", 104, "head"): "robot",
    ("snowman", 110, "whole"): "snowman",
    ("alien", 92, "head"): "alien",
    ("monster", 124, "whole"): "monster beast ogre troll",
    ("woman-fairy", 84, "flying"): "fairy",
}  # fmt: skip

_VARIANTS = {
    "dog": ("dog", "guide-dog", "poodle"),
    "cat": ("cat", "black-cat"),
    "dinosaur": ("sauropod", "t-rex"),
    "fish": ("fish", "tropical-fish"),
    "bird": ("bird", "parrot", "dove"),
    "bug": ("bug", "worm"),
}  # words to click through

# Heads of people, who are given a body: the words that name them, the youngest first.
PEOPLE = {
    "baby": "baby newborn infant",
    "boy": "boy brother son grandson nephew lad",
    "girl": "girl sister daughter granddaughter niece",
    "child": "child kid neighbor classmate",
    "man": "man dad daddy papa father uncle farmer doctor baker policeman fireman mailman driver fisherman shopkeeper "
    "sailor captain hunter postman gardener clockmaker carpenter tailor cook chef keeper pilot shepherd viking",
    "woman": "woman mom mommy mum mummy mama mother aunt teacher nurse lady postwoman policewoman",
    "old-man": "grandpa grandfather granddad",
    "old-woman": "grandma grandmother granny nana",
    "pirate": "pirate",
    "princess": "princess queen",
    "prince": "prince",
    "king": "king",
    "wizard": "wizard magician",
    "witch": "witch",
    "elf": "elf gnome dwarf",
    "giant": "giant",
}

KINDS = {words.split()[0]: Kind(symbol, height, build) for (symbol, height, build), words in _CREATURES.items()}  # type: ignore[arg-type]

CREATURE_OF = {word: words.split()[0] for words in _CREATURES.values() for word in words.split()}

PERSON_OF = {word: kind for kind, words in PEOPLE.items() for word in words.split()}
FEMALE = frozenset("girl woman old-woman princess witch".split())


def list_symbols(word: str) -> tuple[str, ...]:
    """The symbols of a creature, the usual one first: a reader can click through them."""
    return _VARIANTS.get(word, (KINDS[word].symbol,))

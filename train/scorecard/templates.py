"""Pairs of little texts, made from seeded templates: two beginnings, and an ending that fits only one of them each.

In every pair both beginnings end in the same three words or more, so that a model of three tokens is at chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

GIRLS = ("Lily", "Mia", "Anna", "Sara", "Lucy", "Emma", "Amy", "Sue", "Jane", "Ella")
BOYS = ("Tom", "Ben", "Tim", "Max", "Sam", "Jack", "Bob", "Leo", "Mark", "Dan")
ANIMALS = ("dog", "cat", "bird", "rabbit", "bear", "frog", "duck", "horse", "pig", "cow", "mouse", "fox")
THINGS = ("ball", "kite", "doll", "book", "car", "hat", "drum", "boat", "bike", "cake", "box", "cup")
PLACES = ("park", "garden", "forest", "house", "school", "shop", "beach", "farm", "pond", "hill")
COLOURS = ("red", "blue", "green", "yellow", "pink", "brown", "white", "black")
WEATHER = (
    "The sun was warm and the sky was blue.",
    "It was a quiet day and the wind was soft.",
    "The birds sang in the tall trees.",
    "A soft rain fell on the grass.",
    "It was early and the air was cold.",
    "There were many people and a lot of noise.",
)
PLURAL_MIDDLES = (
    "near the old tree", "behind the big house", "at the end of the road", "next to the little pond",
    "under the long bridge", "in front of the shop",
)  # fmt: skip
STATES = ("happy and warm", "very hungry", "tired and sleepy", "big and strong", "not afraid", "ready to play")
# What happened, and how one feels then; every feeling comes from several causes.
CAUSES = (
    ("lost {his} best toy", "sad"), ("could not find {his} mom", "sad"), ("dropped {his} ice cream in the mud", "sad"),
    ("got a big gift", "happy"), ("saw {his} best friend again", "happy"), ("ate a big piece of cake", "happy"),
    ("heard a loud noise in the dark", "scared"), ("saw a big snake in the grass", "scared"),
    ("got lost in the dark forest", "scared"), ("ran and jumped all day", "tired"), ("did not sleep all night", "tired"),
    ("had no food all day", "hungry"), ("smelled the food and had not eaten", "hungry"), ("won the big race", "proud"),
    ("made a tall tower without help", "proud"), ("saw a boy break the tower on purpose", "angry"),
    ("saw a girl take the toy and run away", "angry"),
)  # fmt: skip
BEFORE_FEELING = (
    "Then {he} went home and sat down. {He} felt very",
    "{He} came back to the room. {He} was so",
    '{He} told mom all about it. {He} said, "I feel',
)
# A loss and how it was mended: sad before it, happy behind it; read the other way round, happy first and sad behind.
TURNS = (
    ("{his} {thing} was broken", "{his} dad fixed the {thing}", "{he} had a new {thing}", "the {thing} broke"),
    ("{his} {thing} was lost", "{his} mom found the {thing}", "{he} had a new {thing}", "the {thing} was lost"),
    ("nobody wanted to play", "a friend came to play", "{he} played with a friend", "the friend went away for ever"),
    ("it rained all day", "the sun came out again", "it was a sunny day", "it rained and {he} could not play"),
    ("{his} {animal} was sick", "the {animal} was well again", "{his} {animal} came home", "the {animal} ran away"),
)
PRONOUN_ENDINGS = ("was wet", "smiled", "ran home", "was happy")


@dataclass(frozen=True)
class Pair:
    """`endings[i]` fits `contexts[i]`; `kind` names the template."""

    kind: str
    contexts: tuple[str, str]
    endings: tuple[str, str]


Maker = Callable[[np.random.Generator], Pair]


def make_pairs(makers: Sequence[Maker], count: int, seed: int) -> list[Pair]:
    """`count` different pairs, the templates in turn.

    Raises:
        ValueError: the templates do not hold so many.
    """
    generator = np.random.default_rng(seed)
    pairs: dict[Pair, None] = {}
    for attempt in range(50 * count):
        pairs[makers[attempt % len(makers)](generator)] = None
        if len(pairs) == count:
            return list(pairs)
    raise ValueError(f"The templates give {len(pairs)} pairs, not {count}.")


def pick(generator: np.random.Generator, words: Sequence[str], count: int = 1) -> list[str]:
    """`count` different words."""
    return [words[place] for place in generator.permutation(len(words))[:count]]


def make_agreement(generator: np.random.Generator) -> Pair:
    """One animal or several, with other words before the verb."""
    (animal,), (state,) = pick(generator, [a for a in ANIMALS if a not in ("mouse", "fox")]), pick(generator, STATES)
    (place,), (middle,) = pick(generator, PLACES), pick(generator, PLURAL_MIDDLES)
    lead = f"One day, {pick(generator, (*GIRLS, *BOYS))[0]} went to the {place}. {pick(generator, WEATHER)[0]} The {animal}"
    return Pair("agreement", (f"{lead} {middle}", f"{lead}s {middle}"), (f" was {state}", f" were {state}"))


def make_reference(generator: np.random.Generator) -> Pair:
    """A girl or a boy, another sentence, and a pronoun."""
    (girl,), (boy,), (place,) = pick(generator, GIRLS), pick(generator, BOYS), pick(generator, PLACES)
    tail = f"went to the {place}. {pick(generator, WEATHER)[0]} After a little while,"
    (did,) = pick(generator, PRONOUN_ENDINGS)
    return Pair("reference", (f"{boy} {tail}", f"{girl} {tail}"), (f" he {did}", f" she {did}"))


def make_possession(generator: np.random.Generator) -> Pair:
    """Two children with a thing each; whose is it?"""
    one, other = pick(generator, GIRLS + BOYS, 2)
    (first, second), (place,) = pick(generator, THINGS, 2), pick(generator, PLACES)
    tail = f"They went to the {place}. {pick(generator, WEATHER)[0]} {one} played with {his(one)}"
    contexts = [f"{one} had a {a}. {other} had a {b}. {tail}" for a, b in ((first, second), (second, first))]
    return Pair("possession", (contexts[0], contexts[1]), (f" {first}", f" {second}"))


def make_name(generator: np.random.Generator) -> Pair:
    """Two children, something happens to one of them; who is spoken of then?"""
    one, other = pick(generator, GIRLS + BOYS, 2)
    (thing,), (place,) = pick(generator, THINGS), pick(generator, PLACES)
    contexts = [
        f"{one} and {other} were at the {place}. {a} lost a {thing}. {b} looked everywhere and found it. "
        f'"Here is your {thing}," the good friend said to'
        for a, b in ((one, other), (other, one))
    ]
    return Pair("name", (contexts[0], contexts[1]), (f" {one}", f" {other}"))


def make_pronoun(generator: np.random.Generator) -> Pair:
    """A girl and a boy; what happened to one of them is told with a pronoun."""
    (girl,), (boy,), (place,) = pick(generator, GIRLS), pick(generator, BOYS), pick(generator, PLACES)
    first, second = (girl, boy) if generator.random() < 0.5 else (boy, girl)
    events = ("fell into the water", "slipped on the wet grass", "stepped into the mud", "ran through the rain")
    event = pick(generator, events)[0]
    tail = f"{event}. {pick(generator, WEATHER)[0]} When it was over,"
    lead = f"{first} and {second} went to the {place}."
    (did,) = pick(generator, PRONOUN_ENDINGS)
    return Pair("pronoun", (f"{lead} {boy} {tail}", f"{lead} {girl} {tail}"), (f" he {did}", f" she {did}"))


def make_feeling(generator: np.random.Generator) -> Pair:
    """What happened to a child, and how it feels."""
    (name,), before = pick(generator, GIRLS + BOYS), pick(generator, BEFORE_FEELING)[0]
    cause, feeling = CAUSES[generator.integers(len(CAUSES))]
    others = [entry for entry in CAUSES if entry[1] != feeling]
    other_cause, other_feeling = others[generator.integers(len(others))]
    contexts = [_fill(f"{name} {what}. {before}", name) for what in (cause, other_cause)]
    return Pair("feeling", (contexts[0], contexts[1]), (f" {feeling}", f" {other_feeling}"))


def make_turn(generator: np.random.Generator) -> Pair:
    """A feeling that changes: sad and then helped, or happy and then hurt."""
    (name,), (thing,), (animal,) = pick(generator, GIRLS + BOYS), pick(generator, THINGS), pick(generator, ANIMALS)
    trouble, help_, luck, loss = TURNS[generator.integers(len(TURNS))]
    after = pick(generator, (f"After that, {name} was", f"Now {name} felt very", f"All evening long, {name} was"))[0]
    contexts = [
        _fill(f"{name} was {feeling} because {first}. Then {second}. {after}", name, thing, animal)
        for feeling, first, second in (("sad", trouble, help_), ("happy", luck, loss))
    ]
    return Pair("turn", (contexts[0], contexts[1]), (" happy", " sad"))


def make_memory(generator: np.random.Generator) -> tuple[Pair, str]:
    """Something told at the beginning and asked for at the end; the second part stands behind whatever comes between."""
    names = GIRLS if generator.random() < 0.5 else BOYS
    name, other = pick(generator, names, 2)
    kind = ("thing", "pet", "name")[generator.integers(3)]
    if kind == "thing":
        first, second = pick(generator, THINGS, 2)
        openings = [f"{name} had a little {word}. It was a gift from grandma." for word in (first, second)]
        question = f"At the end of the day, {name} went home to play with the little"
    elif kind == "pet":
        first, second = pick(generator, ANIMALS, 2)
        openings = [f"{name} lived with a little {word}. They were best friends." for word in (first, second)]
        question = f"At the end of the day, {name} went home to feed the little"
    else:
        first, second, child = name, other, "girl" if names is GIRLS else "boy"
        openings = [f"There was a little {child} named {word}. The {child} was happy." for word in (first, second)]
        question = f'At the end of the day, mom looked at the {child}. "I love you,'
    return Pair(kind, (openings[0], openings[1]), (f" {first}", f" {second}")), question


def make_opening(generator: np.random.Generator) -> str:
    """The first sentence or two of a story, for a model to go on from."""
    (name,), (animal,), (thing,) = pick(generator, GIRLS + BOYS), pick(generator, ANIMALS), pick(generator, THINGS)
    (place,), (colour,) = pick(generator, PLACES), pick(generator, COLOURS)
    child = "girl" if name in GIRLS else "boy"
    forms = (
        f"Once upon a time, there was a little {child} named {name}. {his(name).capitalize()} best friend was a {animal}.",
        f"One day, {name} found a {colour} {thing} in the {place}.",
        f"{name} and the {animal} were friends. They lived near a {place}.",
        f"{name} did not want to share the {colour} {thing}.",
        f"A little {colour} {animal} lived in the {place}. It was looking for a {thing}.",
        f'"Look, a {thing}!" said {name}. It was big and {colour}.',
        f"It was a cold day. {name} went to the {place} with a {thing}.",
        f"There was once a {animal} who was afraid of the {place}.",
    )
    return forms[generator.integers(len(forms))]


def his(name: str) -> str:
    """The possessive that goes with a name."""
    return "her" if name in GIRLS else "his"


def _fill(text: str, name: str, thing: str = "", animal: str = "") -> str:
    he = "she" if name in GIRLS else "he"
    for hole, word in (("{his}", his(name)), ("{he}", he), ("{He}", he.capitalize()), ("{thing}", thing), ("{animal}", animal)):
        text = text.replace(hole, word)
    return text

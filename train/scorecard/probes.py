"""Measures of a model's likelihoods: which of two endings it finds likelier, and how it uses what stands before.

Every function gives one number for each item, and the group the item belongs to (its story or template), by which the
intervals are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from story_engine.text.sentences import split_sentences
from train.scorecard.scorers import Scorer
from train.scorecard.templates import Pair, make_memory

TAILS = (8, 16, 32, 64, 128)  # tokens of context that stay, in the measure of context use
DISTANCES = (16, 32, 64, 128, 256, 512, 1024, 1900)  # tokens between what is told and what is asked
TARGET = 24  # tokens whose loss is compared


@dataclass(frozen=True)
class Item:
    """One measurement: `key` names what was measured (a template, a distance), `group` the story it came from.

    A figure is the sum of the values over the sum of the weights.
    """

    key: str
    group: int
    value: float
    weight: float = 1.0


def probe_pairs(scorer: Scorer, pairs: Sequence[Pair]) -> list[Item]:
    """1 where the endings are likelier behind their own beginnings than crosswise, 0.5 where equal, else 0.

    logP(a|A) + logP(b|B) > logP(a|B) + logP(b|A): that one ending is likelier by itself cancels out.
    """
    encode, items = scorer.tokenizer.encode, []
    for number, pair in enumerate(pairs):
        contexts, endings = [encode(context) for context in pair.contexts], [encode(ending) for ending in pair.endings]
        if fits(scorer, *contexts, *endings):
            first, second = (find_lean(scorer, context, endings) for context in contexts)
            items.append(Item(pair.kind, number, judge(first - second)))
    return items


def fits(scorer: Scorer, *parts: Sequence[int]) -> bool:
    """Whether the window holds all these tokens, with the start token; an item that it cannot hold is not measured."""
    return sum(map(len, parts)) < scorer.context_length


def find_lean(scorer: Scorer, context: Sequence[int], endings: Sequence[Sequence[int]]) -> float:
    """How much likelier the first ending is than the second, in nats."""
    first, second = (float(line.sum()) for line in scorer.score(context, endings))
    return first - second


def judge(difference: float) -> float:
    return 0.5 if abs(difference) < 1e-6 else float(difference > 0)


def probe_memory(scorer: Scorer, count: int, seed: int, filler: Sequence[str]) -> list[Item]:
    """Pairs of which the first sentence decides and the last one asks, with so many tokens of other stories between."""
    generator, encode = np.random.default_rng(seed), scorer.tokenizer.encode
    items = []
    for number in range(count):
        pair, asked = make_memory(generator)
        endings, question = [encode(ending) for ending in pair.endings], encode(" " + asked)
        fitting = [text for text in filler if not any(ending.strip() in text for ending in pair.endings)]
        between = _fill(scorer, [fitting[place] for place in generator.permutation(len(fitting))], max(DISTANCES))
        openings = [encode(context) for context in pair.contexts]
        distances = [d for d in DISTANCES if fits(scorer, between[:d], question, *endings, max(openings, key=len))]
        # One beginning at all distances, then the other: what the scorer has read already is not read again.
        first, second = (
            [find_lean(scorer, [*opening, *between[:distance], *question], endings) for distance in distances]
            for opening in openings
        )
        values = [judge(a - b) for a, b in zip(first, second, strict=True)]
        items += [Item(str(distance), number, value) for distance, value in zip(distances, values, strict=True)]
    return items


def _fill(scorer: Scorer, sentences: Sequence[str], count: int) -> list[int]:
    """At least `count` tokens of sentences, again and again where they are few."""
    ids: list[int] = []
    while len(ids) < count:
        for sentence in sentences:
            ids += scorer.tokenizer.encode(" " + sentence)
            if len(ids) >= count:
                break
    return ids


def probe_continuity(scorer: Scorer, stories: Sequence[str], count: int, seed: int, mode: str = "whole") -> list[Item]:
    """1 where the true next paragraph is likelier, token for token, than three others of like length; chance is 0.25.

    `mode`: `whole` gives the story so far, `ending` nothing (is the true one likelier by itself?), `shuffled` the
    words of the story so far in another order.
    """
    generator = np.random.default_rng(seed)
    told = [[part for part in story.split("\n") if part.strip()] for story in stories]
    places = [(number, place) for number, parts in enumerate(told) for place in range(1, len(parts))]
    places = [places[place] for place in generator.permutation(len(places))[:count]]
    paragraphs = [(number, scorer.tokenizer.encode("\n" + part)) for number, parts in enumerate(told) for part in parts[1:]]
    items = []
    for number, place in places:
        true = scorer.tokenizer.encode("\n" + told[number][place])
        others = [paragraphs[one] for one in generator.permutation(len(paragraphs))[:200]]
        rivals = sorted((abs(len(ids) - len(true)), at) for at, (story, ids) in enumerate(others) if story != number)[:3]
        before = "\n".join(told[number][:place])
        if mode == "shuffled":
            words = before.split()
            before = " ".join(words[one] for one in generator.permutation(len(words)))
        context = [] if mode == "ending" else scorer.tokenizer.encode(before)
        choices = [true, *(others[at][1] for _, at in rivals)]
        if not fits(scorer, context, max(choices, key=len)):
            continue
        means = [float(line.mean()) for line in scorer.score(context, choices)]
        items.append(Item("next paragraph", number, float(means[0] > max(means[1:]))))
    return items


def probe_context_use(scorer: Scorer, stories: Sequence[str], count: int, seed: int) -> list[Item]:
    """How much dearer 24 tokens of a story are, in nats a token, where only the last k tokens before them are given."""
    generator = np.random.default_rng(seed)
    encoded = [(number, scorer.tokenizer.encode(story)) for number, story in enumerate(stories)]
    long = [(number, ids) for number, ids in encoded if max(TAILS) + TARGET < len(ids) < scorer.context_length]
    items = []
    for turn in range(count if long else 0):
        number, ids = long[turn % len(long)]
        start = int(generator.integers(max(TAILS) + 1, len(ids) - TARGET + 1))
        target = ids[start : start + TARGET]
        whole = float(scorer.score(ids[:start], [target])[0].mean())
        for tail in TAILS:
            cut = float(scorer.score(ids[start - tail : start], [target])[0].mean())
            items.append(Item(str(tail), number, whole - cut))
    return items


def probe_order(scorer: Scorer, stories: Sequence[str], count: int, seed: int) -> list[Item]:
    """1 where a story is likelier than itself with two neighbouring sentences of its middle exchanged."""
    generator = np.random.default_rng(seed)
    cut = [(number, split_sentences(story)) for number, story in enumerate(stories)]
    long = [(number, sentences) for number, sentences in cut if len(sentences) >= 6]
    items = []
    for turn in range(count if long else 0):
        number, sentences = long[turn % len(long)]
        place = int(generator.integers(2, len(sentences) - 2))
        first, second = sentences[place], sentences[place + 1]
        # Each keeps the white space that stands at its place.
        swapped = [_lead(first) + second.lstrip(), _lead(second) + first.lstrip()]
        rest = "".join(sentences[place + 2 :])
        context = scorer.tokenizer.encode("".join(sentences[:place]))
        lines = [scorer.tokenizer.encode("".join([*pair, rest])) for pair in ((first, second), swapped)]
        if first.split() == second.split() or not fits(scorer, context, lines[0]):
            continue
        true, other = (float(line.sum()) for line in scorer.score(context, lines))
        items.append(Item("order", number, float(true > other)))
    return items


def _lead(sentence: str) -> str:
    return sentence[: len(sentence) - len(sentence.lstrip())]


def probe_ending(scorer: Scorer, stories: Sequence[str]) -> list[Item]:
    """How much likelier an end is, in nats, at a story's true end than at the ends of its other sentences on average."""
    items = []
    for number, story in enumerate(stories):
        parts = [scorer.tokenizer.encode(sentence) for sentence in split_sentences(story)]
        places = np.cumsum([len(part) for part in parts])
        ids = [token for part in parts for token in part]
        if len(parts) >= 3 and fits(scorer, ids):
            logs = scorer.score_end(ids, places.tolist())
            items.append(Item("end", number, float(logs[-1] - logs[:-1].mean())))
    return items


def probe_loss(scorer: Scorer, stories: Sequence[str]) -> list[Item]:
    """Held-out loss by story, from the start token, its end included; one longer than the window is cut there."""
    items = []
    for number, story in enumerate(stories):
        line = [*scorer.tokenizer.encode(story), scorer.end][: scorer.context_length]
        nats = -float(scorer.score([], [line])[0].astype(np.float64).sum())
        size = len(scorer.tokenizer.decode(line).encode())
        items.append(Item("bits per byte", number, nats / math.log(2), size))
        items.append(Item("nats per token", number, nats, len(line)))
    return items

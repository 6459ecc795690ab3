"""One subject through all measures: items by measure, from likelihoods and from told stories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from story_engine.text.sentences import split_sentences
from train.scorecard import probes, texts
from train.scorecard.options import Sizes
from train.scorecard.probes import Item
from train.scorecard.scorers import Scorer, Told
from train.scorecard.templates import (
    make_agreement,
    make_feeling,
    make_name,
    make_opening,
    make_pairs,
    make_possession,
    make_pronoun,
    make_reference,
    make_turn,
)
from train.scorecard.texts import TrainingText

MOST_TOKENS = 600  # within which a story should come to its end
TOGETHER = 12  # stories told at once; their text does not depend on it
LOOKED_AT = 200  # tokens of a told story in which repetition is counted
BLEU_TEXTS = 200
PAIRS = {
    "relations": (make_agreement, make_reference),
    "characters": (make_name, make_pronoun, make_possession),
    "feelings": (make_feeling, make_turn),
}

Say = Callable[[str], None]


@dataclass
class Subject:
    """A model, or the real stories: its items by measure, and the stories that it told."""

    name: str
    items: dict[str, list[Item]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)


def measure_likelihoods(scorer: Scorer, subject: Subject, stories: Sequence[str], sizes: Sizes, seed: int, say: Say) -> None:
    """Everything that needs no told story."""
    stories = stories[: sizes.stories]
    work: dict[str, Callable[[], list[Item]]] = {
        "loss": lambda: probes.probe_loss(scorer, stories),
        "ending": lambda: probes.probe_ending(scorer, stories),
        "order": lambda: probes.probe_order(scorer, stories, sizes.pairs, seed),
        "context use": lambda: probes.probe_context_use(scorer, stories, sizes.positions, seed),
        "continuity": lambda: probes.probe_continuity(scorer, stories, sizes.pairs, seed),
        "continuity, paragraph alone": lambda: probes.probe_continuity(scorer, stories, sizes.pairs, seed, "ending"),
        "continuity, words shuffled": lambda: probes.probe_continuity(scorer, stories, sizes.pairs, seed, "shuffled"),
        "memory": lambda: probes.probe_memory(scorer, sizes.memory, seed, cut_filler(stories)),
    }
    for number, (measure, makers) in enumerate(PAIRS.items()):
        pairs = make_pairs(makers, sizes.pairs, seed + number)
        work[measure] = lambda pairs=pairs: probes.probe_pairs(scorer, pairs)  # type: ignore[misc]
    for measure, run in work.items():
        say(f"{subject.name}: {measure}")
        subject.items[measure] = run()


def cut_filler(stories: Sequence[str]) -> list[str]:
    """Sentences of held-out stories, to stand between what is told and what is asked."""
    return [sentence.strip() for story in stories for sentence in split_sentences(story)]


def tell_stories(scorer: Scorer, subject: Subject, count: int, seed: int, say: Say, most: int = MOST_TOKENS) -> None:
    """`count` stories from openings of our own, each with a seed of its own; the engine tells several in one batch."""
    generator = np.random.default_rng(seed)
    openings = [make_opening(generator) for _ in range(count)]
    with ThreadPoolExecutor(TOGETHER) as pool:
        told = pool.map(lambda number: scorer.tell(openings[number], seed + number + 1, most), range(count))
        for number, story in enumerate(told):
            if number % 20 == 0:
                say(f"{subject.name}: story {number + 1} of {count}")
            subject.told.append(story)


def take_real_stories(subject: Subject, stories: Sequence[str], count: int) -> None:
    """Held-out stories, their first sentence taken as the opening."""
    for story in stories[:count]:
        opening, *rest = split_sentences(story)
        subject.told.append(Told(opening, "".join(rest), True))


def measure_told(subject: Subject, training: TrainingText | None, scorer: Scorer) -> None:
    """Everything that is measured on told stories alone."""
    encode, decode = scorer.tokenizer.encode, scorer.tokenizer.decode
    cut = [encode(told.text)[:LOOKED_AT] for told in subject.told]
    short = [decode(ids) for ids in cut]
    values: dict[str, list[float]] = {
        "repetition": [texts.measure_repetition(ids) for ids in cut],
        "loops": [float(texts.is_loop(text)) for text in short],
        "stray names": [float(bool(texts.find_stray_names(told.opening, told.text))) for told in subject.told],
        "distinct": [texts.measure_distinct(text) for text in short],
        "self-BLEU": texts.measure_self_bleu(short[:BLEU_TEXTS]),
        "ended": [
            float(told.is_ended and told.text.rstrip().endswith((".", "!", "?", '"', "”", "’"))) for told in subject.told
        ],
    }
    if training:
        values["known words"] = [texts.measure_known_words(text, training.words) for text in short]
        values["copied"] = [training.measure_copied(text) for text in short]
    for measure, numbers in values.items():
        subject.items[measure] = [Item(measure, number, value) for number, value in enumerate(numbers)]

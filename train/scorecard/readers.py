"""What a reader meets: whether a story takes up what its opening says, for several models side by side and for real stories."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from story_engine import Settings, Story, StoryEngine, StoryError
from story_engine.model.tokenizer import StoryTokenizer
from train.errors import TrainError
from train.scorecard.figures import Figure, Line, estimate_difference, find_figures, write_table
from train.scorecard.fit import TextScorer, make_derangement, measure_fit
from train.scorecard.following import count_followed, find_misspelt, is_named
from train.scorecard.openings import KINDS, Opening, cut_stories
from train.scorecard.probes import Item, find_lean, fits, judge
from train.scorecard.scorers import EngineScorer, Scorer, Told
from train.scorecard.subjects import Say, Subject

TOKENS = 150  # of a continuation
TOGETHER = 8  # stories told at once; their text does not depend on it
NO_SCORER = "not measured (no --scorer)"
REAL = "real stories"

FOLLOWED = (
    Line(13, "words followed: content words and heroes of the opening that come back", "followed"),
    Line(13, "the same in the story of another opening (control)", "followed elsewhere"),
    Line(13, "bytes told in 150 tokens", "length"),
    Line(14, "stories that name their hero right", "named"),
    Line(14, "stories with a misspelt hero (less is better)", "is misspelt"),
    Line(14, "misspelt names a story (less is better)", "misspelt"),
)
KEPT = (
    Line(15, "kept facts: the continuation that keeps one is likelier than one that does not", "kept"),
    *(Line(15, f"of these: {kind}", "kept", kind) for kind in KINDS),
    Line(15, "kept facts, judged crosswise (chance 0.5)", "kept crosswise"),
)
FIT = (
    Line(16, "nats a byte behind the own opening (less is better)", "behind"),
    Line(16, "fit: nats a byte saved by the own opening against another", "fit"),
)


@dataclass(frozen=True)
class Variant:
    """A model, as `StoryEngine.load` takes it, what it changes of its recommended settings, and the name of its column."""

    label: str
    model: str
    changes: dict[str, Any] = field(default_factory=dict)


def read_variant(text: str, model: str) -> Variant:
    """A variant as `--beside` takes it: `MODEL`, `MODEL:setting=value,...`, or `:setting=value,...` for `model` itself.

    Raises:
        TrainError: a setting is unknown, or its value is none.
    """
    name, colon, given = text.rpartition(":")
    if not colon or "=" not in given:
        return Variant(text, text)
    pairs = [part.partition("=") for part in given.split(",")]
    try:
        changes = {key.strip(): json.loads(value) for key, _, value in pairs}
        Settings.from_dict(changes)
    except ValueError as error:
        raise TrainError(f"--beside {text}: not every setting has a number. Write :guidance=0.5,temperature=0.7") from error
    except StoryError as error:
        raise TrainError(f"--beside {text}: {error}") from error
    return Variant(text, name or model, changes)


@dataclass(frozen=True)
class Readers:
    """All subjects, the variants first, with the openings and the weights that the variants have."""

    openings: list[Opening]
    subjects: list[Subject]
    variants: tuple[Variant, ...]
    weights: dict[str, str]
    misspelt: dict[str, list[str]]
    scorer: str | None

    def describe(self) -> str:
        """Two paragraphs and a table, with a column for what the first variant has beyond each other one."""
        figures = {subject.name: find_figures(subject, (*FOLLOWED, *KEPT, *FIT)) for subject in self.subjects}
        first = self.subjects[0]
        for other in self.subjects[1 : len(self.variants)]:
            figures[f"{first.name} minus {other.name}"] = _compare(first, other)
        absent = dict.fromkeys(FIT, NO_SCORER) if self.scorer is None else {}
        parts = [
            f"What a reader meets, on {len(self.openings)} openings of our own: {TOKENS} tokens each. Differences are paired "
            f"by opening. Real stories are such as name their hero twice. Read by {self.scorer or 'no independent model'}.",
            write_table(figures, (*FOLLOWED, *KEPT, *FIT), absent),
        ]
        for name, forms in self.misspelt.items():
            parts.append(f"Misspelt names, {name}: {len(forms)}" + (f" ({', '.join(forms)})." if forms else "."))
        return "\n\n".join(parts)


def measure_readers(
    variants: Sequence[Variant],
    openings: list[Opening],
    stories: Sequence[str],
    scorer: TextScorer | None,
    seed: int,
    say: Say,
    precision: str = "auto",
) -> Readers:
    """Tell and measure every variant, then as many real stories as there are openings, where `stories` has any.

    Raises:
        ModelError: a model cannot be loaded.
    """
    subjects: list[Subject] = []
    tokenizer: StoryTokenizer | None = None
    weights: dict[str, str] = {}
    misspelt: dict[str, list[str]] = {}
    for variant in variants:
        with closing(StoryEngine.load(variant.model, precision=precision)) as engine:
            say(f"{variant.label}: {len(openings)} stories for readers")
            subject = Subject(
                variant.label, told=tell_openings(engine, openings, replace(engine.recommended, **variant.changes))
            )
            say(f"{variant.label}: kept facts")
            subject.items |= probe_facts(EngineScorer(engine), openings)
            tokenizer, weights[variant.label] = tokenizer or engine.tokenizer, engine.fingerprint
        subjects.append(subject)
        misspelt[subject.name] = _measure(subject, openings, scorer, seed, say)
    if tokenizer and (cut := cut_stories(stories, len(openings))):
        real = Subject(REAL, told=[Told(one.text, _shorten(tokenizer, text), False) for one, text in cut])
        misspelt[REAL] = _measure(real, [one for one, _ in cut], scorer, seed, say)
        subjects.append(real)
    return Readers(openings, subjects, tuple(variants), weights, misspelt, scorer.name if scorer else None)


def tell_openings(engine: StoryEngine, openings: Sequence[Opening], settings: Settings) -> list[Told]:
    """A story behind every opening, with the opening's number as its seed, eight at once."""
    most = min(TOKENS, engine.window.largest_reserve - 2)

    def tell(opening: Opening) -> Told:
        story = Story(opening.text)
        for _ in engine.stream(story, replace(settings, seed=opening.number, max_new_tokens=most)):
            pass
        last = story.path()[-1]
        return Told(opening.text, last.text if last.author == "model" else "", last.finish == "end")

    with ThreadPoolExecutor(TOGETHER) as pool:
        return list(pool.map(tell, openings))


def probe_facts(scorer: Scorer, openings: Sequence[Opening]) -> dict[str, list[Item]]:
    """`kept`: 1 where what keeps a fact is likelier behind the opening; `kept crosswise`: against the opposite opening.

    The first is what a reader meets. The second cancels that one of the two is likelier by itself, as in `probe_pairs`.
    """
    items: dict[str, list[Item]] = {"kept": [], "kept crosswise": []}
    encode = scorer.tokenizer.encode
    for opening in openings:
        for fact in opening.facts:
            pair = fact.make_pair(opening.text)
            contexts, endings = [encode(text) for text in pair.contexts], [encode(text) for text in pair.endings]
            if fits(scorer, max(contexts, key=len), max(endings, key=len)):
                own, opposite = (find_lean(scorer, context, endings) for context in contexts)
                items["kept"].append(Item(fact.kind, opening.number, judge(own)))
                items["kept crosswise"].append(Item(fact.kind, opening.number, judge(own - opposite)))
    return items


def measure_following(subject: Subject, openings: Sequence[Opening], others: Sequence[int] | None) -> list[str]:
    """Add the items of words and names to a subject; returns each misspelt form with the name it is near to."""
    items: dict[str, list[Item]] = {line.measure: [] for line in FOLLOWED}
    forms: list[str] = []
    for place, (one, told) in enumerate(zip(openings, subject.told, strict=True)):
        asked = len(one.words) + len(one.heroes)
        items["followed"].append(Item("words", one.number, count_followed(one.words, one.heroes, told.text), asked))
        if others:
            elsewhere = count_followed(one.words, one.heroes, subject.told[others[place]].text)
            items["followed elsewhere"].append(Item("words", one.number, elsewhere, asked))
        items["length"].append(Item("bytes", one.number, len(told.text.encode())))
        if one.heroes:
            wrong = find_misspelt(one.heroes, one.text, told.text)
            items["named"].append(Item("hero", one.number, float(any(is_named(hero, told.text) for hero in one.heroes))))
            items["is misspelt"].append(Item("hero", one.number, float(bool(wrong))))
            items["misspelt"].append(Item("hero", one.number, len(wrong)))
            forms += [f"{form} for {name}" for form, name in wrong.items()]
    subject.items |= items
    return forms


def _measure(subject: Subject, openings: Sequence[Opening], scorer: TextScorer | None, seed: int, say: Say) -> list[str]:
    count = len(openings)
    others = make_derangement(count, np.random.default_rng(seed)) if count > 1 else None
    if scorer and others:
        say(f"{subject.name}: fit, read by {scorer.name}")
        numbers = [one.number for one in openings]
        subject.items |= measure_fit(scorer, list(zip(numbers, subject.told, strict=True)), others)
    return measure_following(subject, openings, others)


def _compare(first: Subject, second: Subject) -> dict[Line, Figure]:
    lines = (*FOLLOWED, *KEPT, *FIT)
    found = {
        line: estimate_difference(first.items.get(line.measure, []), second.items.get(line.measure, []), line.key)
        for line in lines
    }
    return {line: figure for line, figure in found.items() if figure}


def _shorten(tokenizer: StoryTokenizer, text: str) -> str:
    return tokenizer.decode(tokenizer.encode(text)[:TOKENS])

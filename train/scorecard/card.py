"""One run of the scorecard: its parts, their text and plots, and every single item as a line of JSON."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict

from story_engine.model.config import read_object
from story_engine.model.hub import find_folder
from story_engine.settings import recommend_settings
from train.scorecard.claims import measure_claims
from train.scorecard.fit import TransformersScorer
from train.scorecard.openings import load_openings
from train.scorecard.options import Options
from train.scorecard.readers import Variant, measure_readers, read_variant
from train.scorecard.side_by_side import write_side_by_side
from train.scorecard.subjects import Say, Subject
from train.stories import read_stories

CAUTION = (
    "These figures are necessary conditions of a good story, not its quality; there is no total. Intervals are 95%, "
    "bootstrapped by story, opening or template pair."
)


class Progress:
    """Says what is being measured, and for how long the run has gone on."""

    def __init__(self, print_line: Say = print) -> None:
        self._begun, self._print = time.perf_counter(), print_line

    def __call__(self, words: str) -> None:
        self._print(f"{time.perf_counter() - self._begun:6.0f} s  {words}")


def evaluate(options: Options, print_line: Say = print) -> str:
    """Measure, write `scorecard.md`, three plots and `items.jsonl` into `options.out`, and return the text.

    Raises:
        TrainError: a path is missing, a setting is none, or the scorer cannot be read.
        ModelError: a model cannot be loaded.
    """
    options.check()
    say = Progress(print_line)
    variants = [Variant("model", options.model), *(read_variant(text, options.model) for text in dict.fromkeys(options.beside))]
    scorer = TransformersScorer(options.scorer) if options.scorer and options.has("readers") else None
    stories = list(read_stories(options.stories)) if options.stories else []
    facts = _describe_run(options)
    options.out.mkdir(parents=True, exist_ok=True)
    parts: list[str] = []
    measured: dict[str, list[Subject]] = {}
    if options.has("claims"):
        claims = measure_claims(options, stories, say)
        claims.draw(options.out)
        parts.append(claims.describe())
        measured["claims"] = [*claims.subjects.values(), *claims.stages]
        facts["weights"] = claims.weights
    if options.has("readers"):
        openings = load_openings(options.sizes.openings)
        readers = measure_readers(variants, openings, stories, scorer, options.seed, say, options.precision)
        if options.side_by_side:
            write_side_by_side(options.side_by_side, openings, readers.subjects[: len(variants)], options.seed)
        parts.append(readers.describe())
        measured["readers"] = readers.subjects
        facts |= {"weights": readers.weights["model"], "beside": readers.weights, "scorer": options.scorer}
    heading = f"Model `{facts['weights']}`, held-out stories `{facts['stories']}`, seed {facts['seed']}, {facts['mode']} mode."
    text = "\n\n".join([heading, *parts, CAUTION]) + "\n"
    (options.out / "scorecard.md").write_text(text, encoding="utf-8")
    _write_items(options, facts, measured)
    say(f"written to {options.out}")
    return text


def _describe_run(options: Options) -> dict[str, object]:
    recommended = recommend_settings(read_object(find_folder(options.model), "generation_config.json") or {})
    return {
        "model": options.model,
        "stories": hashlib.sha256(options.stories.read_bytes()).hexdigest()[:16] if options.stories else "none",
        "training": [hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in options.training],
        "seed": options.seed,
        "mode": "quick" if options.quick else "full",
        "settings": asdict(recommended),
    }


def _write_items(options: Options, facts: dict[str, object], measured: dict[str, list[Subject]]) -> None:
    with (options.out / "items.jsonl").open("w", encoding="utf-8") as file:
        file.write(json.dumps(facts, ensure_ascii=False) + "\n")
        for part, subject in ((part, subject) for part, subjects in measured.items() for subject in subjects):
            named = {"part": part, "subject": subject.name}
            lines = [
                {**named, "measure": measure, **asdict(item)} for measure, items in subject.items.items() for item in items
            ]
            lines += [{**named, **asdict(told)} for told in subject.told]
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)

"""One run of the scorecard: subjects, table, plots, and every single item as a line of JSON."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import closing
from dataclasses import asdict

from story_engine import Settings, StoryEngine
from train.scorecard.figures import RECALLED, find_figures, find_reach, split_lines, write_table
from train.scorecard.options import Options
from train.scorecard.phases import Verdict, judge_phases, score_phases
from train.scorecard.plots import draw_context_use, draw_phases, draw_recall
from train.scorecard.scorers import EngineScorer, TrigramScorer, make_untrained
from train.scorecard.subjects import Say, Subject, measure_likelihoods, measure_told, take_real_stories, tell_stories
from train.scorecard.texts import TrainingText
from train.stories import read_stories

CAUTION = (
    "These figures are necessary conditions of a good story, not its quality; there is no total. Intervals are 95%, "
    "bootstrapped by story or template pair."
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
        TrainError: a path is missing.
        ModelError: the model cannot be loaded.
    """
    options.check()
    say, sizes = Progress(print_line), options.sizes
    stories = list(read_stories(options.stories))
    with closing(StoryEngine.load(options.model, precision=options.precision)) as engine:
        scorer = EngineScorer(engine)
        training = None
        if options.training:
            say("reading the training text")
            training = TrainingText(options.training, read_stories, engine.vocabulary)
        subjects = {name: Subject(name) for name in ("model", "untrained", "trigram", "real stories")}
        measure_likelihoods(scorer, subjects["model"], stories, sizes, options.seed, say)
        tell_stories(scorer, subjects["model"], sizes.told, options.seed, say)
        untrained = EngineScorer(make_untrained(engine, options.seed))
        measure_likelihoods(untrained, subjects["untrained"], stories, sizes.reduce(), options.seed, say)
        tell_stories(untrained, subjects["untrained"], sizes.controls, options.seed, say)
        if training:
            trigram = TrigramScorer(training.ids, engine.vocabulary, engine.window.start, engine.window.context)
            measure_likelihoods(trigram, subjects["trigram"], stories, sizes, options.seed, say)
            tell_stories(trigram, subjects["trigram"], sizes.told, options.seed, say)
        else:
            del subjects["trigram"]
        take_real_stories(subjects["real stories"], stories, sizes.told)
        for subject in subjects.values():
            measure_told(subject, training, scorer)
        stages = score_phases(options, stories, training, say) if options.phases else []
        verdict = judge_phases(stages, options.seed) if stages else None
        facts = {
            "model": options.model,
            "weights": engine.fingerprint,
            "stories": hashlib.sha256(options.stories.read_bytes()).hexdigest()[:16],
            "training": [hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in options.training],
            "seed": options.seed,
            "mode": "quick" if options.quick else "full",
            "settings": asdict(Settings()),
        }
        untrained.engine.close()
    text = _write(options, subjects, stages, verdict, facts)
    say(f"written to {options.out}")
    return text


def _write(
    options: Options, subjects: dict[str, Subject], stages: list[Subject], verdict: Verdict | None, facts: dict[str, object]
) -> str:
    out = options.out
    out.mkdir(parents=True, exist_ok=True)
    figures = {name: find_figures(subject) for name, subject in subjects.items()}
    lines, dropped = split_lines(figures["model"], figures.get("trigram"))
    reach = find_reach(figures["model"])
    parts = [
        f"Model `{facts['weights']}`, held-out stories `{facts['stories']}`, seed {facts['seed']}, {facts['mode']} mode.",
        write_table(figures, lines),
        f"Recall stays at {RECALLED:.0%} or more up to {reach} tokens between what is told and what is asked."
        if reach
        else f"Recall is below {RECALLED:.0%} at every distance.",
    ]
    if dropped:
        names = "; ".join(line.label for line in dropped)
        parts.append(f"Taken out, because a trigram model does as well: {names}.")
    if not options.training:
        parts.append("Without --train there is no trigram control, and nothing is said of known words and copies.")
    if verdict:
        parts.append(verdict.describe())
    parts.append(CAUTION)
    text = "\n\n".join(parts) + "\n"
    (out / "scorecard.md").write_text(text, encoding="utf-8")
    draw_context_use(subjects, out / "context-use.png")
    draw_recall(subjects, out / "recall.png")
    draw_phases(stages, subjects, out / "phases.png")
    with (out / "items.jsonl").open("w", encoding="utf-8") as file:
        file.write(json.dumps(facts, ensure_ascii=False) + "\n")
        for subject in (*subjects.values(), *stages):
            for measure, items in subject.items.items():
                for item in items:
                    file.write(json.dumps({"subject": subject.name, "measure": measure, **asdict(item)}) + "\n")
            for told in subject.told:
                file.write(json.dumps({"subject": subject.name, **asdict(told)}, ensure_ascii=False) + "\n")
    return text

"""What the published description claims: likelihood probes and told stories, beside controls and real stories."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from story_engine import StoryEngine
from train.scorecard.figures import RECALLED, find_figures, find_reach, split_lines, write_table
from train.scorecard.options import Options
from train.scorecard.phases import Verdict, judge_phases, score_phases
from train.scorecard.plots import draw_context_use, draw_phases, draw_recall
from train.scorecard.scorers import EngineScorer, TrigramScorer, make_untrained
from train.scorecard.subjects import Say, Subject, measure_likelihoods, measure_told, take_real_stories, tell_stories
from train.scorecard.texts import TrainingText
from train.stories import read_stories


@dataclass(frozen=True)
class Claims:
    """All subjects by the name of their column, the stages of a run, and whether they are four phases."""

    subjects: dict[str, Subject]
    stages: list[Subject]
    verdict: Verdict | None
    weights: str

    def describe(self) -> str:
        """The table, with what does not fit into it."""
        figures = {name: find_figures(subject) for name, subject in self.subjects.items()}
        lines, dropped = split_lines(figures["model"], figures.get("trigram"))
        reach = find_reach(figures["model"])
        parts = [
            write_table(figures, lines),
            f"Recall stays at {RECALLED:.0%} or more up to {reach} tokens between what is told and what is asked."
            if reach
            else f"Recall is below {RECALLED:.0%} at every distance.",
        ]
        if dropped:
            names = "; ".join(line.label for line in dropped)
            parts.append(f"Taken out, because a trigram model does as well: {names}.")
        if "trigram" not in self.subjects:
            parts.append("Without --train there is no trigram control, and nothing is said of known words and copies.")
        if self.verdict:
            parts.append(self.verdict.describe())
        return "\n\n".join(parts)

    def draw(self, out: Path) -> None:
        """Three plots into the folder."""
        draw_context_use(self.subjects, out / "context-use.png")
        draw_recall(self.subjects, out / "recall.png")
        draw_phases(self.stages, self.subjects, out / "phases.png")


def measure_claims(options: Options, stories: list[str], say: Say) -> Claims:
    """Measure the model, its controls, real stories, and the kept phases of a run where one is named.

    Raises:
        ModelError: the model cannot be loaded.
    """
    sizes = options.sizes
    with closing(StoryEngine.load(options.model, precision=options.precision)) as engine:
        scorer = EngineScorer(engine)
        training = None
        if options.training:
            say("reading the training text")
            training = TrainingText(options.training, read_stories, engine.tokenizer)
        subjects = {name: Subject(name) for name in ("model", "untrained", "trigram", "real stories")}
        measure_likelihoods(scorer, subjects["model"], stories, sizes, options.seed, say)
        tell_stories(scorer, subjects["model"], sizes.told, options.seed, say)
        untrained = EngineScorer(make_untrained(engine, options.seed))
        measure_likelihoods(untrained, subjects["untrained"], stories, sizes.reduce(), options.seed, say)
        tell_stories(untrained, subjects["untrained"], sizes.controls, options.seed, say)
        if training:
            trigram = TrigramScorer(training.ids, engine.tokenizer, engine.window.start, engine.window.context_length)
            measure_likelihoods(trigram, subjects["trigram"], stories, sizes, options.seed, say)
            tell_stories(trigram, subjects["trigram"], sizes.told, options.seed, say)
        else:
            del subjects["trigram"]
        take_real_stories(subjects["real stories"], stories, sizes.told)
        for subject in subjects.values():
            measure_told(subject, training, scorer)
        stages = score_phases(options, stories, training, say) if options.phases else []
        verdict = judge_phases(stages, options.seed) if stages else None
        untrained.engine.close()
        return Claims(subjects, stages, verdict, engine.fingerprint)

"""The scorecard: scorers against plain sums, probes on models that must and must not pass them, and a whole run."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine import StoryEngine
from story_engine.model.kv_cache import Slot
from train.__main__ import main
from train.scorecard import Options, evaluate, options, probes
from train.scorecard.figures import LINES, Figure, estimate, find_figures, find_reach, split_lines
from train.scorecard.options import QUICK
from train.scorecard.phases import Midpoint, Verdict, find_midpoint
from train.scorecard.probes import Item
from train.scorecard.scorers import EngineScorer, TrigramScorer, make_untrained
from train.scorecard.subjects import PAIRS, Subject
from train.scorecard.templates import make_opening, make_pairs
from train.stories import read_stories

STORY = (
    "Once upon a time, there was a little girl named Lily. She had a red ball. One day, Lily went to the park with her mom. "
    "She threw the ball very high. The ball went over a wall. Lily was sad and began to cry.\n"
    "A kind boy saw her. He climbed over the wall and found the ball. He gave it back to Lily. Lily smiled and said, "
    '"Thank you!" The boy was happy too.\n'
    "They played with the ball all day. At the end of the day, they were tired. They became good friends and lived happily."
)


@pytest.fixture(scope="module")
def scorer(engine_embedded: StoryEngine) -> EngineScorer:
    return EngineScorer(engine_embedded)


@pytest.fixture(scope="module")
def trigram(engine_embedded: StoryEngine, stories) -> TrigramScorer:
    tokenizer = engine_embedded.tokenizer
    told = [tokenizer.encode(story) for story in read_stories(stories / "train.txt")]
    return TrigramScorer(told, tokenizer, engine_embedded.window.start, 2048)


def test_scores_are_those_of_one_plain_reading(scorer):
    """Within 1e-4 nats a token, however many endings share a context, and for a context of several chunks."""
    ids = scorer.tokenizer.encode(STORY * 3)
    context, ending, other = ids[:400], ids[400:420], ids[10:17]
    decoder = scorer.engine.decoder
    slot = Slot(decoder.config, decoder.cache_dtype, decoder.device)
    logs = decoder.prefill([scorer.engine.window.start, *context, *ending], slot, all_logits=True).log_softmax(-1)
    plain = logs[400:-1].gather(1, torch.tensor(ending)[:, None])[:, 0].numpy()
    found = scorer.score(context, [other, ending, other])
    assert np.allclose(found[1], plain, atol=1e-4)
    assert np.allclose(found[0], found[2], atol=1e-5)
    assert scorer.score_end(ids[:50], [10, 50])[1] == pytest.approx(
        float(scorer.score(ids[:50], [[scorer.end]])[0][0]), abs=1e-4
    )


def test_a_trigram_gives_shares_that_add_up_and_likes_its_own_text(trigram, stories):
    for first, second in ((0, 0), (0, 5), (40, 41), (4000, 4001)):
        assert trigram._spread(first, second).sum() == pytest.approx(1)
        line = trigram._score_line([first, second], list(range(trigram._size))[:300])
        assert len(line) == 300
    own = trigram.tokenizer.encode(next(iter(read_stories(stories / "train.txt"))))
    assert trigram.score([], [own])[0].mean() > trigram.score([], [own[::-1]])[0].mean() + 2
    told = trigram.tell("Once upon a time,", seed=3, max_new_tokens=60)
    assert told == trigram.tell("Once upon a time,", seed=3, max_new_tokens=60)
    assert told.text


@pytest.mark.parametrize("measure", PAIRS)
def test_three_tokens_decide_no_pair(trigram, measure):
    """The control is at chance by the templates' make: the words just before both endings are the same."""
    pairs = make_pairs(PAIRS[measure], 120, seed=5)
    assert len(set(pairs)) == 120
    assert {item.value for item in probes.probe_pairs(trigram, pairs)} == {0.5}


def test_the_templates_speak_words_that_the_model_knows(scorer):
    """No word of theirs falls into pieces of single letters: at most three tokens a word."""
    generator = np.random.default_rng(0)
    said = [make_opening(generator) for _ in range(100)]
    said += [context + ending for makers in PAIRS.values() for pair in make_pairs(makers, 60, 1) for context, ending in
             zip(pair.contexts, pair.endings, strict=True)]  # fmt: skip
    words = {word.strip('.,!?"') for text in said for word in text.split()}
    assert all(len(scorer.tokenizer.encode(" " + word)) <= 3 for word in words)


def test_the_shipped_model_passes_what_an_untrained_one_cannot(scorer):
    untrained = EngineScorer(make_untrained(scorer.engine))
    pairs = make_pairs(PAIRS["relations"], 24, seed=2)
    ours, theirs = (estimate(probes.probe_pairs(*asked)) for asked in ((scorer, pairs), (untrained, pairs)))
    assert ours.low > 0.8
    assert theirs.value < ours.low
    told = [STORY]
    assert probes.probe_loss(scorer, told)[0].value < probes.probe_loss(untrained, told)[0].value / 3
    assert probes.probe_ending(scorer, told)[0].value > 2


def swap_names(text: str) -> str:
    """Every tenth mention of the girl is of somebody else."""
    parts = text.split("Lily")
    return "".join(part + ("Ben" if number % 3 == 2 else "Lily") for number, part in enumerate(parts[:-1])) + parts[-1]


def test_damaged_stories_score_worse(scorer):
    """Names swapped, sentences repeated, sentences out of order, an end cut off: each costs likelihood where it matters."""
    loss = lambda text: sum(item.value for item in probes.probe_loss(scorer, [text]) if item.key == "bits per byte")  # noqa: E731
    assert loss(swap_names(STORY)) > loss(STORY) + 5
    cut = STORY[: STORY.index("He climbed")].rstrip()
    assert probes.probe_ending(scorer, [cut])[0].value < probes.probe_ending(scorer, [STORY])[0].value
    sentences = probes.split_sentences(STORY)
    mixed = "".join(sentences[place] for place in np.random.default_rng(0).permutation(len(sentences)))
    order = lambda text: estimate(probes.probe_order(scorer, [text], 16, seed=1)).value  # noqa: E731
    assert order(STORY) > order(mixed)
    other = "One day, a bear found a pot of honey under a tree. He ate and ate until he could not move. " * 2
    use = lambda text: estimate(probes.probe_context_use(scorer, [text], 8, seed=1), "8").value  # noqa: E731
    assert use(f"{other}\n{STORY}") > 0.1


def test_what_was_told_is_recalled_at_once_and_not_by_chance(scorer):
    items = probes.probe_memory(scorer, 2, seed=4, filler=["The sun was warm.", "They sat down and ate."])
    assert {item.key for item in items} == {str(distance) for distance in probes.DISTANCES}
    assert estimate(items, "16").value >= 0.75


def test_the_next_paragraph_is_found_among_four(scorer, engine_embedded):
    others = [f"One day, Tom found a {thing}.\nTom showed the {thing} to dad. Dad liked the {thing} and smiled at Tom."
              for thing in ("kite", "drum", "boat", "frog", "cake")]  # fmt: skip
    whole, alone = (estimate(probes.probe_continuity(scorer, others, 5, 0, mode)).value for mode in ("whole", "ending"))
    assert whole == 1
    assert alone < 1


@settings(max_examples=20, deadline=None)
@given(st.integers(50, 400), st.floats(0.2, 0.8))
def test_intervals_are_as_wide_as_theory_says(count, share):
    """For independent hits: 2 * 1.96 * sqrt(p (1 - p) / n), within a quarter."""
    hits = np.random.default_rng(1).random(count) < share
    figure = estimate([Item("x", number, float(hit)) for number, hit in enumerate(hits)])
    width = 2 * 1.96 * np.sqrt(hits.mean() * (1 - hits.mean()) / count)
    assert figure.value == pytest.approx(hits.mean())
    assert figure.high - figure.low == pytest.approx(width, rel=0.25)


def test_what_a_trigram_does_as_well_is_taken_out():
    agreement, order = (next(line for line in LINES if line.measure == name) for name in ("relations", "order"))
    ours = {agreement: Figure(0.9, 0.85, 0.95), order: Figure(0.7, 0.65, 0.75)}
    lines, dropped = split_lines(ours, {agreement: Figure(0.5, 0.5, 0.5), order: Figure(0.68, 0.63, 0.73)})
    assert (lines, dropped) == ([agreement], [order])
    assert split_lines(ours, None) == ([agreement, order], [])


@pytest.mark.parametrize(("values", "reach"), [([1, 1, 0.6, 1], 32), ([0.5], 0), ([0.8], 16)])
def test_reach_ends_where_recall_first_falls(values, reach):
    items = [Item(str(distance), 0, value) for distance, value in zip(probes.DISTANCES, values, strict=False)]
    assert find_reach(find_figures(Subject("model", {"memory": items}))) == reach


def test_midpoints_lie_halfway_and_phases_must_not_overlap():
    assert find_midpoint(np.array([0, 100, 300]), np.array([0.5, 0.5, 0.9])) == pytest.approx(200)
    assert find_midpoint(np.array([0, 100, 300]), np.array([0.5, 0.9, 0.8])) == pytest.approx(50)
    apart = [Midpoint(str(step), step, step - 10, step + 10) for step in (100, 200, 300, 400)]
    assert Verdict(tuple(apart)).is_supported
    assert not Verdict((*apart[:3], replace(apart[3], low=305))).is_supported
    assert not Verdict(tuple(apart[:3])).is_supported
    assert "not supported" in Verdict(tuple(apart[::-1])).describe()


def test_a_whole_run_writes_table_plots_and_every_item(finished, stories, tmp_path, monkeypatch):
    small = replace(QUICK, pairs=6, stories=6, positions=4, memory=2, told=3, controls=2)
    monkeypatch.setattr(options, "QUICK", small)
    monkeypatch.setattr("train.scorecard.phases.SIZES", small)
    monkeypatch.setattr("train.scorecard.phases.TOKENS", 20)
    monkeypatch.setattr("train.scorecard.subjects.MOST_TOKENS", 20)
    said: list[str] = []
    wanted = Options(
        str(finished / "model"), stories / "held.txt", tmp_path, (stories / "train.txt",), phases=finished, quick=True
    )
    text = evaluate(wanted, said.append)
    assert text == evaluate(replace(wanted, out=tmp_path / "again"), said.append)
    assert "| # | figure | model | untrained | trigram | real stories |" in text
    assert "Four phases" in text
    assert len(said) > 20
    for name in ("scorecard.md", "context-use.png", "recall.png", "phases.png"):
        assert (tmp_path / name).stat().st_size > 100
    lines = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().rstrip("\n").split("\n")]
    assert {"weights", "stories", "training", "seed", "settings"} <= lines[0].keys()
    assert {line["subject"] for line in lines[1:]} >= {"model", "untrained", "trigram", "real stories", "0", "10", "20"}


def test_missing_files_are_all_named(capsys, tmp_path):
    arguments = ["evaluate", "--stories", str(tmp_path / "a.txt"), "--train", str(tmp_path / "b.txt"), "--out", str(tmp_path)]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert "a.txt" in said
    assert "b.txt" in said

"""What a reader meets: facts that are kept, fit, intervals, and stories to be judged blindly."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from story_engine.model.tokenizer import StoryTokenizer
from train.__main__ import main
from train.errors import TrainError
from train.scorecard import Options, evaluate, options
from train.scorecard.figures import estimate, estimate_difference
from train.scorecard.fit import TransformersScorer, make_derangement, measure_fit
from train.scorecard.following import cut_words
from train.scorecard.openings import Opening, load_openings
from train.scorecard.options import QUICK
from train.scorecard.probes import Item
from train.scorecard.readers import measure_following, probe_facts, read_variant
from train.scorecard.scorers import EngineScorer, Told
from train.scorecard.side_by_side import find_key_path, write_side_by_side
from train.scorecard.subjects import Subject
from train.stories import read_stories


class Reader:
    """Finds a continuation likelier, nat for nat, the more of its words stand in the context."""

    name = "reader"

    def score(self, context: str, continuation: str) -> float:
        known = set(cut_words(context))
        return -sum(1.0 if word in known else 3.0 for word in cut_words(continuation))


def tell_moons(count: int) -> list[tuple[int, Told]]:
    return [(number, Told(f"thing{number} slept", f" and thing{number} woke", True)) for number in range(count)]


def test_the_fit_of_one_who_follows_is_larger_than_of_shuffled_stories():
    told = tell_moons(20)
    shuffled = [(number, Told(told[number][1].opening, told[number - 7][1].text, True)) for number, _ in told]
    others = make_derangement(20, np.random.default_rng(0))
    ours, theirs = (estimate(measure_fit(Reader(), one, others)["fit"]) for one in (told, shuffled))
    assert ours.low > 0.05
    assert theirs.high < ours.low
    assert estimate(measure_fit(Reader(), told, others)["behind"]).value == pytest.approx(7 / len(" and thing1 woke"), rel=0.1)


def test_a_story_without_words_has_no_fit_and_needs_no_score():
    told = [(1, Told("a", "", True)), (2, Told("b", " b", True))]
    items = measure_fit(Reader(), told, [1, 0])
    assert [item.group for item in items["fit"]] == [2]
    with pytest.raises(ValueError, match="two places"):
        make_derangement(1, np.random.default_rng(0))


@settings(deadline=None)
@given(st.integers(2, 50), st.integers(0, 9))
def test_each_opening_lends_itself_once_and_never_to_its_own_story(count, seed):
    others = make_derangement(count, np.random.default_rng(seed))
    assert sorted(others) == list(range(count))
    assert all(place != other for place, other in enumerate(others))
    assert others == make_derangement(count, np.random.default_rng(seed))


def test_transformers_and_the_engine_read_a_text_alike(engine, tiny_folder):
    """Within 1e-3 nats over a whole continuation."""
    scorer, encode = EngineScorer(engine), engine.tokenizer.encode
    context, continuation = "Once upon a time, Tom had a ball.", " Tom went to the park."
    theirs = TransformersScorer(str(tiny_folder)).score(context, continuation)
    assert theirs == pytest.approx(float(scorer.score(encode(context), [encode(continuation)])[0].sum()), abs=1e-3)


def test_a_scorer_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(TrainError, match="Name a model that transformers reads"):
        TransformersScorer(str(tmp_path))


class Leaning:
    """A scorer of tokens: every token of an ending that the context has is worth a nat more; `likes` adds to one text."""

    context_length, end = 10_000, 0

    def __init__(self, tokenizer, follows: bool, likes: str) -> None:
        self.tokenizer = StoryTokenizer(tokenizer)
        self.follows, self.likes = follows, likes

    def score(self, context, endings):
        told = set(cut_words(self.tokenizer.decode(context)))
        texts = [self.tokenizer.decode(ending) for ending in endings]
        follows = [sum(word in told for word in cut_words(text)) if self.follows else 0.0 for text in texts]
        return [np.array([nats + (self.likes in text)]) for nats, text in zip(follows, texts, strict=True)]


def test_who_follows_keeps_facts_and_who_has_a_favourite_is_found_out_crosswise(tokenizer):
    openings = [one for one in load_openings(60) if one.facts and one.facts[0].kind == "animal"]
    follower, lover = (
        {name: estimate(items, "animal") for name, items in probe_facts(scorer, openings).items()}
        for scorer in (Leaning(tokenizer, True, "no word"), Leaning(tokenizer, False, "dog"))
    )
    assert follower["kept"].value == follower["kept crosswise"].value == 1
    assert lover["kept"].value < 0.5
    assert lover["kept crosswise"].value == 0.5


def test_words_of_another_opening_are_a_control_and_heroes_count_where_there_are_any():
    openings = [Opening(3, "Pim slept.", ("Pim",), ("slept",)), Opening(4, "The boat sank.", (), ("boat", "sank"))]
    subject = Subject("x", told=[Told("", " Pimm sleeps in a boat.", True), Told("", " The boat sinks.", True)])
    assert measure_following(subject, openings, [1, 0]) == ["Pimm for Pim"]
    figures = {measure: estimate(items).value for measure, items in subject.items.items()}
    assert figures["followed"] == pytest.approx(1 / 4)  # the boat of the second; one who sleeps has not slept
    assert figures["followed elsewhere"] == pytest.approx(1 / 4)
    assert (figures["named"], figures["is misspelt"], figures["misspelt"]) == (0, 1, 1)
    measure_following(subject, openings, None)
    assert subject.items["followed elsewhere"] == []


@settings(max_examples=5, deadline=None)
@given(st.floats(0.2, 0.8), st.integers(0, 1000))
def test_intervals_cover_the_truth_nineteen_times_of_twenty(share, seed):
    """Of 100 draws of 60 openings, between 85 and 100 intervals hold the true share."""
    drawn = np.random.default_rng(seed).random((100, 60)) < share
    figures = [estimate([Item("x", group, float(hit)) for group, hit in enumerate(row)]) for row in drawn]
    assert 85 <= sum(figure.low <= share <= figure.high for figure in figures) <= 100


def test_a_difference_is_paired_by_opening():
    """What all openings share cancels: the interval is narrower than that of either figure, and equal subjects differ by 0."""
    generator = np.random.default_rng(0)
    base = generator.normal(0, 1, 40)
    first = [Item("x", group, value + 0.5) for group, value in enumerate(base)]
    second = [Item("x", group, value + generator.normal(0, 0.1)) for group, value in enumerate(base)]
    difference, alone = estimate_difference(first, second[::-1]), estimate(first)
    assert difference.low < 0.5 < difference.high
    assert difference.high - difference.low < (alone.high - alone.low) / 4
    assert estimate_difference(first, first[:30]).value == 0
    assert estimate_difference(first, []) is None


def test_the_file_to_judge_names_nobody_and_the_key_knows_every_story(tmp_path):
    openings = load_openings(60)
    names = ("new-one", "old-one")
    subjects = [
        Subject(name, told=[Told(one.text, f" {name[:3]} {one.number}.\nx", True) for one in openings]) for name in names
    ]
    path = tmp_path / "deep" / "blind.md"
    write_side_by_side(path, openings, subjects, seed=3)
    text, key = path.read_text(encoding="utf-8"), json.loads(find_key_path(path).read_text(encoding="utf-8"))
    assert not any(name in text for name in names)
    parts = re.split(r"^## \d+$", text, flags=re.MULTILINE)[1:]
    assert len(parts) == len(key) == 30
    for part, answer in zip(parts, key, strict=True):
        assert all(f"**{letter}** … {answer[letter][:3]} " in part for letter in "AB")
    assert {answer["A"] for answer in key} == set(names)


def evaluate_readers(tiny_folder, folder, monkeypatch, **more) -> str:
    monkeypatch.setattr(options, "QUICK", replace(QUICK, openings=3))
    monkeypatch.setattr("train.scorecard.readers.TOKENS", 20)
    wanted = Options(str(tiny_folder), None, folder, quick=True, only="readers", precision="float32")
    return evaluate(replace(wanted, **more), lambda words: None)


def test_readers_alone_need_no_stories_and_no_scorer(tiny_folder, tmp_path, monkeypatch):
    text = evaluate_readers(tiny_folder, tmp_path, monkeypatch)
    assert text == evaluate_readers(tiny_folder, tmp_path / "again", monkeypatch)
    assert "| # | figure | model |" in text
    assert text.count("not measured (no --scorer)") == 2
    assert "agreement" not in text
    assert {path.name for path in tmp_path.glob("*.*")} == {"scorecard.md", "items.jsonl"}


def test_two_models_and_real_stories_stand_side_by_side(tiny_folder, stories, tmp_path, monkeypatch):
    other, blind = str(shutil.copytree(tiny_folder, tmp_path / "other")), tmp_path / "blind.md"
    weights = load_file(f"{other}/model.safetensors")
    save_file({name: weight.flip(0).contiguous() for name, weight in weights.items()}, f"{other}/model.safetensors")
    more = {"beside": (other, other), "scorer": str(tiny_folder), "side_by_side": blind, "stories": stories / "held.txt"}
    text = evaluate_readers(tiny_folder, tmp_path, monkeypatch, **more)
    assert f"| # | figure | model | {other} | real stories | model minus {other} |" in text
    assert "not measured" not in text
    lines = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().rstrip("\n").split("\n")]
    assert set(lines[0]["beside"]) == {"model", other}
    told = {(line["subject"], line["opening"]): line["text"] for line in lines[1:] if "text" in line}
    assert len(told) == 9
    held = list(read_stories(stories / "held.txt"))
    assert all(any(text in story for story in held) for (name, _), text in told.items() if name == "real stories")
    for answer, one in zip(json.loads(find_key_path(blind).read_text()), load_openings(3), strict=True):
        assert set(answer.values()) == {answer["number"], "model", other}
        words = {letter: " ".join(told[name, one.text].split()) for letter, name in answer.items() if letter != "number"}
        assert all(f"**{letter}** … {said}" in blind.read_text(encoding="utf-8") for letter, said in words.items())


def test_what_a_part_needs_is_said(capsys, tmp_path):
    assert main(["evaluate", "--out", str(tmp_path), "--side-by-side", str(tmp_path / "blind.md")]) == 1
    said = capsys.readouterr().err
    assert "--stories FILE, or --only readers" in said
    assert "add --beside MODEL" in said


def test_a_variant_is_a_model_settings_or_both():
    assert read_variant("runs/a", "m").changes == read_variant("runs:a", "m").changes == {}
    assert (read_variant("C:/runs/a", "m").model, read_variant(":guidance=0.5", "m").model) == ("C:/runs/a", "m")
    both = read_variant("runs/a:guidance=0.5, best_of=4", "m")
    assert (both.model, both.changes) == ("runs/a", {"guidance": 0.5, "best_of": 4})
    assert both.label == "runs/a:guidance=0.5, best_of=4"
    for wrong, said in {":guidance=much": "number", ":warmth=1": "warmth", "m:best_of=0.5": "whole number"}.items():
        with pytest.raises(TrainError, match=said):
            read_variant(wrong, "m")

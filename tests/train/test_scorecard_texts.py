"""Measures of told stories: damaged by a known amount, each moves the way it should."""

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine import StoryEngine
from story_engine.model.hub import EMBEDDED_FOLDER
from story_engine.text.sentences import split_sentences
from train.scorecard import texts
from train.scorecard.texts import MATCH, TrainingText, find_stray_names, hash_runs, is_loop

STRANGE = ("blorf", "snizzle", "quarp")


@pytest.fixture(scope="module")
def told() -> list[tuple[str, str]]:
    """Openings and stories that the shipped model's last stage told."""
    record = json.loads((EMBEDDED_FOLDER / "phases.json").read_text(encoding="utf-8"))
    return list(record["stages"][-1]["stories"].items())


def mean(values) -> float:
    return float(np.mean([float(value) for value in values]))


def damage_words(text: str, share: float) -> str:
    chosen = random.Random(1)
    return " ".join(chosen.choice(STRANGE) if chosen.random() < share else word for word in text.split())


def repeat_sentences(text: str) -> str:
    """Every sentence of the first half three times."""
    sentences = split_sentences(text)
    return "".join(sentence * (3 if place < len(sentences) / 2 else 1) for place, sentence in enumerate(sentences))


def test_strange_words_are_counted(told):
    known = {word for opening, text in told for word in texts.cut_words(opening + text)}
    whole = mean(texts.measure_known_words(text, known) for _, text in told)
    damaged = mean(texts.measure_known_words(damage_words(text, 0.1), known) for _, text in told)
    assert whole == 1
    assert 0.85 < damaged < 0.95


def test_repeated_sentences_are_repetition_and_loops(told):
    assert mean(is_loop(text) for _, text in told) <= 0.1
    assert all(is_loop(repeat_sentences(text)) for _, text in told)
    for measure, rises in ((texts.measure_repetition, True), (texts.measure_distinct, False)):
        whole = mean(measure(text.split() if rises else text) for _, text in told)
        damaged = mean(measure(repeat_sentences(text).split() if rises else repeat_sentences(text)) for _, text in told)
        assert (damaged > whole + 0.2) if rises else (damaged < whole - 0.1)


def test_stories_that_are_alike_have_a_higher_self_bleu(told):
    whole = [text for _, text in told]
    alike = [told[0][1][:120] + text[120:] for _, text in told]
    assert mean(texts.measure_self_bleu(alike)) > mean(texts.measure_self_bleu(whole)) + 0.1
    assert mean(texts.measure_self_bleu([whole[0]] * 3)) == pytest.approx(1)


def test_a_name_out_of_nowhere_is_stray_and_an_introduced_one_is_not(told):
    before = mean(bool(find_stray_names(opening, text)) for opening, text in told)
    late = [(opening, text + " Then it was time to find Zorba and Zorba was glad.") for opening, text in told]
    assert before <= 0.4
    assert all(find_stray_names(opening, text)[-1] == "Zorba" for opening, text in late)
    opening = "Tom went to the park. It was a warm day and he was happy there. He ran and ran until noon."
    assert find_stray_names(opening, " He met a girl named Mia. He liked Mia.") == []
    assert find_stray_names(opening, " He met his friend, Ben. Then Tom said good night to Mom.") == []
    assert find_stray_names(opening, " He ran on. He ran to the hill. In the end he saw Ben.") == ["Ben"]


@pytest.fixture(scope="module")
def training(engine_taught: StoryEngine, tmp_path_factory) -> TrainingText:
    path = tmp_path_factory.mktemp("text") / "train.txt"
    path.write_text("One day a cat saw a very small boat on the big lake and wanted to sail far away in it.\nx\n")
    return TrainingText([path], lambda path: path.read_text().splitlines(), engine_taught.tokenizer)


def test_what_is_copied_is_found_and_what_is_only_alike_is_not(training):
    copied = "One day a cat saw a very small boat on the big lake and wanted to sail far away in it."
    assert training.measure_copied(copied) == 1
    assert training.measure_copied(" ".join(reversed(copied.split()))) == 0
    assert 0.3 < training.measure_copied(copied + " " + " ".join(reversed(copied.split()))) < 0.7
    assert training.measure_copied("") == 0
    assert {"cat", "boat"} <= training.words


@given(st.lists(st.integers(0, 50_000), max_size=40))
def test_runs_have_equal_hashes_where_their_tokens_are_equal(ids):
    runs = [tuple(ids[place : place + MATCH]) for place in range(len(ids) - MATCH + 1)]
    hashes = hash_runs(ids).tolist()
    assert len(hashes) == len(runs)
    assert len(set(hashes)) == len(set(runs))


def test_an_empty_story_is_measured_too():
    assert texts.measure_repetition([]) == texts.measure_distinct("") == texts.measure_known_words("", set()) == 0
    assert not is_loop("")
    assert texts.measure_self_bleu(["", ""])[0] <= 1

"""Guesses: what they say comes from earlier stories, saves steps, and changes no word."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine import Settings, Story, StoryEngine, replay_passage
from story_engine.generation.ngrams import MOST_PROPOSED, Ngrams

OPENING = "Once upon a time, Tom had a ball."


@given(st.lists(st.integers(0, 5), max_size=40), st.lists(st.integers(0, 5), max_size=6), st.floats(0, 1))
def test_proposals_are_what_followed_before(told, known, row_cost):
    """Each was said behind the two or three tokens before it, and they are fewer the more a row costs."""
    ngrams = Ngrams()
    ngrams.learn(told)
    proposed = ngrams.propose(known, 3, row_cost)
    assert len(proposed) <= 3
    line = [*known, *proposed]
    for place in range(len(known), len(line)):
        pairs = [told[at : at + 2] for at in range(len(told) - 2) if told[at + 2] == line[place]]
        assert line[place - 2 : place] in pairs
    assert (
        ngrams.propose(known, 3, min(1.0, row_cost + 0.2))
        == proposed[: len(ngrams.propose(known, 3, min(1.0, row_cost + 0.2)))]
    )


def test_what_follows_most_is_proposed_and_the_longer_context_wins():
    ngrams = Ngrams()
    for last in (7, 7, 8, 7):
        ngrams.learn([1, 2, last])
    assert ngrams.propose([1, 2], 1, 0.1) == [7]
    for _ in range(4):
        ngrams.learn([5, 1, 2, 9])
    assert ngrams.propose([5, 1, 2], 1, 0.1) == [9]
    assert ngrams.propose([1, 2, 3], 1, 0.1) == []


def test_what_is_no_surer_than_its_cost_is_not_proposed():
    ngrams = Ngrams()
    for last in (7, 8, 9, 7):
        ngrams.learn([1, 2, last])
    assert ngrams.propose([1, 2], 1, 0.6) == []


def test_the_oldest_contexts_go():
    ngrams = Ngrams(most=100)
    for number in range(300):
        ngrams.learn([number, number, 7])
    assert len(ngrams) <= 100
    assert ngrams.propose([299, 299], 1, 0.1) == [7]
    assert ngrams.propose([0, 0], 1, 0.1) == []


@pytest.fixture(scope="module", params=["float32", "int8"])
def engine(request, taught_folder) -> StoryEngine:
    return StoryEngine.load(str(taught_folder), precision=request.param, kernel="on")


def tell(engine: StoryEngine, seed: int, **options) -> Story:
    story = Story(OPENING)
    for text in (None, " Then Tom came."):
        list(engine.stream(story, Settings(seed=seed, max_new_tokens=80, **options), text))
    return story


def count_steps(engine: StoryEngine, monkeypatch) -> list[int]:
    """The rows of each step from now on."""
    step, rows = engine.decoder.step, []
    monkeypatch.setattr(engine.decoder, "step", lambda tokens, slots: rows.append(len(tokens)) or step(tokens, slots))
    return rows


def test_the_words_are_the_same_and_the_steps_fewer(engine, monkeypatch):
    rows = count_steps(engine, monkeypatch)
    monkeypatch.setattr(engine, "speculates", False)
    plain = [tell(engine, seed) for seed in range(6)]
    alone = len(rows)
    monkeypatch.setattr(engine, "speculates", True)
    monkeypatch.setattr(engine.decoder, "row_cost", 0.05)
    speculated = [tell(engine, seed) for seed in range(6)]
    assert [story.text() for story in speculated] == [story.text() for story in plain]
    assert [story.last().tokens for story in speculated] == [story.last().tokens for story in plain]
    assert set(rows[:alone]) == {1}
    assert max(rows) == 1 + MOST_PROPOSED
    assert len(rows) - alone < 0.9 * alone


def test_hot_and_greedy_settings_too(engine, monkeypatch):
    monkeypatch.setattr(engine.decoder, "row_cost", 0.0)
    for options in ({"temperature": 1.5, "top_p": 1.0}, {"temperature": 0}, {"repetition_penalty": 1.0, "top_k": 3}):
        told = []
        for speculates in (True, False):
            monkeypatch.setattr(engine, "speculates", speculates)
            told.append(tell(engine, 3, **options).text())
        assert told[0] == told[1]


def test_a_proposal_at_the_end_or_in_a_loop_spoils_nothing(engine, monkeypatch):
    """Circles are taken back and ends come in the middle of proposals; each replays as it was told."""
    monkeypatch.setattr(engine.decoder, "row_cost", 0.0)
    story = Story("The cat sat. The cat sat. The cat sat.")
    for seed in range(4):
        list(engine.stream(story, Settings(seed=seed, temperature=0.3, repetition_penalty=1.0, max_new_tokens=120)))
    for passage in [passage for passage in story.path() if passage.author == "model"]:
        assert replay_passage(engine, story, passage.id).is_identical
        assert all(token not in engine.end_tokens for token in passage.tokens)


def test_stories_that_share_steps_do_not_speculate(engine, monkeypatch):
    monkeypatch.setattr(engine.decoder, "row_cost", 0.0)
    tell(engine, 1)
    rows, started, going = count_steps(engine, monkeypatch), threading.Event(), threading.Event()

    def pause():
        stream = engine.stream(Story(OPENING), Settings(seed=1, max_new_tokens=50))
        next(piece for piece in stream if piece.text)
        started.set()
        going.wait(60)
        stream.close()

    thread = threading.Thread(target=pause)
    thread.start()
    assert started.wait(60)
    rows.clear()
    list(engine.stream(Story(OPENING), Settings(seed=1, max_new_tokens=50)))
    going.set()
    thread.join(60)
    assert set(rows) == {1}


def test_a_stop_in_the_middle_of_proposals_keeps_the_words_shown(engine, monkeypatch):
    monkeypatch.setattr(engine.decoder, "row_cost", 0.0)
    whole = tell(engine, 2).path()[1].text
    for stop in range(3, 30, 4):
        story, cancel, told = Story(OPENING), threading.Event(), ""
        for count, piece in enumerate(engine.stream(story, Settings(seed=2, max_new_tokens=80), cancel=cancel)):
            told = piece.follow(told)
            if count == stop:
                cancel.set()
        assert story.last().text == told
        assert whole.startswith(told)

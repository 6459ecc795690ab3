"""Guidance and best of several: held to plain formulas, replayed, and the same in any company."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from story_engine import Settings, Story, replay_passage
from story_engine.generation import guidance as room
from story_engine.generation.candidates import choose_best
from story_engine.generation.guidance import MIN_FRACTION, guide_logits, measure_gains

OPENING = "Once upon a time, Mia had a kite."
GUIDED = Settings(guidance=1.0, temperature=0, repetition_penalty=1.0, max_new_tokens=24, seed=3)
rows = arrays.arrays(np.float32, 12, elements=st.floats(-20, 20, width=32))


@given(rows, rows, st.floats(0, 3))
def test_guidance_is_its_formula_among_the_words_that_fit(logits, plain, guidance):
    guided = guide_logits(logits, measure_gains(logits, plain), guidance)
    p, q = (torch.tensor(row, dtype=torch.float64).log_softmax(-1).numpy() for row in (logits, plain))
    fits = np.isfinite(guided)
    assert fits[logits.argmax()]
    assert (p[fits] - p.max() >= np.log(MIN_FRACTION) - 1e-4).all()
    assert (p[~fits] - p.max() < np.log(MIN_FRACTION) + 1e-4).all()
    expected = p + guidance * (p - q)
    np.testing.assert_allclose(guided[fits] - guided[logits.argmax()], expected[fits] - expected[logits.argmax()], atol=1e-3)


def tell_slowly(engine, story: Story, settings: Settings) -> list[int]:
    """Greedy guided tokens, with both windows read anew for every token."""
    ids, plain, told = list(engine.window_of(story, settings).ids), [engine.window.start], []
    size, special = engine.tokenizer.size, sorted(engine.tokenizer.special - engine.end_tokens)
    for _ in range(settings.max_new_tokens):
        p, q = (engine.decoder.prefill(line, engine.decoder.new_slot())[:size].log_softmax(-1) for line in (ids, plain))
        strength = settings.guidance * min(1.0, room.FULL_UNTIL / (len(ids) - 1))
        guided = p + strength * (p - q)
        guided[p < p.max() + np.log(MIN_FRACTION)] = -torch.inf
        guided[special] = -torch.inf
        token = int(guided.argmax())
        if token in engine.end_tokens:
            break
        told, ids, plain = [*told, token], [*ids, token], [*plain, token]
    return told


def test_a_guided_passage_is_that_of_two_windows_read_anew(engine):
    engine.retries_loops = False
    for opening in (OPENING, "Ben ran to the forest.", "It was number 7."):
        story = Story(opening)
        slow = tell_slowly(engine, story, GUIDED)
        list(engine.stream(story, GUIDED))
        told = list(story.last().tokens)
        assert told == slow[: len(told)]
        assert len(told) >= min(len(slow), 12)  # it may stop at a sentence's end near its length
        plain = Story(opening)
        list(engine.stream(plain, replace(GUIDED, guidance=0.0)))
        assert list(plain.last().tokens) != told


def test_guidance_fades_behind_a_long_story(engine, monkeypatch):
    engine.retries_loops = False
    told = {}
    for full in (256, 8):
        monkeypatch.setattr(room, "FULL_UNTIL", full)
        story = Story(OPENING)
        list(engine.stream(story, GUIDED))
        told[full] = list(story.last().tokens)
        assert told[full] == tell_slowly(engine, Story(OPENING), GUIDED)[: len(told[full])]
    assert told[8] != told[256]


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_where_no_word_that_fits_may_be_said_another_one_is(scripted, temperature):
    """The model is certain of words that are never wanted."""
    story, unwanted = Story("Tom went out."), ("cat", "saw")
    settings = Settings(seed=1, guidance=0.5, unwanted=unwanted, temperature=temperature, max_new_tokens=30)
    list(scripted(" He saw a cat. They ran.").stream(story, settings))
    assert story.last().author == "model"
    assert story.last().text.strip()
    assert not any(word in story.last().text for word in unwanted)


@pytest.mark.parametrize("options", [{"guidance": 0.7}, {"best_of": 3}, {"guidance": 0.7, "best_of": 3}])
def test_a_passage_replays_and_speculation_changes_no_word(engine, options, monkeypatch):
    settings = Settings(seed=5, max_new_tokens=40, **options)
    monkeypatch.setattr(engine.decoder, "row_cost", 0.0)
    told = []
    for speculates in (True, False):
        engine.speculates = speculates
        story = Story(OPENING)
        for text in (None, "Then it rained.", None):
            list(engine.stream(story, settings, text))
        told.append(story.text())
        for passage in [passage for passage in story.path() if passage.author == "model"]:
            assert replay_passage(engine, story, passage.id).is_identical
    assert told[0] == told[1]


def tell_candidates(engine, count: int, settings: Settings):
    """All tellings of a passage of which the best is kept, as the engine tells them."""
    kept = []
    begin = engine._begin
    engine._begin = lambda turn, window: kept.extend(begin(turn, window)) or kept
    story = Story(OPENING)
    pieces = list(engine.stream(story, replace(settings, best_of=count)))
    return story, pieces, kept[0]


def test_the_telling_that_the_story_makes_likeliest_is_the_one_kept(engine):
    settings = Settings(seed=2, max_new_tokens=30)
    story, pieces, tellings = tell_candidates(engine, 4, settings)
    ids, start = list(engine.window_of(Story(OPENING), settings).ids), [engine.window.start]
    size, scores = engine.tokenizer.size, []
    for telling in tellings:
        gains = []
        for place, token in enumerate(telling.tokens):
            lines = ([*ids, *telling.tokens[:place]], [*start, *telling.tokens[:place]])
            p, q = (engine.decoder.prefill(line, engine.decoder.new_slot())[:size].log_softmax(-1) for line in lines)
            gains.append(float(p[token] - q[token]))
        assert telling.gains == pytest.approx(gains, abs=1e-4)
        scores.append((not telling.loops, np.mean(gains)))
    best = tellings[scores.index(max(scores))]
    assert story.last().text == best.text == "".join(piece.text for piece in pieces)
    assert len({telling.text for telling in tellings}) == 4
    assert [piece.text for piece in pieces if piece.text] == [best.text]
    assert len(story.passages) == 2


def test_the_first_candidate_is_what_the_seed_tells_alone(engine):
    settings = Settings(seed=2, max_new_tokens=30)
    *_, tellings = tell_candidates(engine, 3, settings)
    engine_alone = Story(OPENING)
    del engine._begin
    list(engine.stream(engine_alone, settings))
    assert engine_alone.last().text == tellings[0].text


def test_three_ways_are_each_the_best_of_their_own(engine):
    ways = [Settings(seed=seed, max_new_tokens=24, best_of=2) for seed in (1, 2, 3)]
    story = Story(OPENING)
    shown = dict.fromkeys(range(3), "")
    for piece in engine.stream_tellings(story, ways):
        shown[piece.telling] = piece.follow(shown[piece.telling])
    versions = [passage.text for passage in story.passages[1:]]
    assert versions == [shown[0], shown[1], shown[2]]
    for way, text in zip(ways, versions, strict=True):
        alone = Story(OPENING)
        list(engine.stream(alone, way))
        assert alone.last().text == text


def test_a_stop_keeps_the_best_so_far(scripted):
    engine, cancel, story = scripted(" Tom ran. Mia sat.", delay=0.001), Event(), Story(OPENING)
    shown = ""
    for number, piece in enumerate(engine.stream(story, Settings(best_of=3, max_new_tokens=200), cancel=cancel)):
        shown = piece.follow(shown)
        if number == 40:
            assert shown == ""
            cancel.set()
    assert shown
    assert story.last().text == shown


def test_a_telling_in_circles_is_chosen_last():
    class Told:
        def __init__(self, gains, loops=0):
            self.gains, self.loops = gains, loops

    short, long, looped = Told([1.0]), Told([0.9, 0.9, 0.9]), Told([5.0], loops=1)
    assert choose_best([looped, long, short]) is short
    assert choose_best([looped]) is looped

"""Sampling: the same distribution as transformers' own processors, and draws that follow it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from story_engine import Settings
from story_engine.generation.sampling import filter_logits, pick
from story_engine.generation.telling import Telling
from story_engine.model.tokenizer import StoryTokenizer


def reference(logits: torch.Tensor, used: list[int], options: Settings) -> torch.Tensor:
    """The distribution that transformers' generate would draw from, [vocab_size]."""
    processors = LogitsProcessorList()
    if options.repetition_penalty != 1:
        processors.append(RepetitionPenaltyLogitsProcessor(options.repetition_penalty))
    processors.append(TemperatureLogitsWarper(float(options.temperature)))
    if options.top_k:
        processors.append(TopKLogitsWarper(options.top_k))
    if options.top_p < 1:
        processors.append(TopPLogitsWarper(options.top_p))
    if options.min_p:
        processors.append(MinPLogitsWarper(options.min_p))
    return processors(torch.tensor([used]), logits[None].clone())[0].softmax(-1)


@settings(max_examples=200, deadline=None)
@given(
    st.builds(
        Settings,
        temperature=st.floats(0.1, 2),
        top_p=st.one_of(st.just(1.0), st.floats(0.05, 0.999)),
        top_k=st.one_of(st.just(0), st.integers(1, 1000)),
        min_p=st.one_of(st.just(0.0), st.floats(0.001, 0.9)),
        repetition_penalty=st.floats(1, 2),
    ),
    st.integers(0, 2**31),
    st.sampled_from([7, 300, 5000]),
    st.floats(0.1, 6),
)
def test_the_distribution_is_that_of_transformers(options, seed, size, spread):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(size, generator=generator) * spread
    used = torch.randint(size, (20,), generator=generator).tolist()
    candidates = filter_logits(logits.numpy(), used, options)
    ours = torch.zeros(size)
    ours[torch.from_numpy(candidates.tokens)] = torch.from_numpy(candidates.probabilities)
    theirs = reference(logits, used, options)
    # A token whose share meets a border within rounding may fall on either side of it.
    assert (ours - theirs).abs().sum() < 2e-3 or abs(int((ours > 0).sum()) - int((theirs > 0).sum())) <= 1
    assert ours.sum().item() == pytest.approx(1, abs=1e-5)


def test_weighing_leaves_the_logits_alone():
    logits = np.linspace(-3, 3, 50, dtype=np.float32)
    copy = logits.copy()
    filter_logits(logits, [1, 2], Settings(), [3])
    assert np.array_equal(logits, copy)


def test_draws_follow_the_distribution():
    candidates = filter_logits(
        np.array([2.0, 1.0, 0.0, -1.0], np.float32), [], Settings(temperature=1, top_p=1, repetition_penalty=1)
    )
    generator = torch.Generator().manual_seed(5)
    draws = torch.tensor([pick(candidates, generator) for _ in range(20_000)])
    shares = torch.bincount(draws, minlength=4) / len(draws)
    expected = torch.tensor([2.0, 1.0, 0.0, -1.0]).softmax(-1)
    assert (shares - expected).abs().max() < 0.012  # more than three standard deviations


def test_temperature_zero_takes_the_likeliest_and_seeds_repeat():
    logits = torch.randn(500, generator=torch.Generator().manual_seed(1)).numpy()
    assert pick(filter_logits(logits, [], Settings(temperature=0)), torch.Generator()) == int(logits.argmax())
    options = Settings(temperature=1.5)
    draws = [[pick(filter_logits(logits, [], options), g) for _ in range(20)] for g in (torch.Generator().manual_seed(3),) * 1]
    again = torch.Generator().manual_seed(3)
    assert draws[0] == [pick(filter_logits(logits, [], options), again) for _ in range(20)]


@pytest.mark.parametrize("temperature", [0, 1.0])
def test_banned_tokens_are_never_drawn(temperature):
    logits = np.array([9.0, 0.0, 0.0], np.float32)
    candidates = filter_logits(logits, [], Settings(temperature=temperature, top_p=1), banned=[0])
    assert 0 not in candidates.tokens


@pytest.mark.parametrize("temperature", [1e-40, 1e-60, 5e-324, 0.001])
def test_a_temperature_near_0_takes_the_likeliest_as_0_does(temperature):
    logits = np.array([2.0, 5.0, -3.0, 4.999], np.float32)
    candidates = filter_logits(logits, [], Settings(temperature=temperature, repetition_penalty=1))
    assert candidates.tokens[0] == 1
    assert candidates.probabilities[0] == pytest.approx(1, abs=0.3)
    assert np.isfinite(candidates.probabilities).all()


@pytest.mark.parametrize(("before", "is_spared"), [("Then Or", True), ("Then ", False), ("Then, ", False), ("", False)])
def test_the_repetition_penalty_spares_what_goes_on_with_a_word(tokenizer, before, is_spared):
    own = StoryTokenizer(tokenizer)
    inner, other = own.encode("a")[0], own.encode(" t")[0]
    settings = Settings(temperature=0, repetition_penalty=1.5)
    telling = Telling(own, frozenset({0}), settings, used=[inner], before=before)
    logits = torch.zeros(own.size)
    logits[inner], logits[other] = 10.0, 9.0
    telling.advance(logits)
    assert telling.tokens == [inner if is_spared else other]

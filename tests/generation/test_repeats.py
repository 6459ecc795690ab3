"""Repeats: the cost of saying a string of the story again, against a slow search; and a story that comes out of its circle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine import Settings, Story
from story_engine.generation.repeats import BASE, FREE, LONGEST, Repeats, find_repeats

ids = st.lists(st.integers(0, 3), max_size=120)


def search(line: Sequence[int]) -> dict[int, int]:
    """By every place before the end: how far it and the end agree, read backwards."""
    found: dict[int, int] = {}
    for place in range(len(line) - 1):
        length = 0
        while length < LONGEST and place - length >= 0 and line[place - length] == line[len(line) - 1 - length]:
            length += 1
        if length >= FREE:
            found[line[place + 1]] = max(found.get(line[place + 1], 0), length)
    return found


@given(ids, st.integers(1, 9), st.integers(0, 60))
def test_repeats_are_those_of_a_slow_search(line, period, length):
    circle = [line[place % period] for place in range(length)] if len(line) >= period else []
    for one in (line, circle, line + circle):
        assert find_repeats(np.array(one, np.int64)) == search(one)


def test_the_cost_grows_with_the_string_and_spares_what_goes_on_within_a_word():
    string = list(range(10, 10 + FREE + 2))
    row = np.zeros(40, np.float32)
    repeats = Repeats(0.8, [*string, 5])
    for length in range(1, len(string)):
        weighed = repeats.weigh(row, string[:length])
        cost = 0.8 * BASE ** (length - FREE) if length >= FREE else 0.0
        assert weighed[string[length]] == pytest.approx(-cost)
        assert np.count_nonzero(weighed) == (length >= FREE)
        assert repeats.weigh(row, string[:length], {string[length]}) is row
    assert not row.any()
    assert Repeats(0.0, string).weigh(row, string[:-1]) is row


def test_a_story_comes_out_of_its_circle(scripted):
    """A model that says the same two sentences for ever says them once more at most."""
    circle = " He ran to the big park. Mia saw a kite."
    settings = Settings(temperature=0, repetition_penalty=1, max_new_tokens=300)
    told = {}
    for multiplier in (0.0, 0.8):
        story = Story("Tom went out.")
        for _ in scripted(circle).stream(story, replace(settings, dry_multiplier=multiplier)):
            pass
        told[multiplier] = story.last().text
    assert told[0.0].count(circle) > 4
    assert told[0.8].startswith(circle)
    assert told[0.8].count(circle) <= 2

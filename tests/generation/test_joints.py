"""A name of the story is not glued to the word before it."""

import numpy as np
import pytest
import torch

from story_engine import Settings
from story_engine.generation.joints import Joints
from story_engine.generation.telling import Telling
from story_engine.model.tokenizer import StoryTokenizer


@pytest.mark.parametrize(
    ("before", "text", "piece", "is_glued"),
    [
        ("Old Ezra asked.", " But older", "E", True),
        ("Old Ezra asked.", " But older", "Ezra", True),
        ("Marina sat.", " One day,", "Marina", True),
        ("Old Ezra asked. But older", "", "E", True),
        ("Old Ezra asked.", " But older", " E", False),
        ("Old Ezra asked.", " But older", "s", False),
        ("Old Ezra asked.", " He had an E", "E", False),
        ("Old Ezra asked.", " “", "Ezra", False),
        ("Tom sat.", " He saw You", "Tube", False),  # no name of the story
        ("Peter had an iPad.", " He took the i", "P", False),
        ("Peter had an iPad.", " He took hisi", "P", False),  # the story writes so itself
    ],
)
def test_a_name_is_glued_where_no_space_is_before_it(before, text, piece, is_glued):
    assert Joints(before).is_glued(text, piece) == is_glued


def test_what_was_meant_is_told_in_its_place_however_likely_others_are(tokenizer):
    words = StoryTokenizer(tokenizer)
    before, end = "Old Tom asked everyone.", " But older"
    (glued,), (right,) = words.encode("T"), words.encode(" T")
    told = Telling(words, frozenset({0}), Settings(temperature=0, repetition_penalty=1), used=(), before=before)
    for token in words.encode(end):
        told.advance(_point(words, {token: 9.0}))
    told.advance(_point(words, {glued: 9.0, words.encode("s")[0]: 8.0, right: 1.0}))
    assert told.text == end + words.decode([right])


def _point(words, peaks):
    row = np.zeros(words.size, np.float32)
    for token, height in peaks.items():
        row[token] = height
    return torch.from_numpy(row)

"""Paragraphs: a passage sets its own as its story does, and begins its lines with capitals where the story does."""

import pytest

from story_engine import Settings, Story
from story_engine.generation.paragraphs import begins_lines_small, is_break_foreign, is_new_line

GREEDY = Settings(temperature=0, repetition_penalty=1, max_new_tokens=12)


@pytest.mark.parametrize(
    ("before", "text", "is_foreign"),
    [
        ("One.\nTwo.\nThree.", " Four.\n\n", True),
        ("One.\n\nTwo.", " Three.\n\n", False),
        ("One.", " Two.\n\n", False),
        ("One.\nTwo.", " Three.\n", False),
    ],
)
def test_a_blank_line_is_foreign_where_line_breaks_part_paragraphs(before, text, is_foreign):
    assert is_break_foreign(before, text) == is_foreign


@pytest.mark.parametrize(
    ("text", "is_new"),
    [(" He ran.\n", True), (" “He ran.”\n\n", True), (" He ran,\n", False), (" He ran.", False), ("", False), ("\n", False)],
)
def test_a_new_line_stands_behind_a_whole_sentence(text, is_new):
    assert is_new_line(text) == is_new


@pytest.mark.parametrize(
    ("opening", "is_small"), [("Tom went out.", False), ("tom went out.", True), ("Tom ran.\nand ran.", True)]
)
def test_a_line_begins_small_only_where_the_story_does_so(scripted, opening, is_small):
    assert begins_lines_small(opening) == is_small
    story = Story(opening)
    for _ in scripted(" He ran.\nand she sat.").stream(story, GREEDY):
        pass
    told = story.last().text
    assert told.startswith(" He ran.")
    assert begins_lines_small(told) == is_small

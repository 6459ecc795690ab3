"""Continuity by rule: strangers and changed pronouns are doubted, and what a story tells in order is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine import find_doubts, measure_reading
from story_engine.text.names import find_hero

TOLD = "Once upon a time, there was a boy named Tom. He had a ball. One day Tom went out. He saw a kite. Then Tom sat. He sang."


def doubts(text: str, before: str = TOLD) -> list[tuple[str, str, str]]:
    return [(doubt.kind, doubt.name, text[doubt.start : doubt.end]) for doubt in find_doubts(before, text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (" He saw Max in the park. Then Max ran.", [("name", "Max", "Max")]),
        (" He saw a dog named Max. He and Max ran.", []),
        (" He ran to his friend Max, and Max ran.", []),
        (" Then Tom ran home. She was happy.", [("pronoun", "Tom", "She")]),
        (" Then Tom ran home. He was happy.", []),
        (" Tom saw his mom. She was happy.", []),
        (' "Look, Mom!" said Tom.', []),
        ("", []),
    ],
)
def test_what_goes_against_the_story_is_doubted(text, found):
    assert doubts(text) == found


def test_a_person_must_be_known_before_a_pronoun_is_doubted():
    assert doubts(" Then Kim ran. She fell. Later Kim sat. He sang.", "One day, a child met Kim. ") == []


@pytest.mark.parametrize(
    ("text", "hero"),
    [
        ("Once there was a boy named Tom. Tom saw Kim. Then Kim and Kim ran.", "Tom"),
        ("On one Monday a girl met Kim. Kim ran.", "Kim"),
        ("He said, and Mom said, and Mom ran.", ""),
        ("A bird flew.", ""),
        ("", ""),
    ],
)
def test_the_hero_is_who_is_named_first_and_again(text, hero):
    assert find_hero(text) == hero


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_asked_and_places_lie_in_it(before, text):
    for doubt in find_doubts(before, text):
        assert 0 <= doubt.start < doubt.end <= len(text)


def test_the_reading_level_counts_words_and_rare_ones(engine_embedded):
    tokenizer = engine_embedded.tokenizer
    level = measure_reading("The dog ran to the park. He was happy. It was a big red dog there.", tokenizer)
    assert (level.words, level.rare) == (6, 0)
    hard = measure_reading("The perspicacious hippopotamus ran.", tokenizer)
    assert hard.rare == 0.5
    assert measure_reading(" ... 12 ", tokenizer) is None

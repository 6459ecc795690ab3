"""Litanies: the word that would begin one sentence too many like those before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine import Settings, Story
from story_engine.generation.litanies import MOST_WITH_TWO, MOST_WITH_WORD, find_stale

WISHES = ["He wished for a kite.", "He wished for rain.", "He wished he was big.", "He wished it was noon."]
DEEDS = ["He ran.", "He sat.", "He ate.", "He hid.", "He sang.", "He hopped.", "He slept.", "He woke."]


@pytest.mark.parametrize(
    ("text", "stale"),
    [
        (" ".join(WISHES) + " He", "wished"),
        (" ".join(WISHES) + "\nHe", "wished"),
        (" ".join(WISHES[1:]) + " He", ""),
        (" ".join(WISHES) + " She", ""),
        (" ".join(WISHES) + " He ran", ""),
        (" ".join(WISHES), ""),
        (" ".join(DEEDS), "He"),
        (" ".join(DEEDS) + "\n", "He"),
        (" ".join(DEEDS[1:]), ""),
        (" ".join([*DEEDS[:4], "Mia saw him.", *DEEDS[4:]]), ""),
        ("\"I'm sorry, Mom. I'm sorry, Dad. I'm sorry, Tom. I'm sorry, Mia. I'm", "sorry"),
        ("Yes! " * 12, "Yes"),
        ("... " * 12, ""),
        ("", ""),
    ],
)
def test_the_word_that_goes_on_a_litany(text, stale):
    assert find_stale(text) == stale


@given(st.text(alphabet='aH. !"\n’', max_size=80))
def test_any_text_has_a_word_of_it_or_none(text):
    assert find_stale(text) in text


def test_a_model_that_would_go_on_begins_otherwise(scripted):
    """The model has one sentence for ever; its words are barred where they would make one too many."""
    story = Story("Tom sat.")
    engine = scripted(
        " He wished for tea and he wished for rain. He wished for cake. He wished for a kite and a boat. He wished for fun."
    )
    for _ in engine.stream(story, Settings(temperature=0, repetition_penalty=1, max_new_tokens=120)):
        pass
    sentences = story.last().text.split(".")
    alike = max(
        sum(one.strip().startswith("He wished") for one in sentences[at : at + MOST_WITH_TWO + 1])
        for at in range(len(sentences))
    )
    assert alike <= MOST_WITH_TWO < MOST_WITH_WORD

"""An ending that was asked for is reached, in about as many sentences, and nowhere but behind a whole sentence."""

import pytest

from story_engine import InputError, Settings, Story
from story_engine.generation.ending import CLOSERS
from story_engine.text.sentences import ends_sentence, split_sentences

SAY = " He saw a red kite. They ran to the park. Mia was happy."


@pytest.mark.parametrize("ending", [3, 5, 8])
def test_a_model_that_never_ends_is_led_to_an_end(scripted, ending):
    story = Story("Tom went out.")
    list(scripted(SAY).stream(story, Settings(temperature=0, repetition_penalty=1, max_new_tokens=400), ending=ending))
    last = story.last()
    sentences = split_sentences(last.text)
    assert last.finish == "end"
    assert ends_sentence(last.text)
    assert len(sentences) == ending
    assert any(sentences[-2].startswith(closer) for closer in CLOSERS)


def test_a_model_that_ends_by_itself_is_not_kept_from_it(scripted):
    story = Story("Tom went out.")
    list(scripted(SAY + "<end>").stream(story, Settings(temperature=0, repetition_penalty=1), ending=9))
    assert (story.last().text, story.last().finish) == (SAY, "end")


def test_the_embedded_model_finds_an_end(engine_embedded):
    for seed in range(2):
        story = Story("Once upon a time, Tom found a little blue car.")
        list(engine_embedded.stream(story, Settings(seed=seed, max_new_tokens=200), ending=4))
        assert story.last().finish == "end"
        assert 1 <= len(split_sentences(story.last().text)) <= 6  # about four: a speech may hold two


@pytest.mark.parametrize("ending", [2, 21, -1])
def test_an_impossible_ending_is_refused_before_anything_changes(scripted, ending):
    story = Story("Tom went out.")
    with pytest.raises(InputError, match="3 to 20"):
        scripted(SAY).stream(story, text="And then", ending=ending)
    assert len(story.passages) == 1

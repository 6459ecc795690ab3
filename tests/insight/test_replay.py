"""A receipt keeps its word: the passage comes out the same, and what cannot is said."""

from dataclasses import replace

import pytest

from story_engine import InputError, Settings, Story, replay_passage
from story_engine.insight.replay import copy_before
from story_engine.stories.savefile import dump_story, load_story

SETTINGS = Settings(max_new_tokens=40)


def test_every_passage_of_a_played_story_is_told_again_the_same(engine):
    story = Story("Tom had a ball.")
    for words in (None, "Then Mia came.", None):
        list(engine.stream(story, SETTINGS, text=words))
    story.undo()
    list(engine.stream(story, replace(SETTINGS, temperature=1.2, seed=9)))
    before = dump_story(story)
    told = [passage.id for passage in story.passages if passage.author == "model"]
    assert len(told) == 4
    for number in told:
        assert replay_passage(engine, story, number).is_identical
    assert dump_story(story) == before
    again = load_story(before)
    assert replay_passage(engine, again, told[0]).is_identical


def test_behind_a_forgetting_the_window_is_restored(engine):
    story = Story("Tom had a ball.")
    while not story.memory.ledger:
        list(engine.stream(story, SETTINGS, text="He ran to the big park and saw Mia there."))
    list(engine.stream(story, SETTINGS))
    assert story.last().receipt.forgotten > 0
    assert replay_passage(engine, story, story.current).is_identical


def test_a_stopped_passage_is_compared_as_far_as_it_goes(engine):
    story = Story("Tom had a ball.")
    stream = engine.stream(story, SETTINGS)
    shown = 0
    while shown < 5:
        shown += bool(next(stream).text)
    stream.close()
    assert story.last().finish == "stopped"
    assert replay_passage(engine, story, 1).is_identical


def test_a_passage_that_was_stopped_before_its_last_word_was_taken_back_comes_out_the_same(engine):
    """A name that is not the story's ("They" for "Then", by random weights) is taken back once its word ends."""
    opening, words = "One day, Mia went to the park.", "Then Mia saw a red kite in the garden."
    for seed in range(100):
        settings = Settings(seed=seed, max_new_tokens=24, temperature=1.0)
        pieces = list(engine.stream(Story(opening), settings, words))
        if taken := [number for number, piece in enumerate(pieces) if piece.back]:
            break
    story = Story(opening)
    stream = engine.stream(story, settings, words)
    for _ in range(taken[0]):
        next(stream)
    stream.close()
    assert story.last().finish == "stopped"
    assert replay_passage(engine, story, story.current).is_identical


def test_an_ending_is_part_of_the_receipt(engine_taught):
    story = Story("Tom had a ball.")
    list(engine_taught.stream(story, Settings(seed=1), ending=3))
    again = load_story(dump_story(story))
    assert again.last().receipt.ending == 3
    assert replay_passage(engine_taught, again, 1).is_identical


def test_a_telling_that_differs_says_where(engine):
    story = Story("Tom had a ball.")
    list(engine.stream(story, SETTINGS))
    kept = story.last().text[:10]
    story.passages[1] = replace(story.passages[1], text=kept + "~ and no more")
    found = replay_passage(engine, story, 1)
    assert not found.is_identical
    assert found.same == 10


def test_what_cannot_be_told_again_is_said(engine, scripted):
    story = Story("Tom had a ball.")
    list(engine.stream(story, SETTINGS))
    with pytest.raises(InputError, match="Another model"):
        replay_passage(scripted(" He ran."), story, 1)
    with pytest.raises(InputError, match="as the model told it"):
        replay_passage(engine, story, 0)
    story.passages[1] = replace(story.passages[1], receipt=replace(story.passages[1].receipt, window_tokens=3))
    with pytest.raises(InputError, match="cannot be restored"):
        replay_passage(engine, story, 1)


def test_a_passage_is_told_again_behind_the_words_that_it_was_told_behind():
    story = Story("Once.")
    story.add(" There was Tom.")
    story.add(" He ran.", "model")
    story.edit(0, "Long ago.")
    story.add(" He fell.", "model")
    story.edit(1, " There was Mia.")
    assert copy_before(story, story.passages[2]).text() == "Once. There was Tom."
    assert copy_before(story, story.passages[4]).text() == "Long ago. There was Tom. He ran."
    assert copy_before(story, story.passages[0]).last() is None
    assert story.text() == "Long ago. There was Mia. He ran. He fell."

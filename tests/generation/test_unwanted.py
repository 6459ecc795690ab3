"""Words never wanted: kept out of every passage, whatever the tokens, the letter case and the borders of passages."""

import re
from dataclasses import replace

import pytest

from story_engine import Settings, SettingsError, Story, read_unwanted, replay_passage
from story_engine.generation.ending import CLOSERS
from story_engine.generation.opener import OPENERS
from story_engine.generation.unwanted import Unwanted
from story_engine.stories.savefile import dump_story, load_story

GREEDY = Settings(temperature=0, repetition_penalty=1, max_new_tokens=30)


@pytest.mark.parametrize(
    ("text", "piece", "is_said"),
    [
        ("He saw a", " kite", True),
        ("He saw a kit", "e", True),
        ("", "Kite", True),
        ("He said: “", "KITE”", True),
        ("He saw a red", "\nkite", True),
        ("He has ice", " cream.", True),
        ("He has ice \n", "cream", True),
        ("He has ice", "cream", False),
        ("Two", " kites", False),
        ("The sky", "kite", False),
        ("Tom's kite", " flew", False),  # it stands there already, as a reader's own word
        ("Das ist der B", "är", True),
    ],
)
def test_a_word_is_seen_whole_however_it_is_cut(text, piece, is_said):
    assert Unwanted(("kite", "ice cream", "bär")).is_said(text, piece) == is_said


@pytest.mark.parametrize(
    ("opening", "script", "unwanted"),
    [
        ("Tom went out.", " He saw a red kite.", ("kite",)),
        ("Tom went out.", " Kite ran home.", ("kite",)),
        ("Tom went out.", " He saw a red kite.", ("Red  Kite",)),
        ("Tom saw a red", " kite. He ran.", ("red kite",)),
        ("Tom saw a kit", "e. He ran.", ("kite",)),
    ],
)
def test_the_model_cannot_say_it(scripted, opening, script, unwanted):
    engine = scripted(f"{script}<end>")
    said = re.compile(r"\s+".join(unwanted[0].split()), re.IGNORECASE)
    for settings, is_free in ((GREEDY, True), (replace(GREEDY, unwanted=unwanted), False)):
        story = Story(opening)
        for _ in engine.stream(story, settings):
            pass
        assert bool(said.search(story.text())) == is_free


def test_a_reader_may_say_it(scripted):
    story = Story("Tom went out.")
    for _ in scripted(" He ran.<end>").stream(story, replace(GREEDY, unwanted=("kite",)), "He saw a kite."):
        pass
    assert story.text() == "Tom went out. He saw a kite. He ran."


def test_a_receipt_holds_the_list_and_tells_the_same_again(engine):
    """What the model says first is taken from it, in both letter cases, and its passage is still the same each time."""
    settings = Settings(seed=3, max_new_tokens=60)
    story = Story("Tom went out.")
    list(engine.stream(story, settings))
    words = tuple(dict.fromkeys(re.findall(r"\w+", story.last().text)))[:20]
    story.undo()
    list(engine.stream(story, replace(settings, unwanted=words)))
    assert not {word.lower() for word in words} & {word.lower() for word in re.findall(r"\w+", story.last().text)}
    loaded = load_story(dump_story(story))
    assert loaded.last().receipt.settings.unwanted == words
    assert replay_passage(engine, loaded, loaded.current).is_identical


def test_no_words_that_lead_a_passage_hold_it(scripted):
    story = Story("There was a girl named Mia. Mia saw Tom, and then Mia ran.")
    unwanted = ("Mia", "suddenly", *(word for opener in OPENERS for word in opener.rstrip(",").split()[-1:] if word != "then"))
    story.mark_finished()
    list(scripted(" He ran.").stream(story, replace(GREEDY, unwanted=unwanted)))
    assert story.last().text.startswith("\nJust then, He ran.")
    engine, story = scripted(" He ran. He sat. He ran home. He saw Mia."), Story("Tom went out.")
    list(engine.stream(story, replace(GREEDY, max_new_tokens=60, unwanted=("end", "day", "that", "last")), ending=3))
    assert story.last().finish == "end"
    assert not any(closer in story.text() for closer in CLOSERS)


def test_a_list_is_read_as_a_person_writes_it_and_checked():
    assert read_unwanted(" dragon,ice   cream\n\nMouse; dragon,") == ("dragon", "ice cream", "Mouse")
    for wrong in ("x" * 61, ",".join(f"w{number}" for number in range(101)), 5):
        with pytest.raises(SettingsError):
            read_unwanted(wrong)
    for wrong in (["dragon"], ("",), (5,), "dragon", None):
        with pytest.raises(SettingsError):
            Settings(unwanted=wrong)

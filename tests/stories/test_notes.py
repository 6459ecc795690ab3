"""Notes: lines that the model has in mind however long the story grows, and that are saved with it."""

import pytest

from story_engine import InputError, SaveError, Settings, Story, check_notes
from story_engine.stories.input import write_notes
from story_engine.stories.savefile import dump_story, load_story


def test_notes_stay_in_the_window_of_a_story_that_forgets(engine_taught):
    engine, story = engine_taught, Story("Once upon a time, there was a girl named Lily.")
    story.notes = check_notes("Rex is Lily's old dog\n\n  He is   always hungry!  ")
    for turn in range(140):
        story.add(f" Then Lily went out again to look for the little red kite number {turn} in the big green park.")
    list(engine.stream(story, Settings(max_new_tokens=5, seed=1)))
    assert story.memory.forgotten
    text = engine.tokenizer.decode(engine.window_of(story).ids[1:])
    assert text.startswith("Once upon a time, there was a girl named Lily. Rex is Lily's old dog. He is always hungry! Then")


def test_a_note_makes_its_words_likelier(engine_embedded):
    """The model reads it: behind a note of a frog the next word is a frog far more often."""
    engine, chances = engine_embedded, []
    for note in ("", "Lily has a pet frog. The frog is green. She loves the frog."):
        story = Story("One day, Lily went to the garden.")
        story.notes = check_notes(note)
        story.add(" She played with her")
        logits = engine.prefill(engine.window_of(story).ids, engine.decoder.new_slot())
        (frog,) = engine.tokenizer.encode(" frog")
        chances.append(float(logits.softmax(-1)[frog]))
    assert chances[1] > 5 * chances[0]


def test_notes_are_saved_and_older_files_have_none():
    story = Story("Tom went out.")
    story.characters, story.notes = ["Rex is a dog."], ["It is winter."]
    data = dump_story(story)
    assert (load_story(data).characters, load_story(data).notes) == (story.characters, story.notes)
    del data["notes"], data["characters"]
    assert load_story(data).notes == load_story(data).characters == []
    with pytest.raises(SaveError):
        load_story(data | {"notes": ["x" * 301]})


@pytest.mark.parametrize("text", ["x" * 301, "a\n" * 31, 5])
def test_notes_that_are_too_long_are_refused(text):
    with pytest.raises(InputError):
        check_notes(text)


def test_a_note_without_a_stop_gets_one_in_the_window():
    assert write_notes(["Rex is a dog", "Is he?", 'He said "wow."']) == [" Rex is a dog.", " Is he?", ' He said "wow."']

"""Lore: lines that join the model's window while the story's last passages say one of their names."""

import pytest

from playground.render.renderer import Renderer
from playground.wording.strings import find_texts
from story_engine import InputError, Lore, SaveError, Settings, Story, check_lore, find_named, write_lore
from story_engine.stories.lore import LAST_PASSAGES, MAX_LORE
from story_engine.stories.savefile import dump_story, load_story

LINES = "Rex, the old dog: Rex is big.\nLake: The lake is deep"
REX, LAKE = Lore(("Rex", "the old dog"), "Rex is big."), Lore(("Lake",), "The lake is deep")


def read_window(engine, story: Story) -> str:
    return engine.tokenizer.decode(engine.window_of(story, Settings(max_new_tokens=20)).ids[1:])


def tell(*passages: str) -> Story:
    story = Story(passages[0])
    story.lore = [REX, LAKE]
    for passage in passages[1:]:
        story.add(passage)
    return story


@pytest.mark.parametrize(
    ("passages", "named"),
    [
        (["Tom saw Rex."], [(0, "Rex")]),
        (["Tom saw REX's ball."], [(0, "Rex")]),
        (["He saw the Old Dog at the lakes."], [(1, "Lake"), (0, "the old dog")]),
        (["Rexona is no dog.", "A flake fell."], []),
        (["Tom saw Rex.", *["They ran."] * (LAST_PASSAGES - 1)], [(0, "Rex")]),
        (["Tom saw Rex.", *["They ran."] * LAST_PASSAGES], []),
    ],
)
def test_an_entry_is_named_by_whole_words_of_the_last_passages(passages, named):
    assert find_named([REX, LAKE], passages) == named


def test_it_joins_the_window_with_its_name_and_leaves_it_again(engine):
    story = tell("Tom went out.", " He saw the lake.")
    assert read_window(engine, story) == "Tom went out. The lake is deep. He saw the lake."
    for _ in range(LAST_PASSAGES):
        story.add(" He ran.")
    assert "deep" not in read_window(engine, story)
    assert "big" not in read_window(engine, story)


def test_what_was_named_last_stays_where_not_all_of_it_fits(engine):
    story = tell("Tom went out.", " He saw Rex.", " He saw the lake.")
    story.lore = [Lore(("Rex",), "Rex is old."), Lore(("Lake",), "The lake is deep.")]
    window = engine.window_of(story, Settings(max_new_tokens=20))
    assert (window.lore, window.unnoted) == ({1}, 1)


def test_its_coming_is_read_ahead_while_the_reader_reads(scripted):
    engine, asked = scripted(" He saw Rex.<end>"), []
    engine.ahead.ask = lambda uid, ids: asked.append(engine.tokenizer.decode(ids[1:]))
    story = tell("Tom went out.")
    greedy = Settings(temperature=0, repetition_penalty=1)
    list(engine.stream(story, greedy))
    assert len(asked) == 1
    assert "big" in asked[0]
    list(engine.stream(story, greedy, "He ran."))
    assert len(asked) == 1


def test_lines_are_read_as_they_are_written_and_checked():
    assert check_lore(f"\n{LINES} \n") == [REX, LAKE]
    assert check_lore(write_lore([REX, LAKE])) == [REX, LAKE]
    for wrong in ("Rex is old.", ": He is old.", "Rex:", f"Rex: {'x' * 301}", "Rex: old.\n" * (MAX_LORE + 1), 5):
        with pytest.raises(InputError):
            check_lore(wrong)


def test_lore_is_saved_and_older_files_have_none():
    data = dump_story(tell("Tom went out."))
    assert load_story(data).lore == [REX, LAKE]
    for wrong in ([{"names": [], "text": "Old."}], [{"names": ["Rex"], "text": "x" * 301}], "Rex"):
        with pytest.raises(SaveError):
            load_story(data | {"lore": wrong})
    del data["lore"]
    assert load_story(data).lore == []


def test_the_memory_says_what_it_holds_and_why(engine):
    story = tell("Tom went out.", " He saw Rex.")
    story.notes = ["It is winter."]
    meter = Renderer().render_meter(story, engine.window_of(story, Settings(max_new_tokens=20)))
    assert "<q>It is winter.</q> <small>always" in meter
    assert "<q>Rex is big.</q> <small>because the story just said “Rex”" in meter
    assert "1 line of lore waits" in meter
    assert "weil die Geschichte" in Renderer(find_texts("de")).render_meter(
        story, engine.window_of(story, Settings(max_new_tokens=20))
    )

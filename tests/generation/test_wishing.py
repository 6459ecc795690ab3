"""A wish guides a passage and stands in no story: held to plain formulas, in the receipt, and told again by it."""

from dataclasses import replace

import numpy as np
import pytest

from story_engine import InputError, Settings, Story, replay_passage
from story_engine.generation.guidance import guide_rows
from story_engine.generation.wishing import read_wish
from story_engine.stories.input import MAX_WISH, check_wish
from story_engine.stories.savefile import dump_story, load_story

OPENING = "Once upon a time, Mia had a kite. She was happy."
WISH = "Ben comes to the park"
GREEDY = Settings(guidance=0.5, temperature=0, repetition_penalty=1.0, max_new_tokens=24, seed=3)


def tell_slowly(engine, story: Story, settings: Settings) -> list[int]:
    """Greedy tokens, with all that is read read anew for every token."""
    wish, window, told, text = read_wish(WISH, story.text(), engine.tokenizer), engine.window_of(story, settings, WISH), [], ""
    lines = [wish.join(window.ids, window), [engine.window.start], [*window.ids]]
    size, special = engine.tokenizer.size, sorted(engine.tokenizer.special - engine.end_tokens)
    for _ in range(settings.max_new_tokens):
        rows = [engine.decoder.prefill([*line, *told], engine.decoder.new_slot())[:size].numpy() for line in lines]
        row = wish.lift(guide_rows(rows, settings.guidance)[0], rows[0], text, told)
        row[special] = -np.inf
        token = int(row.argmax())
        if token in engine.end_tokens:
            break
        told.append(token)
        text = engine.tokenizer.decode(told)
    return told


def test_a_wished_passage_is_that_of_its_windows_read_anew(engine):
    engine.retries_loops = False
    for opening in (OPENING, "Ben ran to the forest."):
        story = Story(opening)
        slow = tell_slowly(engine, story, GREEDY)
        list(engine.stream(story, GREEDY, wish=WISH))
        told = list(story.last().tokens)
        assert told == slow[: len(told)]
        assert len(told) >= min(len(slow), 12)  # it may stop at a sentence's end near its length


def test_the_wish_is_in_the_receipt_alone_and_the_words_are_told_again(engine):
    story, plain = Story(OPENING), Story(OPENING)
    list(engine.stream(story, GREEDY, wish=f"  {WISH}\n"))
    list(engine.stream(plain, GREEDY))
    assert story.last().text != plain.last().text
    assert story.last().receipt.wish == WISH
    assert WISH not in story.text()
    ids = engine.window_of(story).ids
    assert engine.tokenizer.decode(ids[1:]) == story.text()  # the next passage reads nothing of it
    list(engine.stream(story, GREEDY))
    assert not story.last().receipt.wish
    again = load_story(dump_story(story))
    for number in (1, 2):
        assert replay_passage(engine, again, number).is_identical


@pytest.mark.parametrize(
    "options",
    [{}, {"guidance": 0.0}, {"best_of": 2}, {"for_children": True}, {"temperature": 1.2, "unwanted": ("park",)}],
)
def test_it_works_beside_everything_else(engine, monkeypatch, options):
    monkeypatch.setattr(engine.decoder, "row_cost", 0.0)
    settings, told = Settings(**({"seed": 5, "guidance": 0.5, "max_new_tokens": 30} | options)), []
    for speculates in (True, False):
        engine.speculates = speculates
        story = Story(OPENING)
        list(engine.stream(story, settings, "Then the ki", wish=WISH))
        list(engine.stream(story, settings, ending=3, wish=WISH))
        list(engine.stream(story, settings, wish=WISH))
        told.append(story.text())
        for passage in [passage for passage in story.path() if passage.author == "model"]:
            assert passage.receipt.wish == WISH
            assert replay_passage(engine, story, passage.id).is_identical
    assert told[0] == told[1]


def test_tellings_side_by_side_share_it(engine):
    story = Story(OPENING)
    list(engine.stream_tellings(story, [replace(GREEDY, temperature=1.0, seed=seed) for seed in (1, 2, 3)], wish=WISH))
    assert [passage.receipt.wish for passage in story.passages[1:]] == [WISH] * 3
    alone = Story(OPENING)
    list(engine.stream(alone, replace(GREEDY, temperature=1.0, seed=2), wish=WISH))
    assert alone.last().text == story.passages[2].text


def test_a_full_window_leaves_room_for_it(engine):
    story, settings = Story(OPENING), Settings(max_new_tokens=70, seed=1)
    for _ in range(12):
        story.add(" Mia ran to the park and saw Tom there.")
    window, wish = engine.window_of(story, settings, WISH), read_wish(WISH, story.text(), engine.tokenizer)
    assert len(window.ids) + len(wish.ids) + settings.max_new_tokens <= engine.window.context_length
    list(engine.stream(story, settings, wish=WISH))
    assert replay_passage(engine, story, story.current).is_identical
    with pytest.raises(InputError, match="Choose a shorter one"):
        engine.stream(story, replace(settings, max_new_tokens=engine.longest_passage), "More.", wish=WISH)
    assert story.last().author == "model"


def test_a_wish_is_checked_at_the_edge(engine):
    assert check_wish(None) == check_wish(" \n ") == ""
    assert check_wish("it\u00a0begins\nto  snow ") == "it begins to snow"
    story = Story(OPENING)
    for wrong, said in (("x" * (MAX_WISH + 1), "Shorten it"), (5, "plain text"), ("\ud800", "broken character")):
        with pytest.raises(InputError, match=said):
            engine.stream(story, GREEDY, text="More.", wish=wrong)
    with pytest.raises(InputError, match="to fight with"):
        engine.stream(story, replace(GREEDY, for_children=True), wish="he takes a gun")
    assert len(story.passages) == 1


def test_older_files_are_read_and_a_wish_that_is_none_costs_the_receipt_alone(engine):
    story = Story(OPENING)
    list(engine.stream(story, GREEDY))
    data = dump_story(story)
    assert "wish" not in data["passages"][1]["receipt"]
    assert load_story(data).last().receipt.wish == ""
    data["passages"][1]["receipt"]["wish"] = 5
    assert load_story(data).last().receipt is None
    assert load_story(data).text() == story.text()

"""Passages for children by a server elsewhere: unfit sentences are not shown, and the server is asked anew."""

import pytest

from story_engine import InputError, Settings, Story, find_kinds
from story_engine.generation.minding import KIND_SENTENCES, TRIES

UNFIT, FIT = " Then he took the gun.", " Then he took the kite. They were happy."
CHILDREN = Settings(max_new_tokens=60, seed=3, for_children=True)


def follow(engine, story, **how):
    """What is shown on the way, and what was held back."""
    shown, seen, held = "", [], []
    for piece in engine.stream(story, CHILDREN, **how):
        shown = piece.follow(shown)
        seen.append(shown)
        held += piece.held
    assert shown == story.last().text
    return seen, held


def test_the_server_is_asked_anew_behind_the_last_fit_sentence(open_server, open_engine):
    said = iter([f" He saw a dog.{UNFIT}<end>"])
    engine, story = open_engine(open_server(lambda prompt: next(said, f"{FIT}<end>"))), Story("Tom had a ball.")
    seen, held = follow(engine, story)
    assert held == [UNFIT.strip()]
    assert not any("gun" in shown for shown in seen)
    assert story.last().text == f" He saw a dog.{FIT}"
    assert story.last().receipt.guard


def test_a_kind_sentence_ends_the_passage_where_the_server_says_nothing_fit(open_server, open_engine):
    server = open_server(f"{UNFIT}<end>")
    engine, story = open_engine(server), Story("Tom had a ball.")
    seen, held = follow(engine, story)
    assert len(held) == len(server.requests) == 1 + TRIES
    assert not any("gun" in shown for shown in seen)
    assert story.last().text.endswith(KIND_SENTENCES)
    assert not find_kinds(story.text())


def test_an_unfit_rest_at_the_length_is_held(open_server, open_engine):
    engine, story = (
        open_engine(open_server(" He saw a dog. Then he took the gun and went on and on and on and on")),
        Story("Tom."),
    )
    seen, _ = follow(engine, story)
    assert not any("gun" in shown for shown in seen)


def test_unfit_words_of_the_readers_do_not_join_the_story(open_server, open_engine):
    engine, story = open_engine(open_server(FIT)), Story("Tom had a ball.")
    with pytest.raises(InputError, match="to fight with"):
        engine.stream(story, CHILDREN, text=UNFIT)
    assert story.text() == "Tom had a ball."

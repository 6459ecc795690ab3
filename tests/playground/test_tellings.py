"""Tellings side by side: three to choose from, or one set of chances from calm to wild."""

from xml.etree import ElementTree

import pytest

from playground.actions import STRIP, TELLINGS, Actions
from playground.engines import Engines
from playground.render.renderer import Renderer
from playground.render.tellings import find_strip, part_from
from playground.visit import Live, Visit
from story_engine import Receipt, Settings, Story
from story_engine.stories.library import Library


@pytest.fixture
def actions(engine, tmp_path) -> Actions:
    return Actions(Engines(engine, "tiny"), Library(tmp_path))


def tell_one(story: Story, text: str, temperature: float, seed: int = 7) -> None:
    story.add(text, "model", receipt=Receipt("m", Settings(temperature=temperature, seed=seed), 9, 0), finish="length")
    story.undo()


def test_three_tellings_are_told_at_once_and_one_is_picked(actions):
    visit = Visit(list(actions.start(Visit(), "Once upon a time", Settings(max_new_tokens=8, seed=1)))[-1].story)
    options = Settings(max_new_tokens=60, seed=5, temperature=1.2)
    views = list(actions.branch(visit, "Then Tom ran.", options))
    story = actions.find(visit).story
    versions = [story.passages[number] for number in story.versions(story.current)]
    assert [version.receipt.settings.seed for version in versions] == [5, 6, 7]
    assert len({version.text for version in versions}) == TELLINGS
    assert story.current == versions[0].id
    assert views[-1].tellings.count("data-act") == TELLINGS
    actions.go_to(visit, versions[2].id)
    assert story.last() == versions[2]


def test_words_of_all_tellings_are_shown_while_they_are_written(scripted, tmp_path):
    slow = Actions(Engines(scripted(" He saw a red kite. They ran.", delay=0.02), "scripted"), Library(tmp_path))
    visit = Visit(list(slow.start(Visit(), "Tom went out.", Settings(max_new_tokens=8)))[-1].story)
    live = [view for view in slow.branch(visit, "", Settings(max_new_tokens=30)) if isinstance(view, Live)]
    assert all(view.tellings.count("card") == TELLINGS for view in live)
    assert len(live) > 1


def test_calm_to_wild_draws_the_same_numbers_at_five_temperatures(actions):
    visit = Visit(list(actions.start(Visit(), "Once upon a time", Settings(max_new_tokens=8, seed=1)))[-1].story)
    *_, view = actions.vary(visit, "", Settings(max_new_tokens=16))
    story = actions.find(visit).story
    settings = [story.passages[number].receipt.settings for number in story.versions(story.current)]
    assert tuple(one.temperature for one in settings) == STRIP
    assert len({one.seed for one in settings}) == 1
    assert "temperature 0.2" in view.tellings
    assert "temperature 1.4" in view.tellings


def test_a_strip_marks_where_each_leaves_the_calmest():
    story = Story("Tom went out.")
    for text, temperature in ((" He saw a red kite.", 0.2), (" He saw a big <dog>.", 0.8), (" He saw a red kite.", 0.5)):
        tell_one(story, text, temperature)
    story.redo()
    root = ElementTree.fromstring(Renderer().render_tellings(story))
    labels = [card.find("small").text for card in root.iter("button")]
    assert labels == ["temperature 0.2", "temperature 0.8", "temperature 0.5, the same words"]
    assert [mark.text for mark in root.iter("mark")] == [" big <dog>."]


def test_other_versions_are_no_strip():
    story = Story("Tom went out.")
    for seed in (1, 2):
        tell_one(story, f" He ran {seed}.", 0.7, seed)
    story.redo()
    assert find_strip([story.passages[number] for number in story.versions(story.current)]) == []
    assert "temperature" not in Renderer().render_tellings(story)
    assert Renderer().render_tellings(Story("Tom")) == ""


@pytest.mark.parametrize(
    ("first", "text", "parts"),
    [
        ("a b c", "a b d", ("a b", " d")),
        ("a kite", "a kit", ("a", " kit")),
        ("a", "a b", ("a", " b")),
        ("a b", "a b", ("a b", "")),
    ],
)
def test_tellings_part_between_words(first, text, parts):
    assert part_from(first, text) == parts


def test_live_cards_are_escaped():
    assert "<b>" not in Renderer().render_live_tellings(["<b>", "x"])

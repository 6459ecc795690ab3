"""Pictures in the book and in saved files: where they are wanted, with words for screen readers, and changed by a click."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from playground.actions import Actions
from playground.engines import Engines
from playground.shelf import Shelf
from playground.theme import CSS
from playground.visit import Visit
from story_engine import WHEN, InputError, Settings, Story
from story_engine.pictures import composition
from story_engine.stories.library import Library

PLAIN = Settings(temperature=0, repetition_penalty=1)
ALL = Visit(pictures="all")


@pytest.fixture
def actions(scripted, tmp_path) -> Actions:
    return Actions(Engines(scripted(" He saw a dog. They ran to the park.<end>"), "scripted"), Library(tmp_path / "stories"))


def begin(actions: Actions, visit: Visit = ALL) -> tuple[Visit, list]:
    views = list(actions.start(visit, 'Tom & "Mia" went out.', PLAIN))
    return visit.after(views[-1]), views


def find_pictures(book: str) -> list[ElementTree.Element]:
    parts = book.split('<div class="drawn">')[1:]
    return [ElementTree.fromstring(part[: part.index("</div>")]) for part in parts]


def test_a_picture_stands_beneath_its_passage_and_says_who_is_in_it(actions):
    visit, views = begin(actions)
    (picture,) = find_pictures(views[-1].book)
    assert (
        views[-1].book.index("ran to the park") < views[-1].book.index('<div class="drawn">') < views[-1].book.index("the-end")
    )
    assert {"Tom", "Mia", "dog"} >= {*picture.get("aria-label").removeprefix("Picture: ").split(", ")} > {"dog"}
    buttons = [part.get("aria-label") for part in picture.iter() if part.get("data-act") == "figure"]
    assert "Draw Tom otherwise" in buttons
    german = actions.view(replace(visit, language="de")).book
    assert find_pictures(german)[0].get("aria-label").startswith("Bild: ")
    assert "Tom anders zeichnen" in german


def test_there_is_none_where_none_is_wanted(actions):
    story = Story("Tom went out.")
    for words, finish in ((" He saw a dog.", "length"), (" He ran home.", "end"), (" It rained.", "length")):
        story.add(words, "model", finish=finish)
    shown = {when: actions.adopt(story, Visit(pictures=when)).book for when in WHEN}
    assert "<svg" not in shown["off"]
    assert len(find_pictures(shown["all"])) == 3
    assert len(find_pictures(shown["ends"])) == 1
    assert shown["ends"].index("ran home") < shown["ends"].index('class="drawn"') < shown["ends"].index("rained")


def test_a_click_changes_somebody_in_the_whole_story(actions):
    visit, views = begin(actions)
    (before,) = find_pictures(views[-1].book)
    (after,) = find_pictures(actions.change_figure(visit, "Tom").book)
    assert ElementTree.tostring(before) != ElementTree.tostring(after)
    assert Library(actions.library.folder).open(visit.story).story.figures == {"Tom": 1}
    for nobody in ("Zed", None, 7, ["Tom"]):
        with pytest.raises(InputError):
            actions.change_figure(visit, nobody)


def test_no_picture_is_drawn_while_a_passage_is_written_and_none_can_be_clicked(actions, monkeypatch):
    visit, _ = begin(actions)
    drawn = []
    monkeypatch.setattr(composition, "draw_figure", lambda figure, use: drawn.append(figure.key) or "")
    stream = actions.go_on(visit, "Then Tom saw a fox.", PLAIN)
    view = next(stream)
    assert view.is_writing
    assert len(find_pictures(view.book)) == 1
    assert 'data-act="figure"' not in view.book
    assert drawn == []
    *_, last = stream
    assert len(find_pictures(last.book)) == 2
    assert "Tom" in drawn


def test_saved_files_have_the_pictures_of_the_page(actions):
    visit, _ = begin(actions)
    shelf = Shelf(actions)
    assert shelf.export(visit, "web page")[2].count(b'<svg class="picture"') == 1
    assert b"<svg" not in shelf.export(replace(visit, pictures="off"), "web page")[2]


def test_the_browser_keeps_the_choice_and_what_is_none_is_off():
    assert Visit.from_browser(ALL.preferences()).pictures == "all"
    assert Visit().preferences()["pictures"] == "off"
    for odd in (None, 7, ["all"], {"all": 1}, "sometimes"):
        assert Visit.from_browser({"pictures": odd}).pictures == "off"


def test_a_dark_page_has_dark_pictures():
    assert ".dark .picture .p-sky-day{fill:#3b5c6b}" in CSS

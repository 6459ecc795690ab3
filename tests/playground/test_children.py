"""The switch for children: what it stops at every door of the page, who chooses it, and what a grown-up reads."""

from dataclasses import replace

import pytest

from playground.actions import Actions
from playground.engines import Engines
from playground.fitness import follow_fit
from playground.held import MOST_SENTENCES, MOST_STORIES, Held
from playground.ideas import IDEAS
from playground.insight import Insight
from playground.reading import ReadingAlong
from playground.server import build_parser
from playground.shelf import Shelf
from playground.visit import Live, View, Visit
from story_engine import InputError, Library, Settings, Story, check_story, find_kinds
from tests.playground.test_browser_access import find_barriers
from tests.reader import DESKTOP, PHONE, Reader

UNFIT_WORDS = "Then he took the gun."
CHILDREN = Settings(seed=1, for_children=True)


@pytest.fixture
def actions(scripted, tmp_path) -> Actions:
    engines = Engines(scripted(f" He saw a dog. {UNFIT_WORDS} He ran.<end>"), "scripted", for_children=True)
    return Actions(engines, Library(tmp_path / "stories"))


@pytest.fixture
def visit(actions) -> Visit:
    return Visit().after([*actions.start(Visit(), "Tom went out.", CHILDREN)][-1])


def test_an_unfit_opening_begins_no_story(actions):
    with pytest.raises(InputError, match="to fight with"):
        list(actions.start(Visit(), UNFIT_WORDS, CHILDREN))
    assert actions.library.open("") is None


def test_every_way_into_a_story_is_checked(actions, visit, tmp_path):
    before, shelf, insight = actions.find(visit).story.text(), Shelf(actions), Insight(actions)
    doors = (
        lambda: list(actions.go_on(visit, UNFIT_WORDS, CHILDREN)),
        lambda: list(actions.branch(visit, UNFIT_WORDS, CHILDREN)),
        lambda: list(actions.vary(visit, UNFIT_WORDS, CHILDREN)),
        lambda: actions.edit(visit, 1, UNFIT_WORDS),
        lambda: shelf.rename(visit, UNFIT_WORDS),
        lambda: insight.keep_in_mind(visit, UNFIT_WORDS, "", ""),
        lambda: insight.keep_in_mind(visit, "", UNFIT_WORDS, ""),
        lambda: insight.keep_in_mind(visit, "", "", f"Rex: {UNFIT_WORDS}"),
    )
    for door in doors:
        with pytest.raises(InputError, match="to fight with"):
            door()
    assert actions.find(visit).story.text() == before
    path = tmp_path / "own.txt"
    path.write_text(f"Tom ran. {UNFIT_WORDS}", encoding="utf-8")
    with pytest.raises(InputError, match="switch off"):
        shelf.open_file(visit, path)
    assert "gun" in shelf.open_file(replace(visit, for_children=False), path).book


def test_a_story_of_the_shelf_is_checked_with_all_its_versions(actions, visit):
    story = actions.find(visit).story
    story.add(UNFIT_WORDS)
    story.undo()
    with pytest.raises(InputError, match="switch off"):
        actions.open_from_shelf(visit, visit.story)
    assert actions.open_from_shelf(replace(visit, for_children=False), visit.story).story == visit.story


@pytest.fixture
def unchecked(actions, visit) -> Visit:
    """A visitor whose story has, behind its last passage, one that was told unchecked; it is not in view."""
    story = actions.find(visit).story
    story.add(f" {UNFIT_WORDS}", "model")
    story.add(" He ran home.", "model")
    story.undo()
    story.undo()
    return visit


@pytest.mark.parametrize("move", [Story.redo, lambda story: story.go_to(len(story.passages) - 1)])
def test_no_move_leads_to_unfit_words_and_a_grown_up_reads_them(actions, unchecked, move):
    before, at = actions.find(unchecked).story.text(), actions.find(unchecked).story.current
    for _ in range(2):
        with pytest.raises(InputError, match="so it stays closed"):
            actions.change(unchecked, move)
    story = actions.find(unchecked).story
    assert (story.text(), story.current) == (before, at)
    assert story.can_redo()
    assert actions.writing.held.list_of(unchecked.story).count(UNFIT_WORDS) == 1
    assert "gun" not in actions.view(unchecked).tree
    grown_up = replace(unchecked, for_children=False)
    assert "gun" in actions.change(grown_up, move).book
    with pytest.raises(InputError, match="switch off"):  # now it is in view
        actions.view(unchecked)
    with pytest.raises(InputError, match="switch off"):
        list(actions.go_on(unchecked, "", CHILDREN))


def test_an_arrow_to_an_unfit_version_leads_nowhere(actions, visit):
    story = actions.find(visit).story
    story.undo()
    story.add(f" {UNFIT_WORDS}", "model")
    actions.flip(replace(visit, for_children=False), 2, 1)
    with pytest.raises(InputError, match="so it stays closed"):
        actions.flip(visit, 1, 1)
    assert "gun" not in actions.view(visit).book
    assert actions.view(visit).tellings == ""


def test_a_link_and_a_story_brought_back_are_checked(actions, unchecked):
    shelf, grown_up = Shelf(actions), replace(unchecked, for_children=False)
    with pytest.raises(InputError, match="switch off"):
        actions.arrive(unchecked)
    assert actions.arrive(grown_up).story == unchecked.story
    shelf.remove(unchecked)
    removed = replace(unchecked, story="", removed=(unchecked.story,))
    with pytest.raises(InputError, match="switch off"):
        shelf.restore(removed)
    assert actions.library.open(unchecked.story) is None
    assert shelf.restore(replace(removed, for_children=False)).story == unchecked.story


def test_who_reads_along_sees_no_unfit_words(actions, unchecked):
    reading, link = ReadingAlong(actions), actions.links.share(unchecked.story, "none")
    assert "dog" in reading.look(link.number, "", "en")["book"]
    actions.change(replace(unchecked, for_children=False), Story.redo)
    with pytest.raises(InputError, match="So it stays closed"):
        reading.look(link.number, "", "en")


def test_what_somebody_else_writes_is_shown_while_it_is_fit(actions, visit):
    story = actions.find(visit).story
    views = [Live("", " He saw"), Live("", f" He saw. {UNFIT_WORDS}"), Live("", "", "side by side"), View(story.uid)]
    assert list(follow_fit(views, story)) == [views[0], views[3]]
    story.add(f" {UNFIT_WORDS}")
    with pytest.raises(InputError, match="switch off"):
        list(follow_fit(views, story))


def test_three_ways_temperatures_and_another_try_are_fit_and_what_was_held_is_kept(actions, visit):
    for act in (actions.branch, actions.vary):
        list(act(visit, "", CHILDREN))
    list(actions.retry(visit, CHILDREN))
    story = actions.find(visit).story
    check_story(passage.text for passage in story.passages)
    assert len(actions.writing.held.list_of(visit.story)) >= 10
    assert all("gun" in held for held in actions.writing.held.list_of(visit.story))


def test_the_browser_keeps_the_choice_and_the_server_has_one_for_all_others(actions):
    assert Visit.from_browser({}).for_children is None
    assert "for_children" not in Visit().preferences()
    for chosen in (True, False):
        visit = Visit.from_browser(Visit(for_children=chosen).preferences())
        assert visit.for_children is chosen
        assert actions.is_for_children(visit) is chosen
    assert actions.is_for_children(Visit())
    assert Visit.from_browser({"for_children": "yes"}).for_children is None


def test_the_switch_is_on_on_a_space_and_a_flag_overrides(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert not build_parser().parse_args([]).for_children
    assert build_parser().parse_args(["--for-children"]).for_children
    monkeypatch.setenv("SPACE_ID", "somebody/stories")
    assert build_parser().parse_args([]).for_children
    assert not build_parser().parse_args(["--no-for-children"]).for_children


def test_ideas_are_gentle():
    for words in IDEAS.values():
        assert not find_kinds(words)


def test_what_was_held_is_bounded():
    held = Held()
    for number in range(MOST_STORIES + 5):
        held.add(f"{number}", ["x"])
    assert held.list_of("0") == []
    held.add("a", [str(number) for number in range(MOST_SENTENCES + 5)])
    assert len(held.list_of("a")) == MOST_SENTENCES
    assert held.list_of("a")[-1] == str(MOST_SENTENCES + 4)


def test_scripts_name_it_or_have_the_servers_choice(serve, scripted):
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(serve(scripted(f" {UNFIT_WORDS} He ran.<end>")), verbose=False)
    assert "gun" in client.predict("Tom went out.", api_name="/start")["text"]
    assert "gun" not in client.predict("Tom went out.", for_children=True, api_name="/start")["text"]
    with pytest.raises(AppError, match="to fight with"):
        client.predict(UNFIT_WORDS, for_children=True, api_name="/start")


@pytest.mark.browser
@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)])
def test_a_child_is_kept_from_it_and_a_grown_up_reads_it(browser, scripted, serve, size, dark):
    reader = Reader(browser, serve(scripted(f" He saw a dog. {UNFIT_WORDS} He ran.<end>")), size, dark)
    page = reader.page
    reader.open_panel("options")
    page.locator("#for-children input").check()
    page.wait_for_timeout(500)
    page.locator("#opening textarea").fill(UNFIT_WORDS)
    page.locator("#begin").click()
    page.get_by_text("this has something of things to fight with").wait_for()
    assert page.locator("#opening textarea").input_value() == UNFIT_WORDS
    reader.begin("Tom went out.")
    assert "gun" not in reader.text()
    page.locator("#held-back button").first.click()
    page.get_by_text("1 sentence of the model's was held back").wait_for()
    assert page.locator("#held-words li").count() == 0
    page.locator("#held-answer textarea, #held-answer input").fill("56")
    page.locator("#show-held").click()
    page.locator("#held-words li").wait_for()
    assert page.locator("#held-words li").inner_text() == UNFIT_WORDS
    page.locator("#held-words").scroll_into_view_if_needed()
    assert find_barriers(reader) == []
    reader.picture(f"children-{'phone' if size is PHONE else 'desktop'}-{'dark' if dark else 'light'}")
    reader.reload()
    reader.open_panel("options")
    assert page.locator("#for-children input").is_checked()
    page.locator("#for-children input").uncheck()
    page.wait_for_timeout(500)
    reader.go_on(UNFIT_WORDS)
    page.locator("#for-children input").check()
    page.get_by_text("A grown-up can open it").wait_for()
    page.locator("#begin").wait_for()  # the story is closed, and still on the shelf
    assert reader.errors == []

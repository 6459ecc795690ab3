"""The buttons around the story: pins, titles, copies, removal and files; nothing is lost by any of them."""

import json
from dataclasses import replace

import pytest

from playground.actions import Actions
from playground.engines import Engines
from playground.shelf import Shelf
from playground.visit import MOST_ON_SHELF, View, Visit
from story_engine import InputError, Library, SaveError, Settings, Story

SAY = " He saw a red kite. They ran to the park."
PLAIN = Settings(temperature=0, repetition_penalty=1)


@pytest.fixture
def actions(scripted, tmp_path) -> Actions:
    return Actions(Engines(scripted(SAY + "<end>"), "scripted"), Library(tmp_path / "stories"))


def begin(actions: Actions, opening: str = "Tom went out.") -> Visit:
    view = list(actions.start(Visit(), opening, PLAIN))[-1]
    return Visit().after(view)


def test_the_sentences_of_a_passage_are_pinned_and_let_go(actions):
    visit = begin(actions)
    assert [(s.text, pinned) for s, pinned in actions.sentences(visit, 1)] == [
        (" He saw a red kite.", False),
        (" They ran to the park.", False),
    ]
    assert actions.sentences(visit, 0) == []  # the opening is always remembered
    actions.pin(visit, 1, [1])
    assert actions.find(visit).story.pins == [(1, 1)]
    actions.pin(visit, 1, [0])
    assert actions.find(visit).story.pins == [(1, 0)]
    again = Actions(actions.engines, Library(actions.library.folder))
    assert again.find(visit).story.pins == [(1, 0)]
    actions.pin(visit, 1, [])
    assert actions.find(visit).story.pins == []


def test_one_sentence_is_pinned_or_let_go_and_others_stay(actions):
    visit = begin(actions)
    actions.toggle_pin(visit, 1, 1)
    actions.toggle_pin(visit, 1, 0)
    assert set(actions.find(visit).story.pins) == {(1, 0), (1, 1)}
    view = actions.toggle_pin(visit, 1, 1)
    assert actions.find(visit).story.pins == [(1, 0)]
    assert "Let it go" in view.meter
    for passage, place in ((1, 7), (1, None), (0, 0), (9, 0), ("1", 0)):
        with pytest.raises(InputError):
            actions.toggle_pin(visit, passage, place)
    assert actions.find(visit).story.pins == [(1, 0)]


def test_a_title_is_changed_and_an_empty_one_is_not_taken(actions):
    visit = begin(actions)
    view = Shelf(actions).rename(visit, "  The   long way home ")
    assert view.title == "The long way home"
    assert visit.after(view).shelf == {visit.story: "The long way home"}
    with pytest.raises(InputError, match="needs a title"):
        Shelf(actions).rename(visit, "   ")
    assert len(Shelf(actions).rename(visit, "x" * 500).title) == 80


def test_a_copy_goes_its_own_way_with_all_versions(actions):
    visit = begin(actions)
    list(actions.retry(visit, PLAIN))
    view = Shelf(actions).duplicate(visit)
    copy = visit.after(view)
    assert copy.story != visit.story
    assert view.title.endswith("(copy)")
    assert list(copy.shelf) == [copy.story, visit.story]
    assert len(actions.find(copy).story.passages) == len(actions.find(visit).story.passages) == 3
    actions.change(copy, Story.undo)
    assert actions.find(visit).story.current == 2


def test_a_removed_story_is_off_the_shelf_until_it_is_brought_back(actions):
    visit = begin(actions)
    text = actions.find(visit).story.text()
    view = Shelf(actions).remove(visit)
    assert view == View(removed=visit.story)
    after = visit.after(view)
    assert (after.story, after.shelf, after.removed) == ("", {}, (visit.story,))
    assert Visit.from_browser(after.story_memory()) == after
    with pytest.raises(InputError):
        actions.find(visit)
    back = Shelf(actions).restore(after)
    assert actions.find(visit).story.text() == text
    assert after.after(back).removed == ()
    assert list(after.after(back).shelf) == [visit.story]
    for nothing in ("", "../../etc/passwd", "0" * 32):
        with pytest.raises(InputError, match="no longer"):
            Shelf(actions).restore(Visit(removed=(nothing,)))


def test_removing_stops_what_is_being_written_and_keeps_it(scripted, tmp_path):
    actions = Actions(Engines(scripted(SAY, delay=0.02), "scripted"), Library(tmp_path / "stories"))
    stream = actions.start(Visit(), "Tom went out.", PLAIN)
    visit = Visit().after(next(stream))
    while "He" not in next(stream).text:
        pass
    stream.close()
    Shelf(actions).remove(visit)
    text = actions.find(Visit().after(Shelf(actions).restore(Visit(removed=(visit.story,))))).story.text()
    assert text.startswith("Tom went out. He")


def test_a_plain_text_becomes_an_opening(actions, tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text("\ufeffOnce there was a fox.\r\nIt slept.\n", encoding="utf-8")
    view = Shelf(actions).open_file(Visit(), path)
    assert actions.find(Visit(view.story)).story.text() == "Once there was a fox.\nIt slept."
    assert view.title == "Once there was a fox. It slept."
    for content in (b"\xff\xfe\x00", b"", b" \n"):
        path.write_bytes(content)
        with pytest.raises(SaveError):
            Shelf(actions).open_file(Visit(), path)


def test_several_removed_stories_are_brought_back_one_by_one(actions):
    visit = Visit()
    for name in ("Tom", "Mia", "Ben"):
        visit = visit.after(list(actions.start(visit, f"{name} went out.", PLAIN))[-1])
    ben, mia, tom = visit.shelf
    for uid in (tom, mia):
        visit = visit.after(Shelf(actions).remove(replace(visit, story=uid)))
    assert (list(visit.shelf), visit.removed) == ([ben], (tom, mia))
    assert Visit.from_browser(json.loads(json.dumps(visit.story_memory()))) == visit
    for uid, left in ((mia, (tom,)), (tom, ())):
        visit = visit.after(Shelf(actions).restore(visit))
        assert (visit.story, visit.removed) == (uid, left)
    assert list(visit.shelf) == [tom, mia, ben]
    assert Visit.from_browser({"removed": tom}).removed == (tom,)


def test_a_hundred_stories_stay_on_the_shelf():
    visit = Visit()
    for number in range(100):
        visit = visit.after(View(story=f"{number:032x}", title=str(number)))
    assert list(visit.shelf.values()) == [str(number) for number in reversed(range(100))]


@pytest.mark.parametrize("name", ["mine.TXT", "mine.txt"])
def test_a_long_text_is_opened_whole(actions, tmp_path, name):
    text = "\n\n".join(f"Once there was a fox of number {number}. It slept all day." for number in range(1500))
    (tmp_path / name).write_text(text, encoding="utf-8")
    story = actions.find(Visit(Shelf(actions).open_file(Visit(), tmp_path / name).story)).story
    assert story.text() == text
    assert len(story.passages) > 3
    assert all(len(passage.text) <= 20_000 for passage in story.passages)


@pytest.mark.parametrize(("name", "mark"), [("a.json", ""), ("a.json", "\ufeff"), ("a.story.json.txt", ""), ("a.JSON", "")])
def test_a_saved_story_is_known_by_its_content(actions, tmp_path, name, mark):
    visit = begin(actions)
    _, _, content = Shelf(actions).export(visit, "all versions")
    (tmp_path / name).write_text(mark + content.decode(), encoding="utf-8")
    copy = actions.find(Visit(Shelf(actions).open_file(Visit(), tmp_path / name).story)).story
    assert copy.text() == actions.find(visit).story.text()
    assert len(copy.passages) == 2


def test_three_tellings_are_told_and_one_is_chosen(engine, tmp_path):
    actions = Actions(Engines(engine, "tiny"), Library(tmp_path))
    options = Settings(max_new_tokens=20, temperature=1.5, top_p=1.0, seed=3)
    visit = Visit().after(list(actions.start(Visit(), "Tom went out.", options))[-1])
    views = [view for view in actions.branch(visit, "Then it rained.", options) if isinstance(view, View)]
    story = actions.find(visit).story
    versions = story.versions(story.current)
    assert len({story.passages[number].text for number in versions}) == len(versions) == 3
    assert views[-1].tellings.count("<button") == 3
    assert actions.go_to(visit, versions[0]).tellings.count('aria-current="true"') == 1
    assert story.current == versions[0]
    assert actions.change(visit, Story.undo).tellings == ""


def test_stopping_one_telling_stops_them_all(scripted, tmp_path):
    actions = Actions(Engines(scripted(SAY, delay=0.01), "scripted"), Library(tmp_path / "stories"))
    visit = Visit().after(list(actions.start(Visit(), "Tom went out.", Settings(max_new_tokens=10)))[-1])
    stream = actions.branch(visit, "", Settings(max_new_tokens=300))
    for _ in range(3):  # the first words of one telling come before the others'
        next(stream)
    actions.stop(visit)
    list(stream)
    story = actions.find(visit).story
    assert [story.passages[number].finish for number in story.versions(story.current)] == ["stopped"] * 3
    assert story.last().finish == "stopped"


def test_a_full_shelf_is_said_and_no_story_falls_off_it(actions):
    full = {f"{number:032x}": "Tom" for number in range(MOST_ON_SHELF - 1)}
    visit = replace(begin(actions), shelf=full)
    view = Shelf(actions).duplicate(visit)
    after = visit.after(view)
    assert set(after.shelf) == {*full, after.story}
    for act in (
        lambda: list(actions.start(after, "Mia went out.", PLAIN)),
        lambda: Shelf(actions).duplicate(after),
        lambda: actions.adopt(Story(), after),
        lambda: Shelf(actions).restore(after),
    ):
        with pytest.raises(InputError, match="Your shelf is full: it holds 1,000 stories"):
            act()
    assert len(actions.library._open) == 2


def test_two_stories_from_one_idea_have_two_names(actions):
    visit = begin(actions)
    titles = []
    for _ in range(2):
        *_, view = actions.start(visit, "Tom went out.", PLAIN)
        visit = visit.after(view)
        titles.append(view.title)
    assert titles == [f"{next(iter(begin(actions).shelf.values()))} ({number})" for number in (2, 3)]


def test_the_same_words_told_again_are_said_to_be_the_same(actions):
    visit = begin(actions)
    *_, view = actions.retry(visit, PLAIN)
    assert "same words again" in view.notice
    actions.edit(visit, actions.find(visit).story.last().id, " He fell asleep.")
    assert actions.find(visit).story.last().text.strip() == "He fell asleep."
    *_, view = actions.go_on(visit, "", PLAIN)
    assert view.notice == ""

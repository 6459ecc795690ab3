"""The buttons: what a visitor does is kept, belongs to them alone, and a wrong request changes nothing."""

import json
import threading
import time
from itertools import pairwise

import pytest

from playground.actions import Actions
from playground.engines import Engines
from playground.shelf import Shelf
from playground.visit import Live, View, Visit
from story_engine import InputError, ModelError, SaveError, Settings, Story
from story_engine.stories.library import Library

SAY = " He saw a red kite. They ran to the park. Mia was happy."
PLAIN = Settings(temperature=0, repetition_penalty=1)


@pytest.fixture
def actions(scripted, tmp_path) -> Actions:
    return Actions(Engines(scripted(SAY + "<end>"), "scripted"), Library(tmp_path / "stories"))


@pytest.fixture
def slow(scripted, tmp_path) -> Actions:
    return Actions(Engines(scripted(SAY, delay=0.01), "scripted"), Library(tmp_path / "stories"))


def begin(actions: Actions, opening: str = "Tom went out.") -> Visit:
    return Visit(list(actions.start(Visit(), opening, PLAIN))[-1].story)


def test_a_story_is_begun_and_on_disk(actions):
    visit = begin(actions)
    again = Actions(actions.engines, Library(actions.library.folder))
    assert again.find(visit).story.text() == "Tom went out." + SAY
    view = again.view(visit)
    assert (view.is_blank, view.is_writing, view.can_undo, view.can_redo) == (False, False, True, False)


def test_the_readers_words_are_on_disk_before_the_model_says_any(slow):
    stream = slow.start(Visit(), "Tom went out.", PLAIN)
    visit = Visit(next(stream).story)
    assert Library(slow.library.folder).open(visit.story).story.text() == "Tom went out."
    stream.close()


def test_a_crash_in_mid_sentence_keeps_the_words_already_shown(slow, monkeypatch):
    monkeypatch.setattr("playground.writing.JOURNAL_EVERY", 0.0)
    stream = slow.start(Visit(), "Tom went out.", PLAIN)
    visit = Visit(next(stream).story)
    live = [next(stream) for _ in range(3)]
    # Nothing is closed or stopped: the server is simply gone, and another one opens the folder.
    text = Library(slow.library.folder).open(visit.story).story.text()
    assert text.startswith("Tom went out." + live[1].text)
    stream.close()


def test_only_the_new_words_travel_while_a_passage_is_written(slow):
    views = list(slow.start(Visit(), "Tom went out.", Settings(temperature=0, repetition_penalty=1, max_new_tokens=60)))
    assert isinstance(views[0], View)
    assert isinstance(views[-1], View)
    live = [view for view in views if isinstance(view, Live)]
    assert len(live) >= 3
    assert all("Tom went out" not in view.text for view in live)
    assert all(len(a.text) <= len(b.text) for a, b in pairwise(live))


def test_retry_keeps_the_earlier_version_and_varies_a_fixed_seed(engine, tmp_path):
    actions = Actions(Engines(engine, "tiny"), Library(tmp_path))
    options = Settings(seed=4, max_new_tokens=20, temperature=1.5, top_p=1.0)
    visit = Visit(list(actions.start(Visit(), "Once upon a time", options))[-1].story)
    first = actions.find(visit).story.text()
    list(actions.retry(visit, options))
    story = actions.find(visit).story
    assert story.text() != first
    assert [story.passages[i].receipt.settings.seed for i in story.versions(story.current)] == [4, 5]
    actions.flip(visit, story.current, -1)
    assert story.text() == first


def test_a_reader_who_leaves_keeps_the_words_they_saw(slow):
    stream = slow.start(Visit(), "Tom went out.", PLAIN)
    visit, shown = Visit(next(stream).story), ""
    while len(shown) < 10:
        shown = next(stream).text
    stream.close()
    text = Library(slow.library.folder).open(visit.story).story.text()
    assert text.startswith("Tom went out." + shown)
    assert slow.view(visit).can_retry


def test_stop_and_undo_in_mid_stream(slow):
    for interrupt in (slow.stop, lambda visit: slow.change(visit, Story.undo)):
        stream = slow.start(Visit(), "Tom went out.", Settings(temperature=0, repetition_penalty=1, max_new_tokens=900))
        visit = Visit(next(stream).story)
        rest: list = []
        thread = threading.Thread(target=lambda stream=stream, rest=rest: rest.extend(stream))
        thread.start()
        time.sleep(0.15)
        begun = time.monotonic()
        interrupt(visit)
        thread.join(5)
        assert time.monotonic() - begun < 2
        assert not thread.is_alive()
        assert isinstance(rest[-1], View)
        story = slow.find(visit).story
        model = next(passage for passage in story.passages if passage.author == "model")
        assert model.finish == "stopped"
        assert model.text


def test_many_visitors_never_see_each_others_words(slow):
    def visit_and_write(name, results):
        visit = begin(slow, f"My secret name is {name}.")
        list(slow.go_on(visit, f"Only {name} knows.", PLAIN))
        results[name] = slow.find(visit).story.text()

    results: dict[str, str] = {}
    names = [f"canary-{number}" for number in range(8)]
    threads = [threading.Thread(target=visit_and_write, args=(name, results)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 8
    for name, text in results.items():
        assert text.count(name) == 2
        assert text.count("canary-") == 2


@pytest.mark.parametrize("opening", ["", "  \n", "x" * 1_000_000, "\ud800"])
def test_a_bad_opening_leaves_nothing_behind(actions, opening):
    with pytest.raises(InputError):
        list(actions.start(Visit(), opening, PLAIN))
    assert list(actions.library.folder.iterdir()) == []


@pytest.mark.parametrize("text", ["x" * 1_000_000, "\ud800"])
def test_bad_words_leave_the_story_as_it_was(actions, text):
    visit = begin(actions)
    before = actions.find(visit).story.text()
    with pytest.raises(InputError):
        list(actions.go_on(visit, text, PLAIN))
    assert actions.find(visit).story.text() == before
    list(actions.go_on(visit, "And then", PLAIN))


@pytest.mark.parametrize("data", [None, [], "x", 5, {"story": 3, "settings": [], "model": None}, {"story": "../../x"}])
def test_whatever_a_browser_sends_is_a_visit_without_a_story(actions, data):
    assert actions.view(Visit.from_browser(data)).is_blank
    with pytest.raises(InputError, match="Begin a story"):
        actions.find(Visit.from_browser(data))


def test_the_shelf_keeps_earlier_stories_newest_first(actions):
    visit = Visit()
    for name in ("Tom", "Mia", "Ben"):
        visit = visit.after(list(actions.start(visit, f"{name} went out.", PLAIN))[-1])
    assert list(visit.shelf.values()) == ["Ben went out.", "Mia went out.", "Tom went out."]
    tom = list(visit.shelf)[-1]
    visit = visit.after(actions.open_from_shelf(visit, tom))
    assert visit.story == tom
    assert next(iter(visit.shelf.values())) == "Tom went out."
    assert Visit.from_browser({"shelf": {"../x": "y", tom: 5}}).shelf == {tom: "5"}
    with pytest.raises(InputError):
        actions.open_from_shelf(visit, "0" * 32)


@pytest.mark.parametrize("number", [-1, 99, None, "0", True, 0.5])
def test_passages_that_are_not_there_are_refused(actions, number):
    visit = begin(actions)
    for act in (lambda: actions.flip(visit, number, 1), lambda: actions.edit(visit, number, "x")):
        with pytest.raises(InputError):
            act()


def test_an_edit_keeps_the_joint_before_it(actions):
    visit = begin(actions)
    actions.edit(visit, 1, "He slept.")
    assert actions.find(visit).story.text() == "Tom went out. He slept."


def test_a_file_opens_as_a_copy_and_a_damaged_one_changes_nothing(actions, tmp_path):
    visit = begin(actions, "Tom <went> out.")
    name, _, content = Shelf(actions).export(visit, "all versions")
    assert name == "tom-went-out.story.json"
    (tmp_path / "mine.json").write_bytes(content)
    copy = Visit(Shelf(actions).open_file(Visit(), tmp_path / "mine.json").story)
    assert copy.story != visit.story
    assert actions.find(copy).story.text() == actions.find(visit).story.text()
    for broken in (content[:-5], json.dumps({"format": "?"}).encode(), b"[]"):
        (tmp_path / "broken.json").write_bytes(broken)
        with pytest.raises(SaveError):
            Shelf(actions).open_file(visit, tmp_path / "broken.json")


def test_a_full_disk_is_said_and_the_story_goes_on(actions, monkeypatch):
    visit = begin(actions)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    views = [view for view in actions.go_on(visit, "And then", PLAIN) if isinstance(view, View)]
    assert all("No space left" in view.notice for view in views)
    assert actions.find(visit).story.text().startswith("Tom went out." + SAY + "\nAnd then He saw")


def test_models_that_are_not_offered_are_never_looked_up(actions, monkeypatch):
    monkeypatch.setattr("playground.engines.StoryEngine.load", lambda *_: pytest.fail("looked up"))
    for name in ("/etc", "somebody/else", "../x"):
        with pytest.raises(ModelError, match="does not offer"):
            actions.engines.get(name)


def test_a_model_that_is_being_fetched_keeps_nobody_from_the_others(actions, scripted, monkeypatch):
    begun, fetched = threading.Event(), threading.Event()

    def fetch(name):
        begun.set()
        assert fetched.wait(10)
        return scripted(SAY)

    monkeypatch.setattr("playground.engines.StoryEngine.load", fetch)
    thread = threading.Thread(target=actions.engines.get, args=("GODELEV/Test-1-3000",))
    thread.start()
    assert begun.wait(5)
    assert actions.engines.get("scripted").name == "scripted"
    fetched.set()
    thread.join(10)
    for name in ("GODELEV/Test-1-4000", "embedded", "GODELEV/Test-1-3000"):
        actions.engines.get(name)
        assert len(actions.engines._loaded) == 2
        assert "scripted" in actions.engines._loaded


def test_a_model_that_cannot_be_loaded_leaves_the_others_working(actions, monkeypatch):
    def fail(name):
        raise ModelError(f"{name} cannot be fetched")

    monkeypatch.setattr("playground.engines.StoryEngine.load", fail)
    with pytest.raises(ModelError, match="cannot be fetched"):
        actions.engines.get("GODELEV/Test-1-3000")
    assert actions.engines.get("scripted").name == "scripted"

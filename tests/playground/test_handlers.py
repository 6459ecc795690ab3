"""The handlers: what reaches the reader's page, whatever they do while a passage is written, and whatever fails."""

import inspect
import json
import logging
from threading import Thread
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest

from playground import handlers
from playground.actions import Actions
from playground.engines import Engines
from playground.page import Page
from playground.server import open_page
from playground.turns import Turns
from playground.visit import MOST_MANNERS, Visit
from playground.widgets import MANNERS
from story_engine import MODEL_SETTINGS, InputError, Library, Settings, Story
from tests.conftest import find_port

SAY = " He saw a red kite. They ran to the park."
ENGLISH, GERMAN = {"accept-language": "en"}, {"accept-language": "de"}


@pytest.fixture
def page(scripted, tmp_path) -> Page:
    return Page(Actions(Engines(scripted(SAY, delay=0.002), "scripted"), Library(tmp_path / "stories")))


@pytest.fixture
def told(monkeypatch) -> list[str]:
    """All messages to the reader."""
    messages: list[str] = []
    monkeypatch.setattr(handlers.gr, "Warning", lambda words, **_: messages.append(str(words)))
    return messages


def ask(session: str = "a", headers: dict = ENGLISH) -> SimpleNamespace:
    return SimpleNamespace(session_hash=session, headers=headers, request=None, client=None)


def given(page: Page) -> list:
    return [getattr(Settings(temperature=0, repetition_penalty=1, max_new_tokens=60), name) for name in page.widgets.settings]


def start(page: Page, session: str = "a", opening: str = "Tom went out."):
    """A passage that has begun: its updates, and the visit of its reader."""
    updates = page.handlers.make_writer(page.actions.start)(ask(session), {}, {}, opening, *given(page))
    return updates, Visit.from_browser(next(updates)[page.widgets.browser])


def test_a_reader_who_is_quicker_than_the_page_keeps_the_passage(page):
    """Arrival and its watching come behind Begin, as on a slow server: neither takes the page away from the passage."""
    updates, visit = start(page)
    assert page.widgets.book not in page._arrive(ask(), {}, {})
    watched = list(page.handlers.watch(ask(), {}, {}))
    assert watched == [gr.skip()]
    shown = [update for update in updates if page.widgets.live in update or page.widgets.book in update]
    assert shown
    assert "red kite" in str(shown[-1][page.widgets.book])
    assert page.widgets.book in page._arrive(ask(), visit.story_memory(), {})  # once it is over, an arrival shows the story


def test_a_story_that_its_reader_has_left_does_not_come_back(page):
    updates, visit = start(page)
    left = page.handlers.make_mover(page._start_anew)(ask(), visit.story_memory(), {})
    assert left[page.widgets.browser]["story"] == ""
    assert list(updates) == [gr.skip()]
    assert page.actions.find(visit).story.last().text.strip()


def test_a_passage_goes_on_unseen_while_its_reader_is_in_another_story(page):
    first, before = start(page)
    list(first)
    updates, visit = start(page, opening="Mia went out.")
    page.handlers.make_mover(page.actions.open_from_shelf)(ask(), visit.story_memory(), {}, before.story)
    assert list(updates) == [gr.skip()]
    assert page.actions.find(visit).story.last().finish != "stopped"


def test_a_move_that_fails_leaves_the_passage_on_its_page(page, told):
    updates, visit = start(page)

    def fail(_):
        raise InputError("Choose a sentence first.")

    shown = page.handlers.make_mover(fail)(ask(), visit.story_memory(), {})
    assert shown[page.widgets.stop]["visible"] is True
    *_, last = updates
    assert last[page.widgets.browser]["story"] == visit.story
    assert last[page.widgets.stop]["visible"] is False
    assert len(told) == 1


def test_another_page_watches_a_passage_and_does_not_stop_it(page):
    updates, visit = start(page)
    arrived = page._arrive(ask("b"), visit.story_memory(), {})
    assert arrived[page.widgets.stop]["visible"] is True
    watched: list = []
    watcher = Thread(target=lambda: watched.extend(page.handlers.watch(ask("b"), visit.story_memory(), {})))
    watcher.start()
    *_, last = updates
    watcher.join(30)
    assert page.actions.find(visit).story.last().finish != "stopped"
    assert watched[-1][page.widgets.book] == last[page.widgets.book]
    assert watched[-1][page.widgets.stop]["visible"] is False
    quiet = list(page.handlers.watch(ask("c"), visit.story_memory(), {}))
    assert quiet == [gr.skip()]


@pytest.mark.parametrize("headers", [ENGLISH, GERMAN])
def test_a_failure_that_nobody_expected_ends_the_writing_and_keeps_the_words(page, told, monkeypatch, caplog, headers):
    def fail(*_, **__):
        yield from real(*_, **__)
        raise RuntimeError("inf - inf")

    updates, visit = start(page)
    list(updates)
    real = page.actions.writing._follow_pieces
    monkeypatch.setattr(page.actions.writing, "_follow_pieces", fail)
    writer = page.handlers.make_writer(page.actions.go_on)
    with caplog.at_level(logging.ERROR):
        *_, last = writer(ask(headers=headers), visit.story_memory(), {}, "And then", *given(page))
    assert last[page.widgets.stop]["visible"] is False
    assert last[page.widgets.go_on]["visible"] is True
    assert "And then He saw" in Library(page.actions.library.folder).open(visit.story).story.text()
    assert ("Something went wrong" if headers is ENGLISH else "schiefgegangen") in told[-1]
    assert "inf - inf" in caplog.text
    monkeypatch.undo()
    list(page.actions.go_on(visit, "", Settings(max_new_tokens=5)))


def test_only_words_that_went_into_the_story_leave_their_box(page):
    w, (updates, visit) = page.widgets, start(page)
    list(updates)
    first, *_ = page.handlers.make_writer(page.actions.go_on)(ask(), visit.story_memory(), {}, "And then", *given(page))
    assert first[w.accepted]["words"] == "And then"
    retry = page.handlers.make_writer(lambda visit, _, settings: page.actions.retry(visit, settings))
    for shown in retry(ask(), visit.story_memory(), {}, "not sent yet", *given(page)):
        assert not {w.accepted, w.words, w.opening} & set(shown)


def test_the_panel_stays_with_its_words_until_another_story_comes(page, told):
    w, (updates, visit) = page.widgets, start(page)
    list(updates)
    undone = page.handlers.make_mover(lambda visit: page.actions.change(visit, Story.undo))(ask(), visit.story_memory(), {})
    assert not {w.editor, w.edit_text, w.notes} & set(undone)
    left = page.handlers.make_mover(page._start_anew)(ask(), visit.story_memory(), {})
    assert left[w.editor]["visible"] is False


def click(page: Page, visit: Visit, passage: int, edited: object, words: str) -> dict:
    event = SimpleNamespace(_data={"act": "edit", "passage": passage})
    return page.editing._click(ask(), visit.story_memory(), {}, edited, words, event)


def test_a_click_on_another_passage_does_not_cost_a_change_that_is_not_kept(page, told):
    w, (updates, visit) = page.widgets, start(page)
    list(updates)
    opened = click(page, visit, 0, None, "")
    assert opened[w.edit_text] == "Tom went out."
    kept = click(page, visit, 1, 0, "Tom went home.")
    assert w.edit_text not in kept
    assert "not kept yet" in told[-1]
    assert click(page, visit, 1, 0, "Tom went out.")[w.edited] == 1


def test_a_message_is_text_with_a_title(told):
    handlers.warn(InputError("{problem}", problem="<img src=x onerror=alert(1)>"), Visit(language="de"))
    assert "<img" not in told[0]
    assert "&lt;img" in told[0]
    assert "Nicht ganz" in told[0]


def test_the_last_act_on_a_page_has_the_turn():
    turns = Turns()
    first, other = turns.begin("a"), turns.begin("b")
    second = turns.begin("a")
    assert [turns.is_current(turn) for turn in (first, second, other)] == [False, True, True]
    turns.give_back(second)
    assert turns.is_current(first)
    third = turns.begin("a")
    turns.give_back(second)
    assert turns.is_current(third)


@pytest.fixture
def guided(scripted, tmp_path) -> Page:
    """A page whose model asks for guidance."""
    engine = scripted(SAY)
    engine.recommended = Settings(guidance=0.5)
    return Page(Actions(Engines(engine, "scripted"), Library(tmp_path / "stories")))


def test_a_page_begins_with_what_suits_its_model(guided):
    slider = guided.widgets.settings["guidance"]
    assert slider.value == 0.5
    assert guided.tuning.show(Visit())[slider] == 0.5
    assert guided.tuning.show(Visit(settings={"temperature": 0.4}))[slider] == 0.5
    assert guided.tuning.show(Visit(settings={"guidance": 0.0}))[slider] == 0.0  # a reader's own choice stays
    assert guided.tuning.show(Visit(settings={"temperature": 99, "guidance": 0.0}))[slider] == 0.5
    start = next(one for one in guided.blocks.fns.values() if one.api_name == "start")
    assert inspect.signature(start.fn).parameters["guidance"].default == 0.5


def test_choosing_a_model_brings_what_suits_it(guided, told, monkeypatch):
    other, plain = SimpleNamespace(recommended=Settings(min_p=0.05)), dict.fromkeys(MODEL_SETTINGS, 0.0)
    monkeypatch.setattr(guided.tuning.engines, "get", lambda name: other)
    given = [getattr(Settings(guidance=0.5, temperature=0.4), name) for name in guided.widgets.settings]
    preferences, model, *suited = guided.tuning._choose_model(ask(), {}, "other", *given)
    assert (model, dict(zip(MODEL_SETTINGS, suited, strict=True))) == ("other", {**plain, "min_p": 0.05})
    assert (preferences["settings"]["guidance"], preferences["settings"]["temperature"]) == (0.0, 0.4)
    monkeypatch.undo()
    preferences, model, *suited = guided.tuning._choose_model(ask(), {}, "nowhere", *given)
    assert (model, dict(zip(MODEL_SETTINGS, suited, strict=True))) == ("scripted", {**plain, "guidance": 0.5})


def test_messages_of_quick_events_reach_the_browser(scripted, tmp_path):
    engines, port = Engines(scripted(SAY), "scripted"), find_port()
    page = open_page(engines, Library(tmp_path / "stories"), "127.0.0.1", port)
    try:
        number = next(number for number, one in page.blocks.fns.items() if one.fn == page.tuning._keep_manner)
        api, session = f"http://127.0.0.1:{port}/gradio_api/queue", "quick"
        values = [MANNERS["Calm"].get(name, getattr(Settings(), name)) for name in page.widgets.settings]
        body = {"data": [{}, "", *values], "fn_index": number, "session_hash": session, "trigger_id": None}
        httpx.post(f"{api}/join", json=body).raise_for_status()
        lines = httpx.get(f"{api}/data", params={"session_hash": session}, timeout=60).text.splitlines()
        messages = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
        assert ["Give this manner of writing a name first." in one["log"] for one in messages if one["msg"] == "log"] == [True]
        assert next(one["success"] for one in messages if one["msg"] == "process_completed")
        assert httpx.get(f"http://127.0.0.1:{port}/gradio_api/runs").status_code == 404
    finally:
        page.blocks.close()


def test_a_setting_that_cannot_be_remembered_is_said_and_changes_nothing(page, told, caplog):
    assert page.tuning._remember_ending(ask(), {}, None) == gr.skip()
    assert "Something went wrong" in told[-1]
    assert "TypeError" in caplog.text


def test_a_story_that_cannot_be_shown_leaves_no_page_writing(page, told, monkeypatch):
    w, (updates, visit) = page.widgets, start(page)
    list(updates)
    monkeypatch.setattr(page.actions, "view", lambda _: 1 / 0)
    shown = page.handlers.warn(RuntimeError("no"), visit)
    assert (shown[w.stop]["visible"], shown[w.go_on]["visible"]) == (False, True)
    assert "Something went wrong" in told[-1]


def test_no_manner_that_a_browser_has_is_dropped_in_silence():
    manners = {f"Manner {number}": {"temperature": 0.5} for number in range(MOST_MANNERS + 5)}
    assert Visit.from_browser({"manners": manners}).manners == manners

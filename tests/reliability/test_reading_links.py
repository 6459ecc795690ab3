"""A reading link shows a story and cannot change it, and nothing that it gives tells the number that can."""

import json
import logging
from collections.abc import Iterator

import httpx
import pytest
from tokenizers import Tokenizer

from playground.actions import Actions
from playground.engines import Engines
from playground.http.options import ApiOptions
from playground.page import Page
from playground.reading import ReadingAlong
from playground.server import open_page
from playground.visit import Visit
from story_engine import FORMS, InputError, Library, ReadingLinks, SaveError, Settings, Story, StoryEngine, export_story
from story_engine.context.window import ContextWindow
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.stories import reading_links
from tests.conftest import ScriptedDecoder, find_port
from tests.playground.test_handlers import ask
from tests.reliability.test_requests import call

SAY = " He saw a red kite. They ran to the park.<end>"
SHORT = Settings(max_new_tokens=40, temperature=0, repetition_penalty=1)
GIVEN = [0.7, 0.9, 0, 0.0, 1.1, 0.0, 0.0, 1, 8, 3, "", False, "any"]


@pytest.fixture(scope="module")
def opened(tokenizer: Tokenizer, tmp_path_factory) -> Iterator[tuple[str, Page]]:
    """One running page for all tests of this file: it takes seconds to open."""
    own = StoryTokenizer(Tokenizer.from_str(tokenizer.to_str()))
    decoder = ScriptedDecoder([*own.encode(" He saw a red kite. They ran to the park."), 0], own.size, 2048)
    engine = StoryEngine(decoder, own, ContextWindow(2048, 0, "scripted"), frozenset({0}), "scripted", False)
    library, port = Library(tmp_path_factory.mktemp("stories")), find_port()
    page = open_page(Engines(engine, engine.name), library, "127.0.0.1", port, api=ApiOptions(is_on=True, key="secret"))
    yield f"http://127.0.0.1:{port}", page
    page.blocks.close()


@pytest.fixture
def page(opened: tuple[str, Page]) -> Page:
    return opened[1]


@pytest.fixture
def shared(opened: tuple[str, Page]) -> tuple[str, str, str]:
    """The running page, the number of a story in it, and that of its reading link."""
    url, page = opened
    [*_, view] = page.actions.start(Visit(), "Tom went out.", SHORT)
    return url, view.story, page.actions.links.share(view.story).number


def look(url: str, number: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{url}/read/now", headers={"X-Reading-Link": number, **headers})


def test_a_reading_number_changes_nothing_at_any_function_and_is_refused_in_words(shared):
    url, uid, number = shared
    before = look(url, number).json()["book"]
    takers = {"continue": ["He fell.", *GIVEN, ""], "retry": GIVEN, "undo": []}
    known = httpx.get(f"{url}/gradio_api/info").json()["named_endpoints"]
    assert {name[1:] for name in known} - {"start"} == {*takers}
    for name, given in takers.items():
        event, words = call(url, name, [number, *given])
        assert event == "error"
        assert "for reading along" in words
        assert uid not in words
    assert look(url, number).json()["book"] == before


def test_a_reading_number_changes_nothing_at_any_event_of_the_page(shared, page):
    url, uid, number = shared
    folder, memory = page.actions.library.folder, {"story": number, "shelf": {number: "Tom"}, "removed": [number]}
    before, kept = look(url, number).json(), {path: path.read_bytes() for path in folder.iterdir()}
    asked = {key: one for key, one in page.blocks.fns.items() if one.fn and page.widgets.browser in one.inputs}
    assert len(asked) > 30
    for key, one in asked.items():
        data = [memory if widget is page.widgets.browser else getattr(widget, "value", None) for widget in one.inputs]
        body = {"data": data, "fn_index": key, "session_hash": f"forged{key}", "trigger_id": None}
        httpx.post(f"{url}/gradio_api/queue/join", json=body, timeout=30).raise_for_status()
        told = httpx.get(f"{url}/gradio_api/queue/data", params={"session_hash": body["session_hash"]}, timeout=30).text
        assert "process_completed" in told, one.name
        assert uid not in told, one.name
        assert "red kite" not in told, one.name
    assert look(url, number).json() == before
    assert {path: path.read_bytes() for path in kept} == kept


def test_a_reading_number_opens_no_file(shared, page):
    url, uid, number = shared
    folder = page.actions.library.folder
    for path in (number, f"{number}.json", folder / f"{uid}.reading", folder / f"{uid}.json", f"../stories/{uid}.reading"):
        for route in ("gradio_api/file=", "file=", "read/", "read/now/", "gradio_api/download/"):
            answer = httpx.get(f"{url}/{route}{path}", headers={"X-Reading-Link": number})
            assert answer.status_code >= 400
            assert "Tom" not in answer.text
            assert "Traceback" not in answer.text


def test_a_reading_number_opens_no_page_no_file_and_no_panel(shared, page):
    _, uid, number = shared
    memory = {"story": number, "shelf": {number: "Tom"}, "removed": [number]}
    arrived = page._arrive(ask(), memory, {})
    assert uid not in str(arrived)
    assert "red kite" not in str(arrived)
    shelf = page.shelf
    acts = (
        lambda visit: shelf.export(visit, "all versions"),
        lambda visit: shelf.rename(visit, "Mine"),
        shelf.duplicate,
        shelf.remove,
        shelf.restore,
        lambda visit: page.actions.edit(visit, 0, "Mine."),
        lambda visit: page.actions.change(visit, Story.undo),
        lambda visit: list(page.actions.go_on(visit, "Mine.", SHORT)),
    )
    for act in acts:
        with pytest.raises(InputError):
            act(Visit(number, removed=(number,)))
    assert page.actions.find(Visit(uid)).story.text() == "Tom went out. He saw a red kite. They ran to the park."


def test_no_answer_and_no_log_of_a_reading_link_tells_the_number_of_its_story(shared, caplog):
    url, uid, number = shared
    caplog.set_level(logging.DEBUG)
    shell, now = httpx.get(f"{url}/read"), look(url, number)
    for answer in (shell, now):
        assert uid not in answer.text + str(answer.headers)
        assert number not in answer.text + str(answer.headers)
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'sha256-" in shell.headers["content-security-policy"]
    assert "red kite" in now.json()["book"]
    assert not {"data-act", "data-passage", "tabindex"} & set(now.json()["book"].replace("=", " ").split())
    assert not [one for one in caplog.messages if uid in one or number in one]


def test_the_writing_number_is_no_reading_number_and_strangers_see_nothing(shared, page):
    url, uid, number = shared
    for given in (None, {"a": 1}, [number]):
        assert page.actions.links.find(given) is None
    for given in (uid, "", "0" * 32, number[:-1], number.upper(), "../" + number, "x" * 5000):
        answer = look(url, given)
        assert answer.status_code == 404, given
        assert set(answer.json()) == {"message"}
        assert "no story" in answer.json()["message"]
    german = look(url, uid, **{"Accept-Language": "de"})
    assert "keine Geschichte" in german.json()["message"]
    foreign = look(url, number, Origin="https://evil.example")
    assert "access-control-allow-origin" not in foreign.headers
    assert httpx.post(f"{url}/read/now", headers={"X-Reading-Link": number}).status_code == 405


def test_no_export_of_a_shared_story_holds_either_number(shared, page):
    _, uid, number = shared
    story = page.actions.find(Visit(uid)).story
    for form in FORMS:
        content = export_story(story, form)[2]
        assert uid.encode() not in content
        assert number.encode() not in content


def test_a_book_that_has_been_seen_is_not_sent_again(shared, page):
    url, uid, number = shared
    first = look(url, number).json()
    assert set(look(url, number, **{"X-Seen": first["stamp"]}).json()) == {"stamp", "live"}
    actions = page.actions
    for act in (
        lambda: actions.change(Visit(uid), Story.undo),
        lambda: actions.change(Visit(uid), Story.redo),
        lambda: page.shelf.rename(Visit(uid), "Another"),
        lambda: actions.edit(Visit(uid), 0, "Mia went out."),
    ):
        act()
        first, before = look(url, number, **{"X-Seen": first["stamp"]}).json(), first
        assert first["stamp"] != before["stamp"]
        assert first["book"]
    assert "Mia went out." in first["book"]


def test_a_link_is_one_a_story_and_outlives_a_restart_until_it_is_taken_back(tmp_path):
    library = Library(tmp_path)
    story = Story("Tom went out.")
    library.save(story)
    links = ReadingLinks(tmp_path)
    link = links.share(story.uid)
    assert links.share(story.uid, "all").number == link.number
    assert ReadingLinks(tmp_path).find(link.number).pictures == "all"
    assert Library(tmp_path).open(story.uid).story.text() == "Tom went out."  # the file beside it is no story
    assert links.take_back(story.uid)
    assert not links.take_back(story.uid)
    assert links.find(link.number) is None
    assert ReadingLinks(tmp_path).find(link.number) is None
    assert links.share(story.uid).number != link.number


@pytest.mark.parametrize("content", ["", "[]", '{"number": 5}', '{"number": "x"}', "\ud83d"])
def test_a_damaged_link_is_none(tmp_path, content):
    (tmp_path / f"{'a' * 32}.reading").write_bytes(content.encode("utf-8", "surrogatepass"))
    (tmp_path / "odd.reading").write_text(json.dumps({"number": "b" * 32}))
    links = ReadingLinks(tmp_path)
    assert links.find("b" * 32) is None
    assert links.share("a" * 32).number


def test_a_link_that_cannot_be_kept_or_taken_back_is_said(tmp_path, monkeypatch):
    links = ReadingLinks(tmp_path)
    link = links.share("a" * 32)

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reading_links.Path, "unlink", fail)
    with pytest.raises(SaveError, match="could not be taken back"):
        links.take_back("a" * 32)
    assert links.find(link.number) == link
    monkeypatch.setattr("tempfile.NamedTemporaryFile", fail)
    with pytest.raises(SaveError):
        links.share("b" * 32)


def test_who_reads_along_sees_the_words_while_they_are_written(scripted, tmp_path):
    actions = Actions(Engines(scripted(SAY, delay=0.03), "scripted"), Library(tmp_path))
    reading, views = ReadingAlong(actions), actions.start(Visit(), "Tom went out.", SHORT)
    number = actions.links.share(next(views).story).number
    next(views)
    now = reading.look(number, "", "en")
    assert 'class="live' in now["book"]
    assert " He saw a red kite.".startswith(now["live"][:4])
    list(views)
    assert reading.look(number, now["stamp"], "en")["live"] is None


def test_a_removed_story_is_shown_to_nobody_until_it_is_back(shared, page):
    url, uid, number = shared
    shelf = page.shelf
    shelf.remove(Visit(uid))
    assert look(url, number).status_code == 404
    shelf.restore(Visit(removed=(uid,)))
    assert look(url, number).status_code == 200


def test_the_buttons_make_two_links_and_take_one_back(page, monkeypatch):
    told: list[str] = []
    monkeypatch.setattr("playground.handlers.gr.Warning", lambda words, **_: told.append(str(words)))
    w, sharing = page.widgets, page.sharing
    sharing._share_reading(ask(), {}, {})
    assert "Begin a story first" in told[-1]
    [*_, view] = page.actions.start(Visit(), "Tom went out.", SHORT)
    memory = Visit(view.story).story_memory()
    reading, writing = sharing._share_reading(ask(), memory, {}), sharing._share_writing(ask(), memory, {})
    assert view.story not in reading[w.link]["value"]
    assert writing[w.link]["value"] == f"#story={view.story}"
    assert (reading[w.take_back]["visible"], writing[w.take_back]["visible"]) == (True, False)
    sharing._take_back(ask(), memory, {})
    assert page.actions.links.find(reading[w.link]["value"].removeprefix("read#")) is None
    sharing._take_back(ask(), memory, {})
    assert "no reading link" in told[-1]
    other = page.handlers.make_mover(page._start_anew)(ask(), memory, {})
    assert other[w.shared]["visible"] is False

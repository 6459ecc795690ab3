"""Words typed and not yet sent: only those that went into the story leave their box, whatever happens between."""

import time

import pytest

from playground.engines import Engines
from playground.server import open_page
from story_engine import Library
from tests.conftest import find_port
from tests.reader import DESKTOP, Reader

pytestmark = pytest.mark.browser
SAY = " He saw a red kite. They ran to the park."
NEXT, CHANGE = "What happens next?", "Change this passage"


def typed(reader: Reader, label: str) -> str:
    return reader.page.get_by_label(label).input_value()


def wait_for_typed(reader: Reader, box: str, words: str) -> None:
    reader.page.wait_for_function(
        "([box, words]) => document.querySelector(box)?.value === words", arg=[f"#{box} textarea", words]
    )


def test_words_in_the_box_stay_until_they_are_in_the_story(browser, scripted, tmp_path):
    engine, port = scripted(SAY + "<end>"), find_port()
    server = open_page(Engines(engine, "scripted"), Library(tmp_path), "127.0.0.1", port)
    reader = Reader(browser, f"http://127.0.0.1:{port}", DESKTOP)
    reader.page.locator("#opening textarea").fill("Tom went out.")
    reader.reload()
    wait_for_typed(reader, "opening", "Tom went out.")
    reader.page.locator("#begin").click()
    reader.page.locator("article.book").wait_for()
    reader.wait()
    reader.page.get_by_label(NEXT).fill("Then Mia came.")
    reader.press("retry")
    reader.passages("reader").first.click()
    reader.page.get_by_label(CHANGE).wait_for()
    assert typed(reader, NEXT) == "Then Mia came."
    reader.reload()
    wait_for_typed(reader, "words", "Then Mia came.")
    server.blocks.close()
    reader.page.get_by_label(NEXT).fill("Then Mia came too.")
    server = open_page(Engines(engine, "scripted"), Library(tmp_path), "127.0.0.1", port)
    try:
        reader.reload()
        wait_for_typed(reader, "words", "Then Mia came too.")
        reader.page.locator("#continue").click()
        reader.page.wait_for_function("document.querySelector('.book').innerText.includes('Then Mia came too.')")
        reader.wait()
        wait_for_typed(reader, "words", "")
        reader.reload()
        assert typed(reader, NEXT) == ""
        assert reader.errors == []
    finally:
        server.blocks.close()


def test_words_typed_while_an_answer_is_on_its_way_keep_their_start(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY, delay=0.1)), DESKTOP)
    reader.page.locator("#opening textarea").fill("Tom went out.")
    reader.page.locator("#begin").click()
    reader.page.locator("#stop").click()
    reader.wait()
    reader.page.route("**/queue/join*", lambda route: (time.sleep(0.4), route.continue_()))
    box = reader.page.get_by_label(NEXT)
    box.fill("Then Mia came.")
    reader.page.locator("#continue").click()
    box.press_sequentially(" Ben was glad.", delay=40)
    reader.page.locator("#stop").wait_for()
    wait_for_typed(reader, "words", "Ben was glad.")
    reader.page.unroute("**/queue/join*")
    reader.reload()
    wait_for_typed(reader, "words", "Ben was glad.")
    assert reader.text().count("Then Mia came.") == 1


def test_words_that_were_sent_before_a_reload_are_not_offered_again(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY + "<end>")), DESKTOP)
    reader.begin("Tom went out.")
    reader.page.route("**/queue/data*", lambda route: None)  # the answer never comes
    reader.page.get_by_label(NEXT).fill("Then Mia came.")
    reader.page.locator("#continue").click()
    reader.page.wait_for_timeout(2000)
    assert typed(reader, NEXT) == "Then Mia came."
    reader.page.unroute("**/queue/data*")
    reader.reload()
    assert "Then Mia came." in reader.text()
    wait_for_typed(reader, "words", "")


def test_a_draft_belongs_to_its_story(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY + "<end>")), DESKTOP)
    reader.begin("Tom went out.")
    reader.page.get_by_label(NEXT).fill("Then Mia came.")
    reader.open_panel("file")
    reader.page.locator("#new").click()
    reader.page.locator("#begin").wait_for()
    reader.begin("Ben went out.")
    assert typed(reader, NEXT) == ""
    reader.choose("Take a story from the shelf", "Tom went out")
    wait_for_typed(reader, "words", "Then Mia came.")
    reader.page.locator("#duplicate").click()
    reader.page.wait_for_function("document.querySelector('#shelf input').value.includes('(copy)')")
    wait_for_typed(reader, "words", "Then Mia came.")


def test_a_change_of_a_passage_stays_until_it_is_kept_or_left(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY + "<end>")), DESKTOP)
    reader.begin("Tom went out.")
    reader.passages("reader").first.click()
    reader.page.get_by_label(CHANGE).wait_for()
    reader.page.wait_for_timeout(500)
    reader.page.get_by_label(CHANGE).fill("Tom went home.")
    reader.passages("reader").first.click()
    reader.page.wait_for_timeout(1000)
    assert typed(reader, CHANGE) == "Tom went home."
    reader.reload()
    wait_for_typed(reader, "edit-text", "Tom went home.")
    reader.page.get_by_role("button", name="Keep the change").click()
    reader.page.wait_for_function("document.querySelector('.book').innerText.includes('Tom went home.')")
    reader.page.get_by_label(CHANGE).wait_for(state="hidden")
    reader.passages("model").first.click()
    reader.page.get_by_label(CHANGE).wait_for()
    reader.page.wait_for_timeout(500)
    reader.page.get_by_label(CHANGE).fill("Nothing.")
    reader.page.get_by_role("button", name="Leave it as it was").click()
    reader.page.get_by_label(CHANGE).wait_for(state="hidden")
    reader.page.wait_for_timeout(500)
    reader.passages("reader").first.click()
    wait_for_typed(reader, "edit-text", "Tom went home.")
    reader.reload()
    reader.page.wait_for_timeout(1500)
    assert not reader.page.get_by_label(CHANGE).is_visible()
    assert reader.errors == []


def test_lines_to_keep_in_mind_outlive_a_reload_until_they_are_in_the_story(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY + "<end>")), DESKTOP)
    reader.begin("Tom went out.")
    reader.open_panel("mind")
    notes, lore = (reader.page.locator(f"#{name} textarea") for name in ("notes", "lore"))
    notes.fill("It is winter.")
    lore.fill("no colon here")
    reader.page.locator("#keep").click()
    reader.is_told("A line of lore needs names")  # nothing was kept
    reader.reload()
    reader.open_panel("mind")
    assert (notes.input_value(), lore.input_value()) == ("It is winter.", "no colon here")
    lore.fill("")
    reader.page.locator("#keep").click()
    drafts = "Object.keys(localStorage).filter((key) => /draft.*(notes|lore)/.test(key)).length"
    reader.page.wait_for_function(f"{drafts} === 0")
    reader.reload()
    reader.open_panel("mind")
    assert notes.input_value() == "It is winter."
    notes.fill("")
    reader.reload()
    reader.open_panel("mind")
    assert notes.input_value() == ""  # cleared, not yet kept
    assert reader.errors == []

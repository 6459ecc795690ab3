"""Say, do, describe: the sentence is shown before it is sent, and goes into the story as it was shown."""

import pytest

from tests.playground.test_browser_access import find_barriers
from tests.reader import DESKTOP, PHONE, Reader

pytestmark = pytest.mark.browser


def choose_mode(reader: Reader, mode: str) -> None:
    reader.page.locator("#mode").get_by_label(mode).check()


def is_shown(reader: Reader, sentence: str) -> None:
    reader.page.locator("#preview .sentence").get_by_text(sentence, exact=True).wait_for(timeout=10_000)


def test_a_deed_is_shown_while_it_is_typed_and_sent_as_shown(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He was happy.<end>")), DESKTOP)
    reader.begin("Tom went out.")
    box = reader.page.get_by_label("What happens next?")
    choose_mode(reader, "a deed")
    box.click()
    reader.page.keyboard.type("take the key")
    is_shown(reader, "Tom took the key.")
    reader.page.keyboard.type(" and open the door")
    is_shown(reader, "Tom took the key and opened the door.")
    assert find_barriers(reader) == []
    reader.picture("phrasing-desktop-light")
    reader.page.locator("#continue").click()
    reader.passages("reader").nth(1).wait_for()
    reader.wait()
    assert "Tom took the key and opened the door. He was happy." in reader.text()
    assert box.input_value() == ""
    reader.page.locator("#preview .sentence").wait_for(state="hidden")

    choose_mode(reader, "said aloud")
    box.fill("where are you")
    is_shown(reader, '"Where are you?" asked Tom.')
    reader.page.locator("#continue").click()
    reader.passages("reader").nth(2).wait_for()
    reader.wait()
    assert '"Where are you?" asked Tom.' in reader.text()
    reader.reload()
    reader.page.locator("article.book").wait_for()
    assert box.input_value() == ""  # nothing that was sent is offered again
    assert reader.errors == []


def test_a_sentence_can_be_taken_into_the_box_and_changed(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He was happy.<end>")), PHONE, dark=True)
    reader.begin("Tom went out.")
    box = reader.page.get_by_label("What happens next?")
    choose_mode(reader, "a deed")
    box.fill("open the door")
    is_shown(reader, "Tom opened the door.")
    reader.picture("phrasing-phone-dark")
    reader.page.get_by_role("button", name="Put it into the box").click()
    reader.page.wait_for_function("document.querySelector('#words textarea').value === 'Tom opened the door.'")
    assert reader.page.locator("#mode").get_by_label("as typed").is_checked()
    reader.page.locator("#preview .sentence").wait_for(state="hidden")
    box.fill("Tom opened the green door.")
    reader.page.locator("#continue").click()
    reader.passages("reader").nth(1).wait_for()
    assert "Tom opened the green door." in reader.text()


def test_a_story_in_another_language_gets_the_words_as_typed_and_says_so(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He ran.<end>")), DESKTOP, locale="de-DE")
    reader.page.get_by_label("Wie fängt deine Geschichte an?").fill(
        "Es war einmal ein Hund. Er war nicht froh und die Katze auch."
    )
    reader.page.locator("#begin").click()
    reader.page.locator("article.book").wait_for()
    reader.wait()
    choose_mode(reader, "eine Tat")
    reader.page.get_by_label("Wie geht es weiter?").fill("geh nach Hause")
    reader.page.get_by_text("Diese Geschichte sieht nicht englisch aus").wait_for()
    reader.page.locator("#continue").click()
    reader.passages("reader").nth(1).wait_for()
    assert "geh nach Hause" in reader.text()

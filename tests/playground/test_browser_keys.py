"""Keys do what the buttons do, outside a box, and `?` lists them; where something is typed they stay the browser's."""

import pytest

from tests.playground.test_browser_access import find_barriers
from tests.reader import DESKTOP, Reader

pytestmark = pytest.mark.browser
# What a browser on a Mac says of itself.
MAC = "Object.defineProperty(navigator, 'platform', { get: () => 'MacIntel' })"


@pytest.fixture
def reader(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw a red kite.<end>")), DESKTOP)
    reader.begin("Tom went out.")
    return reader


def leave_boxes(reader: Reader) -> None:
    reader.page.evaluate("document.activeElement.blur()")


def press_key(reader: Reader, keys: str) -> None:
    """Press keys that change the book, and wait for it."""
    before = reader.page.locator("article.book").inner_html()
    reader.page.keyboard.press(keys)
    reader.page.wait_for_function("before => document.querySelector('article.book').innerHTML !== before", arg=before)
    reader.wait()


def test_the_command_key_with_enter_continues_from_the_page_and_from_the_readers_box(reader):
    leave_boxes(reader)
    press_key(reader, "Control+Enter")
    assert reader.passages("model").count() == 2
    reader.page.get_by_label("What happens next?").fill("Then it rained.")
    press_key(reader, "Control+Enter")
    assert "Then it rained. He saw" in reader.text()
    assert reader.page.get_by_label("What happens next?").input_value() == ""


def test_keys_undo_and_redo_outside_a_box_and_leave_a_box_alone(reader):
    leave_boxes(reader)
    press_key(reader, "Control+z")
    assert "He saw" not in reader.text()
    press_key(reader, "Control+Shift+z")
    assert "He saw" in reader.text()
    box = reader.page.get_by_label("What happens next?")
    box.click()
    reader.page.keyboard.type("Then")
    reader.page.keyboard.press("Control+z")
    left = box.input_value()
    assert left != "Then"
    assert "Then".startswith(left)  # a browser takes back a word, or what was typed last
    assert "He saw" in reader.text()


def test_arrows_flip_the_versions_of_the_passage_with_the_focus_or_of_the_last_one(reader):
    reader.press("retry")
    leave_boxes(reader)
    press_key(reader, "ArrowLeft")
    assert "1 of 2" in reader.text()
    reader.passages("model").first.focus()
    press_key(reader, "ArrowRight")
    assert "2 of 2" in reader.text()
    before = reader.text()
    reader.passages("reader").first.focus()  # it has but one version
    reader.page.keyboard.press("ArrowLeft")
    reader.page.get_by_label("What happens next?").focus()
    reader.page.keyboard.press("ArrowLeft")
    reader.page.wait_for_timeout(500)
    assert reader.text() == before


def test_a_question_mark_lists_the_keys_until_escape_and_the_focus_returns(reader):
    keys = reader.page.get_by_role("dialog", name="Keys")
    reader.page.locator("#retry").focus()
    reader.page.keyboard.press("?")
    keys.wait_for()
    assert "Ctrl+Shift+Z" in keys.inner_text()
    assert find_barriers(reader) == []
    before = reader.text()
    reader.page.keyboard.press("Control+z")  # the list has the keys
    reader.page.keyboard.press("Escape")
    keys.wait_for(state="hidden")
    assert reader.page.evaluate("document.activeElement.id") == "retry"
    reader.page.wait_for_timeout(400)
    assert reader.text() == before

    leave_boxes(reader)
    reader.page.keyboard.press("?")
    keys.get_by_role("button", name="Close").click()
    keys.wait_for(state="hidden")
    reader.page.wait_for_timeout(400)
    assert reader.page.evaluate("document.activeElement === document.body")

    box = reader.page.get_by_label("What happens next?")
    box.click()
    reader.page.keyboard.type("Why?")
    assert box.input_value() == "Why?"
    assert not keys.is_visible()
    reader.page.get_by_role("button", name="Keys").click()
    keys.wait_for()


def test_a_german_reader_gets_the_list_in_german_and_a_mac_its_own_key(browser, scripted, serve):
    url = serve(scripted(" He ran.<end>"))
    reader = Reader(browser, url, DESKTOP, locale="de-DE")
    reader.page.keyboard.press("?")
    assert "Strg+Umschalt+Z" in reader.page.get_by_role("dialog", name="Tasten").inner_text()

    context = browser.new_context(locale="en-US")
    context.add_init_script(MAC)
    reader = Reader(None, url, {}, context=context)
    reader.begin("Tom went out.")
    leave_boxes(reader)
    reader.page.keyboard.press("?")
    keys = reader.page.get_by_role("dialog", name="Keys")
    assert "Cmd+Shift+Z" in keys.inner_text()
    reader.page.keyboard.press("Escape")
    reader.page.keyboard.press("Control+z")
    reader.page.wait_for_timeout(400)
    assert "He ran." in reader.text()
    press_key(reader, "Meta+z")
    assert "He ran." not in reader.text()

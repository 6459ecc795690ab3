"""A person at the page while a passage is written: where the page stands, and what becomes of the words in the box."""

import time

import pytest

from tests.reader import DESKTOP, Reader

pytestmark = pytest.mark.browser
SAY = " He saw a red kite. They ran to the park. Mia was happy."
LOW = {"width": 1280, "height": 650}
COUNT = """() => {
  const clone = window.structuredClone;
  [window.clones, window.updates] = [0, 0];
  window.structuredClone = (value) => { window.clones++; return clone(value); };
  new MutationObserver(() => window.updates++).observe(document.querySelector(".book .live"), { childList: true });
}"""
END = "document.querySelector('.book .live')?.getBoundingClientRect().bottom"


def test_the_second_passage_grows_in_the_book_alone_and_in_view(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY, delay=0.1)), LOW)
    reader.begin("Tom went out.")
    reader.page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    reader.page.get_by_label("What happens next?").fill("And then")
    reader.page.locator("#continue").click()
    reader.page.wait_for_function("(document.querySelector('.book .live')?.innerText || '').length > 20")
    reader.page.get_by_label("What happens next?").press_sequentially("Mia came too.")
    assert not reader.page.locator("#live").is_visible()
    reader.page.evaluate(COUNT)
    for _ in range(5):
        end = reader.page.evaluate(END)
        assert end is None or 0 < end <= LOW["height"]
        reader.page.wait_for_timeout(150)
    assert reader.page.evaluate("window.clones / window.updates") < 300  # what an update costs a phone; 700 if all is read
    reader.page.locator("#stop").click()
    reader.wait()
    assert "And then" in reader.text()
    assert reader.page.get_by_label("What happens next?").input_value() == "Mia came too."
    assert reader.errors == []


def test_words_are_selected_without_opening_a_panel(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY + "<end>")), DESKTOP)
    reader.begin("Tom went out.")
    reader.press("retry")
    first_line = reader.passages("model").first.evaluate("passage => passage.getClientRects()[0].toJSON()")
    reader.page.mouse.dblclick(first_line["x"] + first_line["width"] / 2, first_line["y"] + first_line["height"] / 2)
    reader.page.wait_for_timeout(600)
    assert reader.page.evaluate("getSelection().toString().trim()")
    assert not reader.page.get_by_label("Change this passage").is_visible()
    reader.page.evaluate("getSelection().selectAllChildren(document.querySelector('.book'))")
    assert "of 2" not in reader.page.evaluate("getSelection().toString()")


def test_a_browser_that_forbids_storage_gets_a_page_and_a_line(browser, scripted, serve):
    url = serve(scripted(SAY + "<end>"))
    page = browser.new_context(viewport=DESKTOP).new_page()
    page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name,"
        " { configurable: true, get() { throw new DOMException('denied', 'SecurityError'); } });"
    )
    page.goto(url)
    page.locator("#opening textarea").fill("Tom went out.")
    page.locator("#begin").click()
    page.locator("article.book").wait_for()
    assert page.get_by_text("This browser keeps nothing for this page.").is_visible()


def test_who_begins_before_the_page_has_arrived_sees_their_story_told(browser, scripted, serve):
    """The arrival's answer is on its way when the story's first one comes, as on a server that has just started."""
    url = serve(scripted(SAY, delay=0.1))
    tuning = serve.pages[0].tuning
    show, tuning.show = tuning.show, lambda visit: (time.sleep(2), show(visit))[1]
    page = browser.new_context(viewport=DESKTOP).new_page()
    page.goto(url)
    page.locator("#opening textarea").fill("Tom went out.")
    page.locator("#begin").click()
    page.locator("#stop").wait_for()
    page.wait_for_timeout(2500)
    assert page.locator("#stop").is_visible()
    page.wait_for_function("(document.querySelector('.book .live')?.innerText || '').length > 20")
    page.locator("#stop").click()
    page.locator("#continue").wait_for()

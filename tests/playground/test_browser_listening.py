"""A person who listens, or works by keyboard: words are said as they are told, and the focus stays on the page."""

import pytest

from tests.reader import DESKTOP, Reader

pytestmark = pytest.mark.browser
SAY = " He saw a red kite. They ran to the park. Mia was happy."
SAID = "document.querySelector('[aria-live=polite]#listener').innerText"


def squeeze(words: str) -> str:
    return " ".join(words.split())


def test_a_passage_is_said_sentence_by_sentence_as_it_is_told(browser, scripted, serve):
    said = " It cost 3.50 euros.@ He saw a red kite. Mia was happy."  # dots and marks within a word end no sentence
    reader = Reader(browser, serve(scripted(said + "<end>", delay=0.15)), DESKTOP)
    reader.page.locator("#opening textarea").fill("Tom went out.")
    reader.page.locator("#begin").click()
    reader.page.wait_for_function(f"{SAID}.includes('red kite.')")
    assert reader.page.locator("#stop").is_visible()  # it did not wait for the end
    assert "happy" not in reader.page.evaluate(SAID)
    reader.wait()
    reader.page.wait_for_function(f"{SAID}.includes('happy.')")
    assert squeeze(reader.page.evaluate(SAID)) == squeeze(said)
    reader.press("continue")
    told = squeeze(reader.passages("model").last.inner_text())
    words = f"{SAID}.split(/\\s+/).join(' ').trim()"
    reader.page.wait_for_function(f"told => {words} === told", arg=told)  # the new passage, and no earlier one
    assert reader.errors == []


def test_the_focus_stays_on_the_page_after_every_button(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY + "<end>", delay=0.02)), DESKTOP)
    active = "document.activeElement.id || document.activeElement.tagName"
    reader.page.locator("#opening textarea").fill("Tom went out.")
    reader.page.locator("#begin").focus()
    reader.page.keyboard.press("Enter")
    reader.page.locator("#stop").wait_for()
    reader.page.wait_for_function(f"({active}) === 'stop'")
    reader.wait()
    reader.page.wait_for_function(f"({active}) === 'continue'", timeout=5000)
    for button, then in (
        ("continue", "continue"),
        ("retry", "retry"),
        ("finish", "finish"),
        ("branch", "branch"),
        ("undo", "undo"),
        ("redo", "continue"),  # there is nothing more to bring back
    ):
        reader.page.locator(f"#{button}").focus()
        before = reader.page.locator("article.book").inner_html()
        reader.page.keyboard.press("Enter")
        reader.page.wait_for_function("before => document.querySelector('article.book').innerHTML !== before", arg=before)
        reader.wait()
        reader.page.wait_for_function(f"({active}) === '{then}'", timeout=5000)
    assert reader.errors == []


def test_a_reader_who_leaves_a_button_is_not_taken_back(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY, delay=0.05)), DESKTOP)
    reader.page.locator("#opening textarea").fill("Tom went out.")
    reader.page.locator("#begin").click()
    reader.page.locator("#stop").wait_for()
    reader.page.locator(".masthead").click()
    reader.page.wait_for_timeout(500)
    assert reader.page.evaluate("document.activeElement === document.body")

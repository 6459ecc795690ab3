"""The story read aloud: each word is marked as it is said, new passages follow by themselves, speed and voice are kept.

The voice is a stand-in that a test leads word by word: a test machine has none.
"""

import pytest

from tests.playground.test_browser_access import find_barriers
from tests.reader import DESKTOP, PHONE, Reader

pytestmark = pytest.mark.browser
VOICE = """
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  let current = null;
  Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => [["Anna", "en-GB"], ["Bert", "en-US"], ["Carl", "de-DE"]].map(
      ([name, lang]) => ({ name, lang, voiceURI: name })),
    addEventListener() {},
    speak(words) { current = words; words.onstart({}); },
    cancel() { const gone = current; current = null; gone?.onerror({ error: "interrupted" }); },
  } });
  window.sayWord = (number) => {
    const word = [...current.text.matchAll(/\\S+/g)][number];
    current.onboundary({ name: "word", charIndex: word.index, charLength: word[0].length });
  };
  window.endSentence = () => { const over = current; current = null; over.onend({}); };
  window.listen = () => current && { text: current.text, rate: current.rate, voice: current.voice?.name ?? "" };
  window.marked = (kind) => [...(CSS.highlights.get(`spoken-${kind}`) ?? [])].map(String).join("");
"""
NO_HIGHLIGHTS = 'Object.defineProperty(CSS, "highlights", { value: undefined });'
BOOK = "document.querySelector('.book').innerHTML"


def open_reader(browser, url: str, *scripts: str, size: dict = DESKTOP, dark: bool = False) -> Reader:
    context = browser.new_context(viewport=size, locale="en-US")
    for script in (VOICE, *scripts):
        context.add_init_script(script)
    return Reader(browser, url, size, dark, context=context)


def wait_for_sentence(reader: Reader, words: str) -> None:
    reader.page.wait_for_function("words => listen()?.text === words", arg=words)


def test_words_are_marked_as_they_are_said_and_new_passages_are_read_too(browser, scripted, serve):
    reader = open_reader(browser, serve(scripted(' He said "hi!" to Mia. They paid 3.50 euros.<end>')))
    page = reader.page
    reader.begin("Mr. Hall met Dr. Ives.")
    page.mouse.move(0, 0)
    before = page.evaluate(BOOK)
    page.locator("#read").click()
    wait_for_sentence(reader, "Mr. Hall met Dr. Ives.")  # a title before a name ends no sentence
    assert page.evaluate("marked('sentence')") == "Mr. Hall met Dr. Ives."
    page.evaluate("sayWord(1)")
    assert page.evaluate("marked('word')") == "Hall"
    reader.picture("aloud-desktop-light")
    page.evaluate("endSentence()")
    wait_for_sentence(reader, 'He said "hi!" to Mia.')
    page.evaluate("sayWord(4)")
    assert page.evaluate("marked('word')") == "Mia."
    assert page.evaluate(BOOK) == before  # a copy of the book has no marks
    page.evaluate("endSentence()")
    wait_for_sentence(reader, "They paid 3.50 euros.")
    page.evaluate("endSentence()")
    assert page.evaluate("listen()") is None
    assert page.evaluate("marked('word') + marked('sentence')") == ""
    assert page.locator("#read").get_attribute("aria-pressed") == "true"  # it waits for more
    reader.go_on("Then Mia sang.")
    wait_for_sentence(reader, "Then Mia sang.")
    reader.press("undo")
    reader.press("undo")
    assert page.evaluate("listen()") is None  # these words are gone
    page.locator("#read").click()
    assert not page.locator("#reading-bar").is_visible()
    assert reader.errors == []


def test_without_highlights_and_boundaries_the_sentence_is_marked_and_nothing_stays_behind(browser, scripted, serve):
    reader = open_reader(browser, serve(scripted(" They ran.<end>")), NO_HIGHLIGHTS, size=PHONE, dark=True)
    page = reader.page
    reader.begin("Tom went out. He saw a kite.")
    before = page.evaluate(BOOK)
    page.locator("#read").click()
    page.locator(".book .spoken-sentence").wait_for()
    assert page.locator(".book .spoken-sentence").inner_text() == "Tom went out."
    reader.picture("aloud-phone-dark")
    page.evaluate("endSentence()")
    wait_for_sentence(reader, "He saw a kite.")
    assert page.locator(".book .spoken-sentence").inner_text() == "He saw a kite."
    page.locator("#reading-bar button").click()
    page.locator(".book .spoken-sentence").wait_for(state="detached")
    assert page.evaluate("listen()") is None
    assert page.evaluate(BOOK) == before
    assert reader.errors == []


def test_speed_and_voice_are_kept_and_another_story_is_not_read(browser, scripted, serve):
    reader = open_reader(browser, serve(scripted(" They ran.<end>")), dark=True)
    page = reader.page
    reader.begin("Tom went out. He saw a kite.")
    page.locator("#read").click()
    assert page.evaluate("listen()") == {"text": "Tom went out.", "rate": 1, "voice": ""}
    page.evaluate("sayWord(1)")
    reader.picture("aloud-desktop-dark")
    assert find_barriers(reader) == []
    page.get_by_label("Voice", exact=True).select_option("Bert")
    page.get_by_label("Speed", exact=True).select_option("1.25")
    assert page.evaluate("listen()") == {"text": "Tom went out.", "rate": 1.25, "voice": "Bert"}
    assert page.get_by_label("Voice", exact=True).locator("option").all_inner_texts() == ["the browser's own", "Anna", "Bert"]
    reader.reload()
    page.locator("#read").click()
    assert page.evaluate("listen()") == {"text": "Tom went out.", "rate": 1.25, "voice": "Bert"}
    reader.open_panel("file")
    page.locator("#new").click()
    page.locator("#begin").wait_for()
    page.wait_for_function("listen() === null")
    page.locator("#reading-bar").wait_for(state="hidden")
    assert reader.errors == []

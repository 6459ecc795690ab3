"""The page in each of its languages, on a phone: which one a browser gets, whether words fit, and what is said of English."""

import pytest

from tests.playground.test_browser_access import find_barriers
from tests.reader import PHONE, Reader

pytestmark = pytest.mark.browser
WIDE = """() => [document.documentElement, ...document.querySelectorAll('button:not(.label-wrap), label, .hint, h2, legend')]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
  .map((one) => one.id || one.textContent.slice(0, 60))"""
INKS = """() => new Set([...document.querySelectorAll('.book .by-reader, .book .by-reader span')]
  .map((one) => getComputedStyle(one).color)).size"""
# By what a browser asks for: the language of the page, its first button, and what it says of English.
ASKED = {
    "de-AT": ("de", "Geschichte beginnen", "Erzählt wird auf Englisch"),
    "es-419": ("es", "Empezar el cuento", "Los cuentos se cuentan en inglés"),
    "fr-FR": ("en", "Begin the story", ""),
}
OPENINGS = {"de": "Es war einmal ein kleiner Bär.", "es": "Érase una vez un oso pequeño.", "en": "Tom went out."}
SAID = {"de": "Das Modell kann nur Englisch", "es": "El modelo solo sabe inglés"}


def test_each_browser_gets_its_language_its_words_fit_and_english_is_said_plainly(browser, scripted, serve):
    url = serve(scripted(" He saw a red kite. They ran to the park.<end>"))
    for asked, (language, begin, said) in ASKED.items():
        reader = Reader(browser, url, PHONE, locale=asked)
        page = reader.page
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("#begin").inner_text() == begin
        assert page.locator("#in-english").is_visible() == bool(said)
        assert said in page.locator("#in-english").text_content()
        assert page.locator("#opening textarea").get_attribute("lang") == "en"
        page.locator("#opening textarea").fill(OPENINGS[language])
        page.locator("#begin").click()
        if language in SAID:  # before the end is waited for: a message goes after ten seconds
            page.get_by_text(SAID[language]).wait_for()
        page.locator("article.book").wait_for()
        reader.wait()
        assert OPENINGS[language] in reader.text()
        if language in SAID:
            told = page.locator('.book .by-model span[lang="en"]').inner_text()
            assert told.strip() == "He saw a red kite. They ran to the park."
        for panel in ("mind", "options", "file", "learned"):
            if page.locator(f"#{panel}").count():
                reader.open_panel(panel)
        assert page.evaluate(INKS) == 1  # what says the language of words leaves them their ink
        assert page.evaluate(WIDE) == []
        assert find_barriers(reader) == []
        reader.picture(f"language-{language}")
        assert reader.errors == []
        reader.context.close()

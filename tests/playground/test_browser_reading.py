"""Two people, one story: one writes, another reads along by a link that shows no more than the words."""

import pytest

from tests.playground.test_browser_access import find_barriers
from tests.reader import DESKTOP, PHONE, Reader

pytestmark = pytest.mark.browser
SAY = " He saw a red kite. They ran to the park."


def share(reader: Reader, kind: str) -> str:
    reader.page.locator(f"#share-{kind}").click()
    reader.page.wait_for_function(
        "mark => document.querySelector('#link textarea, #link input')?.value.match('^http.*' + mark)",
        arg={"reading": "/read#", "writing": "/#story="}[kind],
    )
    return reader.page.locator("#link textarea, #link input").input_value()


def test_a_reading_link_shows_the_story_grow_and_can_be_taken_back(browser, scripted, serve):
    owner = Reader(browser, serve(scripted(SAY + "<end>", delay=0.08)), DESKTOP)
    owner.begin("Tom went out.")
    owner.open_panel("file")
    link = share(owner, "reading")
    owner.picture("sharing-desktop-light")
    assert find_barriers(owner) == []
    kept = owner.page.evaluate("Object.keys(localStorage)")
    [uid] = [key.rpartition("/")[2] for key in kept if key.startswith("story-playground/story/")]
    assert uid not in link

    window = browser.new_context(viewport=PHONE, color_scheme="dark")
    page, seen, errors = window.new_page(), [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda response: seen.append(response.url + response.text()))
    page.goto(link)
    page.locator(".book").get_by_text("red kite").wait_for()
    assert page.title() == "Tom went out."
    assert page.locator("main button, main [role=button], main [tabindex], input, textarea").count() == 0

    owner.page.get_by_label("What happens next?").fill("Then it rained.")
    owner.page.locator("#continue").click()
    page.locator(".book .live", has_text="He saw").wait_for()  # while it is written
    page.locator(".book", has_text="Then it rained.").wait_for()
    assert owner.page.locator("#stop").is_visible()
    owner.wait()
    page.locator(".by-model").nth(1).wait_for()  # by its elements: the page forbids scripts that are made from text
    page.locator(".live").wait_for(state="detached")
    owner.picture("reading-phone-dark", page)
    owner.press("undo")
    page.locator(".by-model").nth(1).wait_for(state="detached")
    assert uid not in "".join(seen) + page.content()
    assert page.evaluate("localStorage.length") == 0

    owner.page.locator("#take-back").click()
    page.get_by_text("This link shows no story any more.").wait_for()
    assert page.locator(".book").count() == 0
    assert "Tom" not in page.content()
    page.reload()
    page.get_by_text("This link shows no story any more.").wait_for()
    assert errors == owner.errors == []


def test_a_writing_link_opens_the_story_in_another_browser(browser, scripted, serve):
    url = serve(scripted(SAY + "<end>"))
    owner = Reader(browser, url, DESKTOP)
    owner.begin("Tom went out.")
    owner.open_panel("file")
    link = share(owner, "writing")
    assert "cannot be taken back" in owner.page.locator("#link-kind").inner_text()
    assert owner.page.locator("#take-back").count() == 0 or not owner.page.locator("#take-back").is_visible()
    other = Reader(browser, link, PHONE)
    assert "Tom went out." in other.text()
    assert "story=" not in other.page.url
    other.go_on("Mia came.")
    owner.reload()
    assert "Mia came." in owner.text()
    other.reload()
    assert "Mia came." in other.text()
    lost = Reader(browser, f"{url}/#story={'0' * 32}", PHONE)
    lost.is_told("There is no story behind this link")
    assert owner.errors == other.errors == lost.errors == []

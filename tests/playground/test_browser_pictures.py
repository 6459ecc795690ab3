"""A person at the page who wants pictures: they stand in the book, survive a reload, change by a click, and go again."""

import pytest

from tests.playground.test_browser_access import find_barriers
from tests.reader import DESKTOP, PHONE, Reader

pytestmark = pytest.mark.browser
SAY = " He saw a dog in the garden. It was a sunny day and the dog had a red ball.<end>"


def choose(reader: Reader, label: str) -> None:
    reader.open_panel("options")
    reader.page.locator("#pictures").get_by_label(label).check()


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)])
def test_pictures_come_stay_change_and_go(browser, scripted, serve, size, dark, tmp_path):
    reader = Reader(browser, serve(scripted(SAY)), size, dark)
    choose(reader, "one for every passage")
    reader.page.wait_for_timeout(500)
    reader.begin("Tom went out.")
    picture = reader.page.locator(".book .picture")
    picture.scroll_into_view_if_needed()
    assert picture.get_attribute("aria-label") == "Picture: Tom, dog"
    box, book = picture.bounding_box(), reader.page.locator("article.book").bounding_box()
    assert box["width"] > 0.7 * book["width"]
    assert book["x"] <= box["x"]
    assert box["x"] + box["width"] <= book["x"] + book["width"]
    assert find_barriers(reader) == []
    reader.picture(f"pictures-{'phone' if size is PHONE else 'desktop'}-{'dark' if dark else 'light'}")
    reader.reload()
    picture.wait_for()
    before = picture.inner_html()
    tom = reader.page.get_by_role("button", name="Draw Tom otherwise")
    tom.focus()
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_function("before => document.querySelector('.book .picture').innerHTML !== before", arg=before)
    tom.click()
    reader.page.wait_for_timeout(500)
    reader.go_on("Then Tom ran home.")
    assert picture.count() == 2
    reader.open_panel("file")
    reader.choose("Save as", "web page")
    with reader.page.expect_download() as download:
        reader.page.locator("#save").click()
    download.value.save_as(tmp_path / "story.html")
    assert (tmp_path / "story.html").read_text(encoding="utf-8").count('<svg class="picture"') == 2
    choose(reader, "none")
    picture.first.wait_for(state="detached")
    assert picture.count() == 0
    assert reader.errors == []


def test_a_choice_while_a_passage_is_written_holds_when_it_ends(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY, delay=0.1)), DESKTOP)
    reader.open_panel("options")
    reader.page.locator("#opening textarea").fill("Tom went out.")
    reader.page.locator("#begin").click()
    reader.page.locator(".book .live").wait_for(state="attached")
    reader.page.locator("#pictures").get_by_label("one for every passage").check()
    reader.wait()
    reader.page.locator(".book .picture").wait_for()
    assert "the dog had a red ball." in reader.text()
    assert reader.errors == []

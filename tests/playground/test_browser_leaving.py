"""A person who leaves a story while it is written, in haste, or on a phone: the page shows what they chose last."""

import pytest

from tests.reader import DESKTOP, PHONE, Reader

pytestmark = pytest.mark.browser
SAY = " He saw a red kite. They ran to the park. Mia was happy."
SHELF = "document.querySelector('#shelf input')?.value"


def test_a_story_that_was_left_in_mid_passage_does_not_come_back(browser, scripted, serve, tmp_path):
    reader = Reader(browser, serve(scripted(SAY, delay=0.1)), DESKTOP)
    page = reader.page

    def write_on() -> None:
        page.locator("#continue").click()
        page.wait_for_function("(document.querySelector('.book .live')?.innerText || '').length > 5")

    page.locator("#opening textarea").fill("Tom went out.")
    page.locator("#begin").click()
    page.wait_for_function("(document.querySelector('.book .live')?.innerText || '').length > 5")
    reader.open_panel("file")
    slow = page.context.new_cdp_session(page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 4})  # a page that reads late gets its answers, too
    page.locator("#new").click()
    page.locator("#begin").wait_for()
    page.wait_for_timeout(1500)
    assert page.locator("#begin").is_visible()
    reader.choose("Take a story from the shelf", "Tom went out")
    page.locator("article.book").wait_for()
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    write_on()
    page.locator("#duplicate").click()
    page.wait_for_function(f"{SHELF}?.includes('(copy)')")
    page.wait_for_timeout(1500)
    assert "(copy)" in page.evaluate(SHELF)
    write_on()
    (tmp_path / "mine.txt").write_text("Once there was a fox.", encoding="utf-8")
    page.locator("#open input[type=file], input[type=file]").first.set_input_files(tmp_path / "mine.txt")
    page.wait_for_function("document.querySelector('.book').innerText.includes('a fox')")
    page.wait_for_timeout(1500)
    assert "a fox" in reader.text()
    page.get_by_label("Take a story from the shelf").click()
    page.get_by_role("option").nth(2).wait_for()
    assert reader.errors == []


def test_two_quick_clicks_take_back_two_passages(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY + "<end>")), DESKTOP)
    reader.begin("Tom went out.")
    reader.go_on("Then Mia came.")
    reader.page.locator("#undo").dblclick()
    reader.page.wait_for_function("!document.querySelector('.book').innerText.includes('Then Mia came.')")
    reader.wait()
    assert (reader.passages("reader").count(), reader.passages("model").count()) == (1, 1)


def test_a_phone_does_not_zoom_into_what_one_types(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY + "<end>")), PHONE)
    reader.begin("Tom went out.")
    for panel in ("mind", "options", "file"):
        reader.open_panel(panel)
    sizes = reader.page.evaluate(
        "[...document.querySelectorAll('input:not([type=range], [type=checkbox], [type=file]), textarea')]"
        ".filter((one) => one.checkVisibility()).map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert len(sizes) > 8
    assert min(sizes) >= 16

"""A person at several tabs of one browser: what each tab remembers is merged, and nothing falls off the shelf."""

import pytest

from tests.reader import DESKTOP, Reader

pytestmark = pytest.mark.browser
SAY = " He saw a red kite. They ran to the park."


def list_stories(reader: Reader) -> list[str]:
    """The titles on the shelf, in their order; the panel of the stories is open."""
    reader.page.wait_for_timeout(300)
    reader.page.get_by_label("Take a story from the shelf").click()
    titles = [title.strip().removeprefix("✓").strip() for title in reader.page.get_by_role("option").all_inner_texts()]
    reader.page.keyboard.press("Escape")
    return titles


def test_a_story_of_another_tab_stays_on_the_shelf(browser, scripted, serve):
    url = serve(scripted(SAY + "<end>"))
    first = Reader(browser, url, DESKTOP)
    first.begin("Tom went out.")
    second = first.open_tab(url)
    second.open_panel("file")
    second.page.locator("#new").click()
    second.page.locator("#begin").wait_for()
    second.begin("Mia went out.")
    first.open_panel("file")
    assert {title[:3] for title in list_stories(first)} == {"Tom", "Mia"}  # it is known at once
    second.page.close()
    first.press("undo")
    assert {title[:3] for title in list_stories(first)} == {"Tom", "Mia"}
    first.reload()
    assert "Tom went out." in first.text()  # a tab goes on with its own story
    first.open_panel("file")
    first.choose("Take a story from the shelf", "Mia went out")
    first.page.wait_for_function("document.querySelector('.book').innerText.includes('Mia went out.')")
    assert {title[:3] for title in list_stories(first)} == {"Tom", "Mia"}
    assert first.errors == second.errors == []


def test_a_story_that_another_tab_removed_stays_removed_and_can_be_brought_back(browser, scripted, serve):
    url = serve(scripted(SAY, delay=0.2))
    first = Reader(browser, url, DESKTOP)
    first.page.locator("#opening textarea").fill("Mia went out.")
    first.page.locator("#begin").click()
    first.page.locator("#stop").click()
    first.wait()
    first.open_panel("file")
    first.page.locator("#new").click()
    first.page.locator("#begin").wait_for()
    first.page.locator("#opening textarea").fill("Tom went out.")
    first.page.locator("#begin").click()
    first.page.locator(".book .live").wait_for()
    second = first.open_tab(url)
    second.open_panel("file")
    second.choose("Take a story from the shelf", "Mia went out")
    second.page.wait_for_function("document.querySelector('.book')?.innerText.includes('Mia went out.')")
    second.page.locator("#remove").click()
    second.page.locator("#begin").wait_for()
    first.page.locator("#stop").click()  # the view that comes now was asked for before the removal
    first.wait()
    assert [title[:3] for title in list_stories(first)] == ["Tom"]
    first.page.locator("#restore").click()
    first.page.wait_for_function("document.querySelector('.book').innerText.includes('Mia went out.')")
    assert [title[:3] for title in list_stories(first)] == ["Mia", "Tom"]
    assert first.errors == second.errors == []


def test_manners_and_settings_of_two_tabs_are_kept_both(browser, scripted, serve):
    url = serve(scripted(SAY + "<end>"))
    first = Reader(browser, url, DESKTOP)
    second = first.open_tab(url)
    for reader, name in ((first, "Old"), (second, "New")):
        reader.open_panel("options")
        reader.page.locator("#manner-name input, #manner-name textarea").fill(name)
        reader.page.locator("#keep-manner").click()
        reader.page.wait_for_function(f"document.querySelector('#own-manner input').value === '{name}'")
    box = second.page.locator("#unwanted input, #unwanted textarea")
    box.fill("spider")
    box.blur()
    kept = "([name, words]) => localStorage[`story-playground/setting/${name}`]?.includes(words)"
    first.page.wait_for_function(kept, arg=["unwanted", "spider"])
    first.page.get_by_role("button", name="Calm").click()
    first.page.wait_for_function(kept, arg=["settings", "0.4"])
    second.page.close()
    first.reload()
    first.open_panel("options")
    assert first.page.locator("#unwanted input, #unwanted textarea").input_value() == "spider"
    assert first.page.locator("#temperature input[type=number]").input_value() == "0.4"
    first.page.get_by_label("Your own manners of writing").click()
    assert sorted(first.page.get_by_role("option").all_inner_texts()) == ["New", "Old"]
    assert first.errors == []


def test_the_memory_of_an_earlier_version_is_taken_over(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY + "<end>")), DESKTOP)
    reader.begin("Tom went out.")
    reader.open_panel("file")
    reader.page.locator("#new").click()
    reader.page.locator("#begin").wait_for()
    reader.begin("Mia went out.")
    reader.page.evaluate(
        "Object.keys(localStorage).filter((key) => key.includes('/')).forEach((key) => delete localStorage[key])"
    )
    reader.page.evaluate("sessionStorage.clear()")
    reader.reload()
    assert "Mia went out." in reader.text()
    reader.open_panel("file")
    assert [title[:3] for title in list_stories(reader)] == ["Mia", "Tom"]


def test_a_full_storage_costs_no_story_of_this_page_and_is_said(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY + "<end>")), DESKTOP)
    reader.page.evaluate("for (let n = 22; n >= 0; n--) try { localStorage[`x${n}`] = 'x'.repeat(2 ** n); } catch {}")
    for opening in ("Tom went out.", "Mia went out."):
        reader.begin(opening)
        reader.open_panel("file") if opening.startswith("Tom") else None
        reader.page.locator("#new").click()
        reader.page.locator("#begin").wait_for()
    assert reader.page.get_by_text("This browser keeps nothing for this page.").is_visible()
    assert [title[:3] for title in list_stories(reader)] == ["Mia", "Tom"]
    assert reader.errors == []

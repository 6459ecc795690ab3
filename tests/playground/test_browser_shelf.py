"""A person at the page, beyond the story itself: pins, titles, copies, files of every form, and how the model learned."""

import json
import zipfile

import pytest

from playground.ideas import IDEAS
from playground.render.phases import read_phases
from story_engine import EMBEDDED_FOLDER
from tests.playground.test_browser_access import find_barriers
from tests.reader import DESKTOP, PHONE, Reader

pytestmark = pytest.mark.browser


def test_a_sentence_is_pinned_and_stays_pinned(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw a red kite. They ran to the park.<end>")), PHONE)
    reader.begin("Tom went out.")
    reader.passages("model").first.click()
    reader.page.get_by_label("He saw a red kite.").check()
    reader.page.locator(".book .pinned").wait_for()
    assert reader.page.locator(".book .pinned").inner_text().strip() == "He saw a red kite."
    reader.page.locator("#receipt summary").click()
    assert "Told by model" in reader.page.locator("#receipt").inner_text()
    reader.page.locator("#replay").click()
    reader.page.get_by_text("word for word the same").wait_for()
    reader.picture("pinned-phone-light")
    reader.reload()
    reader.page.locator(".book .pinned").wait_for()
    reader.passages("model").first.click()
    reader.page.get_by_label("He saw a red kite.").uncheck()
    reader.page.locator(".book .pinned").wait_for(state="detached")
    assert reader.errors == []


def test_any_sentence_is_pinned_by_one_click_and_that_outlives_a_refresh(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw a red kite. They ran to the park.<end>")), PHONE, dark=True)
    reader.begin("Tom went out.")
    reader.open_panel("mind")
    reader.page.get_by_label("A click on a sentence pins it").check()
    sentences = reader.page.locator(".book [role=checkbox]")
    sentences.first.wait_for()
    assert [one.strip() for one in sentences.all_inner_texts()] == ["He saw a red kite.", "They ran to the park."]
    sentences.nth(1).click()
    reader.page.locator(".book .pinned").wait_for()
    assert reader.page.locator(".book .pinned").inner_text().strip() == "They ran to the park."
    sentences.first.focus()
    reader.page.keyboard.press("Space")
    reader.page.locator(".book .pinned").nth(1).wait_for()
    reader.page.locator(".meter summary").click()
    reader.picture("pinning-phone-dark")
    assert find_barriers(reader) == []
    reader.page.get_by_role("button", name="Let it go").first.click()
    reader.page.locator(".book .pinned").nth(1).wait_for(state="detached")
    reader.reload()
    reader.page.locator(".book .pinned").wait_for()
    assert reader.page.locator(".book .pinned").get_attribute("aria-checked") == "true"
    reader.open_panel("mind")
    reader.page.get_by_label("A click on a sentence pins it").uncheck()
    reader.page.locator(".book [role=checkbox]").first.wait_for(state="detached")
    reader.passages("model").first.click()
    reader.page.get_by_label("Change this passage").wait_for()
    assert reader.errors == []


def test_the_end_takes_as_many_sentences_as_were_asked_for(browser, scripted, serve):
    engine = scripted(" He saw a red kite. They ran to the park. Mia was happy. Ben had a ball.")
    reader = Reader(browser, serve(engine), DESKTOP)
    reader.begin("Tom went out.")
    reader.open_panel("options")
    box = reader.page.locator("#ending input[type=number]")
    assert box.input_value() == "5"
    box.fill("3")
    box.blur()
    reader.page.wait_for_timeout(500)
    reader.reload()
    reader.page.locator("article.book").wait_for()
    reader.press("finish")
    assert "The End" in reader.text()
    reader.passages("model").last.click()
    reader.page.locator("#receipt summary").click()
    assert "3 sentences" in reader.page.locator("#receipt").inner_text()


def test_there_are_always_other_ideas(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He ran home.<end>")), PHONE)
    ideas = reader.page.locator(".ideas button")
    before = ideas.all_inner_texts()
    reader.page.get_by_role("button", name="Other ideas").click()
    reader.page.wait_for_function("before => !document.querySelector('.ideas').innerText.includes(before)", arg=before[0])
    after = ideas.all_inner_texts()
    assert len(after) == len(before)
    assert not set(after) & set(before)
    reader.picture("ideas-phone-light")
    ideas.nth(2).click()
    reader.page.locator("article.book").wait_for()
    reader.wait()
    assert IDEAS[after[2]] in " ".join(reader.text().split())


def test_the_line_shows_what_will_be_forgotten_next(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw a red kite. They ran to the park. Mia was happy.", context=256)), DESKTOP)
    reader.open_panel("options")
    box = reader.page.locator("#max-new-tokens input[type=number]")
    box.fill("60")
    box.blur()
    reader.begin("Tom went out.")
    reader.press("continue")
    line = reader.page.locator(".book .next-forgotten")
    line.wait_for()
    assert line.count() == 1
    reader.page.locator(".meter summary").click()
    coming = line.inner_text().strip()
    assert coming in reader.page.locator(".meter q").inner_text()
    assert "Half of the sentences have" in reader.page.locator(".meter").inner_text()
    reader.picture("forgetting-desktop-light")
    reader.page.get_by_role("button", name="Keep it").click()
    reader.page.locator(".book .pinned").wait_for()
    assert reader.page.locator(".book .pinned").inner_text().strip() == coming
    assert line.inner_text().strip() != coming or line.count() == 0


def test_stories_are_renamed_copied_removed_and_brought_back(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He ran home.<end>")), DESKTOP)
    reader.begin("Tom went out.")
    reader.open_panel("file")
    title = reader.page.get_by_label("Its title")
    title.fill("The long way home")
    reader.page.locator("#rename").click()
    shelf = "document.querySelector('#shelf input').value"
    reader.page.wait_for_function(f"{shelf} === 'The long way home'")
    reader.page.locator("#duplicate").click()
    reader.page.wait_for_function(f"{shelf} === 'The long way home (copy)'")
    reader.go_on("Only the copy says this.")
    reader.page.locator("#remove").click()
    reader.page.locator("#begin").wait_for()
    reader.picture("shelf-desktop-light")
    reader.choose("Take a story from the shelf")
    reader.page.locator("article.book").wait_for()
    assert "Only the copy" not in reader.text()
    reader.page.locator("#restore").click()
    reader.page.wait_for_function("document.querySelector('.book').innerText.includes('Only the copy says this.')")
    reader.page.locator("#restore").wait_for(state="hidden")
    assert reader.errors == []


def test_a_story_is_saved_in_every_form_and_a_text_is_opened(browser, scripted, serve, tmp_path):
    reader = Reader(browser, serve(scripted(" He ran home.<end>")), DESKTOP)
    reader.begin("Tom went out.")
    reader.open_panel("file")
    suffixes = {"text": "txt", "Markdown": "md", "web page": "html", "e-book": "epub", "all versions": "json"}
    for form, name in (suffixes | {"PDF": "pdf", "booklet to fold": "booklet.pdf"}).items():
        reader.choose("Save as", form)
        with reader.page.expect_download() as download:
            reader.page.locator("#save").click()
        download.value.save_as(tmp_path / f"story.{name}")
    assert (tmp_path / "story.txt").read_text() == "Tom went out. He ran home.\n"
    assert "*Tom went out.* He ran home." in (tmp_path / "story.md").read_text()
    assert "He ran home." in (tmp_path / "story.html").read_text()
    assert "story.xhtml" in zipfile.ZipFile(tmp_path / "story.epub").namelist()
    assert all((tmp_path / f"story.{name}").read_bytes().startswith(b"%PDF") for name in ("pdf", "booklet.pdf"))
    assert json.loads((tmp_path / "story.json").read_text())["format"] == "story-playground/2"
    (tmp_path / "mine.txt").write_text("Once there was a fox.\nIt slept.", encoding="utf-8")
    reader.page.locator("#open input[type=file], input[type=file]").first.set_input_files(tmp_path / "mine.txt")
    reader.page.wait_for_function("document.querySelector('.book').innerText.includes('a fox')")
    assert reader.passages("reader").count() == 1


def test_the_time_machine_tells_one_opening_at_every_stage(browser, engine, serve):
    phases = read_phases(EMBEDDED_FOLDER)
    assert phases is not None
    reader = Reader(browser, serve(engine), PHONE, dark=True)
    reader.open_panel("learned")
    told = reader.page.locator("#phases article")
    told.first.wait_for()
    assert told.count() == len(phases.stages) >= 4
    first = told.last.inner_text()
    reader.choose("The same opening, told at each stage", phases.openings[1])
    last = "[...document.querySelectorAll('#phases article')].pop().innerText"
    reader.page.wait_for_function(f"first => {last} !== first", arg=first)
    assert phases.openings[1] in told.last.inner_text()
    assert reader.page.locator("svg.curve").get_attribute("aria-label").startswith("The model's surprise")
    reader.picture("learned-phone-dark")


def test_any_version_is_reached_through_the_tree(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He ran home.<end>")), PHONE)
    reader.begin("Tom went out.")
    reader.go_on("Then it rained.")
    reader.press("undo")
    reader.press("undo")
    reader.go_on("Then it snowed.")
    reader.open_panel("versions")
    reader.page.locator("#tree").get_by_role("button", name="Then it rained.").click()
    reader.page.wait_for_function("document.querySelector('.book').innerText.includes('Then it rained.')")
    assert "snowed" not in reader.text()
    assert reader.page.locator("#tree [aria-current]").inner_text() == "Then it rained."
    reader.picture("tree-phone-light")
    assert reader.errors == []


def test_a_manner_sets_all_settings_at_once_and_is_remembered(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He ran home.<end>")), DESKTOP)
    reader.open_panel("options")
    reader.page.get_by_role("button", name="Calm").click()
    value = "document.querySelector('#temperature input[type=number]').value"
    reader.page.wait_for_function(f"{value} === '0.4'")
    reader.page.wait_for_timeout(500)
    reader.reload()
    reader.open_panel("options")
    reader.page.wait_for_function(f"{value} === '0.4'")
    reader.page.get_by_role("button", name="Recommended").click()
    reader.page.wait_for_function(f"{value} === '0.7'")


def test_what_mattered_for_a_sentence_is_shown(browser, engine_embedded, serve):
    reader = Reader(browser, serve(engine_embedded), DESKTOP)
    reader.begin("Once upon a time, there was a girl named Lily. She had a red kite.")
    reader.go_on("The kite flew away.")
    reader.passages("reader").last.click()
    reader.choose("What mattered for this sentence?", "The kite flew away.")
    items = reader.page.locator(".influences li")
    items.first.wait_for()
    assert items.count() >= 2
    assert "red kite" in items.first.inner_text()
    assert "likel" in reader.page.locator(".influences").inner_text()
    reader.picture("mattered-desktop-light")
    assert reader.errors == []


def test_a_story_is_brought_to_an_end_and_goes_on_after_it(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw a red kite. They ran to the park.")), PHONE)
    reader.begin("Tom went out.")
    assert "The End" not in reader.text()
    reader.press("finish")
    assert "The End" in reader.text()
    reader.press("continue")
    assert "The End" not in reader.text()


def test_a_story_is_told_in_three_ways_and_one_is_chosen(browser, engine_taught, serve):
    reader = Reader(browser, serve(engine_taught), DESKTOP)
    reader.begin("Once upon a time, Tom found a little blue car.")
    reader.page.get_by_label("What happens next?").fill("Then a big dog came.")
    reader.page.locator("#branch").click()
    cards = reader.page.locator("#ways button")
    reader.page.wait_for_function("document.querySelectorAll('#ways button').length === 3", timeout=90_000)
    reader.wait()
    reader.picture("three-ways-desktop-light")
    first = cards.first.inner_text().split()
    cards.first.click()
    reader.page.wait_for_function("document.querySelector('.versions').innerText.includes('1 of 3')")
    assert " ".join(first[:4]) in " ".join(reader.passages("model").last.inner_text().split())
    assert reader.errors == []

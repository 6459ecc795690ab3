"""Markup in every place that shows text, in a real Chromium: no script runs, nothing is fetched, and the words stay words."""

import json
import zipfile
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from playground.visit import Visit
from story_engine import FORMS, Receipt, Settings, Story, check_lore, export_story
from story_engine.stories.savefile import dump_story
from tests.playground.payloads import HIT, PAYLOADS
from tests.reader import DESKTOP, Reader

pytestmark = pytest.mark.browser
SETTLE = 250  # milliseconds in which markup that was taken for more than words would have run
# Markup that became elements, though nothing has run yet: attributes that would run at a touch, and addresses of strangers.
ALIVE = """[...document.querySelectorAll('*')].filter((one) =>
    [...one.attributes].some(({ name, value }) => name.startsWith('on') || /^\\s*javascript:/i.test(value))
    || /evil\\.example/.test(one.src || one.href?.baseVal || one.href || one.data || one.action || '')
).map((one) => one.outerHTML.slice(0, 200))"""


class Guarded(Reader):
    """A reader whose window notes whatever runs or is fetched."""

    def __init__(self, browser, url: str, is_bare: bool = False) -> None:
        self.dialogs: list[str] = []
        self.is_bare = is_bare  # it opens no page of its own
        context = browser.new_context(viewport=DESKTOP, accept_downloads=True)
        super().__init__(None, url, DESKTOP, context=context)
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    def arrive(self, go) -> None:
        if not self.is_bare:
            super().arrive(go)

    def is_safe(self) -> None:
        self.page.wait_for_timeout(SETTLE)
        assert self.page.evaluate("window.hit") is None
        assert self.page.evaluate(ALIVE) == []
        assert (self.dialogs, self.foreign, self.errors) == ([], [], [])


def make_story() -> Story:
    """Every payload in the reader's words, in the model's, in versions, receipts, notes and lore."""
    story = Story(PAYLOADS[0], title=PAYLOADS[0])
    for number, payload in enumerate(f"{one} {other}" for one, other in zip(PAYLOADS[::2], PAYLOADS[1::2], strict=True)):
        receipt = Receipt(payload, Settings(), 9, 0)
        story.add(f" {payload}", "model", receipt=receipt, finish="length")
        if number % 5 == 0:
            story.undo()
            story.add(f" Or {payload}", "model", receipt=receipt, finish="length")
        story.add(f" {payload} Tom ran.", "reader")
    story.characters, story.notes = PAYLOADS[:10], PAYLOADS[10:20]
    story.lore = list(check_lore("\n".join(f"ran: {payload}" for payload in PAYLOADS[20:40])))
    return story


def test_no_payload_of_a_file_is_more_than_words(browser, scripted, serve, tmp_path):
    reader = Guarded(browser, serve(scripted(" He ran.<end>", context=8192)))
    saved = tmp_path / "odd.story.json"
    saved.write_text(json.dumps(dump_story(make_story())), encoding="utf-8")
    reader.open_panel("file")
    reader.page.locator("#open input[type=file], input[type=file]").first.set_input_files(saved)
    reader.page.locator("article.book").wait_for()
    reader.wait()
    for payload in PAYLOADS:
        assert payload in " ".join(reader.text().split()), payload
    for panel in ("versions", "mind", "reads"):
        reader.open_panel(panel)
    reader.page.locator(".meter summary").click()
    reader.page.locator("#look-context").click()
    reader.page.locator(".context .part").first.wait_for()
    reader.passages("model").nth(1).click()
    reader.page.get_by_label("Change this passage").wait_for()
    reader.page.locator("#receipt summary").click()
    reader.page.locator("#look-words").click()
    reader.page.locator("#alternatives .word").first.wait_for()
    reader.is_safe()
    reader.page.get_by_label("A click on a sentence pins it").check()
    reader.page.locator(".book [role=checkbox]").first.wait_for()
    reader.is_safe()
    reader.press("branch")  # tellings side by side, and what has been told so far is said to listeners
    reader.is_safe()


def test_no_payload_that_is_typed_told_or_in_a_title_a_manner_or_a_message_is_more_than_words(browser, scripted, serve):
    engine, some = scripted(" x", context=4096), PAYLOADS[::4]
    engine.decoder.script = [*engine.tokenizer.encode(f" {' '.join(some)}"), 0]
    reader = Guarded(browser, serve(engine))
    reader.open_panel("options")
    box = reader.page.locator("#max-new-tokens input[type=number]")
    box.fill("1000")
    box.blur()
    reader.begin(" ".join(PAYLOADS))
    told = " ".join(reader.text().split())
    for payload in PAYLOADS:
        assert told.count(payload) >= (2 if payload in some else 1), payload
    reader.is_safe()
    show_names(reader)
    show_messages(reader)
    reader.is_safe()


def show_names(reader: Reader) -> None:
    """Titles on the shelf, and names of the reader's own manners."""
    # What another tab has written.
    reader.page.evaluate(
        """(payloads) => payloads.forEach((payload, number) => {
            const fact = (value) => JSON.stringify({ value, at: Date.now() });
            localStorage[`story-playground/story/${number.toString(16).padStart(32, "0")}`] = fact(payload);
            localStorage[`story-playground/manner/${payload}`] = fact({ temperature: 0.5 });
        })""",
        PAYLOADS,
    )
    reader.reload()
    for panel in ("file", "options", "mind"):
        reader.open_panel(panel)
    for label in ("Take a story from the shelf", "Your own manners of writing"):
        reader.page.get_by_label(label).click()
        shown = reader.page.get_by_role("option").all_inner_texts()
        assert {payload for payload in PAYLOADS if any(payload in one for one in shown)} == {*PAYLOADS}
        reader.page.keyboard.press("Escape")


def show_messages(reader: Reader) -> None:
    """A title that is given, and messages that quote what was typed."""
    reader.page.locator("#title input, #title textarea").fill(PAYLOADS[33])
    reader.page.locator("#rename").click()
    for start in range(0, len(PAYLOADS), 10):  # messages say a line of lore that cannot be read, as it was typed
        line = " ".join(PAYLOADS[start : start + 5]).replace(":", "")
        reader.page.locator("#lore textarea").fill(line[:290])
        reader.page.locator("#keep").click()
        reader.page.locator(".toast-body").filter(has_text=line[:30]).first.wait_for()


def test_no_payload_of_an_export_or_a_reading_link_is_more_than_words(browser, scripted, serve, tmp_path):
    url = serve(scripted(" He ran.<end>"))
    reader, story, pages = Guarded(browser, url, is_bare=True), make_story(), []
    actions = serve.pages[0].actions
    actions.adopt(story, Visit())
    for form in ("web page", "e-book", "Markdown"):
        name, _, content = export_story(story, form)
        path = tmp_path / name
        path.write_bytes(content)
        pages += write_pages(path, tmp_path)
    assert set(FORMS) - {"text", "all versions", "PDF", "booklet"} == {"web page", "e-book", "Markdown"}
    for page in [*(path.as_uri() for path in pages), f"{url}/read#{actions.links.share(story.uid, 'all').number}"]:
        reader.page.goto(page)
        reader.page.get_by_text(PAYLOADS[0]).first.wait_for(state="attached")
        reader.foreign = [address for address in reader.foreign if not address.startswith("file:///")]
        reader.is_safe()
        if "nav" not in page:
            shown = " ".join(reader.page.locator("body").inner_text().split())
            assert [payload for payload in PAYLOADS if payload not in shown] == []


def write_pages(path: Path, folder: Path) -> list[Path]:
    """An export as pages that a browser opens: those of an e-book, and Markdown as a reader that lets HTML through shows it."""
    if path.suffix == ".epub":
        with zipfile.ZipFile(path) as book:
            book.extractall(folder / "book")
        return [folder / "book" / "story.xhtml", folder / "book" / "nav.xhtml"]
    if path.suffix == ".md":
        shown = MarkdownIt("commonmark", {"html": True}).render(path.read_text(encoding="utf-8"))
        path = path.with_suffix(".shown.html")
        path.write_text(f"<!doctype html><meta charset=utf-8><body>{shown}", encoding="utf-8")
    return [path]


def test_the_payloads_run_where_they_are_taken_for_markup(browser):
    """The tests above can fail: of the same payloads as markup, scripts run, and addresses are asked for."""
    page, foreign = browser.new_page(), []
    page.on("request", lambda request: foreign.append(request.url))
    page.set_content("".join(f"<div>{payload}</div>" for payload in PAYLOADS if "refresh" not in payload and "</" in payload))
    page.wait_for_timeout(SETTLE)
    assert page.evaluate("window.hit") == 1
    assert page.evaluate(ALIVE)
    assert len(PAYLOADS) == len({*PAYLOADS}) == 50
    assert HIT in "".join(PAYLOADS)

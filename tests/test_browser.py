"""A person at the page: a real Chromium starts a story, plays with it, reloads, and finds everything as it was."""

import os
import re
import shutil

import pytest

from story_engine import StoryEngine
from tests.conftest import find_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
pytestmark = pytest.mark.browser
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("In CI the browser tests must run: install chromium.")
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Reader:
    """A visitor in a window of his own, and what he does."""

    def __init__(self, browser, url: str, size: dict, dark: bool = False) -> None:
        self.context = browser.new_context(viewport=size, accept_downloads=True)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.foreign.append(request.url) if "127.0.0.1" not in request.url else None)
        self.page.goto(url + ("/?__theme=dark" if dark else ""))
        self.page.get_by_role("button", name="Begin the story").or_(self.page.locator("article.book")).first.wait_for()

    def begin(self, opening: str) -> None:
        self.page.get_by_label("How does your story begin?").fill(opening)
        self.page.locator("#begin").click()
        self.page.locator("article.book").wait_for()
        self.wait()

    def wait(self) -> None:
        """Until nothing is being written."""
        self.page.locator("#continue").wait_for(timeout=60_000)
        self.page.wait_for_function("!document.querySelector('.book .live')", timeout=60_000)
        self.page.wait_for_timeout(300)  # the page takes a moment to close an event before it takes the next click

    def press(self, name: str) -> None:
        before = self.page.locator("article.book").inner_html()
        self.page.locator(f"#{name}").click()
        self.page.wait_for_function(
            "before => document.querySelector('article.book').innerHTML !== before", arg=before, timeout=30_000
        )
        self.wait()

    def go_on(self, words: str) -> None:
        self.page.get_by_label("What happens next?").fill(words)
        self.page.locator("#continue").click()
        self.page.wait_for_function("words => document.querySelector('.book').innerText.includes(words)", arg=words)
        self.wait()

    def text(self) -> str:
        return self.page.locator("article.book").inner_text()

    def passages(self, who: str):
        return self.page.locator(f".book .by-{who}")

    def picture(self, name: str) -> None:
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_story_is_written_played_with_and_found_again(browser, engine_embedded: StoryEngine, serve, tmp_path):
    port = find_port()
    url = serve(engine_embedded, tmp_path / "stories", port)
    reader = Reader(browser, url, DESKTOP)
    reader.picture("beginning-desktop-light")
    reader.begin("Once upon a time, Tom found a little blue car.")
    for words in ("Then Tom saw a big dog.", '"Is this your car?" asked Tom.', "The dog was very happy."):
        reader.go_on(words)
        assert words in reader.text()
        assert reader.page.get_by_label("What happens next?").input_value() == ""
    assert reader.passages("reader").count() == 4
    assert reader.passages("model").count() >= 3

    before = reader.text()
    reader.press("retry")
    assert "2 of 2" in reader.text()
    reader.page.get_by_label("Previous version").last.click()
    reader.page.wait_for_function("document.querySelector('.versions').innerText.includes('1 of 2')")
    assert reader.text().replace("‹1 of 2›", "").split() == before.split()

    reader.press("undo")
    assert "2 of 2" not in reader.text()
    reader.press("redo")
    assert "1 of 2" in reader.text()

    reader.passages("reader").first.click()
    box = reader.page.get_by_label("Change this passage")
    box.wait_for()
    assert box.input_value().startswith("Once upon a time")
    box.fill("Once upon a time, Tom found a little green boat.")
    reader.picture("editing-desktop-light")
    reader.page.get_by_role("button", name="Keep the change").click()
    reader.page.wait_for_function("document.querySelector('.book').innerText.includes('green boat')")
    assert "The dog was very happy." in reader.text()

    reader.page.locator("#options button").first.click()
    reader.page.locator("#temperature input[type=number]").fill("0.9")
    reader.page.locator("#temperature input[type=number]").blur()
    reader.page.wait_for_function(
        "Object.keys(localStorage).some(key => key.includes('story-playground-settings'))", timeout=5000
    )
    reader.page.locator("#file button").first.click()
    with reader.page.expect_download() as download:
        reader.page.locator("#save").click()
    download.value.save_as(tmp_path / "saved.story.json")
    reader.page.wait_for_timeout(500)

    before = reader.text()
    reader.page.reload()
    reader.page.locator("article.book").wait_for()
    assert reader.text() == before
    reader.page.locator("#options button").first.click()
    reader.page.wait_for_function("document.querySelector('#temperature input[type=number]').value === '0.9'", timeout=5000)

    reader.page.locator("#file button").first.click()
    reader.page.locator("#new").click()
    reader.page.locator("#begin").wait_for()
    reader.page.get_by_label("Take a story from the shelf").click()
    reader.page.get_by_role("option").first.click()
    reader.page.locator("article.book").wait_for()
    assert reader.text() == before
    reader.page.locator("#new").click()
    reader.page.locator("#begin").wait_for()
    reader.page.locator("#open input[type=file], input[type=file]").first.set_input_files(tmp_path / "saved.story.json")
    reader.page.locator("article.book").wait_for()
    assert reader.text() == before
    assert reader.errors == []
    assert reader.foreign == []


def test_a_restart_of_the_server_loses_nothing(browser, engine_embedded, serve, tmp_path):
    from app import open_page
    from story_engine.library import Library

    port = find_port()
    first = open_page(engine_embedded, "embedded", Library(tmp_path / "s"), "127.0.0.1", port)
    reader = Reader(browser, f"http://127.0.0.1:{port}", DESKTOP)
    reader.begin("Once upon a time, Mia had a red kite.")
    before = reader.text()
    first.blocks.close()
    serve(engine_embedded, tmp_path / "s", port)
    reader.page.goto(f"http://127.0.0.1:{port}")
    reader.page.locator("article.book").wait_for()
    assert reader.text() == before


def test_words_stream_in_and_stop_keeps_them(browser, scripted, serve):
    engine = scripted(" He saw a red kite. They ran to the park. Mia was happy.", delay=0.02)
    reader = Reader(browser, serve(engine), PHONE, dark=True)
    reader.page.get_by_label("How does your story begin?").fill("Tom went out.")
    reader.page.locator("#begin").click()
    reader.page.wait_for_function("(document.querySelector('.book .live')?.innerText || '').length > 20")
    first = reader.page.locator(".book .live").inner_text()
    reader.page.wait_for_function("length => document.querySelector('.book .live').innerText.length > length", arg=len(first))
    reader.picture("writing-phone-dark")
    reader.page.locator("#stop").click()
    reader.wait()
    assert first.strip() in reader.text()
    assert len(reader.text()) < 700  # it did stop


def test_two_people_each_have_their_own_story(browser, scripted, serve):
    url = serve(scripted(" He saw a red kite.<end>"))
    anna, ben = (Reader(browser, url, PHONE) for _ in range(2))
    anna.begin("Anna went out.")
    ben.begin("Ben went out.")
    for reader, own, other in ((anna, "Anna", "Ben"), (ben, "Ben", "Anna")):
        reader.page.reload()
        reader.page.locator("article.book").wait_for()
        assert own in reader.text()
        assert other not in reader.text()


@pytest.mark.parametrize(
    "payload", ["<img src=x onerror='window.hit=1'>", "<script>window.hit=1</script>", "**b** ${1+1} {{7*7}} @children"]
)
def test_words_that_look_like_code_stay_words(browser, scripted, serve, payload):
    reader = Reader(browser, serve(scripted(f" {payload}<end>")), DESKTOP)
    reader.begin(f"Tom said {payload} twice.")
    assert reader.text().count(payload) == 2
    assert reader.page.evaluate("window.hit") is None


def test_a_mistake_is_said_and_the_draft_is_kept(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He ran.<end>")), DESKTOP)
    reader.page.locator("#begin").click()
    reader.page.get_by_text(re.compile("Write how the story begins")).wait_for()
    long = "Tom ran. " * 3000
    reader.page.get_by_label("How does your story begin?").fill(long)
    reader.page.locator("#begin").click()
    reader.page.get_by_text(re.compile("characters; at most")).wait_for()
    assert reader.page.get_by_label("How does your story begin?").input_value() == long


def test_an_idea_begins_a_story_by_keyboard_alone(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He ran home.<end>")), PHONE)
    reader.page.get_by_role("button", name="The blue car").focus()
    reader.page.keyboard.press("Enter")
    reader.page.locator("article.book").wait_for()
    reader.wait()
    assert "blue car" in reader.text()
    reader.passages("model").first.focus()
    reader.page.keyboard.press("Enter")
    reader.page.get_by_label("Change this passage").wait_for()
    reader.picture("editing-phone-light")


def test_a_setting_changed_while_the_model_writes_is_kept(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw a red kite. They ran.", delay=0.02)), DESKTOP)
    value = "document.querySelector('#temperature input[type=number]').value === '0.9'"
    reader.page.locator("#options button").first.click()
    reader.page.get_by_label("How does your story begin?").fill("Tom went out.")
    reader.page.locator("#begin").click()
    reader.page.locator("#stop").wait_for()
    box = reader.page.locator("#temperature input[type=number]")
    box.fill("0.9")
    box.blur()
    reader.page.wait_for_timeout(500)
    reader.page.locator("#stop").click()
    reader.wait()
    reader.page.reload()
    reader.page.locator("article.book").wait_for()
    reader.page.locator("#options button").first.click()
    reader.page.wait_for_function(value, timeout=5000)

"""A person at the page: a real Chromium starts a story, plays with it, reloads, and finds everything as it was."""

import pytest

from playground.engines import Engines
from story_engine import StoryEngine
from tests.conftest import find_port
from tests.reader import DESKTOP, PHONE, Reader

pytestmark = pytest.mark.browser


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

    reader.open_panel("options")
    reader.page.locator("#temperature input[type=number]").fill("0.9")
    reader.page.locator("#temperature input[type=number]").blur()
    reader.page.wait_for_function(
        "Object.keys(localStorage).some(key => key.includes('story-playground-settings'))", timeout=5000
    )
    reader.open_panel("file")
    reader.choose("Save as", "all versions")
    with reader.page.expect_download() as download:
        reader.page.locator("#save").click()
    download.value.save_as(tmp_path / "saved.story.json")
    reader.page.wait_for_timeout(500)

    before = reader.text()
    reader.reload()
    reader.page.locator("article.book").wait_for()
    assert reader.text() == before
    reader.open_panel("options")
    reader.page.wait_for_function("document.querySelector('#temperature input[type=number]').value === '0.9'", timeout=5000)

    reader.open_panel("file")
    reader.page.locator("#new").click()
    reader.page.locator("#begin").wait_for()
    reader.choose("Take a story from the shelf")
    reader.page.locator("article.book").wait_for()
    assert reader.text() == before
    reader.page.locator("#new").click()
    reader.page.locator("#begin").wait_for()
    reader.page.locator("#open input[type=file], input[type=file]").first.set_input_files(tmp_path / "saved.story.json")
    reader.page.locator("article.book").wait_for()
    assert reader.text() == before
    assert reader.errors == []
    assert reader.foreign == []


def test_a_restart_of_the_server_loses_nothing(browser, engine_taught, serve, tmp_path):
    from playground.server import open_page
    from story_engine import Library

    port = find_port()
    first = open_page(Engines(engine_taught, "embedded"), Library(tmp_path / "s"), "127.0.0.1", port)
    reader = Reader(browser, f"http://127.0.0.1:{port}", DESKTOP)
    reader.begin("Once upon a time, Mia had a red kite.")
    before = reader.text()
    first.blocks.close()
    serve(engine_taught, tmp_path / "s", port)
    reader.page.goto(f"http://127.0.0.1:{port}")
    reader.page.locator("article.book").wait_for()
    assert reader.text() == before


def test_words_stream_in_and_stop_keeps_them(browser, scripted, serve):
    engine = scripted(" He saw a red kite. They ran to the park. Mia was happy.", delay=0.1)
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


def test_a_refresh_in_mid_sentence_keeps_the_words_already_shown(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw a red kite. They ran to the park. Mia was happy.", delay=0.1)), PHONE)
    reader.page.get_by_label("How does your story begin?").fill("Tom went out.")
    reader.page.locator("#begin").click()
    reader.page.wait_for_function("(document.querySelector('.book .live')?.innerText || '').length > 20")
    shown = reader.page.locator(".book .live").inner_text().strip()
    reader.reload()
    reader.page.locator("article.book").wait_for()
    reader.wait()
    assert f"Tom went out. {shown}" in reader.text()
    assert reader.errors == []


def test_two_people_each_have_their_own_story(browser, scripted, serve):
    url = serve(scripted(" He saw a red kite.<end>"))
    anna, ben = (Reader(browser, url, PHONE) for _ in range(2))
    anna.begin("Anna went out.")
    ben.begin("Ben went out.")
    for reader, own, other in ((anna, "Anna", "Ben"), (ben, "Ben", "Anna")):
        reader.reload()
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
    reader.is_told("Write how the story begins")
    long = "Tom ran. " * 3000
    reader.page.get_by_label("How does your story begin?").fill(long)
    reader.page.locator("#begin").click()
    reader.is_told("characters; at most")
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
    reader = Reader(browser, serve(scripted(" He saw a red kite. They ran.", delay=0.1)), DESKTOP)
    value = "document.querySelector('#temperature input[type=number]').value === '0.9'"
    reader.open_panel("options")
    reader.page.get_by_label("How does your story begin?").fill("Tom went out.")
    reader.page.locator("#begin").click()
    reader.page.locator("#stop").wait_for()
    box = reader.page.locator("#temperature input[type=number]")
    box.fill("0.9")
    box.blur()
    reader.page.wait_for_timeout(500)
    reader.page.locator("#stop").click()
    reader.wait()
    reader.reload()
    reader.page.locator("article.book").wait_for()
    reader.open_panel("options")
    reader.page.wait_for_function(value, timeout=5000)

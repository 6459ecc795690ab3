"""A closer look at the page: tellings and temperatures side by side, other words, notes, and doubts."""

import pytest

from tests.reader import DESKTOP, PHONE, Reader

pytestmark = pytest.mark.browser


def test_ways_are_seen_growing(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw a red kite. They ran to the park.", delay=0.02)), DESKTOP)
    reader.begin("Tom went out.")
    reader.page.locator("#branch").click()
    card = reader.page.locator(".ways.is-live .card").nth(2)
    card.wait_for()
    length = len(card.inner_text())
    reader.page.wait_for_function(
        "length => (document.querySelector('.ways.is-live .card:last-child')?.innerText || '').length > length", arg=length
    )
    reader.picture("ways-growing-desktop-light")
    reader.page.locator("#stop").click()
    reader.wait()
    assert reader.errors == []


def test_one_of_three_ways_is_picked_and_temperatures_are_compared(browser, engine_taught, serve):
    reader = Reader(browser, serve(engine_taught), DESKTOP)
    reader.begin("Once upon a time, Tom found a little blue car.")
    reader.press("branch")
    cards = reader.page.locator(".ways button.card")
    cards.nth(2).wait_for()
    words = cards.nth(2).inner_text().split()[:6]
    cards.nth(2).click()
    reader.page.wait_for_function("document.querySelector('.ways .card:last-child').getAttribute('aria-current') === 'true'")
    assert " ".join(words) in " ".join(reader.text().split())
    assert "3 of 3" in reader.text()
    reader.press("strip")
    labels = reader.page.locator(".ways .card small").all_inner_texts()
    assert [label.split(",")[0] for label in labels] == [f"temperature {heat}" for heat in ("0.2", "0.5", "0.8", "1.1", "1.4")]
    reader.picture("strip-desktop-light")
    assert reader.errors == []


def test_another_word_is_chosen_and_the_story_goes_on_from_there(browser, engine_taught, serve):
    reader = Reader(browser, serve(engine_taught), PHONE, dark=True)
    reader.begin("Once upon a time, Tom found a little blue car.")
    before = reader.text()
    reader.passages("model").first.click()
    reader.page.locator("#look-words").click()
    word = reader.page.locator(".word").nth(3)
    word.locator("summary").click()
    other = word.locator("li button").first
    other.wait_for()
    reader.picture("words-phone-dark")
    chosen = other.inner_text().rsplit(maxsplit=1)[0].strip()
    lead = "".join(reader.page.locator(".word summary").nth(place).inner_text() for place in range(3))
    other.click()
    reader.page.wait_for_function("before => document.querySelector('.book').innerText !== before", arg=before)
    reader.wait()
    assert f"{lead}{chosen}".split()[:2] == reader.passages("model").first.inner_text().split()[:2]
    assert reader.passages("model").count() >= 2
    assert "2 of 2" in reader.text()
    assert reader.errors == []


def test_notes_are_read_by_the_model_and_found_again(browser, engine_taught, serve):
    reader = Reader(browser, serve(engine_taught), DESKTOP)
    reader.begin("Once upon a time, Tom found a little blue car.")
    reader.open_panel("mind")
    reader.page.get_by_label("Who is who, a line each").fill("Rex is Tom's old dog")
    reader.page.locator("#keep").click()
    reader.open_panel("reads")
    reader.page.locator("#look-context").click()
    reader.page.locator("#context .part").first.wait_for()
    assert "Rex is Tom's old dog." in reader.page.locator("#context").inner_text()
    reader.page.get_by_label("token by token").check()
    reader.page.locator("#context .token").nth(9).wait_for()
    reader.picture("context-desktop-light")
    reader.reload()
    reader.page.locator("article.book").wait_for()
    reader.open_panel("mind")
    reader.page.wait_for_function("document.querySelector('#characters textarea').value.includes('old dog')")


def test_a_stranger_is_doubted_and_another_telling_is_a_click_away(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw Max in the park. They ran home.<end>")), PHONE)
    reader.begin("Tom went out.")
    doubts = reader.page.locator(".doubts")
    doubts.wait_for()
    assert "Who is Max?" in doubts.inner_text()
    reader.picture("doubt-phone-light")
    doubts.get_by_role("button").click()
    reader.page.wait_for_function("document.querySelector('.book').innerText.includes('2 of 2')")
    reader.wait()


def test_a_loop_that_was_taken_back_is_said(browser, scripted, serve):
    engine = scripted(" He ran to the big park. Mia saw a kite.", delay=0.01, retries_loops=True)
    reader = Reader(browser, serve(engine), DESKTOP)
    reader.begin("Tom went out.")
    assert "told anew" in reader.text()


def test_a_manner_of_ones_own_is_kept_and_taken_again(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He ran.<end>")), DESKTOP)
    reader.open_panel("options")
    box = reader.page.locator("#temperature input[type=number]")
    box.fill("1.25")
    box.blur()
    reader.page.get_by_label("Keep these settings under a name").fill("Bedtime")
    reader.page.locator("#keep-manner").click()
    reader.page.wait_for_timeout(600)
    reader.page.get_by_role("button", name="Calm", exact=True).click()
    reader.page.wait_for_function("document.querySelector('#temperature input[type=number]').value === '0.4'")
    reader.reload()
    reader.open_panel("options")
    reader.choose("Your own manners of writing", "Bedtime")
    reader.page.wait_for_function("document.querySelector('#temperature input[type=number]').value === '1.25'")
    reader.page.locator("#drop-manner").click()
    reader.page.wait_for_timeout(500)
    assert reader.page.get_by_label("Keep these settings under a name").input_value() == "Bedtime"
    assert reader.errors == []


def test_a_german_browser_gets_a_german_page(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw Max in the park. They ran.<end>")), DESKTOP, locale="de-DE")
    assert reader.page.get_by_label("Wie fängt deine Geschichte an?").is_visible()
    reader.begin("Tom went out.")
    assert reader.page.get_by_role("button", name="Weiter", exact=True).is_visible()
    assert "nichts vergessen" in reader.page.locator("#meter").inner_text()
    assert "Wer ist Max?" in reader.page.locator(".doubts").inner_text()
    reader.open_panel("options")
    reader.page.get_by_text("wie gewagt die Wörter sind").wait_for()
    reader.picture("german-desktop-light")
    assert "[object" not in reader.page.locator("body").inner_text()
    reader.open_panel("file")
    assert reader.page.get_by_label("Speichern als", exact=True).input_value() == "Text"
    with reader.page.expect_download() as saved:
        reader.choose("Speichern als", "Webseite")
        reader.page.locator("#save").click()
    assert saved.value.suggested_filename == "tom-went-out.html"
    reader.press("branch")
    assert "Welchen Weg" in reader.page.locator(".ways").inner_text()
    assert reader.errors == []

"""A wide screen is a desk: the book in the middle, memory and settings beside it, and nothing moves while the model writes."""

import pytest

from tests.playground.test_browser_access import find_barriers
from tests.reader import Reader

pytestmark = pytest.mark.browser
LONG = " ".join(f"Tom went to the park on day {day}. He saw a big dog there." for day in range(60))
NAMES = ("book", "memory", "aside", "words")


def measure(reader: Reader) -> dict[str, tuple[float, float]]:
    """Where the parts of the page begin and end from left to right, in pixels."""
    boxes = {name: reader.page.locator(f"#{name}").bounding_box() for name in NAMES}
    return {name: (box["x"], box["x"] + box["width"]) for name, box in boxes.items()}


@pytest.mark.parametrize(("width", "dark"), [(1100, True), (1600, False), (2200, True)])
def test_memory_and_settings_stand_beside_the_book_and_stay_in_view(browser, scripted, serve, width, dark):
    reader = Reader(browser, serve(scripted(" He saw a red kite.<end>")), {"width": width, "height": 900}, dark)
    reader.begin(LONG)
    places = measure(reader)
    assert places["memory"][1] < places["book"][0] < places["book"][1] < places["aside"][0]
    assert places["book"][0] < width / 2 < places["book"][1]
    assert places["aside"][1] <= width
    reader.press("branch")
    assert find_barriers(reader) == []
    for place in (0, 100_000):  # the top of the page and its end
        reader.page.evaluate("place => window.scrollTo(0, place)", place)
        for name in ("meter", "mind", "options", "file"):
            box = reader.page.locator(f"#{name}").bounding_box()
            assert 0 <= box["y"] < 900

    reader.page.evaluate("window.scrollTo(0, 0)")
    reader.passages("reader").first.click()
    panel = reader.page.locator("#editor")
    panel.wait_for()
    reader.page.wait_for_timeout(300)
    box = panel.bounding_box()
    assert places["book"][1] < box["x"] < box["x"] + box["width"] <= width
    assert box["y"] < 300  # beside the passage, not below a long book
    assert measure(reader)["book"] == places["book"]
    assert find_barriers(reader) == []
    reader.picture(f"desk-{width}-{'dark' if dark else 'light'}")
    reader.page.get_by_role("button", name="Leave it as it was").click()
    panel.wait_for(state="hidden")
    assert reader.errors == []


def test_nothing_moves_from_left_to_right_while_a_passage_is_written(browser, scripted, serve):
    engine = scripted(" He saw a red kite. They ran to the park." * 8, delay=0.02)
    reader = Reader(browser, serve(engine), {"width": 1280, "height": 500})
    reader.page.get_by_label("How does your story begin?").fill("Tom went out.")
    reader.page.locator("#begin").click()
    reader.page.locator("article.book").wait_for()
    seen = []
    while not reader.page.locator("#continue").count():
        seen.append(measure(reader))
    assert len(seen) > 3
    assert all(places == seen[0] for places in [*seen, measure(reader)])


def test_a_narrower_page_is_one_column_as_on_a_phone(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(" He saw a red kite.<end>")), {"width": 1099, "height": 900})
    reader.begin("Tom went out.")
    boxes = [reader.page.locator(f"#{name}").bounding_box() for name in ("book", "words", "meter", "mind", "options", "file")]
    assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes)
    assert all(box["x"] + box["width"] / 2 == pytest.approx(1099 / 2, abs=10) for box in boxes)

"""The reading level on the page: the browser keeps it, every passage asks for it, and the receipt says it."""

from playground.render.closeup import CloseupRenderer
from playground.visit import Visit
from playground.wording.strings import find_texts
from story_engine import Receipt, Settings


def test_the_browser_keeps_it_and_nothing_else():
    assert Visit.from_browser(Visit(reading_level="easy").preferences()).reading_level == "easy"
    for odd in ("hard", None, 5, ["easy"]):
        assert Visit.from_browser({"reading_level": odd}).reading_level == "any"


def test_a_receipt_says_it_where_it_was_asked_for():
    for level, said in (("easy", "Reading level: easy"), ("any", "")):
        shown = str(CloseupRenderer(find_texts("en")).render_receipt(Receipt("model", Settings(reading_level=level), 10, 0)))
        assert ("Reading level" in shown) == bool(said)
        assert said in shown

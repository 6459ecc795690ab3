"""A person at a page whose stories a server elsewhere tells."""

import pytest

from story_engine.remote.client import Patience
from tests.reader import DESKTOP, Reader

pytestmark = pytest.mark.browser
CALM = Patience(connect=5, read=30, tries=2, first_wait=0.1)  # a machine with a browser is slow


def test_a_reader_begins_goes_on_branches_stops_and_meets_a_break(browser, open_server, open_engine, serve):
    server = open_server(" He saw a red kite. They ran to the park.<end>", "other")
    engine = open_engine(server, patience=CALM)
    reader = Reader(browser, serve(engine), DESKTOP)
    reader.begin("Tom went out.")
    assert "He saw a red kite." in reader.text()
    reader.is_told("so they have no effect: repetition_penalty")
    server.say = lambda prompt: " Mia was happy.<end>"
    reader.go_on("Then Mia came.")
    reader.wait()
    assert "Then Mia came. Mia was happy." in " ".join(reader.text().split())
    reader.press("branch")
    assert reader.page.locator("[data-act=go]").count() >= 3
    server.say, server.faults.delay = (lambda prompt: " She ran." * 200), 0.2
    reader.page.locator("#continue").click()
    reader.page.wait_for_function("document.querySelector('.book .live')?.innerText.includes('She ran.')")
    reader.page.locator("#stop").click()
    reader.wait()
    assert "She ran." in reader.text()
    server.say, server.faults.delay, server.faults.dies_after = (lambda prompt: " Then it rained for long."), 0.0, 6
    reader.page.locator("#continue").click()
    reader.is_told("The server broke off in mid-passage")
    reader.wait()
    assert " Then" in reader.text()
    assert reader.errors == []

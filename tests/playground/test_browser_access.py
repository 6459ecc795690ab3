"""Everybody can use the page: axe-core finds nothing serious, in both themes and at both widths."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.reader import DESKTOP, PHONE, Reader

pytestmark = pytest.mark.browser
SERIOUS = ("serious", "critical")


def find_barriers(reader: Reader) -> list[str]:
    """Serious and critical findings, a line each."""
    reader.page.wait_for_timeout(400)  # colours that are still fading in have another contrast
    found = Axe().run(reader.page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in SERIOUS]


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (DESKTOP, True), (PHONE, False), (PHONE, True)])
def test_nothing_on_the_page_keeps_anybody_out(browser, scripted, serve, size, dark):
    engine = scripted(" He saw a red kite. They ran to the park.<end>")
    reader = Reader(browser, serve(engine), size, dark)
    assert find_barriers(reader) == []
    reader.begin("Tom went out.")
    reader.press("retry")
    for panel in ("versions", "options", "file", "learned"):
        if reader.page.locator(f"#{panel}").count():
            reader.open_panel(panel)
    reader.page.locator(".meter summary").click()
    reader.passages("model").first.click()
    reader.page.get_by_label("Change this passage").wait_for()
    reader.page.get_by_label("He saw a red kite.").check()
    reader.page.locator(".book .pinned").wait_for()
    assert find_barriers(reader) == []
    reader.picture(f"everything-{'phone' if size is PHONE else 'desktop'}-{'dark' if dark else 'light'}")

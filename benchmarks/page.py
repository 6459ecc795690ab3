"""How smoothly the page writes, in a real Chromium: the pauses between two updates, for a short story and a very long one."""

from __future__ import annotations

import json
import shutil
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from torch import Tensor

from story_engine import EMBEDDED, Library, Story, StoryEngine, export_story
from story_engine.model.kv_cache import Slot

WORDS = (100, 20_000)
SENTENCE = " Then Tom and Mia went to the big green park to look for the little red kite, and it was fun."
DELAY = 0.02  # seconds added to each token: a model of fifty tokens a second
MOMENT = 20  # milliseconds
UPDATES, MOST_PASSAGES = 30, 8  # pauses that are looked at, unless so many passages end before
WATCH = """() => {
  window.ticks = [];
  const see = changes => changes.some(c => c.target.closest?.(".live")?.innerText) && window.ticks.push(performance.now());
  new MutationObserver(see).observe(document.querySelector("#book"), { subtree: true, childList: true });
  window.begun = performance.now();
}"""


@dataclass(frozen=True)
class Smoothness:
    """Milliseconds: from the click to the first words (median), and between two updates (median and longest)."""

    words: int
    has_pictures: bool
    first: float
    median: float
    longest: float
    pauses: int


def measure() -> list[Smoothness]:
    """A row for each length of the book; needs a Chromium and Playwright, as the tests do."""
    from playwright.sync_api import sync_playwright

    from playground.engines import Engines
    from playground.server import open_page

    engine = StoryEngine.load(EMBEDDED)
    step, engine.speculates = engine.decoder.step, False
    engine.end_tokens, engine.retries_loops = frozenset(), False  # every passage has its full length

    def slow(tokens: Sequence[int], slots: Sequence[Slot]) -> Tensor:
        time.sleep(DELAY)
        return step(tokens, slots)

    engine.decoder.step = slow  # type: ignore[method-assign]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with TemporaryDirectory() as place, sync_playwright() as playwright, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        page = open_page(Engines(engine, EMBEDDED), Library(Path(place) / "stories"), "127.0.0.1", port)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        url = f"http://127.0.0.1:{port}"
        rows = [_watch(browser, url, words, Path(place), shows) for words in WORDS for shows in (False, True)]
        browser.close()
        page.blocks.close()
    return rows


def _watch(browser: Any, url: str, words: int, folder: Path, shows_pictures: bool) -> Smoothness:
    """Passages behind a story of so many words that was opened from a file, the first one not counted."""
    story = Story("Once upon a time, Tom found a kite.")
    while len(story.text().split()) < words:
        story.add(SENTENCE * min(5, words // 20), "model")
    file = folder / "long.story.json"
    file.write_bytes(export_story(story, "all versions")[2])
    page = browser.new_page()
    page.goto(url)
    page.locator("#file button").first.click()
    page.locator("#open input[type=file]").or_(page.locator("input[type=file]")).first.set_input_files(file)
    page.locator("article.book").wait_for(timeout=60_000)
    if shows_pictures:
        page.locator("#options button").first.click()
        page.locator("#pictures input[value=all]").check()
        page.locator(".book .picture").nth((len(story.passages) - 1) // 2).wait_for(state="attached", timeout=60_000)
    firsts, pauses = [], []
    for number in range(1 + MOST_PASSAGES):
        page.wait_for_timeout(1000)
        page.evaluate(WATCH)
        page.locator("#continue").click()
        page.locator("#stop").wait_for(timeout=60_000)
        page.locator("#continue").wait_for(timeout=120_000)
        ticks, begun = json.loads(page.evaluate("() => JSON.stringify([window.ticks, window.begun])"))
        if number and ticks:
            # An update can be more than one change of the document, within a moment.
            ticks = [tick for place, tick in enumerate(ticks) if not place or tick - ticks[place - 1] > MOMENT]
            firsts.append(ticks[0] - begun)
            pauses += [later - earlier for earlier, later in pairwise(ticks)]
        if len(pauses) >= UPDATES:
            break
    page.close()
    return Smoothness(words, shows_pictures, statistics.median(firsts), statistics.median(pauses), max(pauses), len(pauses))


def print_table(rows: list[Smoothness]) -> None:
    """Markdown, as the README shows it."""
    print("| words in the book | pictures | first words, ms | between two updates, ms | longest | pauses |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        shows = "all" if row.has_pictures else "none"
        print(f"| {row.words:,} | {shows} | {row.first:.0f} | {row.median:.0f} | {row.longest:.0f} | {row.pauses} |")

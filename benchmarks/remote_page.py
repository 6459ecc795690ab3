"""The page in a real Chromium over a server elsewhere: python -m benchmarks.remote_page openai:http://host/v1#NAME@FOLDER.

It begins a story, goes on, tells three ways, stops, ends, undoes and replays, and says what the page showed. A step that
does not come to its end ends the run with an error.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

PATIENCE = 300  # seconds for a passage: a server may have one busy core
OPENING, MORE = "Once upon a time, Tom found a little blue car.", "Then Mia came to the park."


@contextmanager
def open_app(address: str, port: int) -> Iterator[str]:
    """The program as a user starts it, until its page answers."""
    with TemporaryDirectory() as stories:
        command = [sys.executable, "app.py", "--model", address, "--port", str(port), "--stories", stories]
        app = subprocess.Popen(command)
        try:
            url = f"http://127.0.0.1:{port}"
            for _ in range(120):
                time.sleep(1)
                try:
                    urlopen(f"{url}/health", timeout=5).close()
                    break
                except OSError:
                    if app.poll() is not None:
                        raise SystemExit("The page did not start.") from None
            yield url
        finally:
            app.terminate()
            app.wait(30)


class Visit:
    """A visitor's window, and what they do in it."""

    def __init__(self, page: Any, url: str, pictures: Path | None) -> None:
        self.page, self.pictures = page, pictures
        self.errors: list[str] = []
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(url)
        page.locator("#begin").wait_for()
        page.wait_for_timeout(2000)

    def set_length(self, tokens: int) -> None:
        """Passages of at most so many tokens, for a slow server."""
        self.page.locator("#options button").first.click()
        box = self.page.locator("#max-new-tokens input[type=number]")
        box.fill(str(tokens))
        box.press("Tab")
        self.page.wait_for_timeout(2000)

    def play(self) -> None:
        """All steps in turn."""
        self.page.locator("#opening textarea").fill(OPENING)
        self.page.locator("#begin").click()
        self._wait()
        self._show("begun")
        self.page.get_by_label("What happens next?").fill(MORE)
        self._press("continue")
        assert MORE in self._text()
        self._show("continued")
        before = self._text()
        self._press("branch")
        assert self.page.locator(".ways .card").count() == 3
        self._show("three ways")
        self._press("undo")
        assert self._text() == before, "undo did not bring back the text"
        self._show("undone")
        self.page.locator("#continue").click()
        self.page.wait_for_function("document.querySelector('.book .live')?.innerText.trim().length > 10")
        self.page.locator("#stop").click()
        begun = time.monotonic()
        self._wait()
        print(f"stopped within {time.monotonic() - begun:.1f} s")
        self._show("stopped")
        self._press("finish")
        self._show("ended")
        self.page.locator(".book .by-model").first.click()
        self.page.locator("#replay").click()
        self.page.locator("#replayed p").first.wait_for()
        print(f"replayed: {' '.join(self.page.locator('#replayed').inner_text().split())}")
        print(f"receipt: {' '.join(self.page.locator('#receipt').text_content().split())}")
        self._show("replayed")
        assert not self.errors, self.errors

    def _press(self, name: str) -> None:
        before = self.page.locator("article.book").inner_html()
        self.page.locator(f"#{name}").click()
        self.page.wait_for_function("before => document.querySelector('article.book').innerHTML !== before", arg=before)
        self._wait()

    def _wait(self) -> None:
        self.page.locator("article.book").wait_for()
        self.page.locator("#continue").wait_for()
        self.page.wait_for_function("!document.querySelector('.book .live')")
        self.page.wait_for_timeout(1000)

    def _text(self) -> str:
        return " ".join(self.page.locator("article.book").inner_text().split())

    def _show(self, step: str) -> None:
        said = self.page.locator(".toast-body").all_inner_texts()
        print(f"{step}: {self._text()[-160:]!r}", *(f"\n  message: {' '.join(one.split())}" for one in said), flush=True)
        if self.pictures:
            self.page.screenshot(path=self.pictures / f"{step.replace(' ', '-')}.png", full_page=True)


def main() -> None:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m benchmarks.remote_page", description=__doc__)
    parser.add_argument("address", help="openai:https://host/v1#NAME@FOLDER")
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each step")
    parser.add_argument("--length", type=int, default=200, help="the most tokens of a passage")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with open_app(options.address, port) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        visit = Visit(browser.new_page(viewport={"width": 1280, "height": 900}), url, options.pictures)
        visit.set_length(options.length)
        visit.play()
        browser.close()


if __name__ == "__main__":
    main()

"""A person at the page: a window of a real Chromium, and what that person does in it."""

import os
from collections.abc import Callable

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class Reader:
    """A visitor in their own window, and what they do."""

    def __init__(self, browser, url: str, size: dict, dark: bool = False, locale: str = "en-US", context=None) -> None:
        self.context = context or browser.new_context(viewport=size, accept_downloads=True, locale=locale)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.foreign.append(request.url) if "127.0.0.1" not in request.url else None)
        self.arrive(lambda: self.page.goto(url + ("/?__theme=dark" if dark else "")))

    def open_tab(self, url: str) -> "Reader":
        """The same person in another tab of the same browser."""
        return Reader(None, url, {}, context=self.context)

    def reload(self) -> None:
        self.arrive(self.page.reload)

    def arrive(self, go: Callable[[], object]) -> None:
        """Until the page is as the browser left it: its second request comes when its first, the arrival, is answered."""
        joined: list[str] = []

        def has_arrived(response) -> bool:
            joined.extend([response.url] if "/queue/join" in response.url else [])
            return len(joined) > 1

        with self.page.expect_response(has_arrived):
            go()
        self.page.locator("#begin").or_(self.page.locator("article.book")).first.wait_for()
        self.page.wait_for_timeout(500)  # the answer reaches the widgets a moment later, on a busy machine

    def begin(self, opening: str) -> None:
        self.page.locator("#opening textarea").fill(opening)
        self.page.locator("#begin").click()
        self.page.locator("article.book").wait_for()
        self.wait()

    def wait(self) -> None:
        """Until nothing is being written."""
        self.page.locator("#continue").wait_for(timeout=60_000)
        self.page.wait_for_function("!document.querySelector('.book .live')", timeout=60_000)
        self.page.wait_for_timeout(300)  # the page takes a moment to close an event before it takes the next click

    def is_told(self, words: str) -> None:
        """Until a message with these words is there, and the page takes clicks again: it is shown before its event ends."""
        self.page.get_by_text(words).first.wait_for()
        self.page.wait_for_timeout(300)

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

    def picture(self, name: str, page=None) -> None:
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            (page or self.page).screenshot(path=f"{folder}/{name}.png", full_page=True)

    def open_panel(self, name: str) -> None:
        self.page.locator(f"#{name} button").first.click()
        self.page.wait_for_timeout(400)  # its widgets are made now, and take their values a moment later

    def choose(self, label: str, option: str | None = None) -> None:
        """Pick from a list: the named option, or the first."""
        self.page.get_by_label(label, exact=True).click()
        options = self.page.get_by_role("option")
        (options.filter(has_text=option) if option else options).first.click()

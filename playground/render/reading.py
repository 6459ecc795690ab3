"""The page of those who read along: the book without anything to press, and the page around it."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path

from markupsafe import Markup

from playground.render.book import BookRenderer
from playground.render.texts import NOTHING, TextRenderer
from playground.wording.strings import Texts
from story_engine import Passage, Pictures, Story

STATIC = Path(__file__).parents[1] / "static"
SCRIPT = "".join((STATIC / name).read_text(encoding="utf-8") for name in ("listen.js", "reading.js"))
# Nothing but this script runs, and it speaks to this server alone, whatever a story holds.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; connect-src 'self'; base-uri 'none'; "
    f"form-action 'none'; script-src 'sha256-{b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}'"
)
PAGE = Markup(
    '<!doctype html>\n<html lang="{language}" data-lost="{lost}"><head><meta charset="utf-8"><title>Story Playground</title>'
    '<meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer">'
    '<meta name="robots" content="noindex"><style>{style}</style></head>\n<body class="reading-along">'
    '<header class="masthead"><h1 id="title" lang="en">Story Playground</h1><p>{hint}</p></header>\n'
    '<main id="book" aria-busy="true"></main>\n<p id="notice" role="status"></p>\n'
    '<footer class="hint">{caution}</footer><script>{script}</script></body></html>\n'
)


class ReadingRenderer(BookRenderer):
    def render_reading(self, story: Story, is_writing: bool, pictures: Pictures) -> Markup:
        """The book as those who read along see it."""
        return self.render_book(story, None, writing=is_writing, pinning=True, pictures=pictures)

    def _render_versions(self, story: Story, passage: Passage) -> Markup:
        return NOTHING


class ReadingPage(TextRenderer):
    def render_page(self, style: str) -> Markup:
        """The page for every reading link; its script asks for the story, by the number behind the `#` of its address."""
        texts: Texts = self.texts
        return PAGE.format(
            language=texts["language"],
            lost=texts["reading_lost"],
            style=Markup(style),
            hint=texts["reading_page"],
            caution=texts["caution"],
            script=Markup(SCRIPT),
        )

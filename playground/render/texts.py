"""What all renderers share: the reader's language, and text as safe HTML."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup, escape

from playground.wording.strings import ENGLISH, Texts
from story_engine import is_english

BREAK = Markup('<span class="break"></span>')
NOTHING = Markup("")
LANGUAGE, OF_LANGUAGE = Markup(' lang="{}"'), Markup("<span{lang}>{words}</span>")
is_in_english = lru_cache(1024)(is_english)  # a passage is drawn again and again


class TextRenderer:
    """Base of the renderers. `Markup.format` and `Markup.join` escape every value that is not HTML already."""

    def __init__(self, texts: Texts = ENGLISH) -> None:
        self.texts = texts

    def name_language(self, words: str) -> Markup:
        """The attribute of an element with a story's words, where the page has another; unknown ones have no name."""
        language = "en" if is_in_english(words) else ""
        return NOTHING if language == self.texts["language"] else LANGUAGE.format(language)

    def tell(self, words: str) -> Markup:
        """A story's words as HTML, with their language where that is not the page's."""
        return self.keep_language(render_text(words), words)

    def keep_language(self, html: Markup, words: str) -> Markup:
        """The HTML of a story's `words`, with their language where that is not the page's."""
        lang = self.name_language(words)
        return OF_LANGUAGE.format(lang=lang, words=html) if lang else html


def render_text(text: str) -> Markup:
    """Plain text as HTML, with line breaks as small gaps."""
    return escape(text).replace("\n", BREAK)


def mark_current(is_current: bool) -> Markup:
    """The attribute of the one item that stands in the book."""
    return Markup(' aria-current="true"') if is_current else NOTHING

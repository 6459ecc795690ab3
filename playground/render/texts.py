"""What all renderers share: the reader's language, and text as safe HTML."""

from __future__ import annotations

from markupsafe import Markup, escape

from playground.wording.strings import ENGLISH, Texts

BREAK = Markup('<span class="break"></span>')
NOTHING = Markup("")


class TextRenderer:
    """Base of the renderers. `Markup.format` and `Markup.join` escape every value that is not HTML already."""

    def __init__(self, texts: Texts = ENGLISH) -> None:
        self.texts = texts


def render_text(text: str) -> Markup:
    """Plain text as HTML, with line breaks as small gaps."""
    return escape(text).replace("\n", BREAK)


def mark_current(is_current: bool) -> Markup:
    """The attribute of the one item that stands in the book."""
    return Markup(' aria-current="true"') if is_current else NOTHING

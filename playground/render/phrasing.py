"""The reader's words as their story will have them, below their box, with a button that puts them into it."""

from __future__ import annotations

from markupsafe import Markup

from playground.wording.strings import Texts

PREVIEW = Markup(
    '<p class="preview" role="status"><span class="will-be">{label}</span> <span class="sentence" lang="en">{sentence}</span> '
    '<button type="button" data-act="take">{take}</button></p>'
)
OTHER_LANGUAGE = Markup('<p class="preview" role="status">{}</p>')


def render_preview(sentence: str, texts: Texts) -> Markup:
    """The sentence; without one, why there is none: the story is in another language."""
    if not sentence:
        return OTHER_LANGUAGE.format(texts["other_language"])
    return PREVIEW.format(label=texts["will_be"], sentence=sentence, take=texts["take"])

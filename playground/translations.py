"""The fixed words of the page, for the browser to choose its language, some of them in a frame of HTML."""

from __future__ import annotations

from typing import Any

import gradio as gr

from playground.render.keys import render_keys
from playground.wording.strings import TABLES
from story_engine import HUB_MODELS

MASTHEAD = "<header class='masthead'><h1 lang='en'>Story Playground</h1><p>{}</p></header>"
ALERT = "<p class='keeps-nothing-hint' role='alert'>{}</p>"
HINT, FOOTER = "<p class='hint'>{}</p>", "<footer class='hint'>{}</footer>"
# Words that stand inside HTML, or after a name, by their key in the table of words.
FRAMES = {
    "motto": MASTHEAD,
    "keeps_nothing": ALERT,
    "loses_stories": HINT,
    "caution": FOOTER,
    "in_english": HINT,
    "or_idea": HINT,
    "mind_hint": HINT,
    "at_once": HINT,
    "file_hint": HINT,
    "share": HINT,
}
FRAMES |= {name: f"{name} · {{}}" for name in HUB_MODELS}
# The prefix keeps our keys apart from those that Gradio has for its own widgets.
PREFIX = "story_"
translations = gr.I18n(
    **{
        language: {f"{PREFIX}{key}": FRAMES.get(key, "{}").format(words) for key, words in table.items()}
        | {f"{PREFIX}keys_list": render_keys(table)}
        for language, table in TABLES.items()
    }
)


def say(key: str) -> Any:
    """Words of the table; the browser shows them in its own language."""
    return translations(f"{PREFIX}{key}")

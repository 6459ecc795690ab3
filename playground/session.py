"""What every handler of the page begins and ends with: whose browser asks, and how its reader is told what is wrong."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr

from playground.visit import Visit
from playground.wording.messages import say_error
from playground.wording.strings import choose_language, find_texts
from story_engine import StoryError


def find_visit(request: gr.Request, *memories: object) -> Visit:
    """What a browser remembers, in the language that it asks for."""
    return replace(Visit.from_browser(*memories), language=choose_language(request.headers.get("accept-language", "")))


def warn(error: StoryError, visit: Visit) -> None:
    """Say what is wrong; the page stays as it is."""
    show_notice(say_error(error, visit.language), visit)


def show_notice(words: str, visit: Visit) -> None:
    gr.Warning(words, title=find_texts(visit.language)["notice"])

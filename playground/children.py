"""The switch for children: the browser keeps it, and a grown-up reads what was held back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr
from markupsafe import Markup

from playground.handlers import QUICK, Handlers, find_visit, speaking
from playground.render.texts import NOTHING, render_text
from playground.visit import Visit
from playground.wording.strings import find_texts
from story_engine import InputError

ANSWER = "56"  # to 7 × 8: a step that a young child does not take by accident
COUNT, LIST, ITEM = Markup("<p class='hint'>{}</p>"), Markup("<ul class='held'>{}</ul>"), Markup("<li>{}</li>")


class Children:
    """Connects the widgets of a page; to be made inside its Blocks."""

    def __init__(self, handlers: Handlers) -> None:
        self.held, self.widgets = handlers.actions.writing.held, handlers.widgets
        w, memory = self.widgets, [handlers.widgets.browser, handlers.widgets.preferences]
        w.for_children.input(self._choose, [w.preferences, w.for_children], w.preferences, **QUICK)
        w.held.expand(self._count, memory, [w.held_count, w.held_words], **QUICK)
        for trigger in (w.show_held.click, w.held_answer.submit):
            trigger(self._show, [*memory, w.held_answer], [w.held_count, w.held_words, w.held_answer], **QUICK)

    @speaking
    def _choose(self, request: gr.Request, preferences: object, is_on: bool) -> dict[str, Any]:
        """From now on all words are checked, or none."""
        return replace(Visit.from_browser(preferences), for_children=bool(is_on)).preferences()

    @speaking
    def _count(self, request: gr.Request, data: object, preferences: object) -> tuple[str, str]:
        """How many sentences were held back; what they say is hidden again."""
        return self._say_count(find_visit(request, data, preferences)), ""

    @speaking
    def _show(self, request: gr.Request, data: object, preferences: object, answer: str) -> tuple[str, str, str]:
        visit = find_visit(request, data, preferences)
        if answer.strip() != ANSWER:
            raise InputError("That is not 7 × 8. Ask a grown-up.")
        items = NOTHING.join(ITEM.format(render_text(sentence)) for sentence in self.held.list_of(visit.story))
        return self._say_count(visit), LIST.format(items), ""

    def _say_count(self, visit: Visit) -> str:
        texts, count = find_texts(visit.language), len(self.held.list_of(visit.story))
        key = {0: "held_none", 1: "held_one"}.get(count, "held_count")
        return COUNT.format(texts[key].format(count=count))

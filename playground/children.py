"""The switch for children: the browser keeps it, and a grown-up reads what was held back."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr
from markupsafe import Markup

from playground.handlers import QUICK, Handlers, Update, find_visit, speaking
from playground.render.texts import NOTHING, TextRenderer
from playground.visit import View, Visit
from playground.wording.messages import say_error
from playground.wording.strings import find_texts
from story_engine import InputError

ANSWER = "56"  # to 7 × 8: a step that a young child does not take by accident
COUNT, LIST, ITEM = Markup("<p class='hint'>{}</p>"), Markup("<ul class='held'>{}</ul>"), Markup("<li>{}</li>")


class Children:
    """Connects the widgets of a page; to be made inside its Blocks."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.actions, self.widgets = handlers, handlers.actions, handlers.widgets
        self.held = self.actions.writing.held
        w, memory = self.widgets, [handlers.widgets.browser, handlers.widgets.preferences]
        w.for_children.input(self._choose, [*memory, w.for_children], [*w.story, w.preferences], **QUICK)
        w.held.expand(self._count, memory, [w.held_count, w.held_words], **QUICK)
        for trigger in (w.show_held.click, w.held_answer.submit):
            trigger(self._show, [*memory, w.held_answer], [w.held_count, w.held_words, w.held_answer], **QUICK)

    @speaking
    def _choose(self, request: gr.Request, data: object, preferences: object, is_on: bool) -> Update:
        """From now on all words are checked, or none; a story in view that is unfit is closed."""
        visit = replace(find_visit(request, data, preferences), for_children=bool(is_on))
        close = self.handlers.make_mover(self._close_unfit)
        shown = close(request, data, visit.preferences()) if is_on and self.actions.library.open(visit.story) else {}
        return shown | {self.widgets.preferences: visit.preferences()}

    def _close_unfit(self, visit: Visit) -> View:
        """The story in view, if it is fit for children; else a blank page that says why."""
        with self.actions.writing.stopped(self.actions.find(visit)):
            try:
                return self.actions.arrive(visit)
            except InputError as error:
                return View(notice=say_error(error, visit.language))

    @speaking
    def _count(self, request: gr.Request, data: object, preferences: object) -> tuple[str, str]:
        """How many sentences were held back; what they say is hidden again."""
        return self._say_count(find_visit(request, data, preferences)), ""

    @speaking
    def _show(self, request: gr.Request, data: object, preferences: object, answer: str) -> tuple[str, str, str]:
        visit = find_visit(request, data, preferences)
        if answer.strip() != ANSWER:
            raise InputError("That is not 7 × 8. Ask a grown-up.")
        texts = find_texts(visit.language)
        items = NOTHING.join(ITEM.format(TextRenderer(texts).tell(sentence)) for sentence in self.held.list_of(visit.story))
        return self._say_count(visit), LIST.format(items), ""

    def _say_count(self, visit: Visit) -> str:
        texts, count = find_texts(visit.language), len(self.held.list_of(visit.story))
        key = {0: "held_none", 1: "held_one"}.get(count, "held_count")
        return COUNT.format(texts[key].format(count=count))

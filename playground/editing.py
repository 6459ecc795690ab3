"""The panel of one passage, the window that the model reads, and the reader's notes: events between widgets and `Insight`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from playground.handlers import ASKING, QUICK, Handlers, Update, find_visit, warn
from playground.insight import Insight
from playground.render.renderer import Renderer
from playground.visit import Visit
from playground.wording.strings import find_texts
from story_engine import InputError


class Editing:
    """Connects the widgets of a page; to be made inside its Blocks."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.actions, self.insight = handlers, handlers.actions, Insight(handlers.actions)
        self.widgets = w = handlers.widgets
        memory, panel = [w.browser, w.preferences], [w.edited, w.edit_text]
        for clickable in (w.book, w.tree, w.tellings, w.meter):
            clicked = clickable.click(self._click, [*memory, *panel], [*w.story, *w.panel], **QUICK)
            clicked.then(None, panel, w.edit_text, js="window.drafts.open")
        close = {w.editor: gr.update(visible=False), w.edited: None}
        kept = w.edit_save.click(handlers.make_mover(self.actions.edit, also=close), [*memory, *panel], w.story, **QUICK)
        left = w.edit_cancel.click(lambda: close, None, list(close), **QUICK)
        for closed in (kept, left):
            closed.then(None, w.edited, None, js="window.drafts.close")
        w.pinning.input(self._choose_pinning, [*memory, w.pinning], [*w.story, w.preferences], **QUICK)
        w.pins.input(handlers.make_mover(self.actions.pin), [*memory, w.edited, w.pins], w.story, **QUICK)
        w.asked.input(self._find_influences, [*memory, w.edited, w.asked], w.influences, **ASKING)
        w.replay.click(self._replay, [*memory, w.edited], w.replayed, **ASKING)
        w.look_words.click(self._find_words, [*memory, w.edited], w.alternatives, **ASKING)
        w.alternatives.click(self._go_on_from, [*memory, *w.settings.values()], w.story, **handlers.writing)
        for trigger in (w.look_context.click, w.by_token.input):
            trigger(self._render_context, [*memory, w.by_token], w.context, **ASKING)
        w.keep.click(self._keep_in_mind, [*memory, *w.mind], w.story, **QUICK)

    def _click(
        self, request: gr.Request, data: object, preferences: object, edited: object, words: str, event: gr.EventData
    ) -> Update:
        """A click on the book, the tree, a telling or the meter."""
        act, passage, place, figure = (event._data.get(name) for name in ("act", "passage", "place", "figure"))
        if act == "edit":
            return self._open(request, data, preferences, passage, edited, words)
        moves = {
            "back": lambda visit: self.actions.flip(visit, passage, -1),
            "forward": lambda visit: self.actions.flip(visit, passage, 1),
            "pin": lambda visit: self.actions.toggle_pin(visit, passage, place),
            "figure": lambda visit: self.actions.change_figure(visit, figure),
            "go": lambda visit: self.actions.go_to(visit, passage),
        }
        return self.handlers.make_mover(moves.get(str(act), self.actions.view))(request, data, preferences)

    def _open(
        self, request: gr.Request, data: object, preferences: object, passage: object, edited: object, words: str
    ) -> Update:
        """Open the panel of a passage, unless it holds changes to another one."""
        visit = find_visit(request, data, preferences)
        try:
            if passage != edited and self._has_changed(visit, edited, words):
                raise InputError("Your change of another passage is not kept yet. Keep it or leave it first.")
            return self._show_panel(visit, passage)
        except Exception as error:
            return self.handlers.warn(error, visit)

    def _has_changed(self, visit: Visit, edited: object, words: str) -> bool:
        """Whether the panel holds words that are not in the story: those of a passage of this story, changed by the reader."""
        passages = self.actions.find(visit).story.passages
        if not isinstance(edited, int) or not 0 <= edited < len(passages):
            return False
        return words.strip() != passages[edited].text.strip()

    def _show_panel(self, visit: Visit, number: object) -> Update:
        """A passage's words to change, its sentences to pin, and its receipt."""
        w, passage = self.widgets, self.actions.passage(visit, number)
        sentences = self.actions.sentences(visit, number)
        choices = [(sentence.text.strip(), sentence.key[1]) for sentence, _ in sentences if sentence.text.strip()]
        pinned = [sentence.key[1] for sentence, is_pinned in sentences if is_pinned]
        return {
            w.editor: gr.update(visible=True),
            w.edited: number,
            w.edit_text: passage.text.strip(),
            w.pins: gr.update(choices=choices, value=pinned, visible=bool(choices)),
            w.asked: gr.update(choices=choices, value=None, visible=bool(choices)),
            w.influences: "",
            w.alternatives: "",
            w.receipt: _render_in(visit).render_receipt(passage.receipt),
            w.replay: gr.update(visible=passage.receipt is not None and not passage.edited),
            w.replayed: "",
        }

    def _keep_in_mind(self, request: gr.Request, data: object, preferences: object, *lines: str) -> Update:
        """The reader's lines are part of the story now; the browser hears of it, and drops its draft of them."""
        keep = self.handlers.make_mover(
            self.insight.keep_in_mind, also={self.widgets.accepted: {"mind": True, "at": time.time()}}
        )
        return keep(request, data, preferences, *lines)

    def _choose_pinning(self, request: gr.Request, data: object, preferences: object, pinning: bool) -> Update:
        """From now on a click on a sentence pins it, or opens the panel of its passage."""
        visit = replace(find_visit(request, data, preferences), pinning=bool(pinning))
        try:
            shown = self.handlers.show(self.actions.view(visit), visit)
        except Exception as error:
            warn(error, visit)
            shown = {}
        return shown | {self.widgets.preferences: visit.preferences()}

    def _find_influences(
        self, request: gr.Request, data: object, preferences: object, passage: object, sentence: object
    ) -> str:
        def render(visit: Visit) -> str:
            return _render_in(visit).render_influences(self.insight.find_influences(visit, passage, sentence))

        return self.handlers.render_or_warn(render, request, data, preferences)

    def _replay(self, request: gr.Request, data: object, preferences: object, passage: object) -> str:
        def render(visit: Visit) -> str:
            return _render_in(visit).render_replay(self.insight.replay(visit, passage))

        return self.handlers.render_or_warn(render, request, data, preferences)

    def _find_words(self, request: gr.Request, data: object, preferences: object, passage: object) -> str:
        def render(visit: Visit) -> str:
            words = self.insight.find_words(visit, passage)
            return _render_in(visit).render_words(words, self.actions.passage(visit, passage).id)

        return self.handlers.render_or_warn(render, request, data, preferences)

    def _go_on_from(
        self, request: gr.Request, data: object, preferences: object, event: gr.EventData, *given: Any
    ) -> Iterator[Update]:
        """Another word was chosen: the passage goes on from there."""
        passage, place, token = (event._data.get(name) for name in ("passage", "place", "token"))

        def go_on(visit: Visit, _: str, settings: Any) -> Iterator[Any]:
            yield from self.insight.go_on_from(visit, passage, place, token, settings)

        yield from self.handlers.make_writer(go_on)(request, data, preferences, "", *given)

    def _render_context(self, request: gr.Request, data: object, preferences: object, by_token: bool) -> str:
        def render(visit: Visit) -> str:
            return self.insight.render_context(visit, by_token)

        return self.handlers.render_or_warn(render, request, data, preferences)


def _render_in(visit: Visit) -> Renderer:
    """A renderer in the visitor's language."""
    return Renderer(find_texts(visit.language))

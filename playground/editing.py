"""The panel of one passage, what the model reads, and what it has in mind: events between the widgets and `Insight`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from playground.insight import Insight
from playground.queues import ASKING, QUICK, WRITING, Update
from playground.render.closeup import draw_influences, draw_receipt, draw_replay, draw_words
from playground.session import find_visit, warn
from playground.visit import Visit
from playground.wording.strings import find_texts
from story_engine import StoryError

if TYPE_CHECKING:
    from playground.page import Page

# The panel stands below the book, which may be long.
SHOW_PANEL = "() => document.querySelector('#editor')?.scrollIntoView({ block: 'nearest' })"


class Editing:
    """Connects the widgets of a page; to be made inside its Blocks."""

    def __init__(self, page: Page) -> None:
        self.page, self.actions, self.insight = page, page.actions, Insight(page.actions)
        self.widgets = w = page.widgets
        memory = [w.browser, w.preferences]
        for clickable in (w.book, w.tree, w.ways, w.meter):
            clickable.click(self._click, memory, w.story, **QUICK).then(None, None, None, js=SHOW_PANEL)
        w.edit_save.click(page.make_mover(self.actions.edit), [*memory, w.edited, w.edit_text], w.story, **QUICK)
        w.edit_cancel.click(lambda: gr.update(visible=False), None, w.editor, **QUICK)
        w.pinning.input(self._choose_pinning, [*memory, w.pinning], [*w.story, w.preferences], **QUICK)
        w.pins.input(self._pin, [*memory, w.edited, w.pins], w.story, **QUICK)
        w.asked.input(self._ask, [*memory, w.edited, w.asked], w.influences, **ASKING)
        w.replay.click(self._replay, [*memory, w.edited], w.replayed, **ASKING)
        w.look_words.click(self._look_at_words, [*memory, w.edited], w.alternatives, **ASKING)
        w.alternatives.click(self._go_on_from, [*memory, *w.settings.values()], w.story, **WRITING)
        for trigger in (w.look_context.click, w.by_token.input):
            trigger(self._look_at_context, [*memory, w.by_token], w.context, **ASKING)
        w.keep.click(page.make_mover(self.insight.keep_in_mind), [*memory, w.characters, w.notes], w.story, **QUICK)

    def _click(self, request: gr.Request, data: object, preferences: object, event: gr.EventData) -> Update:
        visit = find_visit(request, data, preferences)
        act, passage = event._data.get("act"), event._data.get("passage")
        try:
            if act in ("back", "forward"):
                return self.page.show(self.actions.flip(visit, passage, 1 if act == "forward" else -1), visit)
            if act == "pin":
                return self.page.show(self.actions.toggle_pin(visit, passage, event._data.get("place")), visit)
            if act == "go":
                return self.page.show(self.actions.go_to(visit, passage), visit)
            return self._open(visit, passage)
        except StoryError as error:
            return self.page.warn(error, visit)

    def _open(self, visit: Visit, number: object) -> Update:
        """The panel of one passage: its words to change, its sentences to pin, and how it came about."""
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
            w.receipt: draw_receipt(passage.receipt, find_texts(visit.language)),
            w.replay: gr.update(visible=passage.receipt is not None and not passage.edited),
            w.replayed: "",
        }

    def _choose_pinning(self, request: gr.Request, data: object, preferences: object, pinning: bool) -> Update:
        """From now on a click on a sentence pins it, or opens the panel of its passage."""
        visit = replace(find_visit(request, data, preferences), pinning=bool(pinning))
        shown = self.page.make_mover(self.actions.look)(request, data, visit.preferences())
        return shown | {self.widgets.preferences: visit.preferences()}

    def _pin(self, request: gr.Request, data: object, preferences: object, passage: object, chosen: list[int]) -> Update:
        """As every move, but the panel stays open."""
        shown = self.page.make_mover(self.actions.pin)(request, data, preferences, passage, chosen)
        return shown | {self.widgets.editor: gr.update(visible=True)}

    def _ask(self, request: gr.Request, data: object, preferences: object, passage: object, sentence: object) -> str:
        def draw(visit: Visit) -> str:
            return draw_influences(self.insight.find_influences(visit, passage, sentence), find_texts(visit.language))

        return _draw_or_warn(draw, request, data, preferences)

    def _replay(self, request: gr.Request, data: object, preferences: object, passage: object) -> str:
        def draw(visit: Visit) -> str:
            return draw_replay(self.insight.replay(visit, passage), find_texts(visit.language))

        return _draw_or_warn(draw, request, data, preferences)

    def _look_at_words(self, request: gr.Request, data: object, preferences: object, passage: object) -> str:
        def draw(visit: Visit) -> str:
            words = self.insight.find_words(visit, passage)
            return draw_words(words, self.actions.passage(visit, passage).id, find_texts(visit.language))

        return _draw_or_warn(draw, request, data, preferences)

    def _go_on_from(
        self, request: gr.Request, data: object, preferences: object, event: gr.EventData, *given: Any
    ) -> Iterator[Update]:
        """Another word was chosen: the passage goes on from there."""
        passage, place, token = (event._data.get(name) for name in ("passage", "place", "token"))
        write = self.page.make_writer(
            lambda visit, _, settings: self.insight.go_on_from(visit, passage, place, token, settings)
        )
        yield from write(request, data, preferences, "", *given)

    def _look_at_context(self, request: gr.Request, data: object, preferences: object, by_token: bool) -> str:
        return _draw_or_warn(lambda visit: self.insight.draw_context(visit, by_token), request, data, preferences)


def _draw_or_warn(draw: Callable[[Visit], str], request: gr.Request, *memories: object) -> str:
    visit = find_visit(request, *memories)
    try:
        return draw(visit)
    except StoryError as error:
        warn(error, visit)
        return ""

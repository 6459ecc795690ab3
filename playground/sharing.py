"""Two links to a story, for reading along and for writing along, as its owner chooses."""

from __future__ import annotations

import gradio as gr

from playground.handlers import QUICK, Handlers, Update, find_visit, speaking
from playground.wording.strings import find_texts
from story_engine import InputError


class Sharing:
    """Connects the widgets of a page; to be made inside its Blocks."""

    def __init__(self, handlers: Handlers) -> None:
        self.actions, self.widgets = handlers.actions, handlers.widgets
        w, memory = self.widgets, [handlers.widgets.browser, handlers.widgets.preferences]
        shown = [w.shared, w.link, w.link_kind, w.take_back]
        for button, share in ((w.share_reading, self._share_reading), (w.share_writing, self._share_writing)):
            made = button.click(share, memory, shown, **QUICK)
            # Only the browser knows the address that the page has for its reader.
            made.then(None, w.link, w.link, js="(path) => path && new URL(path, location.origin + location.pathname).href")
        w.take_back.click(self._take_back, memory, shown, **QUICK)

    @speaking
    def _share_reading(self, request: gr.Request, data: object, preferences: object) -> Update:
        visit = find_visit(request, data, preferences)
        link = self.actions.links.share(self.actions.find(visit).story.uid, visit.pictures)
        return self._show(f"read#{link.number}", find_texts(visit.language)["reading_link"], can_take_back=True)

    @speaking
    def _share_writing(self, request: gr.Request, data: object, preferences: object) -> Update:
        visit = find_visit(request, data, preferences)
        return self._show(f"#story={self.actions.find(visit).story.uid}", find_texts(visit.language)["writing_link"])

    @speaking
    def _take_back(self, request: gr.Request, data: object, preferences: object) -> Update:
        visit = find_visit(request, data, preferences)
        if not self.actions.links.take_back(self.actions.find(visit).story.uid):
            raise InputError("This story has no reading link. Make one first.")
        return self._show("", find_texts(visit.language)["taken_back"])

    def _show(self, path: str, kind: str, *, can_take_back: bool = False) -> Update:
        """The link, what it is good for, and whether it can be taken back."""
        w = self.widgets
        return {
            w.shared: gr.update(visible=True),
            w.link: gr.update(value=path, visible=bool(path)),
            w.link_kind: kind,
            w.take_back: gr.update(visible=can_take_back),
        }

"""The choice of pictures: the browser remembers which passages have one, and the book shows them at once."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr

from playground.handlers import QUICK, WATCHING, Handlers, Update
from playground.visit import Visit


class Picturing:
    """Connects the widgets of a page; to be made inside its Blocks."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.widgets = handlers, handlers.widgets
        w, memory = self.widgets, [handlers.widgets.browser, handlers.widgets.preferences]
        chosen = w.pictures.input(self._choose, [*memory, w.pictures], [*w.story, w.preferences], **QUICK)
        # A passage that is being written goes on under the new choice.
        chosen.then(handlers.watch, memory, w.story, **WATCHING)

    def _choose(self, request: gr.Request, data: object, preferences: object, when: str) -> Update:
        """From now on these passages have a picture."""
        kept = replace(Visit.from_browser(preferences), pictures=when).preferences()
        show = self.handlers.make_mover(self.handlers.actions.view, also={self.widgets.preferences: kept})
        return show(request, data, kept)

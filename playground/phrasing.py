"""Say, do, describe: short words in the reader's box become a sentence of their story, which is shown before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from playground.handlers import QUICK, Handlers, Update
from playground.render.phrasing import render_preview
from playground.visit import Visit
from playground.wording.strings import find_texts
from story_engine import MODES, StoryError, Voice, check_words, find_voice, write_prose

TYPED = MODES[0]


class Phrasing:
    """Connects the widgets of a page; to be made inside its Blocks."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers, self.actions = handlers, handlers.actions
        self.widgets = w = handlers.widgets
        asked = [w.browser, w.preferences, w.words, w.mode]
        latest: dict[str, Any] = QUICK | {"trigger_mode": "always_last"}
        # The browser asks for a preview only in a mode that needs one: words as typed cost no request.
        for changed in (w.words.change, w.book.change):
            changed(None, None, None, js="() => window.phrasing.ask()")
        for trigger in (w.mode.input, w.phrase.click):
            trigger(self._preview, asked, w.preview, **latest)
        taken = w.preview.click(None, None, [w.words, w.mode], js="() => window.phrasing.take()")
        taken.then(lambda: "", None, w.preview, **QUICK)

    def make_sender(self, write: Callable[..., Iterator[Update]]) -> Callable[..., Iterator[Update]]:
        """A writer that also gets the mode: it sends the sentence, and the words as typed leave their box."""
        accepted = self.widgets.accepted

        def send(
            request: gr.Request, data: object, preferences: object, words: str, mode: object, *given: Any
        ) -> Iterator[Update]:
            sentence = self._phrase(Visit.from_browser(data), words, mode)
            for update in write(request, data, preferences, sentence, *given):
                if isinstance(update, dict) and accepted in update:
                    update |= {accepted: update[accepted] | {"words": words}}
                yield update

        return send

    def _preview(self, request: gr.Request, data: object, preferences: object, words: str, mode: object) -> str:
        def render(visit: Visit) -> str:
            if mode == TYPED or not words.strip():
                return ""
            is_english = self._find_voice(visit).is_english
            return render_preview(self._phrase(visit, words, mode) if is_english else "", find_texts(visit.language))

        return self.handlers.render_or_warn(render, request, data, preferences)

    def _phrase(self, visit: Visit, words: str, mode: object) -> str:
        """The words as they are sent. What cannot be sent stays as it is, and sending it says why."""
        try:
            chosen = next((one for one in MODES if one == mode), TYPED)
            return words if chosen == TYPED else write_prose(check_words(words), chosen, self._find_voice(visit))
        except StoryError:
            return words

    def _find_voice(self, visit: Visit) -> Voice:
        return find_voice(self.actions.find(visit).story.text())

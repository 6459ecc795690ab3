"""What all handlers of the page share: whose browser asks, how its events are queued, and what its reader is shown."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from typing import Any

import gradio as gr
from markupsafe import Markup

from playground.actions import Actions
from playground.turns import Turns
from playground.visit import Live, View, Visit
from playground.widgets import Widgets
from playground.wording.messages import say_error
from playground.wording.strings import choose_language, find_texts
from story_engine import Settings, StoryError

WAITING = 4  # events that wait, for each story that is written at once
WATCHERS = 8  # pages that watch what another page writes
# Gradio shows a message only if its event was queued; the queue of quick events has no limit.
QUICK: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
WATCHING = QUICK | {"concurrency_limit": WATCHERS, "concurrency_id": "watch"}
ASKING = QUICK | {"concurrency_limit": 2, "show_progress": "minimal"}
# Stop works even when the queue is full.
STOPPING: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
NOTICE = Markup("<strong>{title}</strong><br>{words}")  # Gradio's own title of a message says "Warning" in every language

Update = dict[Any, Any]
logger = logging.getLogger(__name__)


class Handlers:
    """Makes handlers from acts: an act gets a `Visit` and returns views, a handler gets a request and returns updates."""

    def __init__(self, actions: Actions, widgets: Widgets) -> None:
        self.actions, self.widgets, self._turns = actions, widgets, Turns()
        # As many stories are written at once as suits the engine; the others wait in the queue.
        self.writing = QUICK | {"concurrency_limit": actions.engines.most_at_once, "concurrency_id": "write"}

    # -- making

    def make_writer(self, act: Callable[..., Iterator[View | Live]]) -> Callable[..., Iterator[Update]]:
        """A handler that shows a passage as it is written, for as long as its reader does nothing else on the page.

        `act` gets the visit, the words and the settings, and what the page gives beyond these.
        """

        def handler(request: gr.Request, data: object, preferences: object, text: str, *given: Any) -> Iterator[Update]:
            visit, turn = find_visit(request, data, preferences), self._turns.begin(request.session_hash or "")
            try:
                self.actions.rates.count(request)
                chosen: dict[str, Any] = {"unwanted": visit.unwanted, "for_children": self.actions.is_for_children(visit)}
                chosen["reading_level"] = visit.reading_level
                names = self.widgets.settings
                settings = Settings(**dict(zip(names, given, strict=False)), **chosen)
                for view in act(visit, text, settings, *given[len(names) :]):
                    if self._turns.is_current(turn):
                        yield self.show(view, visit)
            except Exception as error:
                yield self.warn(error, visit) if self._turns.is_current(turn) else gr.skip()
            self._turns.end(turn)
            if not self._turns.is_current(turn):
                yield gr.skip()  # Gradio sends the last update once more when a handler ends

        return handler

    def make_mover(self, act: Callable[..., View], *, also: Update | None = None) -> Callable[..., Update]:
        """A handler that makes one move and shows where it led, `also` with these updates if the move succeeds."""

        def handler(request: gr.Request, data: object, preferences: object, *given: Any) -> Update:
            visit, turn = find_visit(request, data, preferences), self._turns.begin(request.session_hash or "")
            try:
                return self.show(act(visit, *given), visit) | (also or {})
            except Exception as error:
                self._turns.give_back(turn)
                return self.warn(error, visit)
            finally:
                self._turns.end(turn)

        return handler

    def watch(self, request: gr.Request, data: object, preferences: object) -> Iterator[Update]:
        """The words that another page writes in this page's story; nothing where none are written."""
        visit, turn = find_visit(request, data, preferences), self._turns.begin_idle(request.session_hash or "")
        yield gr.skip()  # Gradio empties the page if a handler yields nothing
        if turn is None:
            return  # the reader was quicker than the page
        try:
            for view in self.actions.watch(visit):
                if self._turns.is_current(turn):
                    yield self.show(view, visit)
        except Exception as error:
            yield self.warn(error, visit) if self._turns.is_current(turn) else gr.skip()
        self._turns.end(turn)
        if not self._turns.is_current(turn):
            yield gr.skip()

    def arrive(self, session: str, show: Callable[[], Update]) -> Update:
        """What `show` gives of the story on arrival; nothing where the reader has begun something meanwhile."""
        turn = self._turns.begin_idle(session)
        if turn is None:
            return {}
        shown = show()
        self._turns.end(turn)
        return shown if self._turns.is_current(turn) else {}

    def render_or_warn(self, render: Callable[[Visit], str], request: gr.Request, *memories: object) -> str:
        """What `render` makes of the visit; nothing, and a message, where that fails."""
        visit = find_visit(request, *memories)
        try:
            return render(visit)
        except Exception as error:
            warn(error, visit)
            return ""

    # -- showing

    def show(self, view: View | Live, visit: Visit) -> Update:
        """The widgets' new values; while a passage is written, only its own words travel."""
        w = self.widgets
        if isinstance(view, Live):
            return {w.tellings: gr.update(value=view.tellings, visible=True)} if view.tellings else {w.live: view.html}
        if view.notice:
            show_notice(view.notice, visit)
        shown = self._show_book(view) | self._show_shelf(visit.after(view)) | self._show_controls(view)
        if view.story != visit.story:
            # The panel of a passage and the notes hold what a reader is typing: they stay as long as the story does.
            shown |= self.show_notes(view) | dict.fromkeys((w.editor, w.shared), gr.update(visible=False)) | {w.edited: None}
        if view.words or view.wish:  # the time makes it a change, even if the words are the last ones again
            shown[w.accepted] = {"words": view.words, "wish": view.wish, "at": time.time()}
        return shown

    def _show_book(self, view: View) -> Update:
        w = self.widgets
        return {
            w.beginning: gr.update(visible=view.is_blank),
            w.writing: gr.update(visible=not view.is_blank),
            w.memory: gr.update(visible=not view.is_blank),
            w.book: view.book,
            w.live: "",
            w.meter: view.meter,
            w.tree: view.tree,
            w.tellings: gr.update(value=view.tellings, visible=bool(view.tellings)),
            w.context: "",
            w.title: view.title,
        }

    def _show_shelf(self, after: Visit) -> Update:
        w = self.widgets
        return {
            w.browser: after.story_memory(),
            w.shelf: gr.update(choices=[(title, uid) for uid, title in after.shelf.items()], value=after.story or None),
            w.restore: gr.update(visible=bool(after.removed)),
        }

    def _show_controls(self, view: View) -> Update:
        """Which buttons can be pressed; while the model writes, Stop stands in the place of Continue."""
        w = self.widgets
        return {
            w.go_on: gr.update(visible=not view.is_writing),
            w.branch: gr.update(interactive=not view.is_writing),
            w.strip: gr.update(interactive=not view.is_writing),
            w.finish: gr.update(interactive=not view.is_writing),
            w.stop: gr.update(visible=view.is_writing),
            w.undo: gr.update(interactive=view.can_undo),
            w.redo: gr.update(interactive=view.can_redo),
            w.retry: gr.update(interactive=view.can_retry),
        }

    def show_notes(self, view: View) -> Update:
        """The reader's notes."""
        w = self.widgets
        return {w.characters: view.characters, w.notes: view.notes, w.lore: view.lore}

    def warn(self, error: Exception, visit: Visit) -> Update:
        """Say what is wrong, and show the story as it stands; the words in the boxes stay."""
        warn(error, visit)
        try:
            return self.show(self.actions.view(visit), visit)
        except StoryError:
            nothing: Update = gr.skip()
            return nothing
        except Exception:  # whatever it is, the page must not be left writing
            logger.exception("The story could not be shown")
            return self._show_controls(View(can_undo=True, can_redo=True, can_retry=True))


def find_visit(request: gr.Request, *memories: object) -> Visit:
    """What a browser remembers, in the language that it asks for."""
    return replace(Visit.from_browser(*memories), language=choose_language(request.headers.get("accept-language", "")))


def warn(error: Exception, visit: Visit) -> None:
    """Say what is wrong. An error that nobody expected goes to the log in full."""
    if not isinstance(error, StoryError):
        logger.error("A handler failed", exc_info=error)
        error = StoryError("Something went wrong on this server. Your story is kept; please try again.")
    show_notice(say_error(error, visit.language), visit)


def speaking(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A handler with a request and a memory that says what fails, and changes nothing then."""

    @wraps(handler)
    def handle(page: Any, request: gr.Request, memory: object, *given: Any) -> Any:
        try:
            return handler(page, request, memory, *given)
        except Exception as error:
            warn(error, find_visit(request, memory))
            return gr.skip()

    return handle


def show_notice(words: str, visit: Visit) -> None:
    """Show a message. Gradio takes it for HTML, so the words are escaped: a part of them may be a file's own text."""
    gr.Warning(NOTICE.format(title=find_texts(visit.language)["notice"], words=words))

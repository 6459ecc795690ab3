"""The page: widgets, and the events that connect them to the actions."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import gradio as gr

from playground.actions import Actions
from playground.api import publish
from playground.children import Children
from playground.editing import Editing
from playground.handlers import QUICK, STOPPING, WAITING, WATCHING, Handlers, Update, find_visit, warn
from playground.ideas import IDEAS, deal
from playground.phrasing import Phrasing
from playground.picturing import Picturing
from playground.sharing import Sharing
from playground.shelf import Shelf
from playground.tuning import Tuning
from playground.visit import View, Visit
from playground.widgets import Widgets
from playground.wording.strings import find_texts
from story_engine import InputError, Story


class Page:
    """One page for all visitors. A visitor's own data travels in `Visit`, from their browser and back to it."""

    def __init__(self, actions: Actions) -> None:
        self.actions, self.shelf = actions, Shelf(actions)
        with gr.Blocks(title="Story Playground", analytics_enabled=False, delete_cache=(3600, 3600)) as self.blocks:
            self.widgets = w = Widgets(actions.engines)
            self.handlers = Handlers(actions, w)
            self._memory, self._settings = [w.browser, w.preferences], list(w.settings.values())
            self.phrasing = Phrasing(self.handlers)
            self._connect_writing()
            self._connect_moves()
            self.editing = Editing(self.handlers)
            self._connect_files()
            self.tuning = Tuning(self.handlers)
            Picturing(self.handlers)
            Children(self.handlers)
            self.sharing = Sharing(self.handlers)
            self._connect_arrival()
            most = actions.engines.most_at_once
            publish(actions, concurrency_limit=most, concurrency_id="write")
        for event in self.blocks.fns.values():  # by default each update of a passage reads all that lies in the page's columns
            if event.show_progress == "hidden":
                event.show_progress_on = [w.preferences]
        self.blocks.queue(max_size=WAITING * most, default_concurrency_limit=most)

    # -- events

    def _connect_writing(self) -> None:
        w, actions, make_writer, writing = self.widgets, self.actions, self.handlers.make_writer, self.handlers.writing
        start, go_on = make_writer(actions.start), make_writer(actions.go_on)
        finish = make_writer(
            lambda visit, text, settings, wish: actions.go_on(visit, text, settings, wish, ending=visit.ending)
        )
        retry = make_writer(lambda visit, _, settings, wish: actions.retry(visit, settings))
        opening = [*self._memory, w.opening, *self._settings]
        words = [*self._memory, w.words, w.mode, *self._settings, w.wish]
        for trigger in (w.begin.click, w.opening.submit):
            trigger(start, opening, w.story, **writing)
        for idea in w.ideas:
            idea.click(IDEAS.get, idea, w.opening, **QUICK).then(start, opening, w.story, **writing)
        w.other_ideas.click(deal, w.ideas[0], w.ideas, **QUICK)
        for trigger, handler in (
            (w.go_on.click, go_on),
            (w.words.submit, go_on),
            (w.wish.submit, go_on),
            (w.branch.click, make_writer(actions.branch)),
            (w.strip.click, make_writer(actions.vary)),
            (w.finish.click, finish),
            (w.retry.click, retry),
        ):
            trigger(self.phrasing.make_sender(handler), words, w.story, **writing)
        boxes = [w.words, w.opening, w.wish]
        w.accepted.change(None, [w.accepted, *boxes], boxes, js="window.drafts.accept")
        for shown in (w.browser.change, w.book.change):
            shown(None, [w.browser, w.book, *boxes, *w.mind], [*boxes, *w.mind], js="window.drafts.enter")
        w.read.click(None, None, None, js="() => window.readAloud()")
        w.stop.click(self._stop, w.browser, None, **STOPPING)

    def _connect_moves(self) -> None:
        w, change, make_mover = self.widgets, self.actions.change, self.handlers.make_mover
        each_click = QUICK | {"trigger_mode": "multiple"}  # two quick clicks are two steps
        w.undo.click(make_mover(lambda visit: change(visit, Story.undo)), self._memory, w.story, **each_click)
        w.redo.click(make_mover(lambda visit: change(visit, Story.redo)), self._memory, w.story, **each_click)
        w.new.click(make_mover(self._start_anew), self._memory, w.story, **QUICK)

    def _connect_arrival(self) -> None:
        w, tuned = self.widgets, self.tuning.remembered
        shown = [*w.story, *tuned, *w.learned, w.preferences]
        arrival = self.blocks.load(self._arrive, self._memory, shown, js="window.memory.arrive", **QUICK)
        arrival.then(self.handlers.watch, self._memory, w.story, **WATCHING)
        for trigger in (w.browser.change, w.elsewhere.click):
            trigger(None, w.browser, [w.browser, w.shelf, w.restore], js="window.memory.mergeStories")
        for trigger in (w.preferences.change, w.elsewhere.click):
            trigger(None, w.preferences, [w.preferences, w.own_manner], js="window.memory.mergeSettings")

    def _connect_files(self) -> None:
        w, shelf, make_mover = self.widgets, self.shelf, self.handlers.make_mover
        # The browser makes the file: no part of a story lies where the server hands out files.
        w.save.click(self._export, [*self._memory, w.form], w.saved, **QUICK).then(
            None, w.saved, None, js="(file) => { if (file) window.saveFile(file); }"
        )
        opened = w.shelf.input(make_mover(self.actions.open_from_shelf), [*self._memory, w.shelf], w.story, **QUICK)
        opened.then(self.handlers.watch, self._memory, w.story, **WATCHING)
        open_file = make_mover(lambda visit, path: shelf.open_file(visit, Path(path)))
        w.open.upload(open_file, [*self._memory, w.open], w.story, **QUICK)
        for trigger in (w.rename.click, w.title.submit):
            trigger(make_mover(shelf.rename), [*self._memory, w.title], w.story, **QUICK)
        for button, act in ((w.duplicate, shelf.duplicate), (w.remove, shelf.remove), (w.restore, shelf.restore)):
            button.click(make_mover(act), self._memory, w.story, **QUICK)
        if w.phases:
            w.phase_opening.input(self._render_stages, w.phase_opening, w.phase_stories, **QUICK)

    # -- handlers

    def _arrive(self, request: gr.Request, data: object, preferences: object) -> Update:
        """The page as the browser left it."""
        visit = find_visit(request, data, preferences)
        shown = self.handlers.arrive(request.session_hash or "", lambda: self._show_story(visit))
        return shown | self.tuning.show(visit) | self._show_learned(visit) | {self.widgets.preferences: visit.preferences()}

    def _show_story(self, visit: Visit) -> Update:
        try:
            view = self.actions.arrive(visit)
            if visit.story not in ("", view.story, *visit.shelf):
                warn(InputError("There is no story behind this link. Ask whoever gave it to you for a new one."), visit)
        except Exception as error:
            warn(error, visit)
            view = View()
        return self.handlers.show(view, visit) | self.handlers.show_notes(view)

    def _start_anew(self, visit: Visit) -> View:
        self.actions.stop(visit)
        return View()

    def _stop(self, data: object) -> None:
        self.actions.stop(Visit.from_browser(data))

    def _export(self, request: gr.Request, data: object, preferences: object, form: str) -> dict[str, str] | None:
        visit = find_visit(request, data, preferences)
        try:
            name, media, content = self.shelf.export(visit, form)
        except Exception as error:
            warn(error, visit)
            return None
        return {"name": name, "type": media, "content": b64encode(content).decode()}

    def _render_stages(self, request: gr.Request, opening: str) -> str:
        phases = self.widgets.phases
        return phases.render_stories(opening, find_texts(find_visit(request).language)) if phases else ""

    def _show_learned(self, visit: Visit) -> dict[Any, str]:
        """The time machine, in the visitor's language."""
        w, texts = self.widgets, find_texts(visit.language)
        if not w.phases:
            return {}
        return {w.curve: w.phases.plot_curve(texts), w.phase_stories: w.phases.render_stories(w.phases.openings[0], texts)}

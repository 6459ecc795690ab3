"""The page: widgets on one side, actions on the other, and the thin handlers between them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from playground.actions import Actions
from playground.api import publish
from playground.editing import Editing
from playground.ideas import IDEAS, deal
from playground.queues import QUICK, WAITING, WRITERS, WRITING, Update
from playground.session import find_visit, show_notice, warn
from playground.shelf import Shelf
from playground.tuning import Tuning
from playground.visit import Live, View, Visit
from playground.widgets import Widgets
from playground.wording.strings import find_texts
from story_engine import Settings, Story, StoryError


class Page:
    """One page for all visitors; what belongs to one of them travels in `Visit`, out of his browser and back."""

    def __init__(self, actions: Actions) -> None:
        self.actions, self.shelf = actions, Shelf(actions)
        with gr.Blocks(title="Story Playground", analytics_enabled=False, delete_cache=(3600, 3600)) as self.blocks:
            self.widgets = Widgets(actions.engines)
            self._connect_writing()
            self._connect_moves()
            Editing(self)
            self._connect_files()
            self.tuning = Tuning(self)
            publish(actions, concurrency_limit=WRITERS, concurrency_id="write")
        self.blocks.queue(max_size=WAITING, default_concurrency_limit=WRITERS)

    # -- events

    def _connect_writing(self) -> None:
        w, settings = self.widgets, list(self.widgets.settings.values())
        memory = [w.browser, w.preferences]
        start = self.make_writer(self.actions.start)
        go_on = self.make_writer(self.actions.go_on)
        finish = self.make_writer(lambda visit, text, settings: self.actions.go_on(visit, text, settings, visit.ending))
        retry = self.make_writer(lambda visit, _, settings: self.actions.retry(visit, settings))
        for trigger in (w.begin.click, w.opening.submit):
            trigger(start, [*memory, w.opening, *settings], w.story, **WRITING)
        for idea in w.ideas:
            idea.click(IDEAS.get, idea, w.opening, **QUICK).then(start, [*memory, w.opening, *settings], w.story, **WRITING)
        w.other_ideas.click(deal, w.ideas[0], w.ideas, **QUICK)
        for trigger in (w.go_on.click, w.words.submit):
            trigger(go_on, [*memory, w.words, *settings], w.story, **WRITING)
        for button, act in ((w.branch, self.actions.branch), (w.strip, self.actions.vary)):
            button.click(self.make_writer(act), [*memory, w.words, *settings], w.story, **WRITING)
        w.finish.click(finish, [*memory, w.words, *settings], w.story, **WRITING)
        w.retry.click(retry, [*memory, w.words, *settings], w.story, **WRITING)
        w.read.click(None, None, None, js="() => window.readAloud()")
        w.stop.click(self._stop, w.browser, None, **QUICK)

    def _connect_moves(self) -> None:
        w, change = self.widgets, self.actions.change
        memory = [w.browser, w.preferences]
        w.undo.click(self.make_mover(lambda visit: change(visit, Story.undo)), memory, w.story, **QUICK)
        w.redo.click(self.make_mover(lambda visit: change(visit, Story.redo)), memory, w.story, **QUICK)
        w.new.click(self.make_mover(self._start_anew), memory, w.story, **QUICK)
        remembered = [*w.settings.values(), w.ending, w.model, w.own_manner, w.pinning]
        self.blocks.load(self._arrive, memory, [*w.story, *remembered, *w.learned], **QUICK)

    def _connect_files(self) -> None:
        w, shelf = self.widgets, self.shelf
        memory = [w.browser, w.preferences]
        # The file is made in the browser: nothing of a story ever lies where the server hands out files.
        w.save.click(self._export, [w.browser, w.form], w.saved, **QUICK).then(
            None, w.saved, None, js="(file) => { if (file) window.saveFile(file); }"
        )
        w.shelf.input(self.make_mover(self.actions.take_from_shelf), [*memory, w.shelf], w.story, **QUICK)
        open_file = self.make_mover(lambda visit, path: shelf.open_file(visit, Path(path)))
        w.open.upload(open_file, [*memory, w.open], w.story, **QUICK)
        for trigger in (w.rename.click, w.title.submit):
            trigger(self.make_mover(shelf.rename), [*memory, w.title], w.story, **QUICK)
        for button, act in ((w.duplicate, shelf.duplicate), (w.remove, shelf.remove), (w.restore, shelf.restore)):
            button.click(self.make_mover(act), memory, w.story, **QUICK)
        if w.phases:
            w.phase_opening.input(self._tell_stages, w.phase_opening, w.phase_stories, **QUICK)

    # -- handlers

    def make_writer(self, act: Callable[[Visit, str, Settings], Iterator[View | Live]]) -> Callable:
        """A handler that shows a passage as it is written."""

        def handler(request: gr.Request, data: object, preferences: object, text: str, *given: Any) -> Iterator[Update]:
            visit = find_visit(request, data, preferences)
            try:
                settings = Settings(**dict(zip(self.widgets.settings, given, strict=True)))
                for view in act(visit, text, settings):
                    yield self.show(view, visit)
            except StoryError as error:
                yield self.warn(error, visit)

        return handler

    def make_mover(self, act: Callable[..., View]) -> Callable:
        """A handler that makes one move and shows where it led."""

        def handler(request: gr.Request, data: object, preferences: object, *given: Any) -> Update:
            visit = find_visit(request, data, preferences)
            try:
                return self.show(act(visit, *given), visit)
            except StoryError as error:
                return self.warn(error, visit)

        return handler

    def _arrive(self, request: gr.Request, data: object, preferences: object) -> Update:
        """The page as the browser left it."""
        visit = find_visit(request, data, preferences)
        try:
            view = self.actions.arrive(visit)
        except StoryError as error:
            warn(error, visit)
            view = View()
        return self.show(view, visit) | self._show_notes(view) | self.tuning.show(visit) | self._show_learned(visit)

    def _start_anew(self, visit: Visit) -> View:
        self.actions.stop(visit)
        return View()

    def _stop(self, data: object) -> None:
        self.actions.stop(Visit.from_browser(data))

    def _export(self, request: gr.Request, data: object, form: str) -> dict[str, str] | None:
        visit = find_visit(request, data)
        try:
            name, media, content = self.shelf.export(visit, form)
        except StoryError as error:
            warn(error, visit)
            return None
        return {"name": name, "type": media, "content": b64encode(content).decode()}

    def _tell_stages(self, request: gr.Request, opening: str) -> str:
        phases = self.widgets.phases
        return phases.draw_stories(opening, find_texts(find_visit(request).language)) if phases else ""

    # -- showing

    def show(self, view: View | Live, visit: Visit) -> Update:
        """The widgets' new values; while a passage is written, only its own words travel."""
        w = self.widgets
        if isinstance(view, Live):
            return {w.ways: gr.update(value=view.ways, visible=True)} if view.ways else {w.live: view.html}
        if view.notice:
            show_notice(view.notice, visit)
        after = visit.after(view)
        shown: Update = {
            w.browser: after.story_memory(),
            w.shelf: gr.update(choices=[(title, uid) for uid, title in after.shelf.items()], value=view.story or None),
            w.title: view.title,
            w.restore: gr.update(visible=bool(after.removed)),
            w.beginning: gr.update(visible=view.is_blank),
            w.writing: gr.update(visible=not view.is_blank),
            w.book: view.book,
            w.live: "",
            w.meter: view.meter,
            w.tree: view.tree,
            w.ways: gr.update(value=view.ways, visible=bool(view.ways)),
            w.editor: gr.update(visible=False),
            w.context: "",
        }
        if view.story != visit.story:
            shown |= self._show_notes(view)
        # The reader's draft leaves its box only once it stands in the story.
        return shown | self._show_controls(view) | ({w.words: "", w.opening: ""} if view.is_writing else {})

    def _show_controls(self, view: View) -> Update:
        """Which buttons can be pressed; while the model writes, Stop stands where Continue was."""
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

    def _show_notes(self, view: View) -> Update:
        """Only where another story comes into view: what is being typed stays otherwise."""
        return {self.widgets.characters: view.characters, self.widgets.notes: view.notes}

    def _show_learned(self, visit: Visit) -> Update:
        """The time machine, in the visitor's language."""
        w, texts = self.widgets, find_texts(visit.language)
        if not w.phases:
            return {}
        return {w.curve: w.phases.draw_curve(texts), w.phase_stories: w.phases.draw_stories(w.phases.openings[0], texts)}

    def warn(self, error: StoryError, visit: Visit) -> Update:
        """Say what is wrong; story and draft stay as they are."""
        warn(error, visit)
        try:
            return self.show(self.actions.look(visit), visit)
        except StoryError:
            return {}

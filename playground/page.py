"""The page: widgets on one side, actions on the other, and the thin handlers between them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from playground.actions import Actions
from playground.api import publish
from playground.ideas import IDEAS
from playground.shelf import Shelf
from playground.view import draw_influences, draw_receipt, draw_replay
from playground.visit import Live, View, Visit
from playground.widgets import MANNERS, Widgets
from story_engine import Settings, Story, StoryError

WRITERS = 16  # stories written at once; the others wait in the queue
WAITING = 64
ENDING = 5  # sentences in which a story is brought to its end
WRITING: dict[str, Any] = {
    "concurrency_limit": WRITERS,
    "concurrency_id": "write",
    "show_progress": "hidden",
    "api_visibility": "private",
}
ASKING: dict[str, Any] = {"concurrency_limit": 2, "show_progress": "minimal", "api_visibility": "private"}
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
Update = dict[Any, Any]


class Page:
    """One page for all visitors; what belongs to one of them travels in `Visit`, out of his browser and back."""

    def __init__(self, actions: Actions) -> None:
        self.actions, self.shelf = actions, Shelf(actions)
        with gr.Blocks(title="Story Playground", analytics_enabled=False, delete_cache=(3600, 3600)) as self.blocks:
            self.widgets = Widgets(actions.engines)
            self._connect_writing()
            self._connect_moves()
            self._connect_editing()
            self._connect_files()
            self._connect_settings()
            publish(actions, concurrency_limit=WRITERS, concurrency_id="write")
        self.blocks.queue(max_size=WAITING, default_concurrency_limit=WRITERS)

    # -- events

    def _connect_writing(self) -> None:
        w, settings = self.widgets, list(self.widgets.settings.values())
        memory = [w.browser, w.preferences]
        start = self._writer(self.actions.start)
        go_on = self._writer(self.actions.go_on)
        finish = self._writer(lambda visit, text, settings: self.actions.go_on(visit, text, settings, ENDING))
        retry = self._writer(lambda visit, _, settings: self.actions.retry(visit, settings))
        for trigger in (w.begin.click, w.opening.submit):
            trigger(start, [*memory, w.opening, *settings], w.story, **WRITING)
        for idea, text in zip(w.ideas, IDEAS.values(), strict=True):
            idea.click(lambda text=text: text, None, w.opening, **QUICK).then(
                start, [*memory, w.opening, *settings], w.story, **WRITING
            )
        for trigger in (w.go_on.click, w.words.submit):
            trigger(go_on, [*memory, w.words, *settings], w.story, **WRITING)
        for button, act in ((w.branch, self.actions.branch), (w.strip, self.actions.vary)):
            button.click(self._writer(act), [*memory, w.words, *settings], w.story, **WRITING)
        w.finish.click(finish, [*memory, w.words, *settings], w.story, **WRITING)
        w.retry.click(retry, [*memory, w.words, *settings], w.story, **WRITING)
        w.read.click(None, None, None, js="() => window.readAloud()")
        w.stop.click(lambda data: self.actions.stop(Visit.from_browser(data)), w.browser, None, **QUICK)

    def _connect_moves(self) -> None:
        w, change = self.widgets, self.actions.change
        memory = [w.browser, w.preferences]
        w.undo.click(self._mover(lambda visit: change(visit, Story.undo)), memory, w.story, **QUICK)
        w.redo.click(self._mover(lambda visit: change(visit, Story.redo)), memory, w.story, **QUICK)
        w.new.click(self._mover(self._start_anew), memory, w.story, **QUICK)
        self.blocks.load(self._arrive, memory, [*w.story, *w.settings.values(), w.model], **QUICK)

    def _connect_editing(self) -> None:
        w = self.widgets
        memory = [w.browser, w.preferences]
        for clickable in (w.book, w.tree, w.ways):
            clickable.click(self._click_book, memory, w.story, **QUICK)
        save = self._mover(self.actions.edit)
        w.edit_save.click(save, [*memory, w.edited, w.edit_text], w.story, **QUICK)
        w.edit_cancel.click(lambda: gr.update(visible=False), None, w.editor, **QUICK)
        w.asked.input(self._ask, [*memory, w.edited, w.asked], w.influences, **ASKING)
        w.replay.click(self._replay, [*memory, w.edited], w.replayed, **ASKING)
        w.pins.input(self._pin, [*memory, w.edited, w.pins], w.story, **QUICK)

    def _connect_files(self) -> None:
        w, shelf = self.widgets, self.shelf
        memory = [w.browser, w.preferences]
        # The file is made in the browser: nothing of a story ever lies where the server hands out files.
        w.save.click(self._export, [w.browser, w.form], w.saved, **QUICK).then(
            None, w.saved, None, js="(file) => { if (file) window.saveFile(file); }"
        )
        w.shelf.input(self._mover(self.actions.take_from_shelf), [*memory, w.shelf], w.story, **QUICK)
        open_file = self._mover(lambda visit, path: shelf.open_file(visit, Path(path)))
        w.open.upload(open_file, [*memory, w.open], w.story, **QUICK)
        for trigger in (w.rename.click, w.title.submit):
            trigger(self._mover(shelf.rename), [*memory, w.title], w.story, **QUICK)
        for button, act in ((w.duplicate, shelf.duplicate), (w.remove, shelf.remove), (w.restore, shelf.restore)):
            button.click(self._mover(act), memory, w.story, **QUICK)
        if w.phases:
            w.phase_opening.input(w.phases.draw_stories, w.phase_opening, w.phase_stories, **QUICK)

    def _connect_settings(self) -> None:
        w, values = self.widgets, list(self.widgets.settings.values())
        # Only what a person changes is remembered: when a page loads, its widgets change one after another.
        for widget in values:
            widget.input(self._remember, [w.model, *values], w.preferences, **QUICK)
            if isinstance(widget, gr.Slider):
                widget.release(self._remember, [w.model, *values], w.preferences, **QUICK)
        w.model.input(self._choose_model, [w.model, *values], [w.preferences, w.model], **QUICK)
        for name, manner in MANNERS.items():
            given = [getattr(manner, field) for field in w.settings]
            w.manners[name].click(lambda given=given: given, None, values, **QUICK).then(
                self._remember, [w.model, *values], w.preferences, **QUICK
            )

    # -- handlers

    def _writer(self, act: Callable[[Visit, str, Settings], Iterator[View | Live]]) -> Callable:
        """A handler that shows a passage as it is written."""

        def handler(data: object, preferences: object, text: str, *given: Any) -> Iterator[Update]:
            visit = Visit.from_browser(data, preferences)
            try:
                settings = Settings(**dict(zip(self.widgets.settings, given, strict=True)))
                for view in act(visit, text, settings):
                    yield self._show(view, visit)
            except StoryError as error:
                yield self._warn(error, visit)

        return handler

    def _mover(self, act: Callable[..., View]) -> Callable:
        """A handler that makes one move and shows where it led."""

        def handler(data: object, preferences: object, *given: Any) -> Update:
            visit = Visit.from_browser(data, preferences)
            try:
                return self._show(act(visit, *given), visit)
            except StoryError as error:
                return self._warn(error, visit)

        return handler

    def _arrive(self, data: object, preferences: object) -> Update:
        """The page as the browser left it; settings and models that are no longer possible give way to the defaults."""
        visit, w = Visit.from_browser(data, preferences), self.widgets
        try:
            settings = Settings.from_dict(visit.settings)
        except StoryError:
            settings = Settings()
        model = visit.model if visit.model in self.actions.engines.names else self.actions.engines.default
        visit = replace(visit, settings=settings.to_dict(), model=model)
        widgets = {widget: getattr(settings, name) for name, widget in w.settings.items()} | {w.model: model}
        try:
            return self._show(self.actions.arrive(visit), visit) | widgets
        except StoryError as error:
            gr.Warning(str(error))
            return self._show(View(), visit) | widgets

    def _start_anew(self, visit: Visit) -> View:
        self.actions.stop(visit)
        return View()

    def _click_book(self, data: object, preferences: object, event: gr.EventData) -> Update:
        visit = Visit.from_browser(data, preferences)
        act, passage = event._data.get("act"), event._data.get("passage")
        try:
            if act in ("back", "forward"):
                return self._show(self.actions.flip(visit, passage, 1 if act == "forward" else -1), visit)
            if act == "go":
                return self._show(self.actions.go_to(visit, passage), visit)
            return self._open_editor(visit, passage)
        except StoryError as error:
            return self._warn(error, visit)

    def _open_editor(self, visit: Visit, number: object) -> Update:
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
            w.receipt: draw_receipt(passage.receipt),
            w.replay: gr.update(visible=passage.receipt is not None),
            w.replayed: "",
        }

    def _replay(self, data: object, preferences: object, passage: object) -> str:
        return self._draw_or_warn(lambda visit: draw_replay(self.actions.replay(visit, passage)), data, preferences)

    def _ask(self, data: object, preferences: object, passage: object, sentence: object) -> str:
        find = self.actions.find_influences
        return self._draw_or_warn(lambda visit: draw_influences(find(visit, passage, sentence)), data, preferences)

    def _draw_or_warn(self, draw: Callable[[Visit], str], *memories: object) -> str:
        try:
            return draw(Visit.from_browser(*memories))
        except StoryError as error:
            gr.Warning(str(error))
            return ""

    def _pin(self, data: object, preferences: object, passage: object, chosen: list[int]) -> Update:
        """As every move, but the panel stays open."""
        shown = self._mover(self.actions.pin)(data, preferences, passage, chosen)
        return shown | {self.widgets.editor: gr.update(visible=True)}

    def _export(self, data: object, form: str) -> dict[str, str] | None:
        try:
            name, media, content = self.shelf.export(Visit.from_browser(data), form)
        except StoryError as error:
            gr.Warning(str(error))
            return None
        return {"name": name, "type": media, "content": b64encode(content).decode()}

    def _remember(self, model: str, *given: Any) -> dict[str, Any]:
        """The settings as they stand now, for the browser to keep."""
        return Visit(settings=dict(zip(self.widgets.settings, given, strict=True)), model=model).preferences()

    def _choose_model(self, model: str, *given: Any) -> tuple[dict[str, Any], str]:
        try:
            self.actions.engines.get(model)
        except StoryError as error:
            model = self.actions.engines.default
            gr.Warning(f"{error} The story goes on with the {model} model.")
        return self._remember(model, *given), model

    # -- showing

    def _show(self, view: View | Live, visit: Visit) -> Update:
        """The widgets' new values; while a passage is written, only its own words travel."""
        w = self.widgets
        if isinstance(view, Live):
            return {w.ways: gr.update(value=view.ways, visible=True)} if view.ways else {w.live: view.html}
        if view.notice:
            gr.Warning(view.notice)
        visit = visit.after(view)
        shown: Update = {
            w.browser: visit.story_memory(),
            w.shelf: gr.update(choices=[(title, uid) for uid, title in visit.shelf.items()], value=view.story or None),
            w.title: view.title,
            w.restore: gr.update(visible=bool(visit.removed)),
            w.beginning: gr.update(visible=view.is_blank),
            w.writing: gr.update(visible=not view.is_blank),
            w.book: view.book,
            w.live: "",
            w.meter: view.meter,
            w.tree: view.tree,
            w.ways: gr.update(value=view.ways, visible=bool(view.ways)),
            w.go_on: gr.update(visible=not view.is_writing),
            w.branch: gr.update(interactive=not view.is_writing),
            w.strip: gr.update(interactive=not view.is_writing),
            w.finish: gr.update(interactive=not view.is_writing),
            w.stop: gr.update(visible=view.is_writing),
            w.undo: gr.update(interactive=view.can_undo),
            w.redo: gr.update(interactive=view.can_redo),
            w.retry: gr.update(interactive=view.can_retry),
            w.editor: gr.update(visible=False),
        }
        # The reader's draft leaves its box only once it stands in the story.
        return shown | ({w.words: "", w.opening: ""} if view.is_writing else {})

    def _warn(self, error: StoryError, visit: Visit) -> Update:
        """Say what is wrong; story and draft stay as they are."""
        gr.Warning(str(error))
        try:
            return self._show(self.actions.look(visit), visit)
        except StoryError:
            return {}

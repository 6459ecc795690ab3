"""The settings: the browser remembers them, a manner of writing sets all of them, and a reader keeps some under a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from playground.handlers import QUICK, Handlers, Update, find_visit, speaking, warn
from playground.visit import MOST_MANNERS, Visit
from playground.widgets import MANNERS
from story_engine import MODEL_SETTINGS, InputError, ModelError, Settings, StoryError, read_unwanted

LONGEST_NAME = 30
LAST: dict[str, Any] = QUICK | {"trigger_mode": "always_last"}  # one request at a time; the last change counts


class Tuning:
    """Connects the widgets of a page; to be made inside its Blocks."""

    def __init__(self, handlers: Handlers) -> None:
        self.widgets, self.engines = handlers.widgets, handlers.actions.engines
        w, values = self.widgets, list(self.widgets.settings.values())
        inputs = [w.preferences, w.model, *values]
        # Only input of a person is remembered: when a page loads, its widgets change one after another.
        self._follow(values, self._remember, inputs)
        self._follow([w.ending], self._remember_ending, [w.preferences, w.ending])
        gr.on([w.unwanted.input, w.unwanted.blur], self._remember_unwanted, [w.preferences, w.unwanted], w.preferences, **LAST)
        w.reading_level.input(self._remember_level, [w.preferences, w.reading_level], w.preferences, **LAST)
        w.model.input(
            self._choose_model, inputs, [w.preferences, w.model, *(w.settings[name] for name in MODEL_SETTINGS)], **QUICK
        )
        for name, manner in MANNERS.items():
            given = [manner.get(field, getattr(self.engines.recommended, field)) for field in w.settings]
            w.manners[name].click(lambda given=given: given, None, values, **QUICK).then(
                self._remember, inputs, w.preferences, **QUICK
            )
        own = [w.preferences, w.own_manner, w.manner_name]
        w.own_manner.input(self._load_manner, [w.preferences, w.own_manner], [w.preferences, *values], **QUICK)
        w.keep_manner.click(self._keep_manner, [w.preferences, w.manner_name, *values], own, **QUICK)
        w.drop_manner.click(self._drop_manner, [w.preferences, w.own_manner], own, **QUICK)

    @property
    def remembered(self) -> list[Any]:
        """The widgets that `show` sets."""
        w = self.widgets
        return [
            *w.settings.values(),
            w.ending,
            w.model,
            w.own_manner,
            w.pinning,
            w.unwanted,
            w.pictures,
            w.for_children,
            w.reading_level,
        ]

    def _follow(self, widgets: Sequence[Any], remember: Callable[..., dict[str, Any]], inputs: Sequence[Any]) -> None:
        """Call `remember` whenever a person changes one of the widgets, one request at a time; the last change counts."""
        triggers = [widget.input for widget in widgets]
        triggers += [widget.release for widget in widgets if isinstance(widget, gr.Slider)]
        gr.on(triggers, remember, inputs, self.widgets.preferences, **LAST)

    def show(self, visit: Visit) -> Update:
        """The widgets as the browser left them; what it left out is as recommended, as all are where a value is impossible."""
        w, recommended = self.widgets, self.engines.recommended
        try:
            settings = Settings.from_dict(recommended.to_dict() | visit.settings)
        except StoryError:
            settings = recommended
        model = visit.model if visit.model in self.engines.names else self.engines.default
        shown = {widget: getattr(settings, name) for name, widget in w.settings.items()}
        shown |= {w.model: model, w.own_manner: _list(visit), w.ending: visit.ending, w.pinning: visit.pinning}
        is_on = recommended.for_children if visit.for_children is None else visit.for_children
        shown |= {w.reading_level: visit.reading_level}
        return shown | {w.unwanted: ", ".join(visit.unwanted), w.pictures: visit.pictures, w.for_children: is_on}

    @speaking
    def _remember(self, request: gr.Request, preferences: object, model: str, *given: Any) -> dict[str, Any]:
        """The current settings, for the browser to keep."""
        settings = dict(zip(self.widgets.settings, given, strict=True))
        return replace(Visit.from_browser(preferences), settings=settings, model=model).preferences()

    @speaking
    def _remember_ending(self, request: gr.Request, preferences: object, ending: float) -> dict[str, Any]:
        return replace(Visit.from_browser(preferences), ending=int(ending)).preferences()

    @speaking
    def _remember_unwanted(self, request: gr.Request, preferences: object, words: str) -> Any:
        return replace(find_visit(request, preferences), unwanted=read_unwanted(words)).preferences()

    @speaking
    def _remember_level(self, request: gr.Request, preferences: object, level: str) -> dict[str, Any]:
        return replace(Visit.from_browser(preferences), reading_level=level).preferences()

    @speaking
    def _choose_model(self, request: gr.Request, preferences: object, model: str, *given: Any) -> tuple[Any, ...]:
        """The model for the next passages, with the settings of its own that suit it."""
        try:
            recommended = self.engines.get(model).recommended
        except StoryError as error:
            recommended, model = self.engines.recommended, self.engines.default
            words = "{problem} The story goes on with the {model} model."
            warn(ModelError(words, problem=[error], model=model), find_visit(request, preferences))
        suited = {name: getattr(recommended, name) for name in MODEL_SETTINGS}
        settings = dict(zip(self.widgets.settings, given, strict=True)) | suited
        return self._remember(request, preferences, model, *settings.values()), model, *suited.values()

    @speaking
    def _keep_manner(self, request: gr.Request, preferences: object, name: str, *given: Any) -> Update:
        """Keep the current settings under a name."""
        w, visit = self.widgets, find_visit(request, preferences)
        name = " ".join(str(name or "").split())[:LONGEST_NAME]
        if not name:
            raise InputError("Give this manner of writing a name first.")
        if name not in visit.manners and len(visit.manners) >= MOST_MANNERS:
            raise InputError("There are {most} manners already. Drop one first.", most=MOST_MANNERS)
        visit = replace(visit, manners=visit.manners | {name: dict(zip(w.settings, given, strict=True))})
        return {w.preferences: visit.preferences(), w.own_manner: _list(visit, name), w.manner_name: ""}

    @speaking
    def _load_manner(self, request: gr.Request, preferences: object, name: str) -> Update:
        """Use the settings that were kept under a name."""
        w, visit = self.widgets, find_visit(request, preferences)
        settings = Settings.from_dict(visit.manners.get(name, {}))
        visit = replace(visit, settings=settings.to_dict())
        return {w.preferences: visit.preferences()} | {widget: getattr(settings, field) for field, widget in w.settings.items()}

    @speaking
    def _drop_manner(self, request: gr.Request, preferences: object, name: str | None) -> Update:
        w, visit = self.widgets, Visit.from_browser(preferences)
        visit = replace(visit, manners={other: kept for other, kept in visit.manners.items() if other != name})
        return {w.preferences: visit.preferences(), w.own_manner: _list(visit), w.manner_name: name or ""}


def _list(visit: Visit, chosen: str | None = None) -> Any:
    return gr.update(choices=list(visit.manners), value=chosen)

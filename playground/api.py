"""The playground for scripts: /start, /continue, /retry and /undo, to be called with gradio_client.

`/start` takes an `opening`, the others the number of a `story`; `/continue` also takes a `text` and, at the end, a `wish`. The
first three take every field of Settings by its name, `unwanted` as words with commas between them. The answer is `{"story":
number, "passage": the newest words, "text": the whole story, "finish": why the passage stopped}`; while a passage is being
written, answers with its words so far stream in, the first one without any.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import gradio as gr

from playground.actions import Actions
from playground.rates import Rates
from playground.visit import Live, View, Visit
from story_engine import RANGES, Settings, Story, StoryError, read_unwanted

SETTINGS_TYPES = {"max_new_tokens": int, "top_k": int, "best_of": int, "seed": int | None}
FAILED = "Something went wrong on this server. Your story is kept; please try again."
log = logging.getLogger(__name__)
NUMBERS = [field for field in fields(Settings) if field.name in RANGES]


def publish(actions: Actions, **queue: Any) -> None:
    """Offer the endpoints; to be called inside the page's Blocks, with its queue options."""
    endpoints, needed = Endpoints(actions), inspect.Parameter.empty
    rates, recommended = actions.rates, actions.engines.recommended
    doors: list[tuple[Callable[..., Any], str, dict[str, Any], dict[str, Any]]] = [
        (endpoints.start, "start", {"opening": needed}, {}),
        (endpoints.go_on, "continue", {"story": needed, "text": ""}, {"wish": ""}),
        (endpoints.retry, "retry", {"story": needed}, {}),
    ]
    for function, name, words, last in doors:
        gr.api(_as_endpoint(function, words, rates, recommended, last), api_name=name, **queue)  # type: ignore[attr-defined]
    gr.api(_as_endpoint(endpoints.undo, {"story": needed}, rates), api_name="undo")  # type: ignore[attr-defined]


class Endpoints:
    """The same buttons, for scripts: stories by their numbers, and plain data as answers."""

    def __init__(self, actions: Actions) -> None:
        self.actions = actions

    def start(self, opening: str, settings: Settings) -> Iterator[dict[str, Any]]:
        """Begin a story with your own words and let the model write on."""
        yield from self._answer(self.actions.start, Visit(for_children=settings.for_children), opening, settings)

    def go_on(self, story: str, text: str, settings: Settings, wish: str) -> Iterator[dict[str, Any]]:
        """Go on with a story, behind your own next words or without any. A wish, "it begins to snow", guides the words."""
        yield from self._answer(self.actions.go_on, Visit(story, for_children=settings.for_children), text, settings, wish)

    def retry(self, story: str, settings: Settings) -> Iterator[dict[str, Any]]:
        """Write another version of the last passage; the earlier one is kept."""
        yield from self._answer(self.actions.retry, Visit(story, for_children=settings.for_children), settings)

    def undo(self, story: str) -> Iterator[dict[str, Any]]:
        """Take the last passage back."""
        self.actions.change(Visit(story), Story.undo)
        yield self._describe(Visit(story))

    def _answer(self, act: Callable[..., Iterator[View | Live]], visit: Visit, *given: Any) -> Iterator[dict[str, Any]]:
        for view in act(visit, *given):
            if isinstance(view, View):
                facts = self._describe(replace(visit, story=view.story))
                told = {"passage": "", "finish": ""} if view.is_writing else {}
            else:
                told = {"passage": view.text, "finish": ""}
            yield facts | told

    def _describe(self, visit: Visit) -> dict[str, Any]:
        story = self.actions.find_shown(visit).story
        last = story.last()
        return {
            "story": story.uid,
            "passage": last.text if last else "",
            "text": story.text(),
            "finish": last.finish if last else "",
        }


def _as_endpoint(
    function: Callable[..., Iterator[dict[str, Any]]],
    words: dict[str, Any],
    rates: Rates,
    settings: Settings | None = None,
    last: dict[str, Any] | None = None,
) -> Callable[..., Iterator[dict[str, Any]]]:
    """`function` with the fields of these settings as parameters of their own, `last` ones behind them, and errors in words."""
    parameters = [*_list_parameters(words, settings), *_list_texts(last or {})]

    def endpoint(request: gr.Request, *values: Any) -> Iterator[dict[str, Any]]:
        end = len(parameters) - 1 - len(last or {})  # the request is one of them
        given, more = values[: len(words)], values[end:]
        with _saying_errors():
            if settings:
                rates.count(request)
            options = [_read_settings(*values[len(words) : end])] if settings else []
            yield from function(*given, *options, *more)

    endpoint.__signature__ = inspect.Signature(parameters, return_annotation=dict)  # type: ignore[attr-defined]
    endpoint.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": dict}
    endpoint.__doc__, endpoint.__name__ = function.__doc__, function.__name__
    return endpoint


def _list_parameters(words: dict[str, Any], settings: Settings | None) -> list[inspect.Parameter]:
    """The request, which Gradio fills in, then the words, then the settings."""
    parameters = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=gr.Request)]
    parameters += _list_texts(words)
    if settings:
        parameters += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=getattr(settings, field.name),
                annotation=SETTINGS_TYPES.get(field.name, float),
            )
            for field in NUMBERS
        ]
        for name, default in (
            ("unwanted", ""),
            ("for_children", settings.for_children),
            ("reading_level", settings.reading_level),
        ):
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            parameters.append(inspect.Parameter(name, kind, default=default, annotation=type(default)))
    return parameters


def _list_texts(words: dict[str, Any]) -> list[inspect.Parameter]:
    return [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=str)
        for name, default in words.items()
    ]


@contextmanager
def _saying_errors() -> Iterator[None]:
    """Errors in the reader's words. Of one that nobody expected, Gradio would write the words to the log."""
    try:
        yield
    except StoryError as error:
        raise gr.Error(str(error), print_exception=False) from error
    except Exception as error:
        log.error("An endpoint failed", exc_info=error)
        raise gr.Error(FAILED, print_exception=False) from error


def _read_settings(*values: Any) -> Settings:
    """Settings from the numbers in their order, the unwanted words as one text, whether children read this, and the level."""
    numbers, (unwanted, for_children, level) = values[: len(NUMBERS)], values[len(NUMBERS) :]
    named = dict(zip((field.name for field in NUMBERS), numbers, strict=True))
    return Settings(**named, unwanted=read_unwanted(unwanted), for_children=for_children, reading_level=level)

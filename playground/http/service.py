"""The endpoints of a running page: made of its engine, and put before its own application."""

from __future__ import annotations

from collections.abc import Callable

from gradio import Blocks

from playground.actions import Actions
from playground.http.desk import Desk
from playground.http.endpoints import Endpoints
from playground.http.front import Front
from playground.http.gate import EventGate
from playground.http.metrics import Metrics, Sources
from playground.http.options import ApiOptions
from playground.reading import ReadingAlong
from story_engine import Completions


def serve_endpoints(blocks: Blocks, actions: Actions, options: ApiOptions) -> Endpoints:
    """Serve the endpoints beside a page that is open already; they use its first model, and so its steps."""
    engines, desk = actions.engines, Desk()
    completions = Completions(engines.get(engines.default))
    sources = Sources(engines, completions, desk, lambda: len(blocks._queue), lambda: actions.writing.forgettings)
    metrics = Metrics(sources)
    if options.is_on:
        metrics.watch_log()
    endpoints = Endpoints(completions, metrics, desk, for_children=engines.recommended.for_children)
    app = blocks.app
    # Gradio adds its own middleware last, so that it would stand before ours.
    behind = app.middleware_stack or app.build_middleware_stack()
    app.middleware_stack = Front(
        EventGate(
            behind,
            _list_functions(blocks),
            lambda: blocks._queue.pending_messages_per_session,
            lambda: blocks._queue.pending_event_ids_session,
        ),
        endpoints,
        options,
        ReadingAlong(actions),
    )
    app.state.endpoints = endpoints
    return endpoints


def _list_functions(blocks: Blocks) -> Callable[[], dict[int, object]]:
    """The names of the page's functions, by their numbers."""
    return lambda: {number: one.api_name for number, one in blocks.fns.items()}

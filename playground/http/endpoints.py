"""The endpoints: models, completions, tokens, health and figures."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from playground.http.bodies import read_body
from playground.http.desk import PLACES, Desk
from playground.http.errors import FAILED, ApiError
from playground.http.guarding import check_prompt, guard
from playground.http.metrics import Metrics
from playground.http.schemas import CompletionBody, DetokenizeBody, TokenizeBody
from playground.http.streams import EventStream
from playground.http.telling import Answer, make_orders, write_error
from story_engine import CompletionOrder, CompletionPiece, Completions, InputError, SettingsError, StoryError

LOOK_EVERY = 0.5  # seconds between two looks at whether the client is still there
CLOSING = "This server is closing. Try again in a moment."
CLIENT_LEFT = 499  # nobody reads it but the log

T = TypeVar("T")
Told = AsyncGenerator[tuple[int, CompletionPiece], None]
log = logging.getLogger(__name__)


class Endpoints:
    """Answers requests with one engine's model, checked where it is `for_children`; used by one event loop."""

    def __init__(self, completions: Completions, metrics: Metrics, desk: Desk, *, for_children: bool = False) -> None:
        self.completions, self.metrics, self.desk, self.for_children = completions, metrics, desk, for_children
        self.is_closing = False
        self.created = int(time.time())
        self._cancels: set[threading.Event] = set()
        self._threads: anyio.CapacityLimiter | None = None

    # -- the server itself

    def close(self) -> None:
        """Take no more requests; those that are being answered go on."""
        self.is_closing = True

    def stop(self) -> None:
        """Stop what is being answered."""
        for cancel in [*self._cancels]:
            cancel.set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being answered."""
        return not self._cancels and not self.desk.waiting

    async def health(self, request: Request) -> Response:
        self._check_ready()
        return JSONResponse({"status": "ok", "model": self.completions.name})

    async def figures(self, request: Request) -> Response:
        content, kind = self.metrics.write()
        return Response(content, media_type=kind)

    # -- the model

    async def list_models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [self._describe_model()]})

    async def find_model(self, request: Request) -> Response:
        self._check_model(request.path_params["name"])
        return JSONResponse(self._describe_model())

    async def tokenize(self, request: Request) -> Response:
        body = await read_body(request, TokenizeBody)
        self._check_model(body.model or self.completions.name)
        ids = await self._run(self.completions.encode, body.prompt or body.content, begins=body.add_special_tokens)
        return JSONResponse({"tokens": ids, "count": len(ids), "max_model_len": self.completions.context_length})

    async def detokenize(self, request: Request) -> Response:
        body = await read_body(request, DetokenizeBody)
        self._check_model(body.model or self.completions.name)
        return JSONResponse({"prompt": await self._run(self.completions.decode, body.tokens)})

    async def complete(self, request: Request) -> Response:
        body = await read_body(request, CompletionBody)
        self._check_model(body.model)
        self._check_ready()
        orders = await self._run(make_orders, self.completions, body)
        for order in orders if self.for_children else ():
            await self._run(check_prompt, self.completions, order)
        answer = Answer(self.completions.name, body, sum(len(order.ids) for order in orders))
        async with AsyncExitStack() as held:
            await held.enter_async_context(self.desk.take(body.n))
            if body.stream:
                return EventStream(self._stream(orders, answer), held.pop_all())
            told, looked_at = [], time.monotonic()
            pieces = self._tell(orders, answer)
            held.push_async_callback(pieces.aclose)
            async for first, piece in pieces:
                told.append((first, piece))
                if time.monotonic() - looked_at > LOOK_EVERY:
                    looked_at = time.monotonic()
                    if await request.is_disconnected():
                        return Response(status_code=CLIENT_LEFT)
            return JSONResponse(answer.collect(told))

    async def _stream(self, orders: Sequence[CompletionOrder], answer: Answer) -> AsyncGenerator[str, None]:
        pieces = self._tell(orders, answer)
        try:
            async for first, piece in pieces:
                for event in answer.stream(piece, first):
                    yield event
        except ApiError as error:
            yield write_error(error)
        except Exception as error:
            log.error("A stream failed", exc_info=error)
            yield write_error(FAILED)
        finally:
            await pieces.aclose()
        for event in answer.end():
            yield event

    async def _tell(self, orders: Sequence[CompletionOrder], answer: Answer) -> Told:
        """(index of the prompt's first completion, piece) of one prompt after the other.

        Raises:
            ApiError: the model failed, or the server closes.
        """
        cancel, begun = threading.Event(), time.monotonic()
        self._cancels.add(cancel)
        try:
            for number, order in enumerate(orders):
                stream = self.completions.stream(order, cancel)
                if self.for_children:
                    stream = guard(stream, self.completions.decode(order.ids), order.n)
                try:
                    while (piece := await self._run(_take_next, stream)) is not None:
                        answer.count(piece)
                        yield number * order.n, piece
                finally:
                    stream.close()
                if cancel.is_set():
                    raise ApiError(503, CLOSING, code="closing")
        finally:
            cancel.set()
            self._cancels.discard(cancel)
            self._note(answer, time.monotonic() - begun)

    def _note(self, answer: Answer, seconds: float) -> None:
        figures = {"prompt_tokens": answer.prompt_tokens, "completion_tokens": answer.completion_tokens}
        self.metrics.count_completion(answer.cached_tokens, **figures)
        log.info("completion", extra={"seconds": round(seconds, 3), "cached_tokens": answer.cached_tokens, **figures})

    async def _run(self, work: Callable[..., T], *given: Any, **named: Any) -> T:
        """Work that may take long, in a thread.

        Raises:
            ApiError: it cannot be done; the words are the engine's.
        """
        self._threads = self._threads or anyio.CapacityLimiter(2 * PLACES)
        try:
            return await anyio.to_thread.run_sync(partial(work, *given, **named), limiter=self._threads)
        except (InputError, SettingsError) as error:
            raise ApiError(400, str(error)) from error
        except StoryError as error:
            raise ApiError(500, str(error), code="model_failed") from error

    def _check_ready(self) -> None:
        if self.is_closing:
            raise ApiError(503, CLOSING, code="closing", retry_after=5)
        if not self.completions.is_alive:
            raise ApiError(503, "The model has stopped. Restart this server.", code="model_dead")

    def _check_model(self, name: str) -> None:
        if name != self.completions.name:
            known = self.completions.name
            raise ApiError(404, f"There is no such model here. Use {known}.", param="model", code="model_not_found")

    def _describe_model(self) -> dict[str, Any]:
        return {
            "id": self.completions.name,
            "object": "model",
            "created": self.created,
            "owned_by": "story-playground",
            "max_model_len": self.completions.context_length,
        }


def _take_next(stream: Iterator[CompletionPiece]) -> CompletionPiece | None:
    return next(stream, None)

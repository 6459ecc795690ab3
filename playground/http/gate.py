"""The gate before the page's application: an event that is no JSON, or of no function, is refused in words."""

from __future__ import annotations

import json
import math
from asyncio import Queue
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.http.errors import ApiError

EVENTS, UPLOAD = "/gradio_api/", "multipart/form-data"
STREAMS = (f"{EVENTS}queue/data", f"{EVENTS}call/")
CALLS = ("run", "api", "call", "queue")  # with a function's name, or its number in the event
MAX_EVENT_BYTES = 8 << 20  # of one event; a story's words are far fewer, and files come by another way
MOST_UNREAD = 200  # messages that a page has not taken, from which it may ask for nothing more; 20 seconds of a passage


class EventGate:
    """Gradio answers 500 to numbers that are none, to halves of characters where it expects a name, and to unknown functions.
    What waits for a page is kept in memory: one that does not take it may ask for nothing more, and what a page that left has
    not taken is thrown away.

    `list_functions` gives the names of the functions by their numbers, `list_unread` the messages that wait, by session, and
    `list_asked` the events of which a session has not heard the end.
    """

    def __init__(
        self,
        page: ASGIApp,
        list_functions: Callable[[], Mapping[int, object]],
        list_unread: Callable[[], MutableMapping[str, Queue[Any]]],
        list_asked: Callable[[], MutableMapping[str, set[str]]],
    ) -> None:
        self._page, self._list_functions, self._list_unread, self._list_asked = page, list_functions, list_unread, list_asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(STREAMS):
            await self._follow(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith(EVENTS):
            await self._page(scope, receive, send)
            return
        request = Request(scope, receive)
        if request.headers.get("content-type", "").startswith(UPLOAD):
            await self._page(scope, receive, send)
            return
        try:
            content = await self._read(request)
        except ApiError as error:
            await error.respond()(scope, receive, send)
            return
        await self._page(scope, _again(content, receive), send)

    async def _follow(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream of what a session asked for; who leaves it comes back as another session, and its events are over.

        Gradio itself keeps an entry for each session that ever asked for something.
        """
        has_left, session = False, Request(scope).query_params.get("session_hash") or scope["path"].split("/")[-1]

        async def listen() -> Message:
            nonlocal has_left
            message = await receive()
            has_left = has_left or message["type"] == "http.disconnect"
            return message

        try:
            await self._page(scope, listen, send)
        finally:
            if has_left:
                self._list_unread().pop(session, None)
            if has_left or not self._list_asked().get(session):
                self._list_asked().pop(session, None)

    async def _read(self, request: Request) -> bytes:
        """The body, if it can be an event.

        Raises:
            ApiError: it is too large, no JSON, names something with half a character, or a function that is not there; or
                its page has not taken what it asked for before.
        """
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > MAX_EVENT_BYTES:
                raise ApiError(413, f"An event may have {MAX_EVENT_BYTES:,} bytes. Send fewer words.", code="too_large")
        kind = request.url.path.removeprefix(EVENTS).strip("/").split("/")[0]
        event = _parse(content, has_words=kind in CALLS)
        if not self._names_function(request.url.path, event):
            raise ApiError(404, "There is no such function here. Its names are at /gradio_api/info.", code="no_function")
        # Only what is queued makes messages: Stop works always.
        session = event.get("session_hash") if kind == "queue" and isinstance(event, dict) else None
        if session == "":
            raise ApiError(400, "The session_hash is empty. Send one of your own, or none.", code="no_session")
        unread = self._list_unread().get(session) if isinstance(session, str) else None
        if unread and unread.qsize() > MOST_UNREAD:
            raise ApiError(429, "This page has not taken what it asked for. Wait a moment, or reload it.", code="unread")
        return bytes(content)

    def _names_function(self, path: str, event: Any) -> bool:
        """Whether an event that calls a function calls one of the page's; Gradio itself looks at its other values."""
        kind, _, name = path.removeprefix(EVENTS).strip("/").partition("/")
        if kind not in CALLS or not isinstance(event, dict):
            return True
        functions, number = self._list_functions(), event.get("fn_index")
        if number is None or kind == "call":
            return kind == "queue" or name in functions.values()
        try:
            return int(number) in functions
        except (TypeError, ValueError):
            return True


def _parse(content: bytes | bytearray, *, has_words: bool) -> Any:
    """What an event holds; one that calls a function `has_words`, which are left out, since the page itself judges them.

    Raises:
        ApiError: it is no JSON, or names something with half a character.
    """
    try:
        event = json.loads(content, parse_constant=_refuse, parse_float=_read_number)
        if has_words and isinstance(event, dict) and isinstance(event.get("data"), list):
            del event["data"]
        json.dumps(event, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "An event is JSON, with finite numbers and whole characters.", code="no_json") from error
    return event


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def _read_number(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)


def _again(content: bytes, receive: Receive) -> Receive:
    """A receiver that gives the body once more, and then whatever comes."""
    first: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive_again() -> Message:
        return first.pop() if first else await receive()

    return receive_again

"""Patience: a reader who hardly takes what is sent is waited for, but not for ever, and then counts as gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from starlette.types import Message, Receive, Send

PATIENCE = 30.0  # seconds; a connection that takes less than 2 KB a second ends by it, once its buffers are full

PART = 65_536  # bytes sent at once


class Gone(Exception):
    """The reader takes nothing more."""


class Patient:
    """The two ends of a request. A page has the patience anew for each message, an answer of the endpoints once `in_all`.

    To the page's application its reader has then left as any other does: it is told so when it looks, and what it sends
    goes nowhere. The endpoints' answers are ended by an exception.
    """

    def __init__(self, receive: Receive, send: Send, *, in_all: bool) -> None:
        self._receive, self._send, self._in_all = receive, send, in_all
        self._left, self._is_gone = PATIENCE, False

    async def receive(self) -> Message:
        return {"type": "http.disconnect"} if self._is_gone else await self._receive()

    async def send(self, message: Message) -> None:
        """Raises Gone: the patience for all of an answer is at its end."""
        for part in _cut(message):
            if not self._is_gone:
                await self._send_part(part)

    async def _send_part(self, part: Message) -> None:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                await self._send(part)
        except TimeoutError:
            self._is_gone = True
            if self._in_all:
                raise Gone from None
        if self._in_all:
            self._left = max(0.0, self._left - (time.monotonic() - begun))


def _cut(message: Message) -> Iterator[Message]:
    """A long body in parts: the server waits for a reader before each message, and keeps all of one in memory."""
    body = message.get("body", b"")
    for start in range(0, len(body) - PART, PART):
        yield {**message, "body": body[start : start + PART], "more_body": True}
    rest = len(body) and (len(body) - 1) // PART * PART
    yield {**message, "body": body[rest:]} if rest else message

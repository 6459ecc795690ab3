"""What a completions server says: its stream's events, its chunks, and its errors in their three shapes."""

from __future__ import annotations

import codecs
import json
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Any

DONE = "[DONE]"
# Why a completion ended, in other servers' words.
FINISHES = {"eos": "stop", "eos_token": "stop", "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length"}
MOST_EVENT = 1 << 20  # characters of one event, beyond which a stream is none
LONGEST_MESSAGE = 200  # characters of a server's own words that a reader is shown


class ServerError(Exception):
    """The server says that it failed, in its own words."""


@dataclass(frozen=True)
class Delta:
    """A bit of a completion: its text, the sampled tokens where the server gives them, and why it ended, once it has."""

    text: str = ""
    tokens: tuple[int, ...] = ()
    finish: str = ""

    @property
    def is_said(self) -> bool:
        """Whether it holds words, so that they would be told twice if they were asked for again."""
        return bool(self.text or self.tokens)


async def read_events(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """The data of each server-sent event.

    A character may come in two halves. Lines end with a line feed, a carriage return or both, and with nothing else:
    a story may hold Unicode's other line breaks.

    Raises:
        ServerError: an event has no end.
    """
    decoder, rest, data = codecs.getincrementaldecoder("utf-8-sig")("replace"), "", []
    async for chunk in chunks:
        rest += decoder.decode(chunk)
        # A carriage return at the end may be half of a line's end.
        held = "\r" if rest.endswith("\r") else ""
        *lines, rest = rest[: len(rest) - len(held)].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        rest += held
        for line in lines:
            if line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line and data:
                yield "\n".join(data)
                data = []
        if len(rest) + sum(map(len, data)) > MOST_EVENT:
            raise ServerError("it sent something that is no stream")
    if rest.startswith("data:"):  # a server that ends without an empty line
        data.append(rest[5:].removeprefix(" ").rstrip("\r"))
    if data:
        yield "\n".join(data)


def read_chunk(data: str | bytes) -> Delta:
    """One chunk of a streamed completion.

    Raises:
        ServerError: it says that the server failed, or is none.
    """
    chunk = read_json(data)
    if (message := find_error(chunk)) is not None:
        raise ServerError(message)
    choices = chunk.get("choices") if isinstance(chunk, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return Delta()  # the chunk of the usage
    choice = choices[0]
    text, ids, finish = choice.get("text"), choice.get("token_ids") or choice.get("tokens"), choice.get("finish_reason")
    return Delta(
        text if isinstance(text, str) else "",
        tuple(ids) if isinstance(ids, list) and all(type(one) is int for one in ids) else (),
        FINISHES.get(finish, finish) if isinstance(finish, str) else "",
    )


def read_whole(content: bytes) -> Delta:
    """A completion that came in one piece, though a stream was asked for.

    Raises:
        ServerError: it is none.
    """
    delta = read_chunk(content)
    if not delta.finish:
        raise ServerError("it sent something that is no completion")
    return delta


def read_json(data: str | bytes) -> Any:
    """Raises ServerError where it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ServerError("it sent something that is no JSON") from error


def find_error(body: Any) -> str | None:
    """A server's message, where a body is an error: `{"error": {...}}`, `{"error": "..."}`, or flat; None otherwise."""
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, dict):
        return shorten(str(error.get("message") or error))
    if error:
        return shorten(str(error))
    if body.get("object") == "error" or ("message" in body and "choices" not in body and "data" not in body):
        return shorten(str(body.get("message") or "it gave no reason"))
    if "detail" in body and "choices" not in body:
        return shorten(str(body["detail"]))
    return None


def shorten(message: str) -> str:
    """A message on one line, of a length that can be shown."""
    line = " ".join(message.split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"

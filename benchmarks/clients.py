"""Clients that hear a passage as it comes: through a completions server, and through the page's own queue."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx

SILENCE = 300.0  # seconds after which a server counts as dead: a crowd waits long on two cores


@dataclass
class Heard:
    """When a passage was asked for, when each bit of it came (seconds of one clock), and its text."""

    asked: float
    times: list[float] = field(default_factory=list)
    text: str = ""

    @property
    def first(self) -> float:
        """Seconds to the first words."""
        return self.times[0] - self.asked

    @property
    def ended(self) -> float:
        return self.times[-1]


def open_http(address: str | None = None) -> httpx.AsyncClient:
    """A client without a limit of connections, which come from `address` of this machine, if one is given."""
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2)
    # Whoever calls from an address of their own calls this machine, without certificates, which take long to read.
    transport = httpx.AsyncHTTPTransport(verify=address is None, limits=limits, local_address=address)
    return httpx.AsyncClient(timeout=SILENCE, transport=transport)


async def complete(http: httpx.AsyncClient, url: str, body: dict[str, Any]) -> Heard:
    """A streamed completion; a bit is an event with text.

    Raises:
        RuntimeError: the server says that it failed.
    """
    heard = Heard(time.perf_counter())
    async with http.stream("POST", f"{url}/completions", json=body | {"stream": True}) as response:
        if not response.is_success:
            raise RuntimeError((await response.aread()).decode())
        async for event in _read_events(response):
            if "error" in event:
                raise RuntimeError(str(event["error"]))
            choices = event.get("choices") or [{}]
            if choices[0].get("text"):
                heard.times.append(time.perf_counter())
                heard.text += choices[0]["text"]
    return heard


async def start_story(http: httpx.AsyncClient, page: str, function: int, values: list[Any]) -> Heard:
    """`/start` through the queue of a page, as a browser asks it: joins, then listens. A bit is an update with words told.

    `function` is the endpoint's number in the page's config.

    Raises:
        RuntimeError: the page refuses, or says that the passage failed.
    """
    heard, session = Heard(time.perf_counter()), uuid.uuid4().hex
    await send_event(http, page, session, function, values)
    async for event in hear_updates(http, page, session):
        if event["msg"] == "process_completed":
            heard.text = event["output"]["data"][0]["passage"]
        elif _has_words(event["output"]["data"][0]):
            heard.times.append(time.perf_counter())
    return heard


async def send_event(http: httpx.AsyncClient, page: str, session: str, function: int, values: list[Any]) -> None:
    """Ask a page for something, as a browser does.

    Raises:
        RuntimeError: the page refuses.
    """
    event = {"data": values, "fn_index": function, "session_hash": session, "event_data": None, "trigger_id": None}
    joined = await http.post(f"{page}/gradio_api/queue/join", json=event)
    if not joined.is_success:
        raise RuntimeError(joined.text)


async def hear_updates(http: httpx.AsyncClient, page: str, session: str) -> AsyncGenerator[dict[str, Any], None]:
    """The updates of what a session has asked a page for. Who closes it before its end has left the page.

    Raises:
        RuntimeError: what was asked for failed.
    """
    async with http.stream("GET", f"{page}/gradio_api/queue/data", params={"session_hash": session}) as response:
        async for event in _read_events(response):
            if event["msg"] in ("process_generating", "process_completed"):
                yield event
            if event["msg"] == "process_completed":
                if not event["success"]:
                    raise RuntimeError(str(event["output"].get("error")))
                break


async def find_function(http: httpx.AsyncClient, page: str, name: str) -> int:
    """The number of an endpoint of a page."""
    config = (await http.get(f"{page}/config")).json()
    return int(next(one["id"] for one in config["dependencies"] if one["api_name"] == name))


def _has_words(answer: dict[str, Any] | list[tuple[str, list[str], Any]]) -> bool:
    """Whether an answer, or its changes since the one before, bring words of the passage: the reader's own come first."""
    if isinstance(answer, dict):
        return bool(answer["passage"])
    return any(path == ["passage"] for _, path, _ in answer)


async def _read_events(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in response.aiter_lines():
        data = line.removeprefix("data:").strip()
        if line.startswith("data:") and data != "[DONE]":
            yield json.loads(data)

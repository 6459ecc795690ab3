"""Client: requests to completions servers, from a thread of its own; retried before the first word, and closed by a stop."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import logging
import math
import random
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from story_engine.errors import StoryError
from story_engine.remote.events import DONE, Delta, ServerError, find_error, read_chunk, read_events, read_json, read_whole
from story_engine.remote.queues import StillQueued, Turns, follow, wait_for_first
from story_engine.remote.replicas import Replicas

BUSY = (429, 503)  # with a Retry-After, perhaps
TIMED_OUT = 408
MOST_STREAMS = 256
LONGEST_RETRY = 86_400.0  # seconds that are believed of a Retry-After

UNREACHABLE = "The server that tells the stories does not answer ({problem}). Your story is kept; please try again in a moment."
BROKEN = "The server broke off in mid-passage ({problem}). The words so far are kept: press Continue, and the story goes on."
FULL = "The server has too many stories to tell. Yours is kept; please try again in {seconds:.0f} seconds."

T = TypeVar("T")
Heard = Delta | StoryError  # what a stream gives: deltas, then an error or a delta that says why it ended
log = logging.getLogger("story_engine")


@dataclass(frozen=True)
class Patience:
    """Seconds to connect, seconds of silence before a server counts as dead, tries, and seconds between them.

    Before the first word a server that says that it is alive may keep a request in its `queue` for longer.
    """

    connect: float = 5.0
    read: float = 60.0
    queue: float = 600.0
    tries: int = 5
    first_wait: float = 0.5
    longest_wait: float = 20.0


class Client:
    """Asks the replicas; many threads call it at once.

    `key` goes along as a bearer token, if there is one. Certificates are verified, and redirects are not followed.
    """

    def __init__(self, urls: Sequence[str], key: str = "", patience: Patience | None = None) -> None:
        self.replicas, self.patience, self._turns = Replicas(urls), patience or Patience(), Turns()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="remote")
        self._thread.start()
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(self.patience.read, connect=self.patience.connect),
            limits=httpx.Limits(max_connections=MOST_STREAMS, max_keepalive_connections=16),
        )

    def close(self) -> None:
        """End all requests, and the thread."""
        if self._loop.is_closed():
            return
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def ask(self, url: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer of one server as JSON: to a POST where there is a `body`, else to a GET; None where it refuses.

        Raises:
            httpx.RequestError: it cannot be reached, or not be understood.
        """
        return self.ask_with_status(url, path, body)[1]

    def ask_with_status(self, url: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """(status, answer) as `ask`."""

        async def ask() -> tuple[int, Any]:
            response = await self._http.request("GET" if body is None else "POST", url + path, json=body)
            with contextlib.suppress(ServerError):
                return response.status_code, read_json(response.content) if response.is_success else None
            return response.status_code, None

        return self._run(ask())

    def ask_any(self, story: str, path: str, body: dict[str, Any], *, at_root: bool = False) -> Any:
        """The answer of the first of a story's replicas that can be reached and does not refuse.

        Raises:
            StoryError: none can, or all refuse.
        """
        problem: Exception | None = None
        for url in self.replicas.order(story):
            try:
                answer = self.ask(find_root(url) if at_root else url, path, body)
            except httpx.RequestError as error:
                problem = error
                self.replicas.fail(url)
                continue
            if answer is not None:
                self.replicas.succeed(url)
                return answer
        raise StoryError(UNREACHABLE, problem=[_describe(problem or ServerError("it refuses the request"))])

    def open(
        self,
        story: str,
        body: dict[str, Any],
        headers: dict[str, str],
        put: Callable[[Heard], None],
        *,
        alone: bool = False,
    ) -> Future[None]:
        """Begin a streamed completion; `put` gets what is heard. Cancelling the future closes the connection.

        A server that is to be `alone` with a request gets it once it has told all earlier ones.
        """
        return asyncio.run_coroutine_threadsafe(self._follow(story, body, headers, put, alone), self._loop)

    async def _follow(
        self, story: str, body: dict[str, Any], headers: dict[str, str], put: Callable[[Heard], None], alone: bool
    ) -> None:
        """Tries until the first word has come; afterwards a failure is said, since words would be told twice."""
        wait, problem = self.patience.first_wait, None
        for number in range(self.patience.tries):
            url, begun = "", False
            try:
                async with self._turns.take(lambda: self.replicas.order(story)[0], alone=alone) as url:
                    async for delta in self._hear(url, body, headers):
                        begun = begun or delta.is_said
                        put(delta)
                self.replicas.succeed(url)
                return
            except _Refusal as refusal:
                put(refusal.error)
                return
            except _Busy as busy:
                if busy.seconds > self.patience.longest_wait:
                    put(busy.error)
                    return
                problem, wait = busy.error, max(wait, busy.seconds)
            except (httpx.RequestError, ServerError) as error:
                if not isinstance(error, ServerError | httpx.PoolTimeout):
                    self.replicas.fail(url)
                if begun:
                    put(StoryError(BROKEN, problem=[_describe(error)]))
                    return
                problem = StoryError(UNREACHABLE, problem=[_describe(error)])
                if self.replicas.order(story)[0] != url:
                    continue  # another replica is asked at once
            if number + 1 < self.patience.tries:
                await asyncio.sleep(wait * (1 + random.random() / 4))  # so that not all come again at once
                wait = min(2 * wait, self.patience.longest_wait)
        if problem:
            put(problem)

    async def _hear(self, url: str, body: dict[str, Any], headers: dict[str, str]) -> AsyncIterator[Delta]:
        """The deltas of one try; the first word may have to wait in the server's queue.

        Raises:
            _Busy: it waited too long.
            httpx.RequestError, ServerError, _Refusal: as `_stream`, or the server fell silent.
        """
        read, is_said = self.patience.read, False
        async with contextlib.aclosing(self._stream(url, body, headers)) as stream:
            try:
                while not is_said:
                    delta = await wait_for_first(stream, read, self.patience.queue, lambda: self._is_alive(url))
                    if delta is None:
                        return
                    is_said = delta.is_said
                    yield delta
                async for delta in follow(stream, read):
                    yield delta
            except StillQueued:
                raise _Busy(StoryError(FULL, seconds=max(1.0, read)), math.inf) from None
            except TimeoutError as error:
                raise httpx.ReadTimeout("silence") from error

    async def _is_alive(self, url: str) -> bool:
        """Whether a silent server still answers another question."""
        try:
            return (await self._http.get(f"{find_root(url)}/health")).status_code < 500
        except httpx.RequestError:
            return False

    async def _stream(self, url: str, body: dict[str, Any], headers: dict[str, str]) -> AsyncGenerator[Delta, None]:
        """The deltas of one try; the last one says why the completion ended."""
        # Whoever listens bounds the silence.
        timeout = httpx.Timeout(self.patience.read, connect=self.patience.connect, read=None)
        async with self._http.stream("POST", f"{url}/completions", json=body, headers=headers, timeout=timeout) as response:
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if not response.is_success:
                await response.aread()
                raise _read_refusal(response)
            if kind == "text/html":
                raise ServerError("it sent a web page; is its address right?")
            if kind == "application/json":  # a proxy that does not stream
                yield read_whole(await response.aread())
                return
            events, has_ended = read_events(response.aiter_bytes()), False
            async with contextlib.aclosing(events):  # type: ignore[type-var]
                async for data in events:
                    if data == DONE:
                        break
                    delta = read_chunk(data)
                    if delta.finish in ("abort", "error"):
                        raise ServerError("it gave the passage up")
                    has_ended = has_ended or bool(delta.finish)
                    yield delta
            if not has_ended:
                raise httpx.RemoteProtocolError("the stream ended without an end")

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _end(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._http.aclose()


class _Refusal(Exception):
    """The server will not do it, however often it is asked."""

    def __init__(self, error: StoryError) -> None:
        self.error = error


class _Busy(Exception):
    """The server asks to be left alone for some seconds."""

    def __init__(self, error: StoryError, seconds: float) -> None:
        self.error, self.seconds = error, seconds


def find_root(url: str) -> str:
    """The server's own base, where the endpoints stand that are not OpenAI's."""
    return url.removesuffix("/v1")


def read_retry_after(value: str | None) -> float:
    """Seconds from a Retry-After, which gives seconds or a date; 0 where there is none."""
    if not value:
        return 0.0
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            seconds = 0.0
    return min(max(0.0, seconds), LONGEST_RETRY) if seconds == seconds else 0.0


def _read_refusal(response: httpx.Response) -> Exception:
    """What a status that is no success means for the request."""
    status, seconds = response.status_code, read_retry_after(response.headers.get("retry-after"))
    try:
        message = find_error(response.json()) or f"status {status}"
    except ValueError:
        message = f"status {status}"
    if status in BUSY and (status == 429 or seconds):
        return _Busy(StoryError(FULL, seconds=max(1.0, seconds)), seconds)
    if status >= 500 or status == TIMED_OUT:
        return ServerError(message)
    if response.is_redirect:
        return _Refusal(StoryError("The server sends to another address. Whoever runs this page names that one."))
    if status in (401, 403):
        return _Refusal(StoryError("The server refuses the key. Whoever runs this page sets it in STORY_ENGINE_API_KEY."))
    log.error("The server refused a request with status %d.", status)
    return _Refusal(StoryError("The server does not take this request: {message}", message=message))


def _describe(error: Exception) -> StoryError:
    if isinstance(error, ServerError):
        return StoryError("{message}", message=str(error))
    if isinstance(error, httpx.TimeoutException):
        return StoryError("no answer in time")
    return StoryError("no connection") if isinstance(error, httpx.ConnectError) else StoryError("the connection broke")

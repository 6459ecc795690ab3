"""Scheduling: texts are read one at a time, in the order of asking; the next words of many stories are one step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition, Event
from typing import Any, TypeVar

from torch import Tensor

from story_engine.model.kv_cache import Slot
from story_engine.model.torch_decoder import AnyDecoder
from story_engine.worker import Worker

PATIENCE = 0.02  # seconds at most that a step waits for the stories of the last one; half a step, where that is less
CHUNK, SHORTEST_CHUNK = 128, 16  # tokens of a text that are read at once, at most and at least
READING = 0.1  # seconds that a chunk may take where its length is free: a stop, and the steps of others, wait for it
LOOK_EVERY = 0.02  # seconds between two looks at the stop sign of who waits for the model

T = TypeVar("T")


@dataclass(eq=False)
class _Request:
    """One more token for each of these slots, and what is made of the logits that come of it."""

    tokens: Sequence[int]
    slots: Sequence[Slot]
    make: Callable[[Tensor], Any]
    made: Future[Any] = field(default_factory=Future)


@dataclass
class Load:
    """What the model has done since it was loaded; its own thread alone counts."""

    tokens_read: int = 0
    reading_seconds: float = 0.0
    tokens_told: int = 0
    telling_seconds: float = 0.0
    steps: int = 0
    last_rate: float = 0.0  # tokens a second of the last step
    last_at: float = 0.0  # when it ended, by the monotonic clock

    def count_step(self, tokens: int, seconds: float) -> None:
        self.steps += 1
        self.tokens_told += tokens
        self.telling_seconds += seconds
        self.last_rate, self.last_at = tokens / max(seconds, 1e-9), time.monotonic()


class Scheduler:
    """The model's own thread, and the queue before it. All who wait for a step when one begins get it together.

    That is continuous batching (Orca: Yu et al., 2022), with chunks of texts read between the steps. One thread, since
    OpenMP keeps a team of helpers for every thread that computes, and the teams take each other's cores. Stories join and
    leave between two tokens; those of the last step are waited for a moment, so that readers who are still busy with their
    last word do not fall into a second group.
    """

    def __init__(self, decoder: AnyDecoder) -> None:
        self._decoder = decoder
        self._worker = Worker("model")
        self._arrival = Condition()
        self._waiting: list[_Request] = []
        self._last: frozenset[int] = frozenset()  # the slots of the last step, by identity
        self._seconds = 0.0  # that it took
        self._chunk = 2 * SHORTEST_CHUNK  # until it is known how fast the model reads
        self.load = Load()

    @property
    def is_alive(self) -> bool:
        """Whether the model's thread is there; without it, whoever asks for a token waits for ever."""
        return self._worker.is_alive

    @property
    def chunk(self) -> int:
        """Tokens of a text to be read at once: what takes READING seconds, where how a text is cut changes no row of it."""
        return self._chunk if self._decoder.is_exact else CHUNK

    def read(self, ids: Sequence[int], slot: Slot, cancel: Event) -> Iterator[tuple[Tensor | None, int]]:
        """Read what the slot does not hold yet, in chunks; yields (logits of the last token, tokens left) of each.

        The logits are None before the last chunk. After a cancel nothing more is read.
        """
        slot.crop_to_prefix(ids)
        slot.crop(len(ids) - 1)  # the last token is always read: its logits are needed
        while len(slot.ids) < len(ids) and not cancel.is_set():
            rest = ids[len(slot.ids) :]
            is_little_more = self._decoder.is_exact and len(rest) <= self.chunk + SHORTEST_CHUNK // 2
            chunk = rest if is_little_more else rest[: self.chunk]  # a few tokens take long as a chunk of their own
            try:
                if len(chunk) == 1:  # as when a passage is told anew: together with all who are being told something
                    logits = self.step(chunk, [slot], list, cancel)[0]
                else:
                    logits = self.prefill(chunk, slot, cancel=cancel)
            except CancelledError:
                return
            left = len(ids) - len(slot.ids)
            yield (logits if left == 0 else None), left

    def prefill(self, ids: Sequence[int], slot: Slot, all_logits: bool = False, cancel: Event | None = None) -> Tensor:
        """`Decoder.prefill`, when its turn has come.

        Raises:
            CancelledError: `cancel` was set before that; the slot is as it was.
        """
        logits: Future[Tensor] = Future()

        def read() -> None:
            if logits.set_running_or_notify_cancel():
                _fulfil(logits, lambda: self._read(ids, slot, all_logits))

        self._worker.submit(read)
        return _wait(logits, cancel)

    def _read(self, ids: Sequence[int], slot: Slot, all_logits: bool) -> Tensor:
        begun = time.monotonic()
        logits = self._decoder.prefill(ids, slot, all_logits)
        seconds = time.monotonic() - begun
        self.load.tokens_read += len(ids)
        self.load.reading_seconds += seconds
        if len(ids) >= SHORTEST_CHUNK and not all_logits:
            fitting = int(len(ids) * READING / max(seconds, 1e-9)) // SHORTEST_CHUNK * SHORTEST_CHUNK
            self._chunk = max(SHORTEST_CHUNK, min(fitting, CHUNK))
        return logits

    def step(self, tokens: Sequence[int], slots: Sequence[Slot], make: Callable[[Tensor], T], cancel: Event | None = None) -> T:
        """What `make` makes of the logits of `Decoder.step`, together with all stories that wait for theirs.

        It is made in the model's thread: eight readers who each wake up to draw a word take three times as long for it.

        Raises:
            CancelledError: `cancel` was set before its turn came; the slots are as they were.
        """
        request = _Request(tokens, slots, make)
        with self._arrival:
            self._waiting.append(request)
            if self._is_complete():
                self._arrival.notify()
        self._worker.submit(self._step_all)
        made: T = _wait(request.made, cancel)
        return made

    def _step_all(self) -> None:
        """One step for all who wait for one, unless they had it with an earlier one."""
        if not (requests := self._gather()):
            return
        begun, slots = time.monotonic(), [slot for request in requests for slot in request.slots]
        rows: Future[Tensor] = Future()
        # From a GPU all rows come at once: their words are drawn here.
        _fulfil(rows, lambda: self._decoder.step([token for request in requests for token in request.tokens], slots).cpu())
        self._last, self._seconds = frozenset(map(id, slots)), time.monotonic() - begun
        self.load.count_step(len(slots), self._seconds)
        place, made = 0, []
        for request in requests:
            made.append(_make(request, rows, place))
            place += len(request.slots)
        for request, own in zip(requests, made, strict=True):  # once all are made: who wakes up wants the interpreter
            _fulfil(request.made, own.result)

    def _gather(self) -> list[_Request]:
        """All requests, once the stories of the last step are back or have been waited for."""
        with self._arrival:
            if self._waiting:
                self._arrival.wait_for(self._is_complete, min(PATIENCE, self._seconds / 2))
            requests, self._waiting = self._waiting, []
            return [request for request in requests if request.made.set_running_or_notify_cancel()]

    def _is_complete(self) -> bool:
        return self._last <= {id(slot) for request in self._waiting for slot in request.slots}


def _make(request: _Request, rows: Future[Tensor], place: int) -> Future[Any]:
    """What the request makes of its rows of a step, which begin at `place`."""
    made: Future[Any] = Future()
    _fulfil(made, lambda: request.make(rows.result()[place : place + len(request.slots)]))
    return made


def _wait(future: Future[T], cancel: Event | None) -> T:
    """Its result. A future that is not begun when `cancel` is set is called off."""
    while cancel is not None and not future.done():
        with suppress(TimeoutError):
            future.exception(LOOK_EVERY)
        if cancel.is_set():
            future.cancel()
            break
    return future.result()


def _fulfil(future: Future[T], compute: Callable[[], T]) -> None:
    try:
        future.set_result(compute())
    except Exception as error:
        future.set_exception(error)

"""Completions: raw text by token ids, beside the stories and in the same steps of the model."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from itertools import takewhile

from torch import Tensor

from story_engine.completion.order import CompletionOrder, CompletionPiece
from story_engine.completion.scoring import Echo
from story_engine.completion.strand import Strand, advance_all
from story_engine.engine import StoryEngine
from story_engine.errors import InputError
from story_engine.model.kv_cache import Slot

SCORED_CHUNK = 64  # tokens read at once where all their logits are kept
KEPT = 8  # slots of earlier completions, for the next one that begins as one of them did
MIN_SHARED = 16  # tokens in common from which an earlier slot is used again

Pieces = Generator[CompletionPiece, None, None]


class Completions:
    """Completes token ids with an engine's model; many threads call it at once, beside those that stream stories."""

    def __init__(self, engine: StoryEngine) -> None:
        self.engine, self.name, self.context_length = engine, engine.name, engine.window.context_length
        self._kept: OrderedDict[str, tuple[int, ...]] = OrderedDict()  # by slot, the tokens that it held last
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    @property
    def is_alive(self) -> bool:
        """Whether the model can still compute."""
        return self.engine.scheduler.is_alive

    @property
    def running(self) -> int:
        """Orders that are being carried out."""
        return len(self._busy)

    def encode(self, text: str, *, begins: bool = True) -> list[int]:
        """Token ids of a text; one that `begins` has the start token before it, as every story has."""
        tokenizer = self.engine.tokenizer
        if not begins:
            return tokenizer.encode(text)
        return [self.engine.window.start, *(id for part in tokenizer.encode_parts([text], is_first=True) for id in part)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; special ones and an unfinished last character give none."""
        self.check_ids(ids)
        return self.engine.tokenizer.decode(ids)

    def check_ids(self, ids: Sequence[int]) -> None:
        """Raises InputError where an id is none of the vocabulary."""
        size = self.engine.tokenizer.size
        if wrong := next((id for id in ids if not 0 <= id < size), None):
            raise InputError("Token {id} is none of this model's. Use ids from 0 to {last}.", id=wrong, last=size - 1)

    def check(self, order: CompletionOrder) -> None:
        """Raises InputError where the order cannot be carried out."""
        if not order.ids:
            raise InputError("The prompt is empty. Give at least one token.")
        self.check_ids([*order.ids, *order.stop_tokens, *(token for token, _ in order.biases)])
        if order.min_tokens > order.max_tokens:
            raise InputError("min_tokens is more than max_tokens. Lower it.")
        if len(order.ids) + order.max_tokens > self.context_length:
            raise InputError(
                "The prompt's {ids} tokens and max_tokens {more} exceed this model's {context}. Shorten one of them.",
                ids=len(order.ids),
                more=order.max_tokens,
                context=self.context_length,
            )

    def stream(self, order: CompletionOrder, cancel: threading.Event | None = None) -> Pieces:
        """Complete, piece by piece; after `cancel`, and when the stream is closed, nothing more is computed.

        Raises:
            InputError: the order cannot be carried out; raised before anything is computed.
            StoryError: the model failed.
        """
        self.check(order)
        return self._complete(order, cancel or threading.Event())

    def _complete(self, order: CompletionOrder, cancel: threading.Event) -> Pieces:
        with self._lease(order.ids) as slot:
            logits = yield from self._read(order, slot, cancel)
            if logits is None:
                return
            if not order.max_tokens:
                yield from (CompletionPiece(index, "", finish="length") for index in range(order.n))
                return
            slots = [slot, *(slot.copy() for _ in range(order.n - 1))]
            strands = [Strand(self.engine, order, index, own) for index, own in enumerate(slots)]
            pieces = [strand.advance(logits) for strand in strands]
            while not cancel.is_set():
                yield from pieces
                if not (going := [strand for strand in strands if not strand.finish]):
                    return
                tokens, slots = [strand.last for strand in going], [strand.slot for strand in going]
                with suppress(CancelledError):
                    pieces = self.engine.scheduler.step(tokens, slots, partial(advance_all, going), cancel)

    def _read(
        self, order: CompletionOrder, slot: Slot, cancel: threading.Event
    ) -> Generator[CompletionPiece, None, Tensor | None]:
        """Read the prompt, and give it back if it is to be echoed; returns the logits behind it, None after a cancel."""
        scores_all = order.echo and order.logprobs is not None
        slot.crop(0 if scores_all else len(order.ids) - 1)
        slot.crop_to_prefix(order.ids)
        yield CompletionPiece(0, "", is_prompt=True, cached=len(slot.ids))
        echo = Echo(self.engine, order)
        if order.echo and not scores_all:
            yield from echo.show(None)
        logits = None
        while len(slot.ids) < len(order.ids) and not cancel.is_set():
            size = SCORED_CHUNK if scores_all else self.engine.scheduler.chunk
            chunk = order.ids[len(slot.ids) : len(slot.ids) + size]
            try:
                logits = self.engine.prefill(chunk, slot, scores_all, cancel)
            except CancelledError:
                return None
            if scores_all:
                yield from echo.show(logits)
                logits = logits[-1]
            else:
                yield CompletionPiece(0, "", is_prompt=True)  # whoever left is noticed between two chunks
        return None if cancel.is_set() else logits

    @contextmanager
    def _lease(self, ids: Sequence[int]) -> Iterator[Slot]:
        """The slot of an earlier completion that began like this one, or a fresh one."""
        with self._lock:
            shared = {key: _count_shared(kept, ids) for key, kept in self._kept.items() if key not in self._busy}
            key = max(shared, key=shared.__getitem__, default="")
            if shared.get(key, 0) < MIN_SHARED:
                key = f"completion-{uuid.uuid4().hex}"
            self._busy.add(key)
        held: tuple[int, ...] = ()
        try:
            with self.engine.slots.lease(key) as slot:
                try:
                    yield slot
                finally:
                    held = tuple(slot.ids)
        finally:
            self._put_back(key, held)

    def _put_back(self, key: str, held: tuple[int, ...]) -> None:
        with self._lock:
            self._busy.discard(key)
            self._kept[key] = held
            self._kept.move_to_end(key)
            idle = [other for other in self._kept if other not in self._busy]
            for other in idle[: max(0, len(idle) - KEPT)]:
                del self._kept[other]
                self.engine.slots.drop(other)


def _count_shared(kept: Sequence[int], ids: Sequence[int]) -> int:
    """Tokens that both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(kept, ids, strict=False)))

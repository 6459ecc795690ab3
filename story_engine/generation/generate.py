"""Generating: tellings side by side, a step of the model for all at a time, with speculation that saves steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from threading import Event
from typing import Protocol, TypeVar

from torch import Tensor

from story_engine.generation.telling import Piece, Telling
from story_engine.model.kv_cache import Slot

T = TypeVar("T")
Propose = Callable[[Telling], list[int]]


class Steps(Protocol):
    """What takes the next step of the model: one token more in each slot."""

    def step(self, tokens: Sequence[int], slots: Sequence[Slot], make: Callable[[Tensor], T]) -> T:
        """What `make` makes of the logits [len(slots), vocab_size]."""


def generate(
    tellings: Sequence[Telling],
    logits: Tensor,
    window: Sequence[int],
    slot: Slot,
    steps: Steps,
    *,
    cancel: Event,
    propose: Propose | None = None,
) -> Iterator[Piece]:
    """Tell all tellings on, from the same `logits` [vocab_size], until each has ended or `cancel` is set.

    Speculative decoding: the tokens that `propose` gives for a telling are read in one step with its last token. Each token
    is sampled as if nothing had been proposed, from the same random numbers, and the rows behind the first wrong proposal are
    dropped. Since a row does not depend on the others, the words are the same, bit for bit (which is exact acceptance for a
    proposal without a distribution of its own: Leviathan et al., 2023).
    """
    going: list[tuple[Telling, Slot, Iterable[Piece]]] = [
        (telling, slot if telling is tellings[0] else slot.copy(), _advance(telling, [], [logits], cancel))
        for telling in tellings
    ]
    while True:
        for *_, pieces in going:
            yield from pieces
        if cancel.is_set():
            return
        tokens: list[int] = []
        slots: list[Slot] = []
        left = []
        for telling, own, _ in going:
            if telling.finish:
                continue
            own.crop(len(window) + len(telling.tokens) - 1)  # it still holds wrong proposals, and a loop that was taken back
            proposed = propose(telling) if propose else []
            left.append((telling, own, proposed))
            tokens += [(telling.tokens or window)[-1], *proposed]
            slots += [own] * (1 + len(proposed))
        if not left:
            return
        if len(tokens) == 1:
            telling, own, _ = left[0]
            going = [(telling, own, steps.step(tokens, slots, partial(_advance_now, telling, cancel)))]
        else:  # tokens are sampled one by one, as they are asked for: after a stop, none was sampled that was not also shown
            rows = iter(steps.step(tokens, slots, list))
            going = [
                (telling, own, _advance(telling, proposed, list(islice(rows, 1 + len(proposed))), cancel))
                for telling, own, proposed in left
            ]


def _advance_now(telling: Telling, cancel: Event, rows: Tensor) -> list[Piece]:
    return list(_advance(telling, [], rows, cancel))


def _advance(telling: Telling, proposed: Sequence[int], rows: Iterable[Tensor], cancel: Event) -> Iterator[Piece]:
    """Choose a token from each row, as long as each is what the next row was read for."""
    for row, expected in zip(rows, [*proposed, None], strict=True):
        if cancel.is_set():
            return
        told = len(telling.tokens)
        if (piece := telling.advance(row)) is not None:
            yield piece
        if telling.finish or len(telling.tokens) != told + 1 or telling.tokens[-1] != expected:
            return

"""Generating: tellings side by side, a step of the model for all at a time, with speculation that saves steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from itertools import islice
from threading import Event
from typing import Protocol, TypeVar

from torch import Tensor

from story_engine.generation.piece import Piece
from story_engine.generation.telling import Telling
from story_engine.model.kv_cache import Slot

T = TypeVar("T")
Propose = Callable[[Telling], list[int]]


class Steps(Protocol):
    """What takes the next step of the model: one token more in each slot."""

    def step(self, tokens: Sequence[int], slots: Sequence[Slot], make: Callable[[Tensor], T], cancel: Event) -> T:
        """What `make` makes of the logits [len(slots), vocab_size]; CancelledError if `cancel` is set before its turn."""


@dataclass(frozen=True)
class Start:
    """What a telling goes on from: tokens, the slot that has read them and the prefix, and the logits [vocab_size] behind."""

    ids: Sequence[int]
    slot: Slot
    logits: Tensor


@dataclass(frozen=True)
class _Strand:
    """A telling on its way, with a slot behind each start."""

    telling: Telling
    slots: tuple[Slot, ...]


def generate(
    tellings: Sequence[Telling], starts: Sequence[Start], steps: Steps, *, cancel: Event, propose: Propose | None = None
) -> Iterator[Piece]:
    """Tell all tellings on until each has ended or `cancel` is set.

    The first of `starts` is the story's window; a second one, without the story, gives the rows for guidance.

    Speculative decoding: the tokens that `propose` gives for a telling are read in one step with its last token. Each token
    is sampled as if nothing had been proposed, from the same random numbers, and the rows behind the first wrong proposal are
    dropped. Since a row does not depend on the others, the words are the same, bit for bit (which is exact acceptance for a
    proposal without a distribution of its own: Leviathan et al., 2023).
    """
    first = [_Strand(tellings[0], tuple(start.slot for start in starts))]
    rest = [_Strand(telling, tuple(start.slot.copy() for start in starts)) for telling in tellings[1:]]
    strands = first + rest
    going: list[Iterable[Piece]] = [
        _advance(strand.telling, [], [tuple(start.logits for start in starts)], cancel) for strand in strands
    ]
    while True:
        for pieces in going:
            yield from pieces
        if cancel.is_set():
            return
        strands = [strand for strand in strands if not strand.telling.finish]
        if not strands:
            return
        tokens: list[int] = []
        slots: list[Slot] = []
        proposals = []
        for strand in strands:
            proposed = propose(strand.telling) if propose else []
            proposals.append(proposed)
            for start, slot in zip(starts, strand.slots, strict=True):
                # It still holds wrong proposals, and a loop that was taken back.
                slot.crop(len(start.ids) + len(strand.telling.tokens) - 1)
                tokens += [(strand.telling.tokens or start.ids)[-1], *proposed]
                slots += [slot] * (1 + len(proposed))
        try:
            if len(tokens) == len(starts):  # one token to sample: in the model's thread
                going = [steps.step(tokens, slots, partial(_advance_now, strands[0].telling, cancel), cancel)]
                continue
            rows = iter(steps.step(tokens, slots, list, cancel))
        except CancelledError:
            return
        going = []  # tokens are sampled as they are asked for: after a stop, none was sampled that was not also shown
        for strand, proposed in zip(strands, proposals, strict=True):
            by_start = [list(islice(rows, 1 + len(proposed))) for _ in starts]
            going.append(_advance(strand.telling, proposed, list(zip(*by_start, strict=True)), cancel))


def _advance_now(telling: Telling, cancel: Event, rows: Tensor) -> list[Piece]:
    return list(_advance(telling, [], [tuple(rows)], cancel))


def _advance(telling: Telling, proposed: Sequence[int], rows: Sequence[tuple[Tensor, ...]], cancel: Event) -> Iterator[Piece]:
    """Choose a token from the row of each start, as long as each is what the next rows were read for."""
    for row, expected in zip(rows, [*proposed, None], strict=True):
        if cancel.is_set():
            return
        told = len(telling.tokens)
        if (piece := telling.advance(*row)) is not None:
            yield piece
        if telling.finish or len(telling.tokens) != told + 1 or telling.tokens[-1] != expected:
            return

"""Drawing: drafts told side by side, a step of the model for all at a time, with speculation that saves steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from threading import Event

from torch import Tensor

from story_engine.generation.telling import Draft, Piece
from story_engine.model.kv_cache import Slot
from story_engine.serving.scheduler import Scheduler

Propose = Callable[[Draft], list[int]]


def draw(
    drafts: Sequence[Draft],
    logits: Tensor,
    window: Sequence[int],
    slot: Slot,
    scheduler: Scheduler,
    cancel: Event,
    propose: Propose | None = None,
) -> Iterator[Piece]:
    """Draw all drafts, from the same `logits` [vocabulary] on, until each has ended or the stop sign is set.

    Speculative decoding: the tokens that `propose` gives for a draft are read in one step with its last token. Each token is
    drawn as if nothing had been proposed, from the same random numbers, and the rows behind the first wrong proposal are
    dropped. Since a row does not depend on the others, the words are the same, bit for bit (which is exact acceptance for a
    proposal without a distribution of its own: Leviathan et al., 2023).
    """
    going: list[tuple[Draft, Slot, Iterable[Piece]]] = [
        (draft, slot if draft is drafts[0] else slot.copy(), _advance(draft, [], [logits], cancel)) for draft in drafts
    ]
    while True:
        for *_, pieces in going:
            yield from pieces
        if cancel.is_set():
            return
        tokens: list[int] = []
        slots: list[Slot] = []
        left = []
        for draft, own, _ in going:
            if draft.finish:
                continue
            own.crop(len(window) + len(draft.tokens) - 1)  # it still holds wrong proposals, and a loop that was taken back
            proposed = propose(draft) if propose else []
            left.append((draft, own, proposed))
            tokens += [(draft.tokens or window)[-1], *proposed]
            slots += [own] * (1 + len(proposed))
        if not left:
            return
        if len(tokens) == 1:
            draft, own, _ = left[0]
            going = [(draft, own, scheduler.step(tokens, slots, partial(_draw_now, draft, cancel)))]
        else:  # several words are drawn one by one, as they are asked for: whoever stops has been shown all that was drawn
            rows = iter(scheduler.step(tokens, slots, list))
            going = [
                (draft, own, _advance(draft, proposed, list(islice(rows, 1 + len(proposed))), cancel))
                for draft, own, proposed in left
            ]


def _draw_now(draft: Draft, cancel: Event, rows: Tensor) -> list[Piece]:
    return list(_advance(draft, [], rows, cancel))


def _advance(draft: Draft, proposed: Sequence[int], rows: Iterable[Tensor], cancel: Event) -> Iterator[Piece]:
    """Draw a token from each row, as long as each is what the next row was read for."""
    for row, expected in zip(rows, [*proposed, None], strict=True):
        if cancel.is_set():
            return
        drawn = len(draft.tokens)
        if (piece := draft.advance(row)) is not None:
            yield piece
        if draft.finish or len(draft.tokens) != drawn + 1 or draft.tokens[-1] != expected:
            return

"""Drawing: drafts told side by side, a step of the model for all at a time, with guesses that save steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from threading import Event

from torch import Tensor

from story_engine.cache import Slot
from story_engine.draft import Draft, Piece
from story_engine.turns import Turns

Guess = Callable[[Draft], list[int]]


def draw(
    drafts: Sequence[Draft],
    logits: Tensor,
    window: Sequence[int],
    slot: Slot,
    turns: Turns,
    cancel: Event,
    guess: Guess | None = None,
) -> Iterator[Piece]:
    """Draw all drafts, from the same `logits` [vocabulary] on, until each has ended or the stop sign is set.

    Speculation: the tokens that `guess` gives for a draft are read in one step with its last token. Each token is drawn as
    if nothing had been guessed, from the same random numbers, and the rows behind the first wrong guess are dropped. Since
    a row does not depend on the others, the words are the same, bit for bit (which is exact acceptance for a guess without
    a distribution of its own: Leviathan et al., 2023).
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
            own.crop(len(window) + len(draft.tokens) - 1)  # it still holds wrong guesses, and a loop that was taken back
            guesses = guess(draft) if guess else []
            left.append((draft, own, guesses))
            tokens += [(draft.tokens or window)[-1], *guesses]
            slots += [own] * (1 + len(guesses))
        if not left:
            return
        if len(tokens) == 1:
            draft, own, _ = left[0]
            going = [(draft, own, turns.step(tokens, slots, partial(_draw_now, draft, cancel)))]
        else:  # several words are drawn one by one, as they are asked for: whoever stops has been shown all that was drawn
            rows = iter(turns.step(tokens, slots, list))
            going = [
                (draft, own, _advance(draft, guesses, list(islice(rows, 1 + len(guesses))), cancel))
                for draft, own, guesses in left
            ]


def _draw_now(draft: Draft, cancel: Event, rows: Tensor) -> list[Piece]:
    return list(_advance(draft, [], rows, cancel))


def _advance(draft: Draft, guesses: Sequence[int], rows: Iterable[Tensor], cancel: Event) -> Iterator[Piece]:
    """Draw a token from each row, as long as each is what the next row was guessed to stand behind."""
    for row, guessed in zip(rows, [*guesses, None], strict=True):
        if cancel.is_set():
            return
        drawn = len(draft.tokens)
        if (piece := draft.advance(row)) is not None:
            yield piece
        if draft.finish or len(draft.tokens) != drawn + 1 or draft.tokens[-1] != guessed:
            return

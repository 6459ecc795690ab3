"""Candidates: a passage told several times at once, of which the telling that follows best from the story is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from story_engine.generation.piece import Piece
from story_engine.generation.telling import Telling

Group = Sequence[Telling]


def choose_best(candidates: Group) -> Telling:
    """The telling that the story makes likelier by most nats a token; the first of equals.

    That is the pointwise mutual information of story and passage, by the passage's length so that a long one has no
    advantage (Holtzman et al., 2021, score answers by it). A telling that went round in circles comes after all others.
    """
    return max(candidates, key=lambda telling: (not telling.loops, sum(telling.gains) / max(len(telling.gains), 1)))


def hold_back(pieces: Iterable[Piece], groups: Sequence[Group]) -> Iterator[Piece]:
    """The same pieces, where a group has one telling; of the others only the chosen telling, once all of its group are told.

    An empty piece stands for each that is held back, so that whoever shows them knows that there is work going on.
    """
    shown: set[int] = set()
    for piece in pieces:
        group = groups[piece.telling]
        yield piece if len(group) == 1 else Piece("", telling=piece.telling, held=piece.held)
        yield from _show(groups, shown, lambda group: all(telling.finish for telling in group))
    yield from _show(groups, shown, lambda group: True)  # a stop came before the end


def _show(groups: Sequence[Group], shown: set[int], is_ready: Callable[[Group], bool]) -> Iterator[Piece]:
    for number, group in enumerate(groups):
        if len(group) > 1 and number not in shown and is_ready(group):
            shown.add(number)
            yield Piece(choose_best(group).shown, telling=number)

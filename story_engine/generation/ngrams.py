"""Ngrams: what usually followed two or three tokens in the stories told so far, as proposals for speculative decoding."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from threading import Lock

ORDERS = (3, 2)  # tokens of context, the longest first
LONGEST_CONTEXT = max(ORDERS)
MOST_PROPOSED = 3  # a step of four rows is one of the kernel's sizes
MOST_CONTEXTS = 60_000  # about 15 MB


class Ngrams:
    """For each context the token that followed it most, by a running vote; what it says changes no story, only its speed.

    An entry is [token, votes, times]: another token takes a vote away, and the place when there is none left (Boyer and
    Moore, 1981). So votes / times is a low estimate of the chance.
    """

    def __init__(self, most: int = MOST_CONTEXTS) -> None:
        self._most = most
        self._entries: dict[tuple[int, ...], list[int]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def learn(self, tokens: Sequence[int]) -> None:
        """Count what follows what in these tokens; the oldest contexts are let go where they become too many."""
        with self._lock:
            for order in ORDERS:
                for place in range(order, len(tokens)):
                    self._count(tuple(tokens[place - order : place]), tokens[place])
            if len(self._entries) > self._most:
                for context in list(islice(self._entries, len(self._entries) - self._most // 2)):
                    del self._entries[context]

    def _count(self, context: tuple[int, ...], token: int) -> None:
        entry = self._entries.setdefault(context, [token, 0, 0])
        entry[2] += 1
        if entry[0] == token:
            entry[1] += 1
        elif entry[1] > 1:
            entry[1] -= 1
        else:
            entry[0], entry[1] = token, 1

    def propose(self, tokens: Sequence[int], most: int, row_cost: float) -> list[int]:
        """Up to `most` tokens that may come next, as long as the chance that all are right is above `row_cost`."""
        known, proposed, chance = list(tokens[-LONGEST_CONTEXT:]), list[int](), 1.0
        while len(proposed) < most:
            found = (self._entries.get(tuple(known[-order:])) for order in ORDERS if len(known) >= order)
            entry = next((entry for entry in found if entry is not None), None)
            if entry is None:
                break
            chance *= entry[1] / (entry[2] + 1)
            if chance <= row_cost:
                break
            proposed.append(entry[0])
            known.append(entry[0])
        return proposed

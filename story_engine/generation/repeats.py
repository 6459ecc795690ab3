"""Repeats: tokens that would say a string of the story again become less likely, the more the longer the string is."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

FREE = 4  # tokens of a string that may be said again at no cost: names and turns of phrase
BASE = 1.75  # by which each token beyond them multiplies the cost
LONGEST = 30  # tokens that are compared; what follows so long a string is out of reach already


class Repeats:
    """The strings of a window, and of the passage told behind it.

    The cost of a token is `multiplier` * BASE ** (length - FREE) nats, where `length` tokens before it end a string that it
    followed before ("DRY" of p-e-w, 2024, in text-generation-webui and llama.cpp, which pays from two tokens on).
    """

    def __init__(self, multiplier: float, window: Collection[int]) -> None:
        self._multiplier, self._window = multiplier, np.fromiter(window, np.int64, len(window))

    def weigh(self, row: np.ndarray, told: Sequence[int], spared: Collection[int] = ()) -> np.ndarray:
        """`row`, float32 [vocab_size], with the cost of each token behind `told`, but for those that are `spared`."""
        if not self._multiplier:
            return row
        lengths = find_repeats(np.concatenate((self._window, np.asarray(told, np.int64))))
        costs = {token: length for token, length in lengths.items() if token not in spared and token < len(row)}
        if not costs:
            return row
        row = row.copy()
        exponents = np.fromiter(costs.values(), np.float64, len(costs)) - FREE
        row[list(costs)] -= (self._multiplier * BASE**exponents).astype(np.float32)
        return row


def find_repeats(ids: np.ndarray) -> dict[int, int]:
    """Token -> how long a string at the end of `ids`, int64 [n], it followed before, from FREE tokens on.

    Of several such strings the longest counts. LONGEST is the most that is compared.
    """
    last, found = len(ids) - 1, dict[int, int]()
    if last < FREE:
        return found
    places = np.flatnonzero(ids[:last] == ids[last])
    for length in range(1, LONGEST + 1):
        # `places` end in the same `length` tokens as `ids`; what follows them would say the string again.
        if length >= FREE:
            found |= dict.fromkeys(ids[places + 1].tolist(), length)
        places = places[places >= length]
        places = places[ids[places - length] == ids[last - length]]
        if not len(places):
            break
    return found

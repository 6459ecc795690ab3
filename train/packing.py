"""Rows of whole stories: every story is read from its beginning, as it is told and as it is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from train.data import TokenRows


class StoryRows(TokenRows):
    """Rows that begin where a story begins, and hold as many whole stories as fit.

    In every epoch the stories are shuffled and each is put into the fullest row that has room for it (best fit; Ding et
    al., 2024, "Fewer Truncations Improve Language Modeling"). What stays free holds the beginning of one more story. A
    story longer than a row gives its first `context` tokens; its rest is for the full rows.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder, seed)
        tokens = self.tokens.read(0, len(self.tokens))
        self._stops = np.flatnonzero(tokens == self.meta.end_token) + 1
        self._starts = np.concatenate([[0], self._stops[:-1]])
        self._counts: dict[int, list[int]] = {}
        self._key: tuple[int, int] | None = None
        self._packed: list[list[int]] = []

    def read_row(self, index: int, context: int) -> np.ndarray:
        """Row number `index`, counted over all epochs: the start token, then `context` tokens; int64 [context + 1]."""
        counts, epoch = self._counts.setdefault(context, []), 0
        while True:
            if epoch == len(counts):
                counts.append(len(self.pack(epoch, context)))
            if index < counts[epoch]:
                break
            index, epoch = index - counts[epoch], epoch + 1
        row = [np.array([self.meta.end_token])]
        row += [self.tokens.read(self._starts[story], self._stops[story]) for story in self.pack(epoch, context)[index]]
        return np.concatenate(row)[: context + 1]

    def pack(self, epoch: int, context: int) -> list[list[int]]:
        """The numbers of the stories of every row of an epoch, the last of each row cut where it ends."""
        if self._key == (epoch, context):
            return self._packed
        generator = np.random.default_rng((self.seed, epoch, context))
        sizes = np.minimum(self._stops - self._starts, context).tolist()
        rows: list[list[int]] = []
        by_room: list[list[int]] = [[] for _ in range(context + 1)]
        occupied = 0  # bit r is set where a row has room for r tokens
        for story in generator.permutation(len(sizes)).tolist():
            fitting = occupied >> sizes[story]
            room = sizes[story] + (fitting & -fitting).bit_length() - 1 if fitting else context
            if fitting:
                row = by_room[room].pop()
                occupied ^= 0 if by_room[room] else 1 << room
            else:
                row = len(rows)
                rows.append([])
            rows[row].append(story)
            by_room[room - sizes[story]].append(row)
            occupied |= 1 << (room - sizes[story])
        shortest = min(sizes)
        for room in range(1, context + 1):
            for row in by_room[room]:
                rows[row] += generator.integers(0, len(sizes), size=-(-room // shortest)).tolist()
        self._key, self._packed = (epoch, context), [rows[row] for row in generator.permutation(len(rows)).tolist()]
        return self._packed

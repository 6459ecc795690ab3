"""Progress: how far stories were read for their pictures, so that a passage more costs only its own reading."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from copy import deepcopy
from threading import Lock

from story_engine.pictures.reading import Reading
from story_engine.pictures.scene import Scene

MOST_KEPT = 64  # readings; a story of 20,000 words has about 130 KB

Pieces = tuple[str, ...]
Looks = tuple[tuple[str, int], ...]


class Progress:
    """Readings of the beginnings of stories; many threads use it at once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Pieces, Looks], tuple[Reading, list[Scene]]] = OrderedDict()
        self._lock = Lock()

    def read(self, pieces: Pieces, looks: Mapping[str, int]) -> list[Scene]:
        """The scene of each piece of a story, in order; `looks` counts the reader's clicks on figures."""
        chosen: Looks = tuple(sorted(looks.items()))
        reading, scenes = self._find(pieces, chosen)
        for piece in pieces[len(scenes) :]:
            scenes.append(reading.read(piece))
        with self._lock:
            self._kept[pieces, chosen] = reading, scenes
            self._kept.move_to_end((pieces, chosen))
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return list(scenes)

    def _find(self, pieces: Pieces, looks: Looks) -> tuple[Reading, list[Scene]]:
        """A copy of the reading that has come farthest in these pieces."""
        with self._lock:
            for count in range(len(pieces), 0, -1):
                if kept := self._kept.get((pieces[:count], looks)):
                    return deepcopy(kept[0]), list(kept[1])
        return Reading(dict(looks)), []


PROGRESS = Progress()

"""What was held back from children, for a grown-up to read: in the memory of this server alone, and never in a file."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from threading import Lock

MOST_STORIES, MOST_SENTENCES = 1000, 100  # the oldest are forgotten


class Held:
    """The sentences that were held back, by story; many threads call it at once."""

    def __init__(self) -> None:
        self._by_story: OrderedDict[str, deque[str]] = OrderedDict()
        self._lock = Lock()

    def add(self, story: str, sentences: Sequence[str]) -> None:
        if not sentences:
            return
        with self._lock:
            self._by_story.setdefault(story, deque(maxlen=MOST_SENTENCES)).extend(sentences)
            self._by_story.move_to_end(story)
            if len(self._by_story) > MOST_STORIES:
                self._by_story.popitem(last=False)

    def list_of(self, story: str) -> list[str]:
        """The sentences held back in a story, the first first."""
        with self._lock:
            return [*self._by_story.get(story, ())]

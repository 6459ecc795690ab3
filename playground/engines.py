"""The models that are loaded: one of each name, shared by everybody, at most two at a time."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from story_engine import EMBEDDED, PUBLISHED, ModelError, StoryEngine

MOST_LOADED = 2


class Engines:
    """Loads models on first use. Only names that the server offers are ever looked up."""

    def __init__(self, first: StoryEngine, first_name: str) -> None:
        self.default = first_name
        self.names = list(dict.fromkeys([first_name, EMBEDDED, *PUBLISHED]))
        self._loaded: OrderedDict[str, StoryEngine] = OrderedDict({first_name: first})
        self._lock = Lock()

    def get(self, name: str) -> StoryEngine:
        """The engine of an offered name; the first one never has to be loaded again.

        Raises:
            ModelError: the name is not offered, or the model cannot be fetched or used.
        """
        if name not in self.names:
            raise ModelError("This playground does not offer that model. Choose one from the list.")
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = StoryEngine.load(name)
                for other in list(self._loaded):
                    if len(self._loaded) > MOST_LOADED and other not in (name, self.default):
                        del self._loaded[other]
            return self._loaded[name]

"""The loaded models: one of each name, shared by all visitors, at most two at a time."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from threading import Lock

from story_engine import EMBEDDED, HUB_MODELS, ModelError, Settings, StoryEngine

MOST_LOADED = 2


class Engines:
    """Loads models on first use, as `how` tells `StoryEngine.load`. Only names that the server offers are ever looked up."""

    def __init__(self, first: StoryEngine, first_name: str, *, for_children: bool = False, **how: str) -> None:
        self.default, self._how = first_name, how
        self.names = list(dict.fromkeys([first_name, EMBEDDED, *HUB_MODELS]))
        # The page begins with them; `for_children` is the server's own choice, for who has not made theirs.
        self.recommended: Settings = replace(first.recommended, for_children=for_children)
        self.most_at_once = first.most_at_once
        self._loaded: OrderedDict[str, StoryEngine] = OrderedDict({first_name: first})
        self._lock = Lock()
        # A model can take minutes to fetch; readers who use another one must not wait for it.
        self._loading = Lock()

    def get(self, name: str) -> StoryEngine:
        """The engine of an offered name; the first one never has to be loaded again.

        Raises:
            ModelError: the name is not offered, or the model cannot be fetched or used.
        """
        if name not in self.names:
            raise ModelError("This playground does not offer that model. Choose one from the list.")
        if engine := self._find(name):
            return engine
        with self._loading:
            if engine := self._find(name):
                return engine
            engine = StoryEngine.load(name, **self._how)
            with self._lock:
                self._loaded[name] = engine
                idle = [other for other in self._loaded if other not in (name, self.default)]
                for other in idle[: max(0, len(self._loaded) - MOST_LOADED)]:
                    self._loaded.pop(other).close()
            return engine

    @property
    def loaded(self) -> list[StoryEngine]:
        """The engines that are in memory."""
        with self._lock:
            return [*self._loaded.values()]

    def _find(self, name: str) -> StoryEngine | None:
        with self._lock:
            if name in self._loaded:
                self._loaded.move_to_end(name)
            return self._loaded.get(name)

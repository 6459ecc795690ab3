"""Turn: what is asked of an engine, checked, before anything of it is told."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from threading import Event

from story_engine.generation.wishing import Wish
from story_engine.settings import Settings
from story_engine.stories.story import Story

SPARE = 2  # tokens kept free beside the answer: a line break that opens it, and the end


@dataclass(frozen=True)
class Turn:
    """The passage that follows in `story`, told once for each of `settings`.

    It comes to its end in about `ending` sentences. `prefix` are the tokens that open it unasked; `cancel`, once set, stops it.
    With `heals` a last word that is unfinished is completed. A `wish` guides it.
    """

    story: Story
    settings: tuple[Settings, ...]
    ending: int | None
    prefix: list[int]
    cancel: Event
    heals: bool = False
    wish: Wish | None = None


def give_seed(settings: Settings) -> Settings:
    """The same settings with a seed, so that the passage can be told again."""
    return settings if settings.seed is not None else replace(settings, seed=secrets.randbelow(2**53))


def find_reserve(settings: Settings, wish: Wish | None) -> int:
    """Tokens that the window leaves free: for the passage and what stands beside it, and for the sentence of a wish."""
    return settings.max_new_tokens + SPARE + (len(wish.ids) if wish else 0)

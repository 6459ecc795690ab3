"""Starts: where a telling goes on from, and where it would without what is to guide it."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from story_engine.context.window import Window
from story_engine.generation.generate import Start
from story_engine.generation.turn import Turn
from story_engine.model.kv_cache import Slot

CHUNK = 128  # tokens that are read at once


def list_starts(
    story: Start, turn: Turn, window: Window, new_slot: Callable[[], Slot], prefill: Callable[..., Tensor]
) -> list[Start]:
    """Where the tellings of `turn` start, which have read `story`: first with all that they are told from.

    Behind it stands where they would start without the story, if any of them asks how much it matters or there is a wish; and
    last, where there is a wish, `story` itself, which is without it.
    """
    starts = [story]
    if turn.wish or any(settings.guidance or settings.best_of > 1 for settings in turn.settings):
        slot, ids = new_slot(), list(window.ids[:1])
        starts.append(Start(ids, slot, prefill([*ids, *turn.prefix], slot)))
    if turn.wish:
        ids = turn.wish.join(story.ids, window)
        starts = [_read([*ids], turn.prefix, story.slot.copy(), prefill), *starts[1:], story]
    return starts


def _read(ids: list[int], prefix: list[int], slot: Slot, prefill: Callable[..., Tensor]) -> Start:
    """Read on in a slot that holds the beginning."""
    for chunk in slot.unread([*ids, *prefix], CHUNK):
        logits = prefill(chunk, slot)
    return Start(ids, slot, logits)

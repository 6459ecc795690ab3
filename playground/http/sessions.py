"""Sessions: what Gradio keeps of each page in memory, without the copy of all widgets that only its deep links read.

And what waits for each page: one that is gone, or was crowded out by 2,000 others, is spoken to in vain, and nobody else fails.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from gradio import Blocks
from gradio.state_holder import SessionState, StateHolder
from gradio.utils import LRUCache


class Sessions(StateHolder):
    """The page has no deep links; a copy takes a third of a megabyte, and a new page waits until it is made."""

    def set_blocks(self, blocks: Blocks) -> None:
        super().set_blocks(blocks)
        self.blocks: Any = SimpleNamespace(default_config=blocks.default_config, blocks={})  # so nothing is copied

    def __getitem__(self, session_id: str) -> SessionState:
        is_new, state = session_id not in self.session_data, super().__getitem__(session_id)
        if is_new:
            state.config_values = Unkept()
        return state


class Unkept(dict[int, Any]):
    """Says that it has everything, so that nothing is made for it; keeps nothing."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: int) -> dict[str, Any]:
        return {}

    def __setitem__(self, key: int, value: Any) -> None:
        pass


class Messages(LRUCache[str, asyncio.Queue[Any]]):
    """What waits for each page, by session.

    Gradio tells all events of a queue how long they wait when one begins; where one had no page any more, it ended for all.
    """

    def __missing__(self, session: str) -> asyncio.Queue[Any]:
        return asyncio.Queue()  # that nobody reads

    def __delitem__(self, session: str) -> None:
        if session in self:
            super().__delitem__(session)


def thin_sessions(blocks: Blocks) -> None:
    """To be called before the page's first visitor."""
    blocks._queue.pending_messages_per_session = Messages(blocks._queue.pending_messages_per_session.max_size)
    blocks.app.state_holder = Sessions()  # type: ignore[no-untyped-call]
    blocks.app.state_holder.set_blocks(blocks)

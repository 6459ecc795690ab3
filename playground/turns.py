"""Whose views a page shows: those of the last act that began on it. A reader who leaves a story must not be taken back."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

MAX_PAGES = 10_000  # pages whose turn is remembered; the ones that were quiet longest are forgotten


@dataclass(eq=False)
class Turn:
    """One act on one page; `before` is the act that it follows. One that `is_over` has shown all that it has to show."""

    page: str
    before: Turn | None = None
    is_over: bool = False


class Turns:
    """The current act of every page, by the page's session; many threads call it at once."""

    def __init__(self) -> None:
        self._current: OrderedDict[str, Turn] = OrderedDict()
        self._lock = Lock()

    def begin(self, page: str) -> Turn:
        """A new act; the views of earlier ones no longer count."""
        with self._lock:
            return self._begin(page)

    def begin_idle(self, page: str) -> Turn | None:
        """A new act that its reader did not ask for, as on arrival; None while one that they did ask for is under way."""
        with self._lock:
            now = self._current.get(page)
            return None if now and not now.is_over else self._begin(page)

    def _begin(self, page: str) -> Turn:
        before = self._current.pop(page, None)
        if before:
            before.before = None  # one step back is enough, and a chain would grow for ever
        turn = self._current[page] = Turn(page, before)
        if len(self._current) > MAX_PAGES:
            self._current.popitem(last=False)
        return turn

    def end(self, turn: Turn) -> None:
        """The act has shown all that it has to show."""
        turn.is_over = True

    def is_current(self, turn: Turn) -> bool:
        with self._lock:
            return self._current.get(turn.page, turn) is turn

    def give_back(self, turn: Turn) -> None:
        """The act has changed nothing: the one before it goes on."""
        with self._lock:
            if turn.before and self._current.get(turn.page) is turn:
                self._current[turn.page] = turn.before

"""Taking turns at the model: whoever has waited longest is next, so that no story starves another."""

from __future__ import annotations

from collections import deque
from threading import Lock


class FairLock:
    """A lock that is handed on in the order of asking; `threading.Lock` lets a busy loop take it again and again."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._held = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            gate = Lock()
            gate.acquire()
            self._waiting.append(gate)
        gate.acquire()  # opened by the one who leaves

    def __exit__(self, *exception: object) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False

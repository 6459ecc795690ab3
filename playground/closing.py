"""The end of the server: passages finish their sentence, stories are saved, and then it closes."""

from __future__ import annotations

import logging
import signal
import threading
import time

from playground.http.endpoints import Endpoints
from playground.writing import Writing
from story_engine import Library

PATIENCE = 10.0  # seconds at most for the sentences that are being told
LAST_WAIT = 3.0  # seconds more for a passage that was stopped to be saved
LOOK_EVERY = 0.05

log = logging.getLogger(__name__)


def wait_for_signal() -> None:
    """Wait for SIGTERM or Ctrl+C; to be called in the main thread."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    while not told.wait(1.0):  # a wait without an end would keep the signals waiting, too
        pass
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)  # who asks a second time is not kept waiting


def finish(writing: Writing, library: Library, endpoints: Endpoints, *, patience: float = PATIENCE) -> bool:
    """Let passages and completions come to their ends, stop those that do not, and save; returns whether all were saved."""
    writing.is_closing.set()
    endpoints.close()
    log.info("closing", extra={"stories": len(writing.written)})
    if not _wait_idle(writing, endpoints, patience):
        for uid in writing.written:
            if entry := library.open(uid):
                entry.cancel.set()
        endpoints.stop()
    return _wait_idle(writing, endpoints, LAST_WAIT)


def _wait_idle(writing: Writing, endpoints: Endpoints, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (is_idle := not writing.written and endpoints.is_idle) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return is_idle

"""Worker: a thread that does what its owner gives it, one task after the other, and is out of the way when the program ends."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

LONGEST = 10.0  # seconds that the end of the program waits for a task

Tasks = SimpleQueue[Callable[[], None] | None]

_working: weakref.WeakKeyDictionary[Thread, Tasks] = weakref.WeakKeyDictionary()


class Worker:
    """Its thread knows the queue alone, so that an owner nobody uses is let go, and the thread ends with it."""

    def __init__(self, name: str) -> None:
        self._tasks: Tasks = SimpleQueue()
        self._thread = thread = Thread(target=_serve, args=(self._tasks,), daemon=True, name=name)
        _working[thread] = self._tasks
        thread.start()
        weakref.finalize(self, self._tasks.put, None)

    @property
    def is_alive(self) -> bool:
        """Whether its thread is there to do what it is given."""
        return self._thread.is_alive()

    def submit(self, task: Callable[[], None]) -> None:
        """Have a task done, behind all that were given before; it raises nothing."""
        self._tasks.put(task)


def _serve(tasks: Tasks) -> None:
    while (task := tasks.get()) is not None:
        task()
        del task


@atexit.register
def _end_all() -> None:
    """A thread that is inside a model while the interpreter ends would take the whole process down."""
    working = list(_working.items())
    for _, tasks in working:
        tasks.put(None)
    for thread, _ in working:
        thread.join(LONGEST)

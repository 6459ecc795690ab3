"""How the page's events are queued: passages share one queue, looks another, and what is quick waits in none."""

from __future__ import annotations

from typing import Any

WRITERS = 16  # stories written at once; the others wait in the queue
WAITING = 64
WRITING: dict[str, Any] = {
    "concurrency_limit": WRITERS,
    "concurrency_id": "write",
    "show_progress": "hidden",
    "api_visibility": "private",
}
ASKING: dict[str, Any] = {"concurrency_limit": 2, "show_progress": "minimal", "api_visibility": "private"}
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
Update = dict[Any, Any]

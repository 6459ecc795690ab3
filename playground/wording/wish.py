"""The words of a wish for what comes next: key -> English, German."""

from __future__ import annotations

WISH: dict[str, tuple[str, str]] = {
    "wish": ("A wish for what comes next", "Ein Wunsch, was als Nächstes kommt"),
    "wished_for": ("Wished for: {wish}", "Gewünscht war: {wish}"),
}

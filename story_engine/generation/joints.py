"""Joints: a name of the story does not begin right behind another one ("olderEzra") or its comma ("day,Marina").

A penalty on repetition weighs down a name that the story has said, with the space before it, and not the same letters without
that space, which are free for words to go on with. So a small model that means the name may draw it without the space.
"""

from __future__ import annotations

import re

_OPEN = re.compile(r"[a-z][a-z,;]\Z")
_NAME = re.compile(r"\b[A-Z][a-z]+")
_JOINT = re.compile(r"[a-z,;][A-Z]")
REACH = 8  # characters of the end that are looked at


class Joints:
    """Finds the names of a passage behind the text `before` that are glued to what stands before them.

    What no name of the story begins with is free ("YouTube"), and a story that writes so itself may go on doing so.
    """

    def __init__(self, before: str) -> None:
        self._before, self._is_free = before, _JOINT.search(before) is not None

    def is_glued(self, text: str, piece: str) -> bool:
        """Whether `piece` behind the passage's `text` begins a name where a word has not ended."""
        if self._is_free or not piece[:1].isupper() or not _OPEN.search((self._before[-REACH:] + text)[-REACH:]):
            return False
        return any(name.startswith(piece) for name in _NAME.findall(f"{self._before} {text}"))

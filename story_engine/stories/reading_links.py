"""Reading links: numbers that show a story and cannot change it. Nothing in one tells the story's own number."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from story_engine.errors import SaveError
from story_engine.stories.library import is_uid, write_json

SUFFIX = ".reading"


@dataclass(frozen=True)
class ReadingLink:
    """The number that shows the story `uid`, and which passages have a picture there."""

    number: str
    uid: str
    pictures: str = "off"


class ReadingLinks:
    """At most one link a story, in a file beside it in `folder`; many threads call it at once."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, Lock()
        kept = [link for path in folder.glob(f"*{SUFFIX}") if (link := _read_link(path))]
        self._by_number = {link.number: link for link in kept}
        self._by_story = {link.uid: link for link in kept}

    def share(self, uid: str, pictures: str = "off") -> ReadingLink:
        """The story's link; it is made where there is none.

        Raises:
            SaveError: it cannot be kept: the disk is full or not writable.
        """
        with self._lock:
            known = self._by_story.get(uid)
            link = ReadingLink(known.number if known else secrets.token_hex(16), uid, pictures)
            if link != known:
                write_json(self._path(uid), {"number": link.number, "pictures": pictures})
                self._by_number[link.number] = self._by_story[uid] = link
            return link

    def take_back(self, uid: str) -> bool:
        """From now on the story's link shows nothing; returns whether there was one.

        Raises:
            SaveError: its file cannot be removed, so a restart would bring it back.
        """
        with self._lock:
            link = self._by_story.get(uid)
            if link is None:
                return False
            try:
                self._path(uid).unlink(missing_ok=True)
            except OSError as error:
                raise SaveError("The link could not be taken back ({problem}). Try again.", problem=error.strerror) from error
            del self._by_story[uid], self._by_number[link.number]
            return True

    def find(self, number: object) -> ReadingLink | None:
        """The link with this number; None where there is none, or where it cannot be one."""
        return self._by_number.get(number) if isinstance(number, str) else None

    def _path(self, uid: str) -> Path:
        return self._folder / f"{uid}{SUFFIX}"


def _read_link(path: Path) -> ReadingLink | None:
    """The link in a file; None where it is damaged: then the story has none until a new one is made."""
    data: Any = None
    with suppress(OSError, ValueError):
        data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict) or not is_uid(data.get("number")) or not is_uid(path.stem):
        return None
    return ReadingLink(data["number"], path.stem, str(data.get("pictures")))

"""Stories on disk: saved atomically after every change, opened by their number, read back checked."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from story_engine.errors import InputError, SaveError
from story_engine.stories.savefile import dump_json, dump_story, load_story
from story_engine.stories.story import Story

MAX_FILE_BYTES = 4_000_000
MAX_OPEN = 256
REMOVED, DRAFT = ".removed", ".draft"


@dataclass
class OpenStory:
    """A story in memory, shared by everybody who knows its number. Change it only while holding `lock`.

    `cancel` stops the passage being written; `writing` is held for as long as one is.
    """

    story: Story
    lock: threading.RLock = field(default_factory=threading.RLock)
    writing: threading.Lock = field(default_factory=threading.Lock)
    cancel: threading.Event = field(default_factory=threading.Event)


class Library:
    """A folder of stories. The number of a story (32 random hexadecimal digits) is the only key to it."""

    def __init__(self, folder: Path) -> None:
        self._open: OrderedDict[str, OpenStory] = OrderedDict()
        self._lock = threading.Lock()
        try:
            self.folder = folder.expanduser()
            self.folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError) as error:  # a user without a home is a RuntimeError
            raise SaveError(
                "Stories cannot be kept in {folder} ({problem}). Choose another folder.",
                folder=folder,
                problem=error.strerror if isinstance(error, OSError) else error,
            ) from error

    def open(self, uid: str) -> OpenStory | None:
        """The story with this number, from memory or disk; None where there is none.

        Raises:
            SaveError: there is one, but its file is damaged.
        """
        if not is_uid(uid):
            return None
        with self._lock:
            if uid in self._open:
                self._open.move_to_end(uid)
                return self._open[uid]
            path = self._path(uid)
            if not path.is_file():
                return None
            story = load_story(read_json(path))
            self._take_draft(story)
            return self._keep(OpenStory(story))

    def adopt(self, entry: OpenStory) -> None:
        """Take in a new story; it reaches the disk with the first `save`."""
        with self._lock:
            self._keep(entry)

    def save(self, story: Story) -> None:
        """Write a story to its file: the old one or the new one survives a crash, never half of either.

        Raises:
            SaveError: the disk is full or not writable. The story stays in memory, and the old file as it was.
        """
        write_json(self._path(story.uid), dump_story(story))
        # The draft of a passage is of no use once the passage is in the file.
        self._path(story.uid).with_suffix(DRAFT).unlink(missing_ok=True)

    def save_draft(self, story: Story, texts: Sequence[str]) -> None:
        """Note the words so far of what is being written behind the pointer, against a crash: of each telling's passage.

        Raises:
            SaveError: the disk is full or not writable.
        """
        draft = {"passages": len(story.passages), "texts": list(texts)}
        write_json(self._path(story.uid).with_suffix(DRAFT), draft)

    def duplicate(self, uid: str) -> Story:
        """A copy of a story, all its versions included, with a number of its own.

        Raises:
            InputError: there is no such story.
        """
        entry = self._find(uid)
        with entry.lock:
            copy = load_story(dump_story(entry.story))
        copy.uid = Story().uid
        self.adopt(OpenStory(copy))
        self.save(copy)
        return copy

    def remove(self, uid: str) -> None:
        """Put a story aside: it can no longer be opened, until `restore` brings it back.

        Raises:
            InputError: there is no such story.
            SaveError: its file cannot be moved.
        """
        entry = self._find(uid)
        self.save(entry.story)
        self._move(self._path(uid), self._path(uid).with_suffix(REMOVED))
        with self._lock:
            self._open.pop(uid, None)

    def restore(self, uid: str) -> None:
        """Bring a removed story back.

        Raises:
            InputError: no story of this number was removed.
            SaveError: its file cannot be moved.
        """
        if not is_uid(uid) or not self._path(uid).with_suffix(REMOVED).is_file():
            raise InputError("This story can no longer be brought back.")
        self._move(self._path(uid).with_suffix(REMOVED), self._path(uid))

    def _find(self, uid: str) -> OpenStory:
        entry = self.open(uid)
        if entry is None:
            raise InputError("There is no such story on the shelf any more.")
        return entry

    def _move(self, old: Path, new: Path) -> None:
        try:
            old.replace(new)
        except OSError as error:
            raise SaveError("The story could not be moved ({problem}). It is where it was.", problem=error.strerror) from error

    def _take_draft(self, story: Story) -> None:
        """Add the words that a crash cut off, if there are any and the story is the one they were written for.

        Tellings side by side become versions, the first one in view, as when they end by themselves.
        """
        path = self._path(story.uid).with_suffix(DRAFT)
        if not path.is_file():
            return
        draft = read_json(path)
        if draft["passages"] == len(story.passages):
            parent, told = story.current, []
            for text in filter(None, draft["texts"]):
                story.current = parent
                told.append(story.add(text, "model", finish="stopped").id)
            if told:
                story.go_to(told[0])
        self.save(story)

    def _path(self, uid: str) -> Path:
        return self.folder / f"{uid}.json"

    def _keep(self, entry: OpenStory) -> OpenStory:
        self._open[entry.story.uid] = entry
        # Stories are saved after every change, so that the ones left alone longest can be let go.
        idle = [uid for uid, other in self._open.items() if not other.writing.locked() and other is not entry]
        for uid in idle[: max(0, len(self._open) - MAX_OPEN)]:
            del self._open[uid]
        return entry


def is_uid(uid: object) -> bool:
    """Whether `uid` can be a story's number; anything else never reaches the disk."""
    return isinstance(uid, str) and len(uid) == 32 and set(uid) <= set("0123456789abcdef")


def read_json(path: Path) -> Any:
    """Plain data of a saved story.

    Raises:
        SaveError: the file is too large, cannot be read, or is not JSON.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SaveError(
                "This file is larger than {most} MB; no story of this playground is.", most=MAX_FILE_BYTES // 1_000_000
            )
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SaveError("This file is not a story saved by this playground.") from error


def write_json(path: Path, data: Any) -> None:
    """Write aside, flush to the disk, rename into place.

    Raises:
        SaveError: the disk is full or not writable.
    """
    content = dump_json(data)
    aside = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=".", suffix=".part", delete=False
        ) as handle:
            aside = Path(handle.name)
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(path)
    except OSError as error:
        if aside is not None:
            aside.unlink(missing_ok=True)
        raise SaveError(
            "The story could not be saved ({problem}). Free some space; it is still here on the page.", problem=error.strerror
        ) from error

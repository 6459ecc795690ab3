"""Stories on disk: saved atomically after every change, opened by their number, read back checked."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from story_engine.errors import InputError, SaveError, StoryError
from story_engine.stories.opening import MAX_FILE_BYTES, read_json  # noqa: F401  (they were at home here before 0.2)
from story_engine.stories.savefile import dump_json, dump_story, is_encodable, read_story
from story_engine.stories.story import Story

MAX_OPEN = 256
MAX_STORIES, MAX_BYTES = 100_000, 10 * 1024**3  # of a library; removed stories count, since they can be brought back
GROWTH = 1.1  # of the bytes: what there is may still grow where nothing new is taken
REMOVED = ".removed"
JOURNAL = ".draft"  # its name on disk since the first version
PART, PART_AGE = ".part", 3600.0  # a file being written, and seconds after which it was left behind by a crash


@dataclass
class OpenStory:
    """A story in memory, shared by everybody who knows its number. Change it only while holding `lock`.

    `cancel` stops the passage being written; `writing` is held for as long as one is. `notices` say what of the story's
    file could not be read.
    """

    story: Story
    lock: threading.RLock = field(default_factory=threading.RLock)
    writing: threading.Lock = field(default_factory=threading.Lock)
    cancel: threading.Event = field(default_factory=threading.Event)
    notices: tuple[StoryError, ...] = ()


class Library:
    """A folder of stories. The number of a story (32 random hexadecimal digits) is the only key to it."""

    def __init__(self, folder: Path, *, max_stories: int = MAX_STORIES, max_bytes: int = MAX_BYTES) -> None:
        self._max_stories, self._max_bytes = max_stories, max_bytes
        self._open: OrderedDict[str, OpenStory] = OrderedDict()
        self._unsaved: set[str] = set()
        self._lock = threading.RLock()  # a story that is opened may have to be saved
        try:
            self.folder = folder.expanduser()
            self.folder.mkdir(parents=True, exist_ok=True)
            _sweep(self.folder)
            self._sizes = {path.stem: path.stat().st_size for path in self.folder.iterdir() if _is_story(path)}
            self._bytes = sum(self._sizes.values())
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
            story, notices = read_story(_read_own(path), is_own=True)
            story.uid = uid  # the file may have been copied by hand
            self._recover_journal(story)
            return self._keep(OpenStory(story, notices=notices))

    def adopt(self, entry: OpenStory) -> None:
        """Keep a story in memory, a new one too; that reaches the disk with the first `save`.

        Raises:
            SaveError: it is new, and the library is full. Nothing is ever thrown away to make room.
        """
        with self._lock:
            is_new = entry.story.uid not in self._sizes and entry.story.uid not in self._open
            is_full = len(self._sizes) >= self._max_stories or self._bytes >= self._max_bytes
            if (is_new and is_full) or self._bytes >= GROWTH * self._max_bytes:
                raise SaveError(
                    "This server keeps as many stories as it has room for. Save yours as a file, and ask who runs it for more "
                    "room."
                )
            self._keep(entry)

    def save(self, story: Story) -> None:
        """Write a story to its file: the old one or the new one survives a crash, never half of either.

        Raises:
            SaveError: the disk is full or not writable. The story stays in memory, and the old file as it was.
        """
        self._unsaved.add(story.uid)
        size = write_json(self._path(story.uid), dump_story(story))
        with self._lock:
            self._bytes += size - self._sizes.get(story.uid, 0)
            self._sizes[story.uid] = size
        self._unsaved.discard(story.uid)
        # The journal of a passage is of no use once the passage is in the file; one that stays is found to be old.
        with suppress(OSError):
            self._path(story.uid).with_suffix(JOURNAL).unlink(missing_ok=True)

    def save_journal(self, story: Story, texts: Sequence[str]) -> None:
        """Write down the words so far of each telling behind the pointer, so that a crash does not cost them.

        Raises:
            SaveError: the disk is full or not writable.
        """
        journal = {"passages": len(story.passages), "texts": list(texts)}
        write_json(self._path(story.uid).with_suffix(JOURNAL), journal)

    save_draft = save_journal  # its name before 0.2

    def duplicate(self, uid: str) -> Story:
        """A copy of a story, all its versions included, with a number of its own.

        Raises:
            InputError: there is no such story.
        """
        entry = self._find(uid)
        with entry.lock:
            copy = read_story(dump_story(entry.story), is_own=True).story
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

    def _recover_journal(self, story: Story) -> None:
        """Add the words that a crash cut off, if there are any and they continue this very story.

        Tellings side by side become versions, the first one in view, as when they end by themselves. A damaged journal is
        left out: it never costs the story.
        """
        path = self._path(story.uid).with_suffix(JOURNAL)
        if not path.is_file():
            return
        with suppress(SaveError):  # without room on the disk the journal stays there, and the words are in memory
            parent, told = story.current, []
            for text in _read_journal(path, len(story.passages)):
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
        # One that the disk had no room for has no other place.
        idle = [
            uid
            for uid, other in self._open.items()
            if not other.writing.locked() and other is not entry and uid not in self._unsaved
        ]
        for uid in idle[: max(0, len(self._open) - MAX_OPEN)]:
            del self._open[uid]
        return entry


def is_uid(uid: object) -> bool:
    """Whether `uid` can be a story's number; anything else never reaches the disk."""
    return isinstance(uid, str) and len(uid) == 32 and set(uid) <= set("0123456789abcdef")


def _is_story(path: Path) -> bool:
    return is_uid(path.stem) and path.suffix in (".json", REMOVED)


def _sweep(folder: Path) -> None:
    """Remove what a crash left half written."""
    for path in folder.glob(f".*{PART}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > PART_AGE:
                path.unlink()


def _read_own(path: Path) -> Any:
    """Plain data of a file that this server has saved, of any size.

    Raises:
        SaveError: the file cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SaveError(
            "This story file is damaged ({problem}). Use an earlier copy.", problem=f"{type(error).__name__}: {error}"
        ) from error


def _read_journal(path: Path, passages: int) -> list[str]:
    """The tellings in a journal that goes with a story of so many passages; none where it is damaged or old."""
    journal = _read_own(path)
    if not isinstance(journal, dict) or journal.get("passages") != passages or not isinstance(journal.get("texts"), list):
        return []
    return [text for text in journal["texts"] if isinstance(text, str) and text and is_encodable(text)]


def write_json(path: Path, data: Any) -> int:
    """Write aside, flush to the disk, rename into place; returns the bytes written.

    Raises:
        SaveError: the disk is full or not writable, or the data holds half a character.
    """
    aside = None
    try:
        content = dump_json(data).encode("utf-8")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=PART, delete=False) as handle:
            aside = Path(handle.name)
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(path)
        return len(content)
    except (OSError, ValueError) as error:
        if aside is not None:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
        problem = error.strerror if isinstance(error, OSError) else error
        raise SaveError(
            "The story could not be saved ({problem}). Free some space; it is still here on the page.", problem=problem
        ) from error

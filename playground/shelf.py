"""Whole stories: rename, duplicate, remove and bring back, save to a file and open one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from playground.actions import Actions
from playground.visit import View, Visit
from playground.wording.strings import find_texts
from playground.writing import MAX_TITLE, make_title
from story_engine import MAX_FILE_BYTES, InputError, SaveError, Story, check_words, export_story, load_story

MAX_PART = 16_000  # characters of a passage that comes from a file; `check_words` takes no more than 20,000


class Shelf:
    """The buttons of "Your stories"; many threads call it at once."""

    def __init__(self, actions: Actions) -> None:
        self.actions = actions

    def rename(self, visit: Visit, title: str) -> View:
        """Another title for the visitor's story."""
        words = " ".join(check_words(title).split())[:MAX_TITLE]
        if not words:
            raise InputError("A story needs a title. Type one, then rename it.")
        return self.actions.change(visit, lambda story: setattr(story, "title", words))

    def duplicate(self, visit: Visit) -> View:
        """A copy of the visitor's story, all its versions included, to go on in."""
        with self.actions.writing.stopped(self.actions.find(visit)):
            copy = self.actions.library.duplicate(visit.story)
        mark = f" ({find_texts(visit.language)['copy']})"
        title = copy.title[: MAX_TITLE - len(mark)] + mark
        return self.actions.change(replace(visit, story=copy.uid), lambda story: setattr(story, "title", title))

    def remove(self, visit: Visit) -> View:
        """Put the visitor's story aside; `restore` brings it back."""
        with self.actions.writing.stopped(self.actions.find(visit)):
            self.actions.library.remove(visit.story)
        return View(removed=visit.story)

    def restore(self, visit: Visit) -> View:
        """Bring back the story that was put aside last; once more, the one before it."""
        uid = visit.removed[-1] if visit.removed else ""
        self.actions.library.restore(uid)
        return self.actions.view(replace(visit, story=uid))

    def export(self, visit: Visit, form: str) -> tuple[str, str, bytes]:
        """File name, media type and content of the visitor's story."""
        entry = self.actions.find(visit)
        with entry.lock:
            return export_story(entry.story, form)

    def open_file(self, visit: Visit, path: Path) -> View:
        """A story from a file, as a copy with a number of its own; a plain text becomes its opening.

        Raises:
            SaveError: the file is too large, is no text in UTF-8, or holds no story, or a damaged one.
        """
        text = read_file(path)
        data = parse_json(text)
        if data is None and path.suffix.lower() == ".json":
            raise SaveError("This file is not a story saved by this playground.")
        story = read_text(text) if data is None else load_story(data)
        story.uid = Story().uid
        if not story.passages:
            raise SaveError("There is no story in this file.")
        return self.actions.adopt(story, visit)


def read_file(path: Path) -> str:
    """The text of an opened file."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SaveError(
                "This file is larger than {most} MB; no story of this playground is.", most=MAX_FILE_BYTES // 1_000_000
            )
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SaveError("This file is not plain text in UTF-8. Save it as such, then open it again.") from error


def parse_json(text: str) -> Any:
    """The data of a text that is JSON, whatever its file is called; None for any other text.

    A word or a number alone is JSON, too, but meant as a text.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict | list) else None


def read_text(text: str) -> Story:
    """A story whose opening is a plain text; a long one becomes several passages of the reader's.

    Raises:
        InputError: it holds characters that can be neither shown nor saved.
    """
    story = Story()
    for part in split_text(text.replace("\r\n", "\n").strip()):
        check_words(part)
        story.add(part)
    story.title = make_title(story)
    return story


def split_text(text: str) -> Iterator[str]:
    """The text in parts that go into a story in one go, cut after a line, a sentence or a word where there is one."""
    while len(text) > MAX_PART:
        ends = [text.rfind(sign, 0, MAX_PART) + 1 for sign in ("\n", ". ", " ")]
        cut = next((end for end in ends if end > MAX_PART // 2), MAX_PART)
        part = text[:cut].rstrip() or text[:cut]
        yield part
        text = text[len(part) :]
    if text:
        yield text

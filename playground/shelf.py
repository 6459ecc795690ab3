"""What happens to whole stories: rename, duplicate, remove and bring back, save to a file and open one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from playground.actions import MAX_TITLE, Actions, make_title
from playground.visit import View, Visit
from playground.wording.strings import find_texts
from story_engine import InputError, SaveError, Story, check_words, export_story, load_story, read_json


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
        with self.actions.stopped(self.actions.find(visit)):
            copy = self.actions.library.duplicate(visit.story)
        mark = f" ({find_texts(visit.language)['copy']})"
        title = copy.title[: MAX_TITLE - len(mark)] + mark
        return self.actions.change(replace(visit, story=copy.uid), lambda story: setattr(story, "title", title))

    def remove(self, visit: Visit) -> View:
        """Put the visitor's story aside; `restore` brings it back."""
        with self.actions.stopped(self.actions.find(visit)):
            self.actions.library.remove(visit.story)
        return View(removed=visit.story)

    def restore(self, visit: Visit) -> View:
        """Bring back the story that was put aside last."""
        self.actions.library.restore(visit.removed)
        return replace(self.actions.arrive(replace(visit, story=visit.removed)), removed="")

    def export(self, visit: Visit, form: str) -> tuple[str, str, bytes]:
        """File name, media type and content of the visitor's story."""
        entry = self.actions.find(visit)
        with entry.lock:
            return export_story(entry.story, form)

    def open_file(self, visit: Visit, path: Path) -> View:
        """A story from a file, as a copy with a number of its own; a plain text becomes its opening."""
        if path.suffix == ".txt":
            story = read_text(path)
        else:
            story = load_story(read_json(path))
            story.uid = Story().uid
        if not story.passages:
            raise SaveError("There is no story in this file.")
        return self.actions.adopt(story, visit)


def read_text(path: Path) -> Story:
    """A story whose opening is a plain text.

    Raises:
        SaveError: the file is no text in UTF-8.
        InputError: it is too long.
    """
    try:
        story = Story(check_words(path.read_text(encoding="utf-8-sig")).strip())
    except (OSError, UnicodeDecodeError) as error:
        raise SaveError("This file is not plain text in UTF-8. Save it as such, then open it again.") from error
    story.title = make_title(story)
    return story

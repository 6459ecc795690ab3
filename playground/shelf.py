"""Whole stories: rename, duplicate, remove and bring back, save to a file and open one."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

from playground.actions import Actions
from playground.visit import View, Visit
from playground.wording.messages import say_error
from playground.wording.strings import find_texts
from story_engine import MAX_TITLE, InputError, check_words, draw_pictures, export_story, open_file


class Shelf:
    """The buttons of "Your stories"; many threads call it at once."""

    def __init__(self, actions: Actions) -> None:
        self.actions = actions

    def rename(self, visit: Visit, title: str) -> View:
        """Another title for the visitor's story."""
        words = " ".join(check_words(title).split())[:MAX_TITLE]
        if not words:
            raise InputError("A story needs a title. Type one, then rename it.")
        self.actions.check_written(words, visit)
        return self.actions.change(visit, lambda story: setattr(story, "title", words))

    def duplicate(self, visit: Visit) -> View:
        """A copy of the visitor's story, all its versions included, to go on in."""
        visit.check_shelf()
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
        """Bring back the story that was put aside last; once more, the one before it.

        Raises:
            InputError: there is none, or it is unfit for children.
        """
        visit.check_shelf()
        uid = visit.removed[-1] if visit.removed else ""
        self.actions.library.restore(uid)
        try:
            return self.actions.arrive(replace(visit, story=uid))
        except InputError:  # unfit for children who are to read it: it stays where it was
            self.actions.library.remove(uid)
            raise

    def export(self, visit: Visit, form: str) -> tuple[str, str, bytes]:
        """File name, media type and content of the visitor's story, with the pictures that the visitor sees."""
        entry = self.actions.find(visit)
        with entry.lock:
            story = deepcopy(entry.story)  # the story goes on while a PDF of it is made, which takes seconds
        return export_story(story, form, draw_pictures(story, visit.pictures))

    def open_file(self, visit: Visit, path: Path) -> View:
        """A story from a file, as a copy with a number of its own; a plain text becomes its opening.

        Raises:
            SaveError: the file is too large, is no text in UTF-8, or holds no story, or a damaged one.
            InputError: a word of a plain text is longer than a passage, or the story is unfit for children.
        """
        opened = open_file(path)
        self.actions.check_opened(opened.story, visit)
        view = self.actions.adopt(opened.story, visit)
        notices = [view.notice, *(say_error(warning, visit.language) for warning in opened.notices)]
        return replace(view, notice=" ".join(filter(None, notices)))

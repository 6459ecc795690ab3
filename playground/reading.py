"""What a reading link shows: a story's words as they grow, without any number of it and without anything to press."""

from __future__ import annotations

import hashlib
from typing import Any

from playground.actions import Actions
from playground.fitness import check_path
from playground.render.reading import ReadingRenderer
from playground.render.texts import render_text
from playground.visit import Visit
from playground.wording.strings import find_texts
from story_engine import WHEN, InputError, Story, draw_pictures, find_kinds

LONGEST_NUMBER = 64
CLOSED = "Stories here are for children, and this one has something that is not. So it stays closed."
GONE = "This link shows no story any more. Ask whoever gave it to you for a new one."


class ReadingAlong:
    """Answers those who read along; many threads call it at once."""

    def __init__(self, actions: Actions) -> None:
        self.actions = actions

    def look(self, number: str, seen: str, language: str) -> dict[str, Any]:
        """The story as it stands: `stamp`, and, unless that is the one that was `seen`, `title` and `book` as HTML.

        While a passage is written, `live` is the HTML of its words so far.

        Raises:
            InputError: the link was taken back, its story was removed, or there never was one.
        """
        link = self.actions.links.find(number) if len(number) <= LONGEST_NUMBER else None
        entry = self.actions.library.open(link.uid) if link else None
        if link is None or entry is None:
            raise InputError(GONE)
        story, is_writing = entry.story, entry.writing.locked()
        self._check(story)
        stamp = _stamp(story, is_writing, language, link.pictures)
        shown: dict[str, Any] = {"stamp": stamp, "live": self._render_live(story) if is_writing else None}
        if stamp != seen:
            when = link.pictures if link.pictures in WHEN else WHEN[0]
            texts = find_texts(language)
            pictures = draw_pictures(story, when, label=texts["picture"])
            shown |= {"title": story.title, "book": ReadingRenderer(texts).render_reading(story, is_writing, pictures)}
        return shown

    def _render_live(self, story: Story) -> str:
        """One passage's words so far; of several tellings none has been chosen yet."""
        told = self.actions.writing.told(story)
        is_shown = len(told) == 1 and not (self.is_for_children and find_kinds(told[0]))
        return render_text(told[0]) if is_shown else ""

    @property
    def is_for_children(self) -> bool:
        """As the server chose it: a reading link has no settings."""
        return self.actions.is_for_children(Visit())

    def _check(self, story: Story) -> None:
        if self.is_for_children:
            try:
                check_path(story)
            except InputError as error:
                raise InputError(CLOSED) from error


def _stamp(story: Story, is_writing: bool, language: str, pictures: str) -> str:
    """Another one whenever what is shown is another. Passages never change but in how they finish."""
    path = [(passage.id, passage.finish) for passage in story.path()]
    facts = (story.title, path, sorted(story.figures.items()), is_writing, language, pictures)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]

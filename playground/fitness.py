"""What of a story may be shown to children: passages of every origin are checked, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from playground.held import Held
from playground.visit import Live, View
from story_engine import InputError, Passage, Story, check_passage, find_kinds, find_new_kinds, refuse_story, write_lore

BEFORE = 400  # characters before a passage that may begin a phrase which it ends


@lru_cache(4096)
def _find(text: str, before: str = "") -> Counter[str]:
    """As `find_new_kinds`: a passage is looked at whenever its story is shown."""
    return find_new_kinds(text, before)


def check_whole(story: Story) -> None:
    """Raises InputError: a story, with all its versions and lines, is unfit for children."""
    lines = [story.title, *story.characters, *story.notes, write_lore(story.lore)]
    lines += [passage.receipt.wish for passage in story.passages if passage.receipt]
    found = [*(_find(passage.text, before) for passage, before in _list_all(story)), *map(_find, lines)]
    refuse_story(sum(found, Counter[str]()))


def check_path(story: Story) -> None:
    """Raises InputError: a story as it stands in view is unfit for children."""
    refuse_story(sum((_find(passage.text, before) for passage, before in _list_path(story)), Counter[str]()))


def is_fit(story: Story) -> bool:
    """Whether a story, with all its versions and lines, is fit for children."""
    try:
        check_whole(story)
    except InputError:
        return False
    return True


@contextmanager
def keep_fit(story: Story, held: Held) -> Iterator[None]:
    """Take a move back that brings an unfit passage into view; its words are `held` for a grown-up.

    Raises:
        InputError: it did.
    """
    shown, kept = {passage.id for passage in story.path()}, (story.current, {**story.visited}, {**story.wordings})
    yield
    for passage, before in _list_path(story):
        if passage.id not in shown and _find(passage.text, before):
            story.current, story.visited, story.wordings = kept
            words = passage.text.strip()
            held.add(story.uid, [] if words in held.list_of(story.uid) else [words])
            check_passage(passage.text, before)


def follow_fit(views: Iterable[View | Live], story: Story) -> Iterator[View | Live]:
    """The views of a passage that somebody else has written, perhaps unchecked: the words so far come while they are fit.

    Raises:
        InputError: what they have written is not.
    """
    for view in views:
        if isinstance(view, View):
            check_path(story)
            yield view
        elif not (view.tellings or find_kinds(view.text)):
            yield view


def _list_path(story: Story) -> Iterator[tuple[Passage, str]]:
    """The passages in view, each with the words before it."""
    before = ""
    for passage in story.path():
        yield passage, before
        before = (before + passage.text)[-BEFORE:]


def _list_all(story: Story) -> Iterator[tuple[Passage, str]]:
    """Those in view, then all others, each with the words of the passage before it."""
    shown = set()
    for passage, before in _list_path(story):
        shown.add(passage.id)
        yield passage, before
    for passage in story.passages:
        if passage.id not in shown:
            yield passage, "" if passage.parent is None else story.passages[passage.parent].text[-BEFORE:]

"""What happens on start, continue, retry, undo, redo, edit, flip, stop, save and open. Knows stories, not widgets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from playground.engines import Engines
from playground.view import draw_book, draw_meter, draw_text
from story_engine import InputError, Passage, SaveError, Settings, Story, StoryEngine, StoryError, Window
from story_engine.library import Library, OpenStory, dump_json, is_uid, read_json
from story_engine.savefile import dump_story, load_story
from story_engine.words import check_words, keep_joint

UPDATE_EVERY = 0.1  # seconds between two updates of a page
MOST_ON_SHELF = 50
STOP_WAIT = 5.0  # seconds that a new request waits for the passage it has just stopped


@dataclass(frozen=True)
class Visit:
    """What a browser remembers: its story's number, its settings, its model, and the stories it had before.

    Survives refresh and restart. `shelf` is number -> title, newest first.
    """

    story: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    model: str = ""
    shelf: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_browser(cls, *memories: object) -> Visit:
        """A browser may send anything; what does not fit counts as never said."""
        data: dict[str, Any] = {}
        for memory in memories:
            data |= memory if isinstance(memory, dict) else {}
        story, settings, model, shelf = (data.get(name) for name in ("story", "settings", "model", "shelf"))
        return cls(
            story if isinstance(story, str) else "",
            settings if isinstance(settings, dict) else {},
            model if isinstance(model, str) else "",
            {uid: str(title) for uid, title in shelf.items() if is_uid(uid)} if isinstance(shelf, dict) else {},
        )

    def story_memory(self) -> dict[str, Any]:
        """What the browser keeps of the stories."""
        return {"story": self.story, "shelf": self.shelf}

    def preferences(self) -> dict[str, Any]:
        """What the browser keeps of the settings."""
        return {"settings": self.settings, "model": self.model}

    def after(self, view: View) -> Visit:
        """The same browser, now with the story of `view` in hand and on its shelf."""
        shelf = {view.story: view.title} if view.story else {}
        shelf |= {uid: title for uid, title in self.shelf.items() if uid != view.story}
        return replace(self, story=view.story, shelf=dict(list(shelf.items())[:MOST_ON_SHELF]))


@dataclass(frozen=True)
class View:
    """All that a page shows of a story."""

    story: str = ""
    book: str = ""
    meter: str = ""
    title: str = ""
    is_blank: bool = True
    is_writing: bool = False
    can_undo: bool = False
    can_redo: bool = False
    can_retry: bool = False
    notice: str = ""


@dataclass(frozen=True)
class Live:
    """The passage being written, as far as it has come; everything else on the page stands."""

    html: str
    text: str


class Actions:
    """The buttons of every page; many threads call it at once."""

    def __init__(self, engines: Engines, library: Library) -> None:
        self.engines, self.library = engines, library

    def engine(self, visit: Visit) -> StoryEngine:
        return self.engines.get(visit.model or self.engines.default)

    def find(self, visit: Visit) -> OpenStory:
        """The visitor's story.

        Raises:
            InputError: there is none yet.
        """
        entry = self.library.open(visit.story)
        if entry is None:
            raise InputError("Begin a story first: write its opening, or pick an idea.")
        return entry

    def look(self, visit: Visit) -> View:
        """The page as the visitor's story stands; blank where there is none."""
        entry = self.library.open(visit.story)
        if entry is None:
            return View()
        with entry.lock:
            return self._view(entry.story, visit)

    def arrive(self, visit: Visit) -> View:
        """A page was opened or refreshed: a passage still being written for it is stopped, and kept."""
        if entry := self.library.open(visit.story):
            with self._stopped(entry):
                return self._view(entry.story, visit)
        return View()

    def take_from_shelf(self, visit: Visit, uid: str) -> View:
        """Another of the visitor's stories, as he left it."""
        chosen = replace(visit, story=uid)
        self.find(chosen)
        return self.arrive(chosen)

    def start(self, visit: Visit, opening: str, settings: Settings) -> Iterator[View | Live]:
        """A new story from the reader's opening, and its first passage."""
        story = Story()
        yield from self._write(OpenStory(story), visit, settings, opening)

    def go_on(self, visit: Visit, text: str, settings: Settings) -> Iterator[View | Live]:
        """The next passage, behind the reader's words, if any."""
        yield from self._write(self.find(visit), visit, settings, text)

    def retry(self, visit: Visit, settings: Settings) -> Iterator[View | Live]:
        """Another version of the model's last passage; the earlier one is kept beside it."""
        entry = self.find(visit)
        with self._stopped(entry):
            if (last := entry.story.last()) and last.author == "model":
                if settings.seed is not None:
                    # The same seed would tell the same words again; the receipt keeps the one that was used.
                    settings = replace(settings, seed=(settings.seed + len(entry.story.versions(last.id))) % 2**53)
                entry.story.undo()
        yield from self._write(entry, visit, settings, None)

    def change(self, visit: Visit, move: Callable[[Story], object]) -> View:
        """Make one move in the story - undo, redo, flip, edit - and save it. A passage being written is stopped first."""
        entry = self.find(visit)
        with self._stopped(entry):
            move(entry.story)
            return self._view(entry.story, visit, notice=self._save(entry.story))

    def passage(self, visit: Visit, number: object) -> Passage:
        """A passage of the visitor's story.

        Raises:
            InputError: there is no such passage.
        """
        passages = self.find(visit).story.passages
        if type(number) is not int or not 0 <= number < len(passages):
            raise InputError("There is no such passage in this story.")
        return passages[number]

    def edit(self, visit: Visit, passage: object, text: str) -> View:
        """New words for a passage; the old ones stay as another version."""
        old, words = self.passage(visit, passage), check_words(text)
        return self.change(visit, lambda story: story.edit(old.id, keep_joint(old.text, words)))

    def flip(self, visit: Visit, passage: object, step: int) -> View:
        """To another version of a passage, and to what last followed it."""
        number = self.passage(visit, passage).id
        return self.change(visit, lambda story: story.flip(number, step))

    def stop(self, visit: Visit) -> None:
        """Stop the passage being written, if any; its words so far stay."""
        if entry := self.library.open(visit.story):
            entry.cancel.set()

    def export(self, visit: Visit) -> tuple[str, str]:
        """File name and content of the visitor's story."""
        entry = self.find(visit)
        with entry.lock:
            name = "-".join("".join(c if c.isalnum() else " " for c in entry.story.title.lower()).split())[:40]
            return f"{name or 'story'}.story.json", dump_json(dump_story(entry.story))

    def open_file(self, visit: Visit, path: Path) -> View:
        """A story from a file, as a copy with a number of its own."""
        story = load_story(read_json(path))
        if not story.passages:
            raise SaveError("There is no story in this file.")
        story.uid = Story().uid
        self.library.adopt(OpenStory(story))
        return self._view(story, visit, notice=self._save(story))

    def _write(self, entry: OpenStory, visit: Visit, settings: Settings, text: str | None) -> Iterator[View | Live]:
        engine, story = self.engine(visit), entry.story
        with self._stopped(entry):
            entry.cancel = cancel = threading.Event()
            entry.writing.acquire()
        shown, at, notice = "", time.monotonic(), ""
        try:
            stream = engine.stream(story, settings, text, cancel)
            if not story.title:
                story.title = " ".join(story.text().split()[:8])
            self.library.adopt(entry)
            yield self._view(story, visit, is_writing=True, notice=self._save(story))
            for piece in stream:
                shown += piece.text
                if time.monotonic() - at >= UPDATE_EVERY:
                    at = time.monotonic()
                    yield Live(draw_text(shown), shown)
            notice = self._save(story)
        except GeneratorExit:  # the reader has left the page: the words so far are kept
            stream.close()
            self._save(story)
            raise
        finally:
            entry.writing.release()
        yield self._view(story, visit, notice=notice)

    def _save(self, story: Story) -> str:
        """Save, or say why it was not possible: a full disk must not stop the story."""
        try:
            self.library.save(story)
        except SaveError as error:
            return str(error)
        return ""

    @contextmanager
    def _stopped(self, entry: OpenStory) -> Iterator[None]:
        """Hold a story's lock with nothing being written in it."""
        with entry.lock:
            entry.cancel.set()
            if not entry.writing.acquire(timeout=STOP_WAIT):
                raise StoryError("The story is still being written. Please try again in a moment.")
            entry.writing.release()
            yield

    def _view(self, story: Story, visit: Visit, is_writing: bool = False, notice: str = "") -> View:
        window: Window | None = None
        # A setting or model that cannot be used is reported when it is used; the story is shown all the same.
        with suppress(StoryError):
            window = self.engine(visit).look(story, Settings(max_new_tokens=visit.settings.get("max_new_tokens", 200)))
        last = story.last()
        return View(
            story=story.uid,
            book=draw_book(story, window, is_writing),
            meter=draw_meter(story, window),
            title=story.title,
            is_blank=last is None,
            is_writing=is_writing,
            can_undo=story.can_undo() and not is_writing,
            can_redo=story.can_redo() and not is_writing,
            can_retry=last is not None and not is_writing,
            notice=notice,
        )

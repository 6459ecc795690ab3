"""What happens on start, continue, retry, undo, redo, edit, flip, stop, save and open. Knows stories, not widgets."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from playground.engines import Engines
from playground.render.book import draw_book, draw_meter, draw_text
from playground.render.tellings import draw_live_ways, draw_ways
from playground.render.tree import draw_tree
from playground.visit import Live, View, Visit
from playground.wording.messages import say_error
from playground.wording.strings import find_texts
from story_engine import (
    Doubt,
    InputError,
    Library,
    OpenStory,
    Passage,
    SaveError,
    Sentence,
    Settings,
    Story,
    StoryEngine,
    StoryError,
    Window,
    check_words,
    find_doubts,
    keep_joint,
    measure_reading,
)

UPDATE_EVERY = 0.1  # seconds between two updates of a page
DRAFT_EVERY = 1.0  # seconds of words that a crash of the server may cost
STOP_WAIT = 5.0  # seconds that a new request waits for the passage it has just stopped
MAX_TITLE = 80
WAYS = 3  # tellings to choose from
STRIP = (0.2, 0.5, 0.8, 1.1, 1.4)  # temperatures to compare
SEEDS = 2**53
TITLE_WORDS = 8


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
            with self.stopped(entry):
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
        yield from self._write(OpenStory(story), visit, [settings], opening)

    def go_on(self, visit: Visit, text: str, settings: Settings, ending: int | None = None) -> Iterator[View | Live]:
        """The next passage, behind the reader's words, if any; with an `ending` the last, in about that many sentences."""
        yield from self._write(self.find(visit), visit, [settings], text, ending)

    def branch(self, visit: Visit, text: str, settings: Settings) -> Iterator[View | Live]:
        """The next passage told in several ways at once, to choose from."""
        seed = choose_seed(settings)
        ways = [replace(settings, seed=(seed + number) % SEEDS) for number in range(WAYS)]
        yield from self._write(self.find(visit), visit, ways, text)

    def vary(self, visit: Visit, text: str, settings: Settings) -> Iterator[View | Live]:
        """The next passage at several temperatures at once, with the same random numbers."""
        seed = choose_seed(settings)
        yield from self._write(
            self.find(visit), visit, [replace(settings, temperature=heat, seed=seed) for heat in STRIP], text
        )

    def retry(self, visit: Visit, settings: Settings) -> Iterator[View | Live]:
        """Another version of the model's last passage; the earlier one is kept beside it."""
        entry = self.find(visit)
        with self.stopped(entry):
            if (last := entry.story.last()) and last.author == "model":
                if settings.seed is not None:
                    # The same seed would tell the same words again; the receipt keeps the one that was used.
                    settings = replace(settings, seed=(settings.seed + len(entry.story.versions(last.id))) % SEEDS)
                entry.story.undo()
        yield from self._write(entry, visit, [settings], None)

    def change(self, visit: Visit, move: Callable[[Story], object], is_other_way: bool = False) -> View:
        """Make one move in the story - undo, redo, flip, edit - and save it. A passage being written is stopped first.

        Where it leads another way, the model reads that while the reader does.
        """
        entry = self.find(visit)
        with self.stopped(entry):
            move(entry.story)
            if is_other_way:
                with suppress(StoryError):
                    self.engine(visit).prefetch(entry.story)
            return self._view(entry.story, visit, notice=self._save(entry.story, visit.language))

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
        return self.change(visit, lambda story: story.edit(old.id, keep_joint(old.text, words)), is_other_way=True)

    def flip(self, visit: Visit, passage: object, step: int) -> View:
        """To another version of a passage, and to what last followed it."""
        number = self.passage(visit, passage).id
        return self.change(visit, lambda story: story.flip(number, step), is_other_way=True)

    def go_to(self, visit: Visit, passage: object) -> View:
        """To any passage ever told."""
        number = self.passage(visit, passage).id
        return self.change(visit, lambda story: story.go_to(number), is_other_way=True)

    def stop(self, visit: Visit) -> None:
        """Stop the passage being written, if any; its words so far stay."""
        if entry := self.library.open(visit.story):
            entry.cancel.set()

    def sentences(self, visit: Visit, passage: object) -> list[tuple[Sentence, bool]]:
        """A passage's sentences, and whether each is pinned; those of the opening are always remembered anyway."""
        number, entry = self.passage(visit, passage).id, self.find(visit)
        window = self._look(entry.story, visit)
        if window is None:
            return []
        found = [s for s in (*window.forgotten, *window.kept) if s.key[0] == number and s.key not in window.opening]
        return [(sentence, sentence.key in entry.story.pins) for sentence in sorted(found, key=lambda s: s.key)]

    def pin(self, visit: Visit, passage: object, chosen: Sequence[int]) -> View:
        """Pin these sentences of a passage, by their numbers, and no others of it."""
        changed = [s.key for s, is_pinned in self.sentences(visit, passage) if is_pinned != (s.key[1] in chosen)]
        return self.change(visit, lambda story: [story.pin(key) for key in changed])

    def toggle_pin(self, visit: Visit, passage: object, place: object) -> View:
        """Pin a sentence of a passage, or let it go.

        Raises:
            InputError: there is no such sentence, or it is one of the opening, which is always remembered.
        """
        key = next((sentence.key for sentence, _ in self.sentences(visit, passage) if sentence.key[1] == place), None)
        if key is None:
            raise InputError("This sentence cannot be pinned. The opening is always remembered anyway.")
        return self.change(visit, lambda story: story.pin(key))

    def adopt(self, story: Story, visit: Visit) -> View:
        """Take in a story that was made elsewhere, and show it."""
        self.library.adopt(OpenStory(story))
        return self._view(story, visit, notice=self._save(story, visit.language))

    def _write(
        self, entry: OpenStory, visit: Visit, settings: Sequence[Settings], text: str | None, ending: int | None = None
    ) -> Iterator[View | Live]:
        engine, story, cancel = self.engine(visit), entry.story, self._begin(entry)
        shown, notice, at, noted = [""] * len(settings), "", time.monotonic(), time.monotonic()
        try:
            stream = engine.stream_tellings(story, settings, text, cancel, ending)
            if not story.title:
                story.title = make_title(story)
            self.library.adopt(entry)
            yield self._view(story, visit, is_writing=True, notice=self._save(story, visit.language))
            for piece in stream:
                shown[piece.telling] = piece.follow(shown[piece.telling])
                if time.monotonic() - at >= UPDATE_EVERY:
                    at = time.monotonic()
                    yield show_live(shown, visit)
                if at - noted >= DRAFT_EVERY:
                    noted = at
                    with suppress(SaveError):
                        self.library.save_draft(story, shown)
            notice = self._save(story, visit.language)
        except GeneratorExit:  # the reader has left the page: the words so far are kept
            stream.close()
            self._save(story, visit.language)
            raise
        finally:
            entry.writing.release()
        yield self._view(story, visit, notice=notice)

    def _begin(self, entry: OpenStory) -> threading.Event:
        """Have a story for writing; returns what stops it."""
        with self.stopped(entry):
            entry.cancel = threading.Event()
            entry.writing.acquire()
            return entry.cancel

    def _save(self, story: Story, language: str) -> str:
        """Save, or say why it was not possible: a full disk must not stop the story."""
        try:
            self.library.save(story)
        except SaveError as error:
            return say_error(error, language)
        return ""

    @contextmanager
    def stopped(self, entry: OpenStory) -> Iterator[None]:
        """Hold a story's lock with nothing being written in it."""
        with entry.lock:
            entry.cancel.set()
            if not entry.writing.acquire(timeout=STOP_WAIT):
                raise StoryError("The story is still being written. Please try again in a moment.")
            entry.writing.release()
            yield

    def _look(self, story: Story, visit: Visit) -> Window | None:
        """The window; a setting or model that cannot be used is reported when it is used, not when a story is shown."""
        with suppress(StoryError):
            return self.engine(visit).window_of(story, Settings(max_new_tokens=visit.settings.get("max_new_tokens", 200)))
        return None

    def _view(self, story: Story, visit: Visit, is_writing: bool = False, notice: str = "") -> View:
        window, last, reading = self._look(story, visit), story.last(), None
        with suppress(StoryError):
            reading = measure_reading(story.text(), self.engine(visit).vocabulary)
        doubts, texts = [] if is_writing else self._find_doubts(story), find_texts(visit.language)
        return View(
            story=story.uid,
            book=draw_book(story, window, is_writing, doubts, texts, visit.pinning),
            meter=draw_meter(story, window, reading, texts),
            tree=draw_tree(story, texts),
            ways="" if is_writing else draw_ways(story, texts),
            title=story.title,
            characters="\n".join(story.characters),
            notes="\n".join(story.notes),
            is_blank=last is None,
            is_writing=is_writing,
            can_undo=story.can_undo() and not is_writing,
            can_redo=story.can_redo() and not is_writing,
            can_retry=last is not None and not is_writing,
            notice=notice,
        )

    def _find_doubts(self, story: Story) -> list[Doubt]:
        """What in the model's last passage does not go with the story and the reader's notes."""
        last = story.last()
        if last is None or last.author == "reader":
            return []
        before = "".join(passage.text for passage in story.path()[:-1])
        return find_doubts(" ".join([*story.characters, *story.notes, before]), last.text)


def show_live(told: Sequence[str], visit: Visit) -> Live:
    """What is being written, as far as it has come: one passage, or its tellings side by side."""
    ways = draw_live_ways(told, find_texts(visit.language)) if len(told) > 1 else ""
    return Live(draw_text(told[0]), told[0], ways)


def choose_seed(settings: Settings) -> int:
    """The seed that was asked for, or a new one."""
    return secrets.randbelow(SEEDS) if settings.seed is None else settings.seed


def make_title(story: Story) -> str:
    """The story's first words."""
    return " ".join(story.text().split()[:TITLE_WORDS])[:MAX_TITLE]

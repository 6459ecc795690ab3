"""A passage while it is written: one writer a story, words shown and kept on the way, and an end that loses none of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from playground.held import Held
from playground.render.renderer import Renderer
from playground.render.texts import render_text
from playground.visit import Live, View, Visit
from playground.wording.messages import say_error
from playground.wording.strings import find_texts
from story_engine import (
    InputError,
    Library,
    OpenStory,
    Piece,
    RemoteEngine,
    SaveError,
    Settings,
    Story,
    StoryEngine,
    StoryError,
    is_english,
    is_round,
    make_title,
)

UPDATE_EVERY = 0.1  # seconds between two updates of a page
ENGLISH_ONLY = (
    "The model knows English only, so it may make little sense of this. Your words are kept; in English it follows you better."
)
JOURNAL_EVERY = 1.0  # seconds of words that a crash of the server may cost
STOP_WAIT = 5.0  # seconds that a request waits for the passage that it has stopped

log = logging.getLogger(__name__)


class Writing:
    """The passages of all stories; many threads call it at once. `show` makes the view of a story."""

    def __init__(self, library: Library, show: Callable[..., View]) -> None:
        self.library, self._show = library, show
        self.is_closing = threading.Event()  # once set, passages end with their sentence, and none begins
        self.forgettings = 0  # times that a window has forgotten, over all stories
        self.held = Held()
        self._told: dict[str, list[str]] = {}  # by story: the words so far of the passage that is being written

    def write(
        self,
        engine: StoryEngine,
        entry: OpenStory,
        visit: Visit,
        settings: Sequence[Settings],
        text: str | None,
        *,
        wish: str = "",
        ending: int | None = None,
    ) -> Iterator[View | Live]:
        """Write the next passage, in one telling for each of `settings`. A passage that is being written is stopped first."""
        story, begun, known = entry.story, time.monotonic(), len(entry.story.memory.ledger)
        with self._as_writer(entry) as cancel:
            stream = engine.stream_tellings(story, settings, text, cancel, ending, wish=wish)
            story.title = story.title or visit.name_apart(make_title(story))
            self.library.adopt(entry)
            count = len(story.passages)
            try:
                foreign = find_foreign(story, text or "", visit.language, engine)
                notice = f"{self._list_notices(engine, story, visit)} {foreign}".strip()
                yield self._show(story, visit, is_writing=True, words=text or "", notice=notice)
                yield from self._follow_pieces(story, stream, settings, visit)
            finally:  # the end, a stop, a reader who leaves, a failure: the words so far stay
                stream.close()
                notice = self._list_notices(engine, story, visit)
                self.forgettings += sum(forgotten.kind == "forgotten" for forgotten in story.memory.ledger[known:])
                log.info("passage", extra={"seconds": round(time.monotonic() - begun, 3), "tellings": len(settings)})
        view = self._show(story, visit, notice=notice)
        yield replace(view, wish=wish if len(story.passages) > count else "")

    def watch(self, entry: OpenStory, visit: Visit) -> Iterator[View | Live]:
        """The words of a passage that another page has written, until it ends; nothing where none is being written."""
        was_writing = False
        while entry.writing.locked():
            was_writing = True
            if told := self._told.get(entry.story.uid):
                yield show_live(told, visit)
            time.sleep(UPDATE_EVERY)
        if was_writing:
            yield self._show(entry.story, visit)

    def _follow_pieces(
        self, story: Story, stream: Generator[Piece, None, None], settings: Sequence[Settings], visit: Visit
    ) -> Iterator[Live]:
        """Show the words as they come, and note them in the journal."""
        told = self._told[story.uid] = [""] * len(settings)
        compared = max(one.best_of for one in settings)
        shown_at = noted_at = time.monotonic()
        had_words = False
        for piece in stream:
            told[piece.telling] = piece.follow(told[piece.telling])
            self.held.add(story.uid, piece.held)
            now = time.monotonic()
            has_words = any(map(str.strip, told))
            if now - shown_at >= UPDATE_EVERY or has_words > had_words:  # the first words wait for nothing
                had_words = has_words
                shown_at = max(min(shown_at + UPDATE_EVERY, now), now - UPDATE_EVERY)  # a late word delays none behind it
                yield show_live(told, visit, compared)
            if now - noted_at >= JOURNAL_EVERY:
                noted_at = now
                with suppress(SaveError):
                    self.library.save_journal(story, told)
            if self.is_closing.is_set() and all(map(is_round, told)):
                return

    def _list_notices(self, engine: StoryEngine, story: Story, visit: Visit) -> str:
        """Save, and list what the reader has to know."""
        notices = [self.save(story, visit.language), *(say_error(one, visit.language) for one in engine.take_notices(story))]
        return " ".join(filter(None, notices))

    def save(self, story: Story, language: str) -> str:
        """Save, or return why it was not possible: a full disk must not stop the story."""
        try:
            self.library.save(story)
        except SaveError as error:
            return say_error(error, language)
        return ""

    def told(self, story: Story) -> list[str]:
        """The words so far of each telling of the passage that is being written; nothing where none is."""
        return self._told.get(story.uid, [])

    @property
    def written(self) -> list[str]:
        """The numbers of the stories that are being written."""
        return list(self._told)

    @contextmanager
    def stopped(self, entry: OpenStory) -> Iterator[None]:
        """Hold a story's lock while nothing is written in it.

        Raises:
            StoryError: the passage does not stop in time.
        """
        with entry.lock:
            entry.cancel.set()
            if not entry.writing.acquire(timeout=STOP_WAIT):
                raise StoryError("The story is still being written. Please try again in a moment.")
            entry.writing.release()
            yield

    @contextmanager
    def _as_writer(self, entry: OpenStory) -> Iterator[threading.Event]:
        """Be the one writer of a story; gives the event that stops it."""
        if self.is_closing.is_set():
            raise StoryError("The playground is closing. Your words are still in their box; please try again in a minute.")
        with self.stopped(entry):
            cancel = entry.cancel = threading.Event()
            entry.writing.acquire()
        self._told[entry.story.uid] = []
        try:
            yield cancel
        finally:
            self._told.pop(entry.story.uid, None)
            entry.writing.release()


def find_foreign(story: Story, text: str, language: str, engine: StoryEngine | None = None) -> str:
    """What is said to a reader whose words are not English, once a story: where they wrote so before, they know.

    A model on another server may know their language.
    """
    before = [passage.text for passage in story.path() if passage.author == "reader"][:-1]
    is_new = not isinstance(engine, RemoteEngine) and not is_english(text) and all(map(is_english, before))
    return say_error(InputError(ENGLISH_ONLY), language) if is_new else ""


def show_live(told: Sequence[str], visit: Visit, compared: int = 1) -> Live:
    """The words so far: one passage, or its tellings side by side; while several are `compared`, that they are."""
    texts = find_texts(visit.language)
    tellings = Renderer(texts).render_live_tellings(told) if len(told) > 1 else ""
    is_comparing = compared > 1 and not any(told)
    return Live(render_text(texts["comparing"].format(count=compared) if is_comparing else told[0]), told[0], tellings)

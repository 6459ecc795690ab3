"""What each button does: start, continue, retry, undo, redo, edit, flip, stop and open. Knows stories, not widgets."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace

from playground.engines import Engines
from playground.fitness import check_path, check_whole, follow_fit, is_fit, keep_fit
from playground.rates import Rates
from playground.render.pictures import check_figure, draw_for_page
from playground.render.renderer import Renderer
from playground.visit import Live, View, Visit
from playground.wording.messages import say_error
from playground.wording.strings import find_texts
from playground.writing import Writing
from story_engine import (
    Doubt,
    InputError,
    Library,
    OpenStory,
    Passage,
    ReadingLinks,
    Sentence,
    Settings,
    Story,
    StoryEngine,
    StoryError,
    Window,
    check_fit,
    check_words,
    find_doubts,
    keep_joint,
    measure_reading,
    write_lore,
)

TELLINGS = 3  # side by side, to choose from
STRIP = (0.2, 0.5, 0.8, 1.1, 1.4)  # temperatures to compare
SEEDS = 2**53
SAME_WORDS = "The model told the same words again. A higher temperature gives other ones."


class Actions:
    """The buttons of every page; many threads call it at once."""

    def __init__(self, engines: Engines, library: Library) -> None:
        self.engines, self.library = engines, library
        self.links = ReadingLinks(library.folder)
        self.writing = Writing(library, self._show)
        self.rates = Rates()

    def engine(self, visit: Visit) -> StoryEngine:
        return self.engines.get(visit.model or self.engines.default)

    def is_for_children(self, visit: Visit) -> bool:
        """Whether all words of this visit are checked: as the browser chose, or as the server does for all who did not."""
        return self.engines.recommended.for_children if visit.for_children is None else visit.for_children

    def find(self, visit: Visit) -> OpenStory:
        """The visitor's story.

        Raises:
            InputError: there is none yet, or its number is one for reading alone.
        """
        entry = self.library.open(visit.story)
        if entry is None and self.links.find(visit.story):
            raise InputError("This number is for reading along. Whoever shares the story has a link for writing along, too.")
        if entry is None:
            raise InputError("Begin a story first: write its opening, or pick an idea.")
        return entry

    def find_shown(self, visit: Visit) -> OpenStory:
        """The visitor's story. Raises InputError as `find` does, and where it is unfit in view for children who read it."""
        entry = self.find(visit)
        if self.is_for_children(visit):
            check_path(entry.story)
        return entry

    def view(self, visit: Visit) -> View:
        """The page as the visitor's story stands; blank where there is none. Raises InputError as `find_shown` does."""
        if not self.library.open(visit.story):
            return View()
        entry = self.find_shown(visit)
        return self._show(entry.story, visit, is_writing=entry.writing.locked())

    def watch(self, visit: Visit) -> Iterator[View | Live]:
        """The words of a passage that another page has begun; nothing where none is being written."""
        if entry := self.library.open(visit.story):
            views = self.writing.watch(entry, visit)
            yield from follow_fit(views, entry.story) if self.is_for_children(visit) else views

    def open_from_shelf(self, visit: Visit, uid: str) -> View:
        """Another of the visitor's stories, as they left it."""
        chosen = replace(visit, story=uid)
        self.check_opened(self.find(chosen).story, visit)
        return self.view(chosen)

    def arrive(self, visit: Visit) -> View:
        """The page as a browser left it, or as a link has it. Raises InputError as `check_opened` does."""
        if entry := self.library.open(visit.story):
            self.check_opened(entry.story, visit)
        return self.view(visit)

    def check_written(self, words: str, visit: Visit, before: str = "") -> None:
        """Raises InputError: a reader's words beside the story, or behind `before`, are unfit for children who read them."""
        if self.is_for_children(visit):
            check_fit(words, before)

    def check_opened(self, story: Story, visit: Visit) -> None:
        """Raises InputError: a story, with all its versions, is unfit for children who are to read it."""
        if self.is_for_children(visit):
            check_whole(story)

    def start(self, visit: Visit, opening: str, settings: Settings) -> Iterator[View | Live]:
        """A new story from the reader's opening, and its first passage."""
        visit.check_shelf()
        yield from self._write(OpenStory(Story()), visit, [settings], opening)

    def go_on(
        self, visit: Visit, text: str, settings: Settings, wish: str = "", *, ending: int | None = None
    ) -> Iterator[View | Live]:
        """The next passage, after the reader's words, if any. With an `ending` the story ends in about that many sentences."""
        yield from self._write(self.find_shown(visit), visit, [settings], text, wish, ending)

    def branch(self, visit: Visit, text: str, settings: Settings, wish: str = "") -> Iterator[View | Live]:
        """Several tellings of the next passage at once, to choose from."""
        seed = choose_seed(settings)
        tellings = [replace(settings, seed=(seed + number) % SEEDS) for number in range(TELLINGS)]
        yield from self._write(self.find_shown(visit), visit, tellings, text, wish)

    def vary(self, visit: Visit, text: str, settings: Settings, wish: str = "") -> Iterator[View | Live]:
        """The next passage at several temperatures at once, with the same random numbers."""
        seed = choose_seed(settings)
        tellings = [replace(settings, temperature=temperature, seed=seed) for temperature in STRIP]
        yield from self._write(self.find_shown(visit), visit, tellings, text, wish)

    def retry(self, visit: Visit, settings: Settings) -> Iterator[View | Live]:
        """Another version of the model's last passage, by the same wish; the earlier one is kept beside it."""
        entry, wish = self.find_shown(visit), ""
        with self.writing.stopped(entry):
            if (last := entry.story.last()) and last.author == "model":
                if settings.seed is not None:
                    # The same seed would tell the same words again; the receipt keeps the seed that was used.
                    settings = replace(settings, seed=(settings.seed + len(entry.story.versions(last.id))) % SEEDS)
                wish = last.receipt.wish if last.receipt else ""
                entry.story.undo()
        for view in self._write(entry, visit, [settings], None, wish):
            if isinstance(view, View) and not view.is_writing and is_told_before(entry.story):
                notice = say_error(InputError(SAME_WORDS), visit.language)
                view = replace(view, notice=f"{view.notice} {notice}".strip())
            yield view

    def _write(
        self,
        entry: OpenStory,
        visit: Visit,
        settings: Sequence[Settings],
        text: str | None,
        wish: str = "",
        ending: int | None = None,
    ) -> Iterator[View | Live]:
        yield from self.writing.write(self.engine(visit), entry, visit, settings, text, wish=wish, ending=ending)

    def change(self, visit: Visit, move: Callable[[Story], object], is_other_way: bool = False) -> View:
        """Make one move in the story - undo, redo, flip, edit - and save it. A passage being written is stopped first.

        With `is_other_way`, the model reads the changed story while the reader does.
        """
        entry = self.find(visit)
        with self.writing.stopped(entry):
            with keep_fit(entry.story, self.writing.held) if self.is_for_children(visit) else nullcontext():
                move(entry.story)
            if is_other_way:
                with suppress(StoryError):
                    self.engine(visit).prefetch(entry.story)
            return self._show(entry.story, visit, notice=self.writing.save(entry.story, visit.language))

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
        before = self.find(visit).story.path_to(old.parent)
        self.check_written(words, visit, "".join(passage.text for passage in before))
        engine = self.engine(visit)

        def cut(passage: Passage) -> list[str]:
            return [sentence.text for sentence in engine.cutter.cut_path([passage])]

        return self.change(visit, lambda story: story.edit(old.id, keep_joint(old.text, words), cut), is_other_way=True)

    def flip(self, visit: Visit, passage: object, step: int) -> View:
        """To another version of a passage, and to the passages that last followed it."""
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
        window = self._window_of(entry.story, visit)
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

    def change_figure(self, visit: Visit, figure: object) -> View:
        """Draw somebody otherwise, in all pictures of the story.

        Raises:
            InputError: nobody in them has this key.
        """
        key = check_figure(self.find(visit).story, figure)
        return self.change(visit, lambda story: story.change_figure(key))

    def adopt(self, story: Story, visit: Visit) -> View:
        """Add a story that was made elsewhere, and show it."""
        visit.check_shelf()
        self.library.adopt(OpenStory(story))
        return self._show(story, visit, notice=self.writing.save(story, visit.language))

    def _window_of(self, story: Story, visit: Visit) -> Window | None:
        """The window; a setting or model that cannot be used is reported when it is used, not when a story is shown."""
        with suppress(StoryError):
            return self.engine(visit).window_of(story, Settings(max_new_tokens=visit.settings.get("max_new_tokens", 200)))
        return None

    def _show(self, story: Story, visit: Visit, is_writing: bool = False, words: str = "", notice: str = "") -> View:
        window, last, reading = self._window_of(story, visit), story.last(), None
        with suppress(StoryError):
            reading = measure_reading(story.text(), self.engine(visit).tokenizer)
        doubts, render = [] if is_writing else self._find_doubts(story), Renderer(find_texts(visit.language))
        return View(
            story=story.uid,
            book=render.render_book(
                story,
                window,
                writing=is_writing,
                doubts=doubts,
                pinning=visit.pinning,
                pictures=draw_for_page(story, visit.pictures, render.texts, writing=is_writing),
            ),
            meter=render.render_meter(story, window, reading),
            tree=render.render_tree(story) if self._is_open(story, visit) else "",
            tellings=render.render_tellings(story) if self._is_open(story, visit) and not is_writing else "",
            title=story.title,
            characters="\n".join(story.characters),
            notes="\n".join(story.notes),
            lore=write_lore(story.lore),
            is_blank=last is None,
            is_writing=is_writing,
            can_undo=story.can_undo() and not is_writing,
            can_redo=story.can_redo() and not is_writing,
            can_retry=last is not None and not is_writing,
            words=words,
            notice=notice,
        )

    def _is_open(self, story: Story, visit: Visit) -> bool:
        """Whether all versions may be shown: what others wrote in it meanwhile may be unfit for children."""
        return not self.is_for_children(visit) or is_fit(story)

    def _find_doubts(self, story: Story) -> list[Doubt]:
        """The places in the model's last passage that do not go with the story and the reader's notes."""
        last = story.last()
        if last is None or last.author == "reader":
            return []
        before = "".join(passage.text for passage in story.path()[:-1])
        lore = write_lore(story.lore).splitlines()
        return find_doubts(" ".join([*story.characters, *story.notes, *lore, before]), last.text)


def choose_seed(settings: Settings) -> int:
    """The seed that was asked for, or a new one."""
    return secrets.randbelow(SEEDS) if settings.seed is None else settings.seed


def is_told_before(story: Story) -> bool:
    """Whether another version of the last passage has the very same words."""
    last = story.last()
    return last is not None and any(
        story.passages[number].text == last.text for number in story.versions(last.id) if number != last.id
    )

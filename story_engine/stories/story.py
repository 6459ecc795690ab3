"""Story: an append-only tree of passages and a pointer. Nothing is ever lost; every button is one move.

Undo moves the pointer to the parent, redo back to the child last visited, retry adds a sibling. An edit adds a wording:
a sibling that shares with the passage that it rewords all that follows. A save file is this tree as JSON.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from story_engine.errors import InputError
from story_engine.settings import Settings
from story_engine.stories.lore import Lore
from story_engine.text.sentences import ends_sentence, match_sentences, split_sentences

Author = Literal["reader", "model"]
Finish = Literal["", "end", "length", "sentence", "stopped"]
Key = tuple[int, int]  # (passage, number of the sentence in it)
MAX_TITLE, TITLE_WORDS = 80, 8  # characters, words
_THE_END = re.compile(r"\bthe end\W*$", re.IGNORECASE)


@dataclass(frozen=True)
class Receipt:
    """How a passage of the model's came about; with the same model it can be told again."""

    model: str
    settings: Settings
    window_tokens: int
    forgotten: int
    ending: int | None = None  # sentences in which the story was led to its end, where that was asked for
    loops: int = 0  # taken back on the way, and told anew
    healed: int = 0  # characters before the passage that its first tokens say again, since they end within a word
    guard: str = ""  # the list and rules by which it was checked for children, if it was
    wish: str = ""  # what the reader wished for, which guided the words and stands in none


@dataclass(frozen=True)
class Passage:
    """One piece of a story, as it joins on to its parent's text. `tokens` are the ids as the model drew them."""

    id: int
    parent: int | None
    author: Author
    text: str
    tokens: tuple[int, ...] = ()
    receipt: Receipt | None = None
    finish: Finish = ""  # "end" of the story; for the model's also "length", "sentence" near the length, or "stopped"
    edited: bool = False
    rewords: int | None = None  # the first wording of this passage, where this one is an edit of it


Reason = Literal[
    "the window was full",
    "the window was full, and a sentence too long to be kept whole",
    "the window was nearly empty",
    "it stands before what was forgotten",
    "another model reads the story",
    "pinned by the reader",
]


@dataclass(frozen=True)
class LedgerEntry:
    """One change of what the model remembers: sentences `forgotten`, or `recalled` by reading the story again."""

    kind: Literal["forgotten", "recalled"]
    sentences: tuple[Key, ...]
    tokens: int
    reason: str
    passage: int


@dataclass
class Memory:
    """What a model has forgotten of a story, on all branches, and the ledger of how that came."""

    model: str = ""
    forgotten: frozenset[Key] = frozenset()
    ledger: list[LedgerEntry] = field(default_factory=list)


class Story:
    """A story as it is being written.

    `Story("Once upon a time")` begins with the reader's words; `Story()` is blank.
    """

    def __init__(self, opening: str = "", title: str = "") -> None:
        self.uid = uuid.uuid4().hex
        self.title = title
        self.passages: list[Passage] = []
        self.current: int | None = None
        # Both name a passage by its first wording: the child last visited, and the wording in view.
        self.visited: dict[int | None, int] = {}
        self.wordings: dict[int, int] = {}
        self.pins: list[Key] = []
        # Lines that are always in the window, behind the opening: who is who, and what else is to be kept in mind.
        self.characters: list[str] = []
        self.notes: list[str] = []
        self.figures: dict[str, int] = {}  # how often the reader has changed somebody's figure in the pictures
        self.lore: list[Lore] = []  # is in the window while the last passages say one of its names
        self.memory = Memory()
        if opening:
            self.add(opening)

    # -- reading

    def path(self) -> list[Passage]:
        """The passages from the opening to the pointer."""
        return self.path_to(self.current)

    def path_to(self, passage: int | None) -> list[Passage]:
        """The passages from the opening to this one, each in the wording in view."""
        path = []
        while passage is not None:
            path.append(self.passages[self._in_view(passage)])
            passage = path[-1].parent
        return path[::-1]

    def text(self) -> str:
        """The whole current path."""
        return "".join(passage.text for passage in self.path())

    def last(self) -> Passage | None:
        return None if self.current is None else self.passages[self._in_view(self.current)]

    def versions(self, passage: int) -> list[int]:
        """This passage and its siblings, oldest first: other tellings, and other wordings."""
        parent = self.find_first_wording(self.passages[passage].parent)
        return [other.id for other in self.passages if self.find_first_wording(other.parent) == parent]

    def can_undo(self) -> bool:
        last = self.last()
        return last is not None and last.parent is not None

    def can_redo(self) -> bool:
        return self.find_first_wording(self.current) in self.visited

    def find_first_wording(self, passage: int | None) -> int | None:
        """The passage that an edit rewords, or the passage itself. All wordings of one passage have the same children."""
        if passage is None:
            return None
        first = self.passages[passage].rewords
        return passage if first is None else first

    # -- moving

    def undo(self) -> None:
        """Back to the parent; at the opening it stays."""
        last = self.last()
        if last is not None and last.parent is not None:
            self.current = self._in_view(last.parent)

    def redo(self) -> None:
        """Forward to the child last visited, where there is one."""
        child = self.visited.get(self.find_first_wording(self.current))
        if child is not None:
            self.current = self._in_view(child)

    def go_to(self, passage: int) -> None:
        """To any passage of the tree; redo then leads back along the way that was taken to it.

        Raises:
            InputError: there is no such passage.
        """
        if not 0 <= passage < len(self.passages):
            raise InputError("There is no such passage in this story.")
        self._show(passage)
        for step in self.path_to(passage):
            self.visited[self.find_first_wording(step.parent)] = step.id
        self.current = passage

    def flip(self, passage: int, step: int) -> None:
        """To the version `step` places further on in the row of versions, and to what last followed it."""
        versions = self.versions(passage)
        self.go_to(versions[(versions.index(passage) + step) % len(versions)])
        while self.can_redo():
            self.redo()

    # -- writing

    def add(self, text: str, author: Author = "reader", **facts: Any) -> Passage:
        """Append a passage behind the pointer and move there. The text is kept as given."""
        parent = None if self.current is None else self._in_view(self.current)
        new = self._append(Passage(len(self.passages), parent, author, text, **facts))
        self.current = new.id
        return new

    def edit(self, passage: int, text: str, cut: Callable[[Passage], Sequence[str]] | None = None) -> Passage:
        """Give a passage new words in a wording of their own, which shares all that follows; the old one is kept.

        Pins and forgettings follow the sentences that the new words still hold. `cut` gives a passage's sentences as they
        are numbered in keys, where that is not by `split_sentences`. A story that was at its end stays so while the new
        words end where a sentence does.

        Raises:
            InputError: the passage is not on the current path, or the words are empty.
        """
        path = [step.id for step in self.path()]
        if passage not in path:
            raise InputError("Only a passage of the story in view can be changed.")
        if not text.strip():
            raise InputError("A passage cannot be empty. Use undo to take it back.")
        old = self.passages[passage]
        finish = "" if old.finish == "end" and not is_round_end(text) else old.finish
        first = passage if old.rewords is None else old.rewords
        new = self._append(Passage(len(self.passages), old.parent, old.author, text, finish=finish, edited=True, rewords=first))
        self._show(new.id)
        if passage == path[-1]:
            self.current = new.id
        self._carry_over(old, new, cut or _cut)
        return new

    def _carry_over(self, old: Passage, new: Passage, cut: Callable[[Passage], Sequence[str]]) -> None:
        """What was pinned or forgotten of the old wording is so of the new one, sentence by sentence."""
        before, after = cut(old), cut(new)
        whole = {text.strip() for text in split_sentences(new.text)}
        matched = match_sentences(before, after)
        pinned = [number for passage, number in self.pins if passage == old.id]
        forgotten = [number for passage, number in self.memory.forgotten if passage == old.id]
        self.pins += [(new.id, matched[number]) for number in pinned if number in matched]
        # Parts of a sentence are forgotten together. A number beyond the sentences means that keys count parts.
        if max([*pinned, *forgotten], default=0) < len(before):
            kept = {matched[number] for number in forgotten if number in matched}
            self.memory.forgotten |= {(new.id, number) for number in kept if after[number].strip() in whole}

    def mark_finished(self) -> None:
        """The story is over with the last passage: what is told next begins a paragraph of its own."""
        last = self.last()
        if last is not None:
            self.passages[last.id] = replace(last, finish="end")

    def pin(self, key: Key) -> bool:
        """Pin a sentence, or unpin it; returns whether it is pinned now."""
        if key in self.pins:
            self.pins.remove(key)
            return False
        self.pins.append(key)
        return True

    def change_figure(self, key: str) -> None:
        """Draw somebody otherwise, in all pictures."""
        self.figures[key] = self.figures.get(key, 0) + 1

    def _append(self, passage: Passage) -> Passage:
        self.passages.append(passage)
        self.visited[self.find_first_wording(passage.parent)] = passage.id
        return passage

    def _in_view(self, passage: int) -> int:
        """The wording in view of the passage that this one is a wording of."""
        first = self.passages[passage].rewords
        first = passage if first is None else first
        return self.wordings.get(first, first)

    def _show(self, passage: int) -> None:
        """Bring this wording of its passage into view."""
        first = self.passages[passage].rewords
        if first is not None:
            self.wordings[first] = passage
        else:
            self.wordings.pop(passage, None)


def is_round_end(text: str) -> bool:
    """Whether a story may be over with these words: they end where a sentence does, or say so."""
    return ends_sentence(text) or bool(_THE_END.search(text))


def make_title(story: Story) -> str:
    """The story's first words."""
    return " ".join(story.text().split()[:TITLE_WORDS])[:MAX_TITLE]


def _cut(passage: Passage) -> list[str]:
    return split_sentences(passage.text)

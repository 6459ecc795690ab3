"""Story: an append-only tree of passages and a pointer. Nothing is ever lost; every button is one move.

Undo moves the pointer to the parent, redo back to the child last visited, retry adds a sibling, an edit adds a sibling
with the new words. A save file is this tree as JSON.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from story_engine.errors import InputError
from story_engine.settings import Settings

Author = Literal["reader", "model"]
Finish = Literal["", "end", "length", "sentence", "stopped"]
Key = tuple[int, int]  # (passage, number of the sentence in it)


@dataclass(frozen=True)
class Receipt:
    """How a passage of the model's came about; with the same model it can be told again."""

    model: str
    settings: Settings
    window_tokens: int
    forgotten: int
    ending: int | None = None  # sentences in which the story was led to its end, where that was asked for
    loops: int = 0  # taken back on the way, and told anew


@dataclass(frozen=True)
class Passage:
    """One piece of a story, as it joins on to its parent's text. `tokens` are the ids as the model drew them."""

    id: int
    parent: int | None
    author: Author
    text: str
    tokens: tuple[int, ...] = ()
    receipt: Receipt | None = None
    finish: Finish = ""  # for the model's: "end" of the story, "length", "sentence" near the length, or "stopped"
    edited: bool = False


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
        self.visited: dict[int | None, int] = {}
        self.pins: list[Key] = []
        # Lines that are always in the window, behind the opening: who is who, and what else is to be kept in mind.
        self.characters: list[str] = []
        self.notes: list[str] = []
        self.memory = Memory()
        if opening:
            self.add(opening)

    # -- reading

    def path(self) -> list[Passage]:
        """The passages from the opening to the pointer."""
        return self.path_to(self.current)

    def path_to(self, passage: int | None) -> list[Passage]:
        path = []
        while passage is not None:
            path.append(self.passages[passage])
            passage = path[-1].parent
        return path[::-1]

    def text(self) -> str:
        """The whole current path."""
        return "".join(passage.text for passage in self.path())

    def last(self) -> Passage | None:
        return None if self.current is None else self.passages[self.current]

    def versions(self, passage: int) -> list[int]:
        """This passage and its siblings, oldest first."""
        parent = self.passages[passage].parent
        return [other.id for other in self.passages if other.parent == parent]

    def can_undo(self) -> bool:
        last = self.last()
        return last is not None and last.parent is not None

    def can_redo(self) -> bool:
        return self.current in self.visited

    # -- moving

    def undo(self) -> None:
        """Back to the parent; at the opening it stays."""
        last = self.last()
        if last is not None and last.parent is not None:
            self.current = last.parent

    def redo(self) -> None:
        """Forward to the child last visited, where there is one."""
        self.current = self.visited.get(self.current, self.current)

    def go_to(self, passage: int) -> None:
        """To any passage of the tree; redo then leads back along the way that was taken to it.

        Raises:
            InputError: there is no such passage.
        """
        if not 0 <= passage < len(self.passages):
            raise InputError("There is no such passage in this story.")
        for step in self.path_to(passage):
            self.visited[step.parent] = step.id
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
        return self._append(Passage(len(self.passages), self.current, author, text, **facts))

    def edit(self, passage: int, text: str) -> Passage:
        """Replace a passage's words in a new version; what follows on the current path follows the new version too.

        Raises:
            InputError: the passage is not on the current path, or the words are empty.
        """
        path = self.path()
        if passage not in [step.id for step in path]:
            raise InputError("Only a passage of the story in view can be changed.")
        if not text.strip():
            raise InputError("A passage cannot be empty. Use undo to take it back.")
        old = self.passages[passage]
        following = path[[step.id for step in path].index(passage) + 1 :]
        self.current = old.parent
        new = self._append(Passage(len(self.passages), old.parent, old.author, text, edited=True))
        copies = {old.id: new.id}
        for step in following:
            copies[step.id] = self._append(replace(step, id=len(self.passages), parent=self.current)).id
        self._carry_over(copies, passage)
        return new

    def _carry_over(self, copies: Mapping[int, int], edited: int) -> None:
        """What was pinned or forgotten of the old passages is so of their copies.

        Of the changed passage nothing is forgotten yet: the sentences of its new words are others, and cut elsewhere.
        """
        kept = {(copies[old], sentence) for old, sentence in self.memory.forgotten if old in copies and old != edited}
        self.memory.forgotten |= kept
        self.pins += [(copies[passage], sentence) for passage, sentence in self.pins if passage in copies]

    def pin(self, key: Key) -> bool:
        """Pin a sentence, or unpin it; returns whether it is pinned now."""
        if key in self.pins:
            self.pins.remove(key)
            return False
        self.pins.append(key)
        return True

    def _append(self, passage: Passage) -> Passage:
        self.passages.append(passage)
        self.visited[passage.parent] = passage.id
        self.current = passage.id
        return passage

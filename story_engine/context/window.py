"""ContextWindow: which of a story's tokens the model sees, and what it has forgotten. It moves forward only.

The window is: start token, pinned opening, the reader's notes, the lore that was just named, then, in the story's order,
pinned and recent sentences, and room for the answer. When a turn would not fit, whole sentences are forgotten from the
front down to a low mark, so that the window changes rarely and the key/value cache of the last turn stays good in between.
Forgotten sentences come back only in three cases, each written in the ledger: the reader pins one, the window has become
nearly empty (after an undo, say), or another model reads the story.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

from story_engine.errors import InputError
from story_engine.stories.story import Key, LedgerEntry, Memory, Reason

LOW_MARK = 0.7
NEARLY_EMPTY = 0.4
NOTES, LORE = -1, -2  # stand for the passage in the key of a note, and of an entry of lore


@dataclass(frozen=True)
class Sentence:
    """A sentence, or a part of one that is too long to be kept or forgotten whole; `ids` are its tokens."""

    key: Key
    text: str
    ids: tuple[int, ...]
    ends_sentence: bool = True
    ends_paragraph: bool = False


@dataclass(frozen=True)
class Window:
    """What the model reads for one turn. `ids` begin with the start token; `limit` is the most they may be."""

    ids: tuple[int, ...]
    kept: tuple[Sentence, ...]
    opening: frozenset[Key]
    forgotten: tuple[Sentence, ...]
    next_forgotten: Key | None
    limit: int
    context_length: int
    unpinned: tuple[Key, ...]  # pins for which there is no room
    is_opening_cut: bool  # the first passage is longer than the share that is always remembered
    notes: frozenset[Key]  # and entries of lore
    unnoted: int  # notes, and named entries of lore, for which there is no room

    @property
    def lore(self) -> frozenset[int]:
        """The numbers of the entries of lore that it holds."""
        return frozenset(number for passage, number in self.notes if passage == LORE)


@dataclass(frozen=True)
class ContextWindow:
    """The window's sizes, in tokens.

    Attributes:
        context_length: what the model can attend to, the answer included.
        start: the token that every window begins with.
        fingerprint: of the model whose memory this is; another one reads the story afresh.
    """

    context_length: int
    start: int
    fingerprint: str

    @property
    def opening_share(self) -> int:
        return min(256, self.context_length // 8)

    @property
    def pin_share(self) -> int:
        return min(128, self.context_length // 16)

    @property
    def longest_sentence(self) -> int:
        """A longer sentence is kept and forgotten in parts of at most this length."""
        return self.pin_share

    @property
    def largest_reserve(self) -> int:
        return self.context_length // 2

    def fit(
        self,
        sentences: Sequence[Sentence],
        memory: Memory,
        pins: Sequence[Key],
        reserve: int,
        notes: Sequence[Sentence] = (),
        lore: Sequence[Sentence] = (),
    ) -> tuple[Window, Memory]:
        """The window over a path's `sentences` that leaves `reserve` tokens free, and the memory after it.

        Pure: `memory` is not changed. Every sentence may be at most `longest_sentence` tokens long. `notes` stand behind
        the opening, as many as their share holds; they share no key with a sentence. `lore` stands behind them, and has a
        share of its own; what is named last, which is given first, stays where that is too small.

        Raises:
            InputError: the reserve is more than half of the context.
        """
        self.check_reserve(reserve)
        limit = self.context_length - reserve
        here = sentences[-1].key[0] if sentences else 0
        ledger: list[LedgerEntry] = []
        forgotten = memory.forgotten
        if memory.model not in ("", self.fingerprint):
            if forgotten:
                ledger.append(
                    self._entry("recalled", [s for s in sentences if s.key in forgotten], "another model reads the story", here)
                )
            forgotten = frozenset()

        opening = self._choose_opening(sentences)
        fixed, unpinned = self._choose_pins(sentences, pins, opening)
        if pinned := [s for s in sentences if s.key in fixed & forgotten]:
            ledger.append(self._entry("recalled", pinned, "pinned by the reader", here))
            forgotten -= {s.key for s in pinned}

        noted = [*self._choose_notes(notes), *sorted(self._choose_notes(lore), key=lambda s: s.key[1])] if opening else []
        loose = [s for s in sentences if s.key not in fixed]
        taken = 1 + sum(len(s.ids) for s in sentences if s.key in fixed) + sum(len(s.ids) for s in noted)
        sizes = _sizes_from(loose)
        cut = max((number + 1 for number, s in enumerate(loose) if s.key in forgotten), default=0)
        floor, ceiling = int(NEARLY_EMPTY * limit) - taken, int(LOW_MARK * limit) - taken
        reason: Reason = "it stands before what was forgotten"
        if sizes[cut] > limit - taken:
            cut = max(cut, _choose_place(loose, sizes, floor, ceiling))
            is_split = not loose[cut - 1].ends_sentence
            reason = "the window was full, and a sentence too long to be kept whole" if is_split else "the window was full"
        elif cut and sizes[cut] < floor:
            cut = min(cut, _choose_place(loose, sizes, floor, ceiling))
            reason = "the window was nearly empty"
        if gone := [s for s in loose[:cut] if s.key not in forgotten]:
            ledger.append(self._entry("forgotten", gone, reason, here))
        if back := [s for s in loose[cut:] if s.key in forgotten]:
            ledger.append(self._entry("recalled", back, reason, here))
        forgotten = (forgotten | {s.key for s in loose[:cut]}) - {s.key for s in loose[cut:]}

        kept = [s for s in sentences if s.key not in forgotten]
        kept[len(opening) : len(opening)] = noted
        window = Window(
            ids=(self.start, *(token for s in kept for token in s.ids)),
            kept=tuple(kept),
            opening=opening,
            forgotten=tuple(s for s in sentences if s.key in forgotten),
            next_forgotten=loose[cut].key if cut < len(loose) else None,
            limit=limit,
            context_length=self.context_length,
            unpinned=unpinned,
            is_opening_cut=any(s.key[0] == sentences[0].key[0] and s.key not in opening for s in sentences),
            notes=frozenset(s.key for s in noted),
            unnoted=len(notes) + len(lore) - len(noted),
        )
        return window, replace(memory, model=self.fingerprint, forgotten=forgotten, ledger=[*memory.ledger, *ledger])

    def check_reserve(self, reserve: int) -> None:
        """Raises InputError where an answer would take more than half of the context."""
        if reserve > self.largest_reserve:
            raise InputError(
                "A passage of this length takes more than half of this model's {context} tokens. Choose a shorter one.",
                context=self.context_length,
            )

    def _choose_opening(self, sentences: Sequence[Sentence]) -> frozenset[Key]:
        """The first passage's sentences up to its share; at least the first, which `longest_sentence` keeps below it."""
        chosen, size = [], 0
        for sentence in sentences:
            size += len(sentence.ids)
            if sentence.key[0] != sentences[0].key[0] or size > self.opening_share:
                break
            chosen.append(sentence.key)
        return frozenset(chosen)

    def _choose_notes(self, notes: Sequence[Sentence]) -> list[Sentence]:
        """The first notes, as far as their share goes."""
        sizes = accumulate(len(note.ids) for note in notes)
        return [note for note, size in zip(notes, sizes, strict=True) if size <= self.pin_share]

    def _choose_pins(
        self, sentences: Sequence[Sentence], pins: Sequence[Key], opening: frozenset[Key]
    ) -> tuple[frozenset[Key], tuple[Key, ...]]:
        """Opening and pins together, oldest pin first as far as the share goes, and the pins left over."""
        sizes = {s.key: len(s.ids) for s in sentences}
        chosen, left_over, size = set(opening), [], 0
        for key in pins:
            if key not in sizes or key in chosen:
                continue
            if size + sizes[key] <= self.pin_share:
                size += sizes[key]
                chosen.add(key)
            else:
                left_over.append(key)
        return frozenset(chosen), tuple(left_over)

    def _entry(
        self, kind: Literal["forgotten", "recalled"], sentences: Sequence[Sentence], reason: Reason, passage: int
    ) -> LedgerEntry:
        return LedgerEntry(kind, tuple(s.key for s in sentences), sum(len(s.ids) for s in sentences), reason, passage)


def _sizes_from(loose: Sequence[Sentence]) -> list[int]:
    """Tokens from each place to the end; one more entry, 0, for the end itself."""
    sizes = [0]
    for sentence in reversed(loose):
        sizes.append(sizes[-1] + len(sentence.ids))
    return sizes[::-1]


def _choose_place(loose: Sequence[Sentence], sizes: Sequence[int], floor: int, ceiling: int) -> int:
    """Where the remembered part begins: the first sentence's start from which the rest takes at most `ceiling` tokens.

    A paragraph's start soon after it is better still. Where all such places would leave less than `floor`, a sentence is
    too long to be forgotten whole, and loses its first parts. The answer does not depend on what was remembered before,
    so that choosing again changes nothing.
    """
    places = [place for place in range(len(loose)) if sizes[place] <= ceiling]
    enough = [place for place in places if sizes[place] >= floor] or places
    whole = [place for place in enough if place == 0 or loose[place - 1].ends_sentence]
    paragraphs = [p for p in whole if p and loose[p - 1].ends_paragraph and sizes[p] >= 0.75 * sizes[whole[0]]]
    return (paragraphs or whole or enough)[0]

"""Wishing: what a reader wishes for guides a passage, by a sentence that the model reads and the story does not have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from story_engine.context.window import Window
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.text.voice import find_voice
from story_engine.text.wishes import cut_words, list_wished, tell_wish

LIFT = 3.0  # nats by which a word that is wished for is lifted, until it is said
REACH = 5.0  # nats below the likeliest within which it is lifted: elsewhere it would not fit


@dataclass(frozen=True)
class Wish:
    """A wish in the reader's `words`; `told` is the sentence that the model reads, `ids` are its tokens.

    `forms` has for each word that is wished for the forms in which it may be said, each with its tokens.
    """

    words: str
    told: str
    ids: tuple[int, ...]
    forms: tuple[dict[str, tuple[int, ...]], ...]

    def join(self, ids: Sequence[int], window: Window) -> list[int]:
        """`ids`, which the window begins with, and the wish at its place among them."""
        place = min(1 + sum(len(sentence.ids) for sentence in window.kept[: _find_place(window)]), len(ids))
        return [*ids[:place], *self.ids, *ids[place:]]

    def join_texts(self, window: Window) -> str:
        """The text of the window, and the wish at the same place in it."""
        texts, place = [sentence.text for sentence in window.kept], _find_place(window)
        return "".join([*texts[:place], self.told, *texts[place:]])

    def lift(self, row: np.ndarray, unguided: np.ndarray, text: str, tokens: Sequence[int]) -> np.ndarray:
        """`row`, float32 [vocab_size], where the words that `text` does not say yet are likelier, if they fit by `unguided`."""
        said = {*cut_words(text)}
        lifted = row.copy()
        for forms in self.forms:
            if said & forms.keys():
                continue
            for form in forms.values():
                token = _find_next(form, tokens)
                if unguided[token] >= unguided.max() - REACH:
                    lifted[token] = max(row[token], unguided[token]) + np.float32(LIFT)
        return lifted


def read_wish(words: str, before: str, tokenizer: StoryTokenizer) -> Wish | None:
    """A wish as the story `before` would tell it; None where there is none."""
    if not words:
        return None
    told = f" {tell_wish(words, find_voice(before))}"
    forms = tuple({form: tuple(tokenizer.encode(f" {form}")) for form in one} for one in list_wished(words))
    return Wish(words, told, tuple(tokenizer.encode(told)), forms)


def _find_next(form: Sequence[int], tokens: Sequence[int]) -> int:
    """The token of a form that comes next, where `tokens` end in its beginning; else its first."""
    sizes = range(len(form) - 1, 0, -1)
    return next((form[size] for size in sizes if tuple(tokens[-size:]) == tuple(form[:size])), form[0])


def _find_place(window: Window) -> int:
    """How many of the window's sentences stand before the wish: all but the last, which the passage goes on from.

    A story of one whole sentence is not begun by the wish; there it comes last.
    """
    kept = window.kept
    return 1 if len(kept) == 1 and kept[0].ends_sentence else len(kept) - 1

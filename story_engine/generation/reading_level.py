"""Reading level: rare words weigh less, and a sentence that grows long finds its end sooner, where an end fits anyway."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from story_engine.model.tokenizer import StoryTokenizer
from story_engine.text.verbs import PAST_FORMS, THIRD_FORMS
from story_engine.text.words import FAMILIAR, is_familiar

# By the model's own judgement: where an end is less likely than this, the sentence would break off.
MIN_CHANCE = 0.03
NATS_LIKELY = 6.0  # below the likeliest token; what lies beyond is hardly drawn, whatever it weighs
STOPS = ".!?…\n"
REACH = 600  # characters back to which the beginning of the open sentence is looked for
LONGEST_WORD = 30  # characters; a familiar one is shorter
FULL_LENGTH = 6  # letters from which an unfamiliar word weighs all that it can; a shorter one is read more easily
JOINTS = (",", ";", " and", " but", " so", " because", " while", " which", " who", " as", " until", " when", " where")

_STOP = re.compile(r"""[.!?]["”]?\s*""")
_BEGINNING, _INNER = re.compile(r" ([a-z]+)"), re.compile(r"[a-z]+")
_WORD, _LAST = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*"), re.compile(r"(?<![^\W_])(?<!['’])[a-z]+\Z")


@dataclass(frozen=True)
class Level:
    """`rare` are the nats that a rare word loses. From `words` words of a sentence on, each gives an end `step` nats more."""

    rare: float
    words: int
    step: float
    most: float


LEVELS = {"easy": Level(rare=4.0, words=4, step=0.75, most=3.0), "medium": Level(rare=2.0, words=6, step=0.5, most=1.5)}


class ReadingLevel:
    """What the tokens of a passage weigh beside their logits, at a level of `LEVELS`.

    Words that the story `before` or the tokens `known` hold are never weighed down, nor is a word with a capital, which may
    be a name. Beginnings of words are weighed, and pieces that make a rare word of a familiar one ("help" + "fulness").
    """

    def __init__(self, level: Level, tokenizer: StoryTokenizer, before: str, known: Iterable[int]) -> None:
        self._level, self._pieces, self._before = level, _read_pieces(tokenizer), before
        self._weights = self._pieces.rarity * np.float32(-level.rare)
        self._weights[[*known, *tokenizer.encode(before)]] = 0.0

    def weigh(self, text: str, tokens: Sequence[int], logits: np.ndarray) -> np.ndarray:
        """Nats to add to `logits`, float32 [vocab_size], of the token that follows `text`; `tokens` have been told."""
        self._weights[list(tokens[-1:])] = 0.0  # what was told once may come back
        weights = self._weights.copy()
        tail = (self._before[-REACH:] + text)[-REACH:]
        if (begun := _LAST.search(tail[-LONGEST_WORD:])) and is_familiar(begun.group()):
            self._weigh_longer(begun.group(), logits, weights)
        lift = self._level.step * (count_open_words(tail) - self._level.words)
        if lift > 0 and self._may_end(logits):
            weights[self._pieces.stops] += np.float32(min(lift, self._level.most))
            weights[self._pieces.joints] -= np.float32(min(lift, self._level.most))
        return weights

    def _weigh_longer(self, word: str, logits: np.ndarray, weights: np.ndarray) -> None:
        """Weigh down what would make a rare word of `word`, which is a whole one."""
        for token in np.flatnonzero(logits > logits.max() - NATS_LIKELY).tolist():
            if (piece := self._pieces.inner.get(token)) and word + piece not in self._said:
                weights[token] = -self._level.rare * _measure_rarity(word + piece)

    def _may_end(self, logits: np.ndarray) -> bool:
        top = logits.max()
        return bool(np.exp(logits[self._pieces.stops] - top).sum() >= MIN_CHANCE * np.exp(logits - top).sum())

    @cached_property
    def _said(self) -> frozenset[str]:
        return frozenset(_WORD.findall(self._before.lower()))


@dataclass(frozen=True)
class _Pieces:
    """A vocabulary as a reading level sees it.

    `rarity`, float32 [vocab_size], is 1 for beginnings of rare words and 0 for all that is no beginning; `inner` the letters of
    tokens that go on with a word; `stops` end a sentence, `joints` go on with it.
    """

    rarity: np.ndarray
    inner: Mapping[int, str]
    stops: np.ndarray
    joints: np.ndarray


def count_open_words(text: str) -> int:
    """Words of the sentence that `text` has not ended."""
    return len(_WORD.findall(text, max(map(text.rfind, STOPS)) + 1))


@lru_cache(maxsize=4)
def _read_pieces(tokenizer: StoryTokenizer) -> _Pieces:
    spelt = {token: tokenizer.spellings.spell([token]).decode("utf-8", "replace") for token in range(tokenizer.size)}
    rarity = np.zeros(tokenizer.size, np.float32)
    for token, text in spelt.items():
        if begun := _BEGINNING.fullmatch(text):
            rarity[token] = _measure_rarity(begun.group(1))
    # A piece that familiar words begin with is none of a rare one, as far as one can see there.
    for word in (*FAMILIAR, *PAST_FORMS, *THIRD_FORMS):
        rarity[tokenizer.encode(f" {word}")[:1]] = 0.0
    return _Pieces(
        rarity,
        {token: text for token, text in spelt.items() if _INNER.fullmatch(text)},
        np.array([token for token, text in spelt.items() if _STOP.fullmatch(text)], np.int64),
        np.array([token for token, text in spelt.items() if text in JOINTS], np.int64),
    )


@lru_cache(maxsize=20_000)
def _measure_rarity(word: str) -> float:
    """0 for a familiar word, and up to 1 by the length of another one."""
    return 0.0 if is_familiar(word) else min(1.0, max(0, len(word) - 2) / (FULL_LENGTH - 2))

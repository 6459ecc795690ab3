"""Measures of told stories, each a function of the text alone, so that a model's and real ones are measured alike."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from story_engine.model.tokenizer import StoryTokenizer
from story_engine.text.names import find_new_names
from story_engine.text.sentences import split_sentences
from train.scorecard.scorers import find_places

MATCH = 12  # tokens that make a passage a copy
LOOP = 3  # times that a loop says the same sentence


def cut_words(text: str) -> list[str]:
    """Words in lower case, without their marks."""
    return [word.strip("'") for word in re.findall(r"[a-z']+", text.lower()) if word.strip("'")]


def measure_repetition(ids: Sequence[int], size: int = 4) -> float:
    """seq-rep-n: 1 - different / all n-grams (Welleck et al., 2020); 0 where there are none."""
    grams = list(zip(*(ids[offset:] for offset in range(size)), strict=False))
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def is_loop(text: str) -> bool:
    """Whether a sentence of three words or more stands there three times."""
    counts = Counter(" ".join(cut_words(sentence)) for sentence in split_sentences(text))
    return any(count >= LOOP and len(words.split()) >= 3 for words, count in counts.items())


def find_stray_names(opening: str, text: str) -> list[str]:
    """Names in the last third of a story that nothing before has told, and that nothing explains there."""
    return [name.group() for name in find_new_names(opening + text, len(opening) + 2 * len(text) // 3)]


def measure_known_words(text: str, known: set[str]) -> float:
    """The share of words that are in `known`; 0 for a text without words."""
    words = cut_words(text)
    return sum(word in known for word in words) / len(words) if words else 0.0


def measure_distinct(text: str, words: int = 100) -> float:
    """distinct-2 (Li et al., 2016) of the first hundred words: different pairs / all pairs."""
    told = cut_words(text)[:words]
    pairs = list(pairwise(told))
    return len(set(pairs)) / len(pairs) if pairs else 0.0


def measure_self_bleu(texts: Sequence[str], size: int = 4, words: int = 100) -> list[float]:
    """BLEU-4 (Papineni et al., 2002) of the first hundred words of each text against all others (Zhu et al., 2018).

    Without a penalty for brevity, since all are cut to the same length; a precision of nothing counts as half a hit.
    """
    told = [cut_words(text)[:words] for text in texts]
    logs = np.zeros(len(texts))
    for order in range(1, size + 1):
        grams = [Counter(zip(*(one[offset:] for offset in range(order)), strict=False)) for one in told]
        best: dict[tuple[str, ...], list[int]] = {}
        for counts in grams:
            for gram, count in counts.items():
                best[gram] = sorted([count, *best.get(gram, [])], reverse=True)[:2]
        for number, counts in enumerate(grams):
            # The largest count among the others is the second largest of all where this text has the largest.
            hits = sum(
                min(count, (best[gram] + [0])[1] if count == best[gram][0] else best[gram][0]) for gram, count in counts.items()
            )
            total = max(1, sum(counts.values()))
            logs[number] += math.log(max(hits, 0.5) / total) / size
    return [float(math.exp(log)) for log in logs]


class TrainingText:
    """What the training text holds: its words, its tokens, and every run of twelve of them."""

    def __init__(self, paths: Sequence[Path], read: Callable[[Path], Iterable[str]], tokenizer: StoryTokenizer) -> None:
        self._vocabulary = tokenizer
        self.words: set[str] = set()
        self.ids: list[list[int]] = []
        for path in paths:
            for story in read(path):
                self.ids.append(tokenizer.encode(story))
                self.words |= set(cut_words(story))
        self._runs = np.unique(np.concatenate([hash_runs(ids) for ids in self.ids]))

    def measure_copied(self, text: str) -> float:
        """The share of the tokens of `text` that lie in a run of twelve which the training text has, too."""
        ids = self._vocabulary.encode(text)
        runs = hash_runs(ids)
        is_copied = np.zeros(max(1, len(ids)), dtype=bool)
        if len(runs) and len(self._runs):
            for place in np.flatnonzero(find_places(self._runs, runs)[1]):
                is_copied[place : place + MATCH] = True
        return float(is_copied.mean())


def hash_runs(ids: Sequence[int]) -> np.ndarray:
    """A 64-bit polynomial hash of every run of twelve tokens: uint64 [len(ids) - 11]."""
    tokens = np.asarray(ids, dtype=np.uint64) + np.uint64(1)
    if len(tokens) < MATCH:
        return np.empty(0, dtype=np.uint64)
    powers = np.array([pow(6364136223846793005, power, 2**64) for power in range(MATCH)], dtype=np.uint64)
    return np.lib.stride_tricks.sliding_window_view(tokens, MATCH) @ powers

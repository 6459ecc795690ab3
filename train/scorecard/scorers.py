"""What is scored: a model through the story engine, the same model untrained, and a trigram model as a control."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from story_engine import Story, StoryEngine
from story_engine.context.window import ContextWindow
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.model.torch_decoder import Decoder

CHUNK = 256  # tokens read at once
DISCOUNT = 0.75  # taken from every count and given to the shorter context


@dataclass(frozen=True)
class Told:
    """A story: its opening, what was added to it, and whether the teller ended it."""

    opening: str
    text: str
    is_ended: bool


class Scorer(Protocol):
    """A subject of the scorecard. Likelihoods are natural logarithms; every story begins with the start token."""

    tokenizer: StoryTokenizer
    context_length: int
    end: int

    def score(self, context: Sequence[int], endings: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """The log-likelihood of each token of each ending behind the start token and `context`."""
        ...

    def score_end(self, ids: Sequence[int], places: Sequence[int]) -> np.ndarray:
        """The log-likelihood that a story of `ids` ends behind so many of them."""
        ...

    def tell(self, opening: str, seed: int, max_new_tokens: int) -> Told:
        """A story behind `opening` at the recommended settings."""
        ...


class EngineScorer:
    """Any model that the engine loads, by the forward pass that readers get."""

    def __init__(self, engine: StoryEngine) -> None:
        self.engine, self.tokenizer = engine, engine.tokenizer
        self.context_length, self.end = engine.window.context_length, min(engine.end_tokens)
        self._slot = engine.decoder.new_slot()

    def score(self, context: Sequence[int], endings: Sequence[Sequence[int]]) -> list[np.ndarray]:
        read, slot = self.engine.prefill, self._slot
        line = [self.engine.window.start, *context]
        slot.crop_to_prefix(line[:-1])
        while len(slot.ids) < len(line) - 1:
            read(line[len(slot.ids) : -1][:CHUNK], slot)
        scores = []
        for ending in endings:
            slot.crop_to_prefix(line[:-1])
            logits = read([line[-1], *ending[:-1]], slot, all_logits=True)
            targets = torch.tensor(ending, device=logits.device)
            scores.append(logits.log_softmax(-1).gather(1, targets[:, None])[:, 0].cpu().numpy())
        return scores

    def score_end(self, ids: Sequence[int], places: Sequence[int]) -> np.ndarray:
        self._slot.crop_to_prefix([])
        logits = self.engine.prefill([self.engine.window.start, *ids], self._slot, all_logits=True)
        return logits[list(places)].log_softmax(-1)[:, self.end].cpu().numpy()

    def tell(self, opening: str, seed: int, max_new_tokens: int) -> Told:
        story, most = Story(opening), min(max_new_tokens, self.engine.window.largest_reserve - 2)
        for _ in self.engine.stream(story, replace(self.engine.recommended, seed=seed, max_new_tokens=most)):
            pass
        last = story.path()[-1]
        return Told(opening, last.text, last.finish == "end") if last.author == "model" else Told(opening, "", True)


def make_untrained(engine: StoryEngine, seed: int = 0) -> StoryEngine:
    """A model of the same shape and vocabulary with fresh weights (normal, 0.02; norms of one)."""
    config, generator = engine.decoder.config, torch.Generator().manual_seed(seed)
    weights = {
        name: torch.ones(shape) if len(shape) == 1 else torch.randn(shape, generator=generator) * 0.02
        for name, shape in config.shapes().items()
    }
    window = ContextWindow(config.context_length, config.start_token, "untrained")
    return StoryEngine(Decoder(config, weights.pop), engine.tokenizer, window, engine.end_tokens, "untrained")


class TrigramScorer:
    """Counts of three tokens, two and one, mixed by absolute discounting (Ney, Essen and Kneser, 1994)."""

    def __init__(self, stories: Iterable[Sequence[int]], tokenizer: StoryTokenizer, start: int, context: int) -> None:
        self.tokenizer, self.context_length, self.end, self._start = tokenizer, context, start, start
        text = np.concatenate([np.array([start, start, *ids, start], dtype=np.int64) for ids in stories])
        self._size = size = tokenizer.size
        self._orders = [
            _Counts(key, token, size)
            for key, token in (
                (np.zeros(len(text), dtype=np.int64), text),
                (text[:-1], text[1:]),
                (text[:-2] * size + text[1:-1], text[2:]),
            )
        ]

    def score(self, context: Sequence[int], endings: Sequence[Sequence[int]]) -> list[np.ndarray]:
        before = [self._start, self._start, *context][-2:]
        return [self._score_line(before, ending) for ending in endings]

    def score_end(self, ids: Sequence[int], places: Sequence[int]) -> np.ndarray:
        line = [self._start, self._start, *ids]
        return np.array([self._score_line(line[place : place + 2], [self._start])[0] for place in places])

    def tell(self, opening: str, seed: int, max_new_tokens: int) -> Told:
        generator = np.random.default_rng(seed)
        line = [self._start, self._start, *self.tokenizer.encode(opening)]
        begun = len(line)
        for _ in range(max_new_tokens):
            shares = self._spread(line[-2], line[-1])
            token = int(generator.choice(self._size, p=shares / shares.sum()))
            if token == self._start:
                return Told(opening, self.tokenizer.decode(line[begun:]), True)
            line.append(token)
        return Told(opening, self.tokenizer.decode(line[begun:]), False)

    def _score_line(self, before: Sequence[int], ending: Sequence[int]) -> np.ndarray:
        line, tokens = np.array([*before, *ending], dtype=np.int64), np.asarray(ending, dtype=np.int64)
        keys = (np.zeros(len(tokens), dtype=np.int64), line[1:-1], line[:-2] * self._size + line[1:-1])
        share = np.full(len(tokens), 1 / self._size)
        for counts, key in zip(self._orders, keys, strict=True):
            share = counts.mix(key, tokens, share)
        logs: np.ndarray = np.log(share)
        return logs

    def _spread(self, first: int, second: int) -> np.ndarray:
        every = np.arange(self._size)
        share = np.full(self._size, 1 / self._size)
        for counts, key in zip(self._orders, (0, second, first * self._size + second), strict=True):
            share = counts.mix(np.full(self._size, key), every, share)
        return share


class _Counts:
    """How often a token followed a context: sorted keys, looked up by bisection."""

    def __init__(self, contexts: np.ndarray, tokens: np.ndarray, size: int) -> None:
        self._size = size
        self._pairs, self._pair_counts = np.unique(contexts * size + tokens, return_counts=True)
        self._contexts, starts = np.unique(self._pairs // size, return_index=True)
        self._totals = np.add.reduceat(self._pair_counts, starts)
        self._kinds = np.diff(np.append(starts, len(self._pairs)))

    def mix(self, contexts: np.ndarray, tokens: np.ndarray, shorter: np.ndarray) -> np.ndarray:
        """The share of each token behind its context; `shorter` is the share by the shorter context."""
        place, is_known = find_places(self._contexts, contexts)
        pair, is_seen = find_places(self._pairs, contexts * self._size + tokens)
        total = np.where(is_known, self._totals[place], 1)
        count = np.where(is_seen, self._pair_counts[pair] - DISCOUNT, 0.0)
        given = np.where(is_known, DISCOUNT * self._kinds[place] / total, 1.0)
        mixed: np.ndarray = count / total + given * shorter
        return mixed


def find_places(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of `wanted` in sorted `keys`, and whether they are there."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return place, keys[place] == wanted

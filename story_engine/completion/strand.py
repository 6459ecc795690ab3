"""One completion on its way: tokens sampled until an end token, a stop or the length."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from story_engine.completion.order import CompletionOrder, CompletionPiece, Finish
from story_engine.completion.scoring import score
from story_engine.engine import StoryEngine
from story_engine.errors import StoryError
from story_engine.generation.sampling import filter_logits, pick
from story_engine.model.kv_cache import Slot

SEEDS = 2**53


class StopTexts:
    """Holds back text that may be the beginning of a stop, and cuts before the first stop that comes."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops, self._held = tuple(stops), ""

    def feed(self, text: str) -> tuple[str, bool]:
        """(the text that can be shown now, whether a stop has come)."""
        self._held += text
        places = [place for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if places:
            return self._held[: min(places)], True
        longest = max((len(stop) for stop in self._stops), default=1) - 1
        starts = range(max(0, len(self._held) - longest), len(self._held))
        cut = next((at for at in starts if any(stop.startswith(self._held[at:]) for stop in self._stops)), len(self._held))
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown, False

    def flush(self) -> str:
        """What was held back, once nothing follows."""
        return self._held


class Strand:
    """One completion on its way, with a slot that has read the prompt."""

    def __init__(self, engine: StoryEngine, order: CompletionOrder, index: int, slot: Slot) -> None:
        self.index, self.slot, self.last = index, slot, -1
        self.finish: Finish = ""
        self._engine, self._order, self._count = engine, order, 0
        tokenizer = engine.tokenizer
        self._ends = order.stop_tokens | (frozenset() if order.ignores_end else engine.end_tokens)
        self._banned = tokenizer.special - self._ends
        self._used = set(order.ids) - tokenizer.special
        self._told: Counter[int] = Counter()
        seed = secrets.randbelow(SEEDS) if order.settings.seed is None else (order.settings.seed + index) % SEEDS
        self._generator = torch.Generator().manual_seed(seed)
        self._decode, self._stops = tokenizer.start_stream(), StopTexts(order.stop)
        self._offset = len(tokenizer.decode(order.ids)) if order.echo else 0

    def advance(self, logits: Tensor) -> CompletionPiece:
        """Choose the next token from float32 `logits` [vocab_size].

        Raises:
            StoryError: the logits are no numbers.
        """
        row = logits[: self._engine.tokenizer.size].cpu().numpy()
        if not np.isfinite(row.max()):
            raise StoryError("The model stumbled and gave no usable word. Please try again.")
        banned = self._banned | self._ends if self._count < self._order.min_tokens else self._banned
        token = pick(filter_logits(self._weigh(row), self._used, self._order.settings, banned), self._generator)
        self.last, self._count = token, self._count + 1
        self._used.add(token)
        self._told[token] += 1
        is_end = token in self._ends
        text = "" if is_end else self._decode(token).replace("\ufffd", "")
        scored = score(self._engine, logits[None], [token], [self._offset], self._order)
        self._offset += len(text)
        shown, is_stopped = self._stops.feed(text)
        if is_end or is_stopped:
            self.finish = "stop"
        elif self._count >= self._order.max_tokens:
            self.finish = "length"
        if self.finish and not is_stopped:
            shown += self._stops.flush()
        return CompletionPiece(self.index, shown, tuple(scored), self.finish)

    def _weigh(self, row: np.ndarray) -> np.ndarray:
        """The logits with what the order adds and takes, by OpenAI's formula."""
        order = self._order
        if not (order.biases or order.presence or order.frequency):
            return row
        row = row.copy()
        for token, bias in order.biases:
            row[token] += bias
        for token, count in self._told.items():
            row[token] -= order.presence + order.frequency * count
        return row


def advance_all(strands: Sequence[Strand], rows: Tensor) -> list[CompletionPiece]:
    return [strand.advance(row) for strand, row in zip(strands, rows, strict=True)]

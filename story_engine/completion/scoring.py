"""Scoring: tokens with their log-probabilities, by the model's own logits, before any setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from story_engine.completion.order import CompletionOrder, CompletionPiece, ScoredToken
from story_engine.engine import StoryEngine


class Echo:
    """The tokens of the prompt, as pieces of every completion; to be shown chunk by chunk, as they are read."""

    def __init__(self, engine: StoryEngine, order: CompletionOrder) -> None:
        self._engine, self._order = engine, order
        self._pieces = list(engine.tokenizer.stream(order.ids)) if order.echo else []
        self._done = 0

    def show(self, logits: Tensor | None) -> Iterator[CompletionPiece]:
        """The tokens that are scored by `logits` [count, vocab_size] of the next ones read, and at first the first; all at
        once, without scores, where there are none."""
        ids, begin = self._order.ids, self._done
        self._done = end = len(ids) if logits is None else min(len(ids), max(begin, 1) + len(logits))
        texts = self._pieces[begin:end]
        offsets, offset = [], sum(map(len, self._pieces[:begin]))
        for text in texts:
            offsets.append(offset)
            offset += len(text)
        if logits is None:
            scored = [ScoredToken(id, "", at) for id, at in zip(ids, offsets, strict=True)]
        else:
            first = 1 if begin == 0 else 0
            scored = [ScoredToken(ids[0], describe(self._engine, ids[0], self._order), 0)] if first else []
            scored += score(self._engine, logits, ids[begin + first : end], offsets[first:], self._order)
        for index in range(self._order.n):
            yield CompletionPiece(index, "".join(texts), tuple(scored), is_prompt=True)


@torch.inference_mode()
def score(
    engine: StoryEngine, logits: Tensor, ids: Sequence[int], offsets: Sequence[int], order: CompletionOrder
) -> list[ScoredToken]:
    """Each of `ids` by the row of `logits` before it, with itself and as many of the likeliest tokens as are asked for."""
    if (most := order.logprobs) is None:
        return [ScoredToken(id, "", at) for id, at in zip(ids, offsets, strict=True)]
    chances, scored = logits[: len(ids)].cpu().log_softmax(dim=-1), []
    top = chances[:, : engine.tokenizer.size].topk(min(most, engine.tokenizer.size), dim=-1)
    for row, (id, at) in enumerate(zip(ids, offsets, strict=True)):
        listed = dict(zip(top.indices[row].tolist(), top.values[row].tolist(), strict=True)) | {id: float(chances[row, id])}
        likeliest = tuple((describe(engine, other, order), chance) for other, chance in listed.items())
        scored.append(ScoredToken(id, describe(engine, id, order), at, listed[id], likeliest))
    return scored


def describe(engine: StoryEngine, token: int, order: CompletionOrder) -> str:
    """A token as text; by its number where that is asked for, or it is no whole character."""
    text = "\ufffd" if order.names_ids else engine.tokenizer.describe(token)
    return f"token_id:{token}" if "\ufffd" in text else text

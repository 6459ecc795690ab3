"""Fit: how much likelier a continuation is behind its own opening than behind another one, to a model that did not tell it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from train.errors import TrainError
from train.scorecard.probes import Item
from train.scorecard.scorers import Told


class TextScorer(Protocol):
    """A model that reads text, whatever its tokens are."""

    name: str

    def score(self, context: str, continuation: str) -> float:
        """The log-likelihood of `continuation` behind `context`, in nats."""
        ...


class TransformersScorer:
    """A causal model of a folder or of the hub, read by transformers in float32.

    Raises:
        TrainError: it cannot be read.
    """

    def __init__(self, name: str) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.name = Path(name).name
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(name)
            self._model: Any = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32).eval()
        except (OSError, ValueError, ImportError) as error:
            reason = str(error).splitlines()[0]
            raise TrainError(f"The scorer {name!r} cannot be read: {reason} Name a model that transformers reads.") from error
        start = self._tokenizer.bos_token_id
        self._start = [self._tokenizer.eos_token_id if start is None else start]

    @torch.inference_mode()
    def score(self, context: str, continuation: str) -> float:
        # Cut apart, so that the continuation has the same tokens behind every opening.
        before, ids = (self._tokenizer(text, add_special_tokens=False)["input_ids"] for text in (context, continuation))
        line = [token for token in self._start if token is not None] + before + ids
        logits = self._model(torch.tensor([line])).logits[0, -len(ids) - 1 : -1]
        return float(logits.log_softmax(-1).gather(1, torch.tensor(ids)[:, None]).double().sum())


def make_derangement(count: int, generator: np.random.Generator) -> list[int]:
    """For each of `count` places another one, each of them once: the next place on a round trip in random order.

    Raises:
        ValueError: there are fewer than two.
    """
    if count < 2:
        raise ValueError("A derangement needs two places or more.")
    trip = generator.permutation(count)
    others = np.empty(count, dtype=np.int64)
    others[trip] = np.roll(trip, -1)
    return [int(place) for place in others]


def measure_fit(scorer: TextScorer, told: Sequence[tuple[int, Told]], others: Sequence[int]) -> dict[str, list[Item]]:
    """`behind`: nats behind the own opening; `fit`: nats that the own opening saves against `told[others[place]]`'s.

    Both weigh the bytes of the continuation, and are of the group that stands with it. One without words is left out.
    """
    items: dict[str, list[Item]] = {"behind": [], "fit": []}
    for (group, own), other in zip(told, others, strict=True):
        if own.text.strip():
            size = len(own.text.encode())
            behind = scorer.score(own.opening, own.text)
            elsewhere = scorer.score(told[other][1].opening, own.text)
            items["behind"].append(Item("behind", group, -behind, size))
            items["fit"].append(Item("fit", group, behind - elsewhere, size))
    return items

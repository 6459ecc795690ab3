"""Sampling: logits and a generator in, a token out. Pure functions in the order that transformers applies its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from story_engine.settings import Settings

NEAR = 8.0  # nats below the likeliest; top-p almost never needs what lies beyond, and then a full sort follows


@dataclass(frozen=True)
class Candidates:
    """The tokens that may be drawn, likeliest first, with probabilities that add up to one."""

    tokens: Tensor
    probabilities: Tensor


def weigh(logits: Tensor, used: Iterable[int], settings: Settings, banned: Iterable[int] = ()) -> Candidates:
    """What the settings leave of `logits`, float [vocabulary]: penalty, temperature, top-k, top-p, min-p, in this order.

    `used` are the tokens that the repetition penalty weighs down (Keskar et al., 2019), `banned` cannot be drawn.
    """
    logits = logits.clone()
    if settings.repetition_penalty != 1.0:
        places = torch.from_numpy(np.fromiter(used, dtype=np.int64)).to(logits.device)
        scores = logits[places]
        logits[places] = torch.where(scores < 0, scores * settings.repetition_penalty, scores / settings.repetition_penalty)
    for token in banned:
        logits[token] = -torch.inf
    if settings.temperature == 0:
        return Candidates(logits.argmax()[None], logits.new_ones(1))
    logits /= settings.temperature
    top, tokens = _find_likeliest(logits, total := logits.logsumexp(0), settings)
    if settings.top_k:
        total = top.logsumexp(0)
    shares = (top - total).exp()
    if settings.top_p < 1:
        # The likeliest tokens whose share, with the token that crosses it, reaches top_p (Holtzman et al., 2020).
        before = shares.cumsum(0) - shares
        keep = before < settings.top_p
        keep[0] = True
        shares, tokens = shares[keep], tokens[keep]
    if settings.min_p > 0:
        keep = shares >= settings.min_p * shares[0]
        shares, tokens = shares[keep], tokens[keep]
    keep = shares > 0
    shares, tokens = shares[keep], tokens[keep]
    return Candidates(tokens, shares / shares.sum())


def _find_likeliest(logits: Tensor, total: Tensor, settings: Settings) -> tuple[Tensor, Tensor]:
    """Logits and tokens, likeliest first: the top-k ones, or at least all that top-p can need."""
    size = logits.shape[0]
    if settings.top_k == 0 and settings.top_p < 1:
        near = (logits > logits.max() - NEAR).nonzero()[:, 0]
        top, order = logits[near].sort(descending=True)
        if float((top - total).exp().sum()) >= settings.top_p:
            return top, near[order]
    return logits.topk(min(settings.top_k or size, size))


def pick(candidates: Candidates, generator: torch.Generator) -> int:
    """Draw one candidate: one uniform number through the inverse of the cumulative distribution."""
    chance = torch.rand((), generator=generator, dtype=torch.float64)
    steps = candidates.probabilities.double().cumsum(0).cpu()
    place = int(torch.searchsorted(steps, chance * steps[-1], right=True))
    return int(candidates.tokens[min(place, len(steps) - 1)])

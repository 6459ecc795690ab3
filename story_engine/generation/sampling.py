"""Sampling: logits and a generator in, a token out. Pure functions in the order that transformers applies its own.

In numpy: a row is too short to share out over cores, and its calls cost a fraction of torch's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch

from story_engine.settings import Settings

MAX_NATS_BELOW = 8.0  # nats below the likeliest; top-p almost never needs what lies beyond, and then a full sort follows


@dataclass(frozen=True)
class Candidates:
    """The tokens that may be drawn, likeliest first, with probabilities that add up to 1."""

    tokens: np.ndarray
    probabilities: np.ndarray


def filter_logits(logits: np.ndarray, used: Collection[int], settings: Settings, banned: Collection[int] = ()) -> Candidates:
    """What the settings leave of `logits`, float32 [vocab_size]: penalty, temperature, top-k, top-p, min-p, in this order.

    `used` are the tokens that the repetition penalty weighs down (Keskar et al., 2019), `banned` cannot be drawn.
    """
    logits = logits.copy()
    if settings.repetition_penalty != 1.0 and used:
        places = np.fromiter(used, dtype=np.int64, count=len(used))
        scores = logits[places]
        logits[places] = np.where(scores < 0, scores * settings.repetition_penalty, scores / settings.repetition_penalty)
    if banned:
        logits[list(banned)] = -np.inf
    if settings.temperature == 0:
        return Candidates(np.array([logits.argmax()]), np.ones(1, np.float32))
    logits = _sharpen(logits, settings.temperature)
    weights = np.exp(logits)
    total = weights.sum()
    tokens = _find_likeliest(logits, weights, total, settings)
    shares = weights[tokens] / (weights[tokens].sum() if settings.top_k else total)
    if settings.top_p < 1:
        # The likeliest tokens whose share, with the token that crosses it, reaches top_p (Holtzman et al., 2020).
        count = max(1, int((shares.cumsum() - shares < settings.top_p).sum()))
        shares, tokens = shares[:count], tokens[:count]
    if settings.min_p > 0:
        keep = shares >= settings.min_p * shares[0]
        shares, tokens = shares[keep], tokens[keep]
    keep = shares > 0
    shares, tokens = shares[keep], tokens[keep]
    return Candidates(tokens, shares / shares.sum())


def _sharpen(logits: np.ndarray, temperature: float) -> np.ndarray:
    """`logits` over the temperature, their greatest at 0."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        scaled: np.ndarray = logits / np.float32(temperature)
        if not np.isfinite(scaled.max()):  # a temperature near 0: the greatest must become 0 before it grows out of range
            scaled = ((logits - logits.max()).astype(np.float64) / temperature).astype(np.float32)
    scaled -= scaled.max()
    return scaled


def _find_likeliest(logits: np.ndarray, weights: np.ndarray, total: np.float32, settings: Settings) -> np.ndarray:
    """Tokens, likeliest first: the top-k ones, or at least all that top-p can need. `logits` have their greatest at 0."""
    size = len(logits)
    if 0 < settings.top_k < size:
        found = np.argpartition(logits, size - settings.top_k)[size - settings.top_k :]
    else:
        found = np.flatnonzero(logits > -MAX_NATS_BELOW)
        if settings.top_k or settings.top_p == 1 or weights[found].sum() < settings.top_p * total:
            found = np.arange(size)
    return found[np.argsort(-logits[found], kind="stable")]


def pick(candidates: Candidates, generator: torch.Generator) -> int:
    """Draw one candidate: one uniform number through the inverse of the cumulative distribution."""
    chance = float(torch.rand((), generator=generator, dtype=torch.float64))
    steps = candidates.probabilities.cumsum(dtype=np.float64)
    place = int(np.searchsorted(steps, chance * steps[-1], side="right"))
    return int(candidates.tokens[min(place, len(steps) - 1)])

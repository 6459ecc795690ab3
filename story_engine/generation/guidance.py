"""Guidance: what the story has told weighs more, by a second row of logits that the model gives without it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# A token less likely than this fraction of the likeliest stays out of reach, however much the story speaks for it: guidance
# chooses among the words that fit (the plausibility constraint of Li et al., 2023, "Contrastive Decoding").
MIN_FRACTION = 0.1
WISHING = 1.0  # how much what the reader's wish makes likelier weighs

# Behind so many tokens guidance begins to fade. It makes likelier what the model itself has told, too, which leads a long story
# into circles.
FULL_UNTIL = 256


def measure_gains(logits: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """Nats by which the story makes each token likelier: log p with it - log p without it, float32 [vocab_size]."""
    gains: np.ndarray = _normalize(logits) - _normalize(plain)
    return gains


def guide_logits(logits: np.ndarray, gains: np.ndarray, guidance: float) -> np.ndarray:
    """`logits` + guidance * `gains`, float32 [vocab_size]; tokens that do not fit by `logits` alone are out of reach.

    Classifier-free guidance (Sanchez et al., 2024), whose strength is 1 + guidance.
    """
    is_likely = logits >= logits.max() + np.float32(np.log(MIN_FRACTION))
    guided: np.ndarray = np.where(is_likely, logits + np.float32(guidance) * gains, np.float32(-np.inf))
    return guided


def fade_guidance(guidance: float, told: int) -> float:
    """The strength of `guidance` behind `told` tokens: all of it at first, and then so that the strength times `told` stays."""
    return guidance * min(1.0, FULL_UNTIL / max(told, 1))


def guide_rows(rows: Sequence[np.ndarray], guidance: float) -> tuple[np.ndarray, np.ndarray | None]:
    """The first of `rows` as the others guide it, and the gains of its tokens over the second, if there is one.

    The second is without the story, and weighs by the settings' `guidance`; the third is without the wish, and by `WISHING`.
    """
    row, gains = rows[0], measure_gains(rows[0], rows[1]) if len(rows) > 1 else None
    if gains is not None and (guidance or len(rows) > 2):
        row = guide_logits(row, gains, guidance)
    if len(rows) > 2:
        row = row + np.float32(WISHING) * measure_gains(rows[0], rows[2])
    return row, gains


def _normalize(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities."""
    shifted = logits - logits.max()
    probabilities: np.ndarray = shifted - np.log(np.exp(shifted).sum(dtype=np.float32))
    return probabilities

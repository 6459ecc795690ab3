"""What the compiled function is given, by name: matrices, layers, and the buffers of the workers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Matrix(NamedTuple):
    """Weights as blocks of LANES outputs, and the outputs' scales; for all layers, or for one."""

    blocks: np.ndarray
    scales: np.ndarray


class Head(NamedTuple):
    """What stands behind the layers, and the epsilon of all norms."""

    norm: np.ndarray
    matrix: Matrix
    epsilon: np.float32


class Layers(NamedTuple):
    """The weights of all layers, each with a first dimension of layers."""

    attention_norm: np.ndarray
    qkv: Matrix
    out: Matrix
    mlp_norm: np.ndarray
    gate: Matrix
    up: Matrix
    down: Matrix


class Buffers(NamedTuple):
    """What the workers share: [count or more, a multiple of LANES] each, their padding zero."""

    x: np.ndarray
    heads: np.ndarray
    mixed: np.ndarray
    added: np.ndarray
    gate: np.ndarray
    up: np.ndarray
    logits: np.ndarray


class Quanta(NamedTuple):
    """Rows as int16 [rows, inputs], and their scales [rows, inputs / BLOCK]."""

    words: np.ndarray
    scales: np.ndarray


class Scratch(NamedTuple):
    """A worker's own: normalized rows, their quanta; rotated queries and keys, scores and mixed values of attention."""

    normal: np.ndarray
    quanta: Quanta
    queries: np.ndarray
    key: np.ndarray
    scores: np.ndarray
    mixed: np.ndarray

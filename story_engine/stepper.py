"""Stepper: a model's weights packed for the compiled kernel, the workers that run it, and one step of it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Thread

import numpy as np
import torch
from torch import Tensor

from story_engine import kernel
from story_engine.cache import Slot
from story_engine.kernel import BOARD, PHASES
from story_engine.model import ModelConfig
from story_engine.vectors import LANES


class Stepper:
    """Holds one model for `kernel.step`, and the threads that share its work. Used by one thread at a time."""

    def __init__(self, config: ModelConfig, dtype: torch.dtype, cache_dtype: torch.dtype, workers: int) -> None:
        """`dtype` is the weights', int8 or float32; the weights themselves come by `put_ends` and `put_layer`."""
        self.config, self.workers = config, workers
        stored = np.int8 if dtype == torch.int8 else np.float32
        heads, inner = config.heads * config.head_dim, config.intermediate
        every = heads + 2 * config.kv_heads * config.head_dim

        def make(outputs: int, inputs: int) -> _Blocks:
            return _Blocks(config.layers, outputs, inputs, stored)

        self._qkv, self._out = make(every, config.hidden), make(config.hidden, heads)
        self._gate, self._up, self._down = make(inner, config.hidden), make(inner, config.hidden), make(config.hidden, inner)
        self._head = _Blocks(1, config.vocabulary, config.hidden, stored)
        self._norms = np.empty((2, config.layers, config.hidden), np.float32)
        self._kind = np.empty(0, np.uint16 if cache_dtype == torch.bfloat16 else np.float32)
        self._widths = [_pad(width) for width in (config.hidden, every, heads, config.hidden, inner, inner, config.vocabulary)]
        self._rows = 0
        self._tasks: list[SimpleQueue[Callable[[], None] | None]] = [SimpleQueue() for _ in range(workers - 1)]
        for number, tasks in enumerate(self._tasks):
            Thread(target=_serve, args=(tasks,), daemon=True, name=f"kernel {number + 1}").start()
            weakref.finalize(self, tasks.put, None)

    def put_ends(self, embedding: Tensor, norm: Tensor, head: Tensor, turns: tuple[Tensor, Tensor]) -> None:
        """Embedding [vocabulary, hidden], last norm, output layer, and cosines and sines [context, head_dim]."""
        self._head.put(0, head)
        self._model = (
            embedding.numpy(),
            norm.numpy(),
            self._head.weights[0],
            self._head.scales[0],
            np.float32(self.config.rms_eps),
        )
        self._turns = turns[0].numpy(), turns[1].numpy()

    def put_layer(self, number: int, norm_1: Tensor, qkv: Tensor, out: Tensor, norm_2: Tensor, gate_up: Tensor, down: Tensor):
        """A layer's norms, in float32, and its matrices [outputs, inputs], in float32 or quantized for each output."""
        self._norms[0, number], self._norms[1, number] = norm_1.numpy(), norm_2.numpy()
        inner = self.config.intermediate
        self._qkv.put(number, qkv)
        self._out.put(number, out)
        self._gate.put(number, gate_up, slice(inner))
        self._up.put(number, gate_up, slice(inner, None))
        self._down.put(number, down)

    def step(self, tokens: Sequence[int], slots: Sequence[Slot]) -> Tensor:
        """`Decoder.step`: float32 logits [len(tokens), vocabulary]. A slot may stand in several rows, one behind the other."""
        places: dict[int, int] = {}
        table = np.empty((len(tokens), 4), np.int64)
        for row, slot in enumerate(slots):
            place = places[id(slot)] = places.get(id(slot), len(slot.ids) - 1) + 1
            slot.reserve(place + 1)
            table[row, 0] = place
        for row, slot in enumerate(slots):  # once none of them will move any more
            table[row, 1:] = slot.keys.data_ptr(), slot.values.data_ptr(), slot.keys.shape[2]
        shared, *own = self._find_buffers(len(tokens))
        board = np.zeros((PHASES * self.config.layers + 2) * BOARD, np.int64)
        shape, ids = (self.config.heads, self.config.kv_heads), np.array(tokens, np.int64)
        layers = (
            self._norms[0], *self._qkv.pair, *self._out.pair, self._norms[1],
            *self._gate.pair, *self._up.pair, *self._down.pair,
        )  # fmt: skip
        given = board, self.workers, ids, table, shape, self._model, layers, self._turns, self._kind, shared
        for tasks, buffers in zip(self._tasks[: self.workers - 1], own[1:], strict=False):
            tasks.put(partial(kernel.step, *given, buffers))
        kernel.step(*given, own[0])
        for slot, token in zip(slots, tokens, strict=True):
            slot.ids.append(token)
        return torch.from_numpy(shared[-1][: len(tokens), : self.config.vocabulary].copy())

    def _find_buffers(self, count: int):
        """The workers' common buffers for `count` rows, and each worker's own."""
        if count > self._rows:
            self._rows = count
            shared = tuple(np.empty((count, width), np.float32) for width in self._widths)
            own = [
                (np.empty((count, self.config.hidden), np.float32), np.empty(self.config.context, np.float32))
                for _ in range(len(self._tasks) + 1)
            ]
            self._buffers = shared, *own
        return self._buffers


class _Blocks:
    """Matrices of one shape [outputs, inputs] as blocks of LANES outputs, with a scale for each output.

    weights [matrices, blocks, inputs, LANES], scales [matrices, blocks * LANES].
    """

    def __init__(self, matrices: int, outputs: int, inputs: int, stored: type) -> None:
        width = _pad(outputs)
        self.weights: np.ndarray = np.zeros((matrices, width // LANES, inputs, LANES), stored)
        self.scales = np.ones((matrices, width), np.float32)
        self.pair = self.weights, self.scales

    def put(self, number: int, matrix: Tensor, part: slice = slice(None)) -> None:
        """Set a matrix, or a part of its rows where the others are another's."""
        values = (matrix.int_repr() if matrix.is_quantized else matrix)[part].numpy()
        outputs, inputs = values.shape
        whole, blocks = outputs // LANES, self.weights[number]
        blocks[:whole] = values[: whole * LANES].reshape(whole, LANES, inputs).transpose(0, 2, 1)
        if outputs % LANES:
            blocks[-1, :, : outputs % LANES] = values[whole * LANES :].T
        if matrix.is_quantized:
            self.scales[number, :outputs] = matrix.q_per_channel_scales()[part].numpy()


def _pad(count: int) -> int:
    """The next multiple of LANES."""
    return -(-count // LANES) * LANES


def _serve(tasks: SimpleQueue[Callable[[], None] | None]) -> None:
    """Do what comes, until nothing more can come."""
    while (task := tasks.get()) is not None:
        task()
        del task

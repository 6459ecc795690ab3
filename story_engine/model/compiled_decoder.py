"""CompiledDecoder: the forward pass by the compiled kernel, on the CPU: packed weights, workers, buffers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from story_engine.model.config import ModelConfig
from story_engine.model.kernel.forward import BOARD, PHASES, run
from story_engine.model.kernel.intrinsics import LANES
from story_engine.model.kernel.microkernels import CENTRE, QUAD, WIDTH
from story_engine.model.kv_cache import Slot
from story_engine.model.quantize import Int8Matrix, Take, concatenate, dequantize, quantize
from story_engine.model.torch_decoder import find_rotations
from story_engine.worker import Worker

MOST_ROWS = 128  # of one call of the kernel


class CompiledDecoder:
    """A loaded model, used by one thread at a time, whose work is shared out over `workers`.

    Weights, keys and values are float32, or bytes for int8. With `rounds` each row that is
    multiplied with bytes is rounded to bytes, too, by its own largest number, as the processor's products of bytes want it.
    The logits of a token depend on the tokens before it alone, bit for bit: not on the stories in other rows, nor on how
    the text was cut into calls, nor on the number of workers. `row_cost` is what one more row costs, as a share of a step of
    one; 1 until it is measured.
    """

    def __init__(self, config: ModelConfig, take: Take, precision: str, workers: int, rounds: bool = WIDTH > 0) -> None:
        """`take` gives a tensor, in float32 or int8, by its transformers name; each is asked for once."""
        self.config, self.precision, self.workers, self.row_cost = config, precision, workers, 1.0
        self.device = torch.device("cpu")
        self.cache_dtype = torch.int8 if precision == "int8" else torch.float32
        self.rounding = "" if precision != "int8" else "-w8a8kv8" if rounds else "-w8kv8"
        self._stored = np.float32 if precision != "int8" else np.uint8 if rounds else np.int8
        self._kind = np.empty(0, np.int8 if precision == "int8" else np.float32)
        self._take_weights(take)
        self._room: tuple[int, int] = (0, 0)  # rows of the buffers, and rows of logits
        self._helpers = [Worker(f"kernel {number + 1}") for number in range(workers - 1)]

    def _take_weights(self, take: Take) -> None:
        config = self.config
        heads, keys = config.heads * config.head_dim, config.kv_heads * config.head_dim

        def make(outputs: int, inputs: int, count: int = config.layers) -> _Blocks:
            return _Blocks(count, outputs, inputs, self._stored)

        # The largest tensors one after the other, so that they are never there at once in float32.
        head = make(config.vocabulary, config.hidden, 1)
        if not config.tied:
            head.put(0, take("lm_head.weight"))
        embedding = take("model.embed_tokens.weight")
        if config.tied:
            head.put(0, embedding)
        norm = dequantize(take("model.norm.weight")).numpy()
        self._model = dequantize(embedding).numpy(), norm, head.weights[0], head.scales[0], np.float32(config.rms_eps)
        norms = np.empty((2, config.layers, config.hidden), np.float32)
        qkv, out = make(heads + 2 * keys, config.hidden), make(config.hidden, heads)
        gate, up = make(config.intermediate, config.hidden), make(config.intermediate, config.hidden)
        down = make(config.hidden, config.intermediate)
        for number in range(config.layers):

            def get(name: str, number: int = number) -> Tensor | Int8Matrix:
                return take(f"model.layers.{number}.{name}.weight")

            for own, name in zip(norms, ("input_layernorm", "post_attention_layernorm"), strict=True):
                own[number] = dequantize(get(name))
            qkv.put(number, concatenate([get(f"self_attn.{part}_proj") for part in "qkv"]))
            out.put(number, get("self_attn.o_proj"))
            for blocks, part in ((gate, "gate"), (up, "up"), (down, "down")):
                blocks.put(number, get(f"mlp.{part}_proj"))
        self._layers = (norms[0], *qkv.pair, *out.pair, norms[1], *gate.pair, *up.pair, *down.pair)
        self._rotations = tuple(each.numpy() for each in find_rotations(config, self.device))
        # Of x, heads, mixed, added, gate and up; the logits have rows of their own.
        widths = (config.hidden, heads + 2 * keys, heads, config.hidden, config.intermediate, config.intermediate)
        self._widths = [_pad(width) for width in widths]

    def prefill(self, ids: Sequence[int], slot: Slot, every: bool = False) -> Tensor:
        """Append `ids` to the slot; returns float32 logits [vocabulary] for what follows the last of them.

        With `every`, the logits behind each of them: [len(ids), vocabulary].
        """
        slot.reserve(len(slot.ids) + len(ids))
        parts = [ids[start : start + MOST_ROWS] for start in range(0, len(ids), MOST_ROWS)]
        rows = [self._run(part, [slot] * len(part), len(part) if every else 1) for part in parts]
        return torch.cat(rows) if every else rows[-1][0]

    def step(self, tokens: Sequence[int], slots: Sequence[Slot]) -> Tensor:
        """Append one token to each slot; returns float32 logits [len(slots), vocabulary].

        The weights are read once for all. A slot may stand in several rows, its tokens one behind the other.
        """
        starts = range(0, len(tokens), MOST_ROWS)
        parts = [(tokens[start : start + MOST_ROWS], slots[start : start + MOST_ROWS]) for start in starts]
        rows = [self._run(part, own, len(part)) for part, own in parts]
        return rows[0] if len(rows) == 1 else torch.cat(rows)

    def _run(self, tokens: Sequence[int], slots: Sequence[Slot], logits: int) -> Tensor:
        """The kernel, on all workers; returns logits of the last rows, as many as are asked for."""
        table = np.empty((len(tokens), 6), np.int64)
        for row, (slot, token) in enumerate(zip(slots, tokens, strict=True)):
            table[row, 0] = len(slot.ids)
            slot.reserve(len(slot.ids) + 1)
            slot.ids.append(token)
        for row, slot in enumerate(slots):  # once none of them will move any more
            parts = slot.keys, slot.key_sizes, slot.values, slot.value_sizes
            table[row, 1:] = *(part.data_ptr() for part in parts), slot.keys.shape[2]
        shared, *own = self._find_buffers(len(tokens), logits)
        board = np.zeros((PHASES * self.config.layers + 2) * BOARD, np.int64)
        given = (
            board, self.workers, np.array(tokens, np.int64), table, (self.config.heads, self.config.kv_heads), logits,
            self._model, self._layers, self._rotations, self._kind, shared,
        )  # fmt: skip
        for helper, buffers in zip(self._helpers[: self.workers - 1], own[1:], strict=False):
            helper.submit(partial(run, *given, buffers))
        run(*given, own[0])
        return torch.from_numpy(shared[-1][:logits, : self.config.vocabulary].copy())

    def _find_buffers(self, rows: int, logits: int) -> list[tuple[np.ndarray, ...]]:
        """The workers' common buffers for so many rows, and each worker's own."""
        if rows > self._room[0] or logits > self._room[1]:
            self._room = max(rows, self._room[0]), max(logits, self._room[1])
            rows, logits = self._room
            shared = [np.empty((rows, width), np.float32) for width in self._widths]
            shared.append(np.empty((logits, _pad(self.config.vocabulary)), np.float32))
            self._buffers = [tuple(shared), *(self._make_own(rows) for _ in range(len(self._helpers) + 1))]
        return self._buffers

    def _make_own(self, rows: int) -> tuple[Any, ...]:
        """A worker's: shares of attention, and normalized rows, whose padding stays zero, with room for rows as bytes."""
        normal = np.zeros((rows, _pad(self.config.hidden)), np.float32)
        room = np.zeros((rows, max(self._widths)), np.int8), np.empty(rows, np.float32), np.empty(rows, np.int32)
        return np.empty((4, self.config.context), np.float32), (normal, room)


class _Blocks:
    """Matrices of one shape [outputs, inputs] as blocks of LANES outputs, with a scale for each output.

    weights [matrices, blocks, inputs, LANES], or [matrices, blocks, quads, LANES, QUAD] for products of bytes, with CENTRE
    added; scales [matrices, blocks * LANES].
    """

    def __init__(self, matrices: int, outputs: int, inputs: int, stored: type) -> None:
        width = _pad(outputs)
        form = (-(-inputs // QUAD), LANES, QUAD) if stored == np.uint8 else (inputs, LANES)
        self.weights: np.ndarray = np.full((matrices, width // LANES, *form), CENTRE if stored == np.uint8 else 0, stored)
        self.scales = np.ones((matrices, width), np.float32)
        self.pair = self.weights, self.scales

    def put(self, number: int, weight: Tensor | Int8Matrix) -> None:
        """Set one of the matrices, which is quantized here where bytes are kept, unless it was before."""
        if self.weights.dtype == np.float32:
            matrix = dequantize(weight)
        else:
            matrix, scales = quantize(weight)
            self.scales[number, : len(scales)] = scales.numpy()
        outputs, inputs = matrix.shape
        if self.weights.dtype == np.uint8:
            bytes = matrix.view(torch.uint8) ^ CENTRE  # to add it, where a byte turns over
            if inputs % QUAD:
                bytes = functional.pad(bytes, (0, -inputs % QUAD), value=CENTRE)
            matrix = bytes.unflatten(1, (-1, QUAD))
        whole, blocks = outputs // LANES, self.weights[number]
        if whole:
            blocks[:whole] = matrix[: whole * LANES].unflatten(0, (whole, LANES)).transpose(1, 2).numpy()
        if outputs % LANES:
            blocks[-1, :, : outputs % LANES] = matrix[whole * LANES :].transpose(0, 1).numpy()


def _pad(count: int) -> int:
    """The next multiple of LANES."""
    return -(-count // LANES) * LANES

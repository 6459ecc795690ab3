"""CompiledDecoder: the forward pass by the compiled kernel, on the CPU: packed weights, workers, buffers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from story_engine.model.config import ModelConfig
from story_engine.model.kernel.forward import BOARD, NEIGHBOURS, PHASES, QUERIES, run
from story_engine.model.kernel.intrinsics import LANES
from story_engine.model.kernel.microkernels import PAIR
from story_engine.model.kernel.records import Buffers, Head, Layers, Matrix, Quanta, Scratch
from story_engine.model.kv_cache import GROUP, Slot
from story_engine.model.quantize import BLOCK, Int8Matrix, Take, concatenate, dequantize, look_up, quantize, quantize_blocks
from story_engine.worker import Worker

MAX_ROWS = 128  # of one call of the kernel


class CompiledDecoder:
    """A loaded model, used by one thread at a time, whose work is shared out over `workers`.

    Weights, keys and values are float32; or bytes, and then the rows that weights are multiplied with are int16, with a scale
    for each BLOCK of them. Bytes of a folder keep the scales that they have there; of weights that are rounded here each BLOCK
    has its own. The logits of a token depend on the tokens before it alone, bit for bit: not on the stories in other
    rows, nor on how the text was cut into calls, nor on the number of workers. `row_cost` is what one more row costs, as a
    fraction of a step of one; 1 until it is measured.
    """

    is_exact = True

    def __init__(self, config: ModelConfig, take: Take, precision: str, workers: int) -> None:
        """`take` gives a tensor, in float32 or int8, by its transformers name; each is asked for once."""
        self.config, self.precision, self.workers, self.row_cost = config, precision, workers, 1.0
        self.device = torch.device("cpu")
        self.cache_dtype = torch.int8 if precision == "int8" else torch.float32
        self._stored = np.int8 if precision == "int8" else np.float32
        self._kind = np.empty(0, self._stored)
        self._has_block_scales = precision == "int8" and not config.int8
        weights = f"w8g{BLOCK}" if self._has_block_scales else "w8"
        self.rounding = f"-{weights}a16kv8g{GROUP}" if precision == "int8" else ""
        self._take_weights(take)
        self._capacity: tuple[int, int] = (0, 0)  # rows of the buffers, and rows of logits
        self._helpers = [Worker(f"kernel {number + 1}") for number in range(workers - 1)]

    def _take_weights(self, take: Take) -> None:
        config = self.config
        heads, keys = config.heads * config.head_dim, config.kv_heads * config.head_dim

        def make(outputs: int, inputs: int, count: int = config.layers) -> _Blocks:
            return _Blocks(count, outputs, inputs, self._stored, self._has_block_scales)

        # The largest tensors one after the other, so that they are never there at once in float32.
        head = make(config.vocab_size, config.hidden, 1)
        if not config.tied:
            head.put(0, take("lm_head.weight"))
        self._embedding = take("model.embed_tokens.weight")  # as it is given: quantized here it would cost agreement
        if config.tied:
            head.put(0, self._embedding)
        self._head = Head(dequantize(take("model.norm.weight")).numpy(), head.pick(0), np.float32(config.rms_eps))
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
        self._layers = Layers(norms[0], qkv.matrix, out.matrix, norms[1], gate.matrix, up.matrix, down.matrix)
        self._rotations = tuple(each.numpy() for each in config.rotations(self.device))
        # Of x, heads, mixed, added, gate and up; the logits have rows of their own.
        widths = (config.hidden, heads + 2 * keys, heads, config.hidden, config.intermediate, config.intermediate)
        self._widths = [_pad(width) for width in widths]

    def new_slot(self) -> Slot:
        """An empty slot, in the types that this decoder reads."""
        return Slot(self.config, self.cache_dtype, self.device)

    def prefill(self, ids: Sequence[int], slot: Slot, all_logits: bool = False) -> Tensor:
        """Append `ids` to the slot; returns float32 logits [vocab_size] for what follows the last of them.

        With `all_logits`, the logits behind each of them: [len(ids), vocab_size].
        """
        slot.reserve(len(slot.ids) + len(ids))
        parts = [ids[start : start + MAX_ROWS] for start in range(0, len(ids), MAX_ROWS)]
        rows = [self._run(part, [slot] * len(part), len(part) if all_logits else 1) for part in parts]
        return torch.cat(rows) if all_logits else rows[-1][0]

    def step(self, tokens: Sequence[int], slots: Sequence[Slot]) -> Tensor:
        """Append one token to each slot; returns float32 logits [len(slots), vocab_size].

        The weights are read once for all. A slot may stand in several rows, its tokens one behind the other.
        """
        starts = range(0, len(tokens), MAX_ROWS)
        parts = [(tokens[start : start + MAX_ROWS], slots[start : start + MAX_ROWS]) for start in starts]
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
            parts = slot.keys, slot.key_scales, slot.values, slot.value_scales
            table[row, 1:] = *(part.data_ptr() for part in parts), slot.keys.shape[2]
        shared, scratches = self._find_buffers(len(tokens), logits)
        shared.x[: len(tokens), : self.config.hidden] = look_up(self._embedding, tokens).numpy()
        board = np.zeros((PHASES * self.config.layers + 1) * BOARD, np.int64)
        given = (
            board, self.workers, len(tokens), table, (self.config.heads, self.config.kv_heads), logits,
            self._layers, self._head, self._rotations, self._kind, shared,
        )  # fmt: skip
        for helper, scratch in zip(self._helpers[: self.workers - 1], scratches[1:], strict=False):
            helper.submit(partial(run, *given, scratch))
        run(*given, scratches[0])
        return torch.from_numpy(shared.logits[:logits, : self.config.vocab_size].copy())

    def _find_buffers(self, rows: int, logits: int) -> tuple[Buffers, list[Scratch]]:
        """The workers' common buffers for so many rows, and each worker's own."""
        if rows > self._capacity[0] or logits > self._capacity[1]:
            self._capacity = max(rows, self._capacity[0]), max(logits, self._capacity[1])
            rows, logits = self._capacity
            widths = [(rows, width) for width in self._widths] + [(logits, _pad(self.config.vocab_size))]
            shared = Buffers(*(np.zeros(shape, np.float32) for shape in widths))
            self._buffers = shared, [self._make_scratch(rows) for _ in range(len(self._helpers) + 1)]
        return self._buffers

    def _make_scratch(self, rows: int) -> Scratch:
        widest, dim = max(self._widths), self.config.head_dim
        quanta = Quanta(np.zeros((rows, widest), np.int16), np.zeros((rows, widest // BLOCK), np.float32))
        heads = NEIGHBOURS * self.config.heads // self.config.kv_heads
        shapes = (heads, dim), dim, (QUERIES, self.config.context_length), (QUERIES, dim)
        return Scratch(
            np.zeros((rows, _pad(self.config.hidden)), np.float32), quanta, *(np.empty(shape, np.float32) for shape in shapes)
        )


class _Blocks:
    """Matrices of one shape [outputs, inputs] as blocks of LANES outputs, with a scale for each output, or for parts of it.

    blocks [matrices, blocks, inputs, LANES] in float32, [matrices, blocks, pairs, LANES, PAIR] in int8, where inputs are filled
    up to a multiple of BLOCK; scales [matrices, blocks * LANES] in float32, or [matrices, blocks, inputs / BLOCK, LANES] in
    bfloat16, which numpy lacks: as its bits, in uint16.
    """

    def __init__(self, matrices: int, outputs: int, inputs: int, stored: type, has_block_scales: bool) -> None:
        width, groups = _pad(outputs), -(-inputs // BLOCK)
        form = (groups * BLOCK // PAIR, LANES, PAIR) if stored == np.int8 else (inputs, LANES)
        blocks = np.zeros((matrices, width // LANES, *form), stored)
        if has_block_scales:
            self.matrix = Matrix(blocks, np.zeros((matrices, width // LANES, groups, LANES), np.uint16))
        else:
            self.matrix = Matrix(blocks, np.ones((matrices, width), np.float32))

    def pick(self, number: int) -> Matrix:
        return Matrix(self.matrix.blocks[number], self.matrix.scales[number])

    def put(self, number: int, weight: Tensor | Int8Matrix) -> None:
        """Set one of the matrices, which is quantized here where bytes are kept, unless it was before."""
        blocks, scales = self.pick(number)
        if blocks.dtype == np.float32:
            _lay_out(dequantize(weight), blocks)
            return
        if scales.dtype == np.uint16:
            values, own = quantize_blocks(dequantize(weight))
            _lay_out((own.view(torch.int32) >> 16).to(torch.int16).view(torch.uint16), scales)
        else:
            values, own = quantize(weight)
            scales[: len(own)] = own.numpy()
        _lay_out(functional.pad(values, (0, -values.shape[1] % BLOCK)).unflatten(1, (-1, PAIR)), blocks)


def _lay_out(values: Tensor, blocks: np.ndarray) -> None:
    """Set blocks [blocks, parts, LANES, ...] to values [outputs, parts, ...]."""
    outputs = len(values)
    whole = outputs // LANES
    if whole:
        blocks[:whole] = values[: whole * LANES].unflatten(0, (whole, LANES)).transpose(1, 2).numpy()
    if outputs % LANES:
        blocks[-1, :, : outputs % LANES] = values[whole * LANES :].transpose(0, 1).numpy()


def _pad(count: int) -> int:
    """The next multiple of LANES."""
    return -(-count // LANES) * LANES

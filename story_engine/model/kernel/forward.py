"""A Llama decoder as a single compiled function, for the few rows of a step as for the many of a text that is read.

The weights are blocks of LANES outputs. In float32 each input is multiplied by one vector of weights and added to LANES sums at
once, in the order of the inputs. In int8 the inputs are quantized, too, with a scale for each BLOCK of them; a block's sums are
whole numbers, and are added up in the order of the blocks. So a row comes out the same, bit for bit, whatever rows stand
beside it, and however many workers share the blocks.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numba import carray, njit  # type: ignore[attr-defined]

from story_engine.model.kernel.attention import attend, exponential, keep, rotate
from story_engine.model.kernel.intrinsics import (
    LANES,
    add_atomically,
    add_squares,
    compiled,
    load_atomically,
    point,
    sched_yield,
)
from story_engine.model.kernel.matmul import ONE, choose_operand, multiply, quantize_rows
from story_engine.model.kernel.records import Matrix
from story_engine.model.kv_cache import GROUP
from story_engine.model.quantize import BLOCK

PATIENCE = 1000  # looks at the board before a waiting worker offers its core to others
PHASES = 5  # of a layer, each shared out over the workers
SCALES = np.empty(0, np.float32)  # of the type that the scales of keys and values have
BOARD = 16  # numbers of the board for each phase, so that two phases have no cache line in common
NEIGHBOURS = 4  # rows of one slot that attend together
QUERIES = 4  # heads of such rows, or of one, that go through the keys together


@compiled()
def _claim(board, phase, chunks):
    """The next chunk of a phase; -1 once all are done, by whichever worker: one that comes late keeps nobody waiting."""
    chunk = add_atomically(board, phase * BOARD, 1)
    if chunk < chunks:
        return chunk
    looks = 0
    while load_atomically(board, phase * BOARD + 1) < chunks:
        looks += 1
        if looks > PATIENCE:
            sched_yield()
    return -1


@compiled()
def _finish(board, phase):
    add_atomically(board, phase * BOARD + 1, 1)


@compiled()
def _normalize(x, rows, weight, epsilon, out):
    """RMSNorm (Zhang and Sennrich, 2019) of each row."""
    for row in range(rows):
        total = add_squares(x[row], len(weight))
        factor = ONE / np.sqrt(total / np.float32(len(weight)) + epsilon)
        for place in range(len(weight)):
            out[row, place] = x[row, place] * factor * weight[place]


@compiled()
def _swiglu(gate, up):
    """gate = silu(gate) * up."""
    for place in range(len(gate)):
        value = gate[place]
        small = exponential(-abs(value))
        weight = ONE if value >= 0 else small
        gate[place] = value * weight / (ONE + small) * up[place]


@compiled()
def _prepare(x, count, norm, epsilon, scratch, matrix):
    """The rows normalized, and quantized for int8 weights; each worker does it for itself, which is less than to wait."""
    _normalize(x, count, norm, epsilon, scratch.normal)
    quantize_rows(scratch.normal, count, matrix.blocks, scratch.quanta)


@compiled()
def _find_part(blocks, chunk, chunks):
    """Which blocks are a chunk: the first, and the one behind the last."""
    return len(blocks) * chunk // chunks, len(blocks) * (chunk + 1) // chunks


@compiled()
def _project(board, phase, most, count, x, norm, epsilon, scratch, matrix, out):
    """out = norm(x) times a matrix."""
    chunks, is_prepared = min(most, len(matrix.blocks)), False
    while True:
        chunk = _claim(board, phase, chunks)
        if chunk < 0:
            return
        if not is_prepared:
            _prepare(x, count, norm, epsilon, scratch, matrix)
            is_prepared = True
        first, last = _find_part(matrix.blocks, chunk, chunks)
        operand = choose_operand(scratch.normal, matrix.blocks, scratch.quanta)
        multiply(operand, count, matrix.blocks, first, last, matrix.scales, out)
        _finish(board, phase)


@compiled()
def _open_slot(slot, kind, shape, layer, head):
    """The keys of a head [capacity, dim], their scales [capacity, dim / GROUP], and its values and theirs."""
    layers, _, kv_heads, dim = shape
    lines, scales = (layers, kv_heads, slot[5], dim), (layers, kv_heads, slot[5], (dim + GROUP - 1) // GROUP)
    return (
        carray(point(slot[1], kind), lines)[layer, head],
        carray(point(slot[2], SCALES), scales)[layer, head],
        carray(point(slot[3], kind), lines)[layer, head],
        carray(point(slot[4], SCALES), scales)[layer, head],
    )


@compiled()
def _count_neighbours(slots, row, last):
    """How many rows from this one on, up to NEIGHBOURS, are one slot's, one position behind the other."""
    count = np.int64(1)
    while (
        count < NEIGHBOURS
        and row + count < last
        and slots[row + count, 1] == slots[row, 1]
        and slots[row + count, 0] == slots[row, 0] + count
    ):
        count += 1
    return count


@compiled()
def _keep_rows(last, layer, shape, slots, kind, rotations, heads, head, scratch):
    """Keys and values of one head for the rows before `last`; who does it again writes the same bytes."""
    _, query_heads, kv_heads, dim = shape
    key_at, value_at = (query_heads + head) * dim, (query_heads + kv_heads + head) * dim
    for row in range(last):
        pos = slots[row, 0]
        keys, key_scales, values, value_scales = _open_slot(slots[row], kind, shape, layer, head)
        rotate(heads[row, key_at : key_at + dim], rotations[0][pos], rotations[1][pos], scratch.key)
        keep(scratch.key, pos, keys, key_scales)
        keep(heads[row, value_at : value_at + dim], pos, values, value_scales)


@compiled()
def _attend_rows(row, rows, following, layer, shape, slots, kind, rotations, heads, head, scratch, mixed):
    """All query heads of one key head, for neighbouring rows; `following` is the row whose keys come next."""
    _, query_heads, kv_heads, dim = shape
    group = query_heads // kv_heads
    keys, key_scales, values, value_scales = _open_slot(slots[row], kind, shape, layer, head)
    next_keys, _, _, _ = _open_slot(slots[following], kind, shape, layer, head)
    count = rows * group
    for query in range(count):
        pos, column = slots[row + query // group, 0], (head * group + query % group) * dim
        source = heads[row + query // group, column : column + dim]
        rotate(source, rotations[0][pos], rotations[1][pos], scratch.queries[query])
    first = np.int64(0)  # a plain 0 would have `attend` compiled for the constant, too
    while first < count:
        # A later row's keys are in already, behind the places that an earlier one sees.
        queries = QUERIES if first + QUERIES <= count else 3 if first + 3 == count else 1
        ends = (
            slots[row + first // group, 0] + 1,
            slots[row + min(first + 1, count - 1) // group, 0] + 1,
            slots[row + min(first + 2, count - 1) // group, 0] + 1,
            slots[row + min(first + 3, count - 1) // group, 0] + 1,
        )
        attend(
            scratch.queries, first, queries, keys, key_scales, values, value_scales, next_keys, ends,
            scratch.scores, scratch.mixed,
        )  # fmt: skip
        for i in range(queries):
            query = first + i
            column = (head * group + query % group) * dim
            for at in range(dim):
                mixed[row + query // group, column + at] = scratch.mixed[i, at]
        first += queries


@compiled()
def _attend(board, phase, most, count, layer, shape, slots, kind, rotations, heads, scratch, mixed):
    """Rotate, keep keys and values, and attend: a chunk is a part of the rows for the heads of one key."""
    kv_heads = shape[2]
    parts = max(1, min((most + kv_heads - 1) // kv_heads, count // NEIGHBOURS))
    while True:
        chunk = _claim(board, phase, kv_heads * parts)
        if chunk < 0:
            return
        head, part = chunk % kv_heads, chunk // kv_heads
        row, last = count * part // parts, count * (part + 1) // parts
        _keep_rows(last, layer, shape, slots, kind, rotations, heads, head, scratch)
        while row < last:
            rows = _count_neighbours(slots, row, last)
            following = min(row + rows, count - 1)
            _attend_rows(row, rows, following, layer, shape, slots, kind, rotations, heads, head, scratch, mixed)
            row += rows
        _finish(board, phase)


@compiled()
def _project_back(board, phase, most, count, y, scratch, matrix, added, x):
    """x += y times a matrix."""
    chunks, is_prepared = min(most, len(matrix.blocks)), False
    while True:
        chunk = _claim(board, phase, chunks)
        if chunk < 0:
            return
        if not is_prepared:
            quantize_rows(y, count, matrix.blocks, scratch.quanta)
            is_prepared = True
        first, last = _find_part(matrix.blocks, chunk, chunks)
        multiply(choose_operand(y, matrix.blocks, scratch.quanta), count, matrix.blocks, first, last, matrix.scales, added)
        for row in range(count):
            for i in range(first * LANES, last * LANES):
                x[row, i] += added[row, i]
        _finish(board, phase)


@compiled()
def _project_gated(board, phase, most, count, x, norm, epsilon, scratch, gates, ups, gate, up):
    """gate = silu(norm(x) times gates) * (norm(x) times ups) (SwiGLU: Shazeer, 2020)."""
    chunks, is_prepared = min(most, len(gates.blocks)), False
    while True:
        chunk = _claim(board, phase, chunks)
        if chunk < 0:
            return
        if not is_prepared:
            _prepare(x, count, norm, epsilon, scratch, gates)
            is_prepared = True
        first, last = _find_part(gates.blocks, chunk, chunks)
        operand = choose_operand(scratch.normal, gates.blocks, scratch.quanta)
        multiply(operand, count, gates.blocks, first, last, gates.scales, gate)
        multiply(operand, count, ups.blocks, first, last, ups.scales, up)
        for row in range(count):
            _swiglu(gate[row, first * LANES : last * LANES], up[row, first * LANES : last * LANES])
        _finish(board, phase)


@compiled()
def _pick(matrices, layer):
    """One layer's matrix of those of all."""
    return Matrix(matrices.blocks[layer], matrices.scales[layer])


def _hash_kernel() -> int:
    """A number that changes with the kernel's files, and with what it takes from elsewhere."""
    digest = hashlib.sha256(f"{BLOCK} {GROUP}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:7], "big")


def _make_run(stamp: int):
    """The function that all workers call. numba's cache keys on what it closes over: so on `stamp`, the kernel's hash."""

    @njit(error_model="numpy", nogil=True)
    def run(board, workers, count, slots, shape, wanted, layers, head, rotations, kind, shared, scratch):
        """Embedded tokens through all layers, appended to slots; every worker calls this, and all return after the last chunk.

        board [phases * BOARD] zeros; the first `count` rows of shared.x are given; slots [count, 6] position, addresses of the
        keys, of their scales, of the values and of theirs, and capacity, with the rows of one slot in the order of their
        positions; shape (heads, kv_heads); the logits of the last `wanted` rows are computed; rotations (cosines, sines)
        [context, dim]; kind, an empty array of the type that the cache has.
        """
        if stamp == 0:
            return
        most = 1 if workers == 1 else 8 * workers  # more chunks than workers: a slow one gets fewer
        sizes = (len(layers.qkv.blocks), shape[0], shape[1], rotations[0].shape[1])
        for i in range(len(layers.qkv.blocks)):
            phase = PHASES * i
            norm = layers.attention_norm[i]
            _project(board, phase, most, count, shared.x, norm, head.epsilon, scratch, _pick(layers.qkv, i), shared.heads)
            _attend(
                board, phase + 1, most, count, i, sizes, slots, kind, rotations, shared.heads, scratch, shared.mixed
            )  # fmt: skip
            _project_back(board, phase + 2, most, count, shared.mixed, scratch, _pick(layers.out, i), shared.added, shared.x)
            _project_gated(
                board, phase + 3, most, count, shared.x, layers.mlp_norm[i], head.epsilon, scratch,
                _pick(layers.gate, i), _pick(layers.up, i), shared.gate, shared.up,
            )  # fmt: skip
            _project_back(board, phase + 4, most, count, shared.gate, scratch, _pick(layers.down, i), shared.added, shared.x)
        phase, last = PHASES * len(layers.qkv.blocks), shared.x[count - wanted :]
        _project(board, phase, most, wanted, last, head.norm, head.epsilon, scratch, head.matrix, shared.logits)

    return run


STAMP = _hash_kernel()
run = _make_run(STAMP)
try:
    run.enable_caching()
    IS_KEPT = True
except RuntimeError:  # no folder can be written: every start compiles
    IS_KEPT = False

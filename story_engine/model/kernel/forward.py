"""A Llama decoder as a single compiled function, for the few rows of a step as for the many of a text that is read.

The weights are blocks of LANES outputs. In float32, and in bytes where the processor multiplies none, they are [inputs, LANES]:
each input is multiplied by one vector of weights and added to LANES sums at once, in the order of the inputs, for one row
exactly as for four. Otherwise a row is rounded to bytes by its own largest number, and the sums are whole numbers. So a row
comes out the same, bit for bit, whatever rows stand beside it, and however many workers share the blocks.
"""

from __future__ import annotations

import numpy as np
from numba import carray, njit

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

# Of which files this was compiled: the beginnings of their SHA-256.
STAMPS = {
    "attention.py": "a51e2f46dabd090b",
    "intrinsics.py": "4196ef7868d70155",
    "matmul.py": "03acc5e295535533",
    "microkernels.py": "7c59a41979a08cad",
}
PATIENCE = 1000  # looks at the board before a waiting worker offers its core to others
PHASES = 5  # of a layer, each shared out over the workers
SIZES = np.empty(0, np.float32)  # of the type that the sizes of keys and values have
BOARD = 16  # numbers of the board for each phase, so that two phases have no cache line in common


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
        share = ONE if value >= 0 else small
        gate[place] = value * share / (ONE + small) * up[place]


@compiled()
def _prepare(x, count, norm, epsilon, own, blocks):
    """The rows normalized, and quantized where the blocks are; each worker does it for itself, which is less than to wait."""
    normal, room = own
    _normalize(x, count, norm, epsilon, normal)
    quantize_rows(normal, count, blocks, room)


@compiled()
def _find_part(blocks, chunk, chunks):
    """Which blocks are a chunk: the first, and the one behind the last."""
    return len(blocks) * chunk // chunks, len(blocks) * (chunk + 1) // chunks


@compiled()
def _project(board, phase, most, count, x, norm, epsilon, own, blocks, scales, out):
    """out = norm(x) times the blocks."""
    normal, room = own
    chunks, is_prepared = min(most, len(blocks)), False
    while True:
        chunk = _claim(board, phase, chunks)
        if chunk < 0:
            return
        if not is_prepared:
            _prepare(x, count, norm, epsilon, own, blocks)
            is_prepared = True
        first, last = _find_part(blocks, chunk, chunks)
        multiply(choose_operand(normal, blocks, room), count, blocks, first, last, scales, out)
        _finish(board, phase)


@compiled()
def _open_slot(slot, kind, sizes, layer, head):
    """The keys and values of a head, each [capacity, dim], and behind each of them their sizes [capacity]."""
    layers, _, kv_heads, dim = sizes
    lines, line_sizes = (layers, kv_heads, slot[5], dim), (layers, kv_heads, slot[5])
    return (
        carray(point(slot[1], kind), lines)[layer, head],
        carray(point(slot[2], SIZES), line_sizes)[layer, head],
        carray(point(slot[3], kind), lines)[layer, head],
        carray(point(slot[4], SIZES), line_sizes)[layer, head],
    )


@compiled()
def _are_neighbours(slots, row):
    """Whether this row and the three behind it are one slot's, one place behind the other."""
    for more in range(1, 4):
        if slots[row + more, 1] != slots[row, 1] or slots[row + more, 0] != slots[row, 0] + more:
            return False
    return True


@compiled()
def _attend(board, phase, count, layer, sizes, slots, kind, cosines, sines, heads, shares, mixed):
    """Turn queries and keys, keep keys and values, and attend: the heads of one key, for all rows, are one chunk."""
    _, query_heads, kv_heads, dim = sizes
    group = query_heads // kv_heads
    while True:
        chunk = _claim(board, phase, kv_heads)
        if chunk < 0:
            return
        key_at, value_at = (query_heads + chunk) * dim, (query_heads + kv_heads + chunk) * dim
        for row in range(count):
            place = slots[row, 0]
            keys, key_sizes, values, value_sizes = _open_slot(slots[row], kind, sizes, layer, chunk)
            rotate(heads[row, key_at : key_at + dim], cosines[place], sines[place])
            keep(heads[row, key_at : key_at + dim], place, keys, key_sizes)
            keep(heads[row, value_at : value_at + dim], place, values, value_sizes)
            for column in range(chunk * group * dim, (chunk + 1) * group * dim, dim):
                rotate(heads[row, column : column + dim], cosines[place], sines[place])
        row = np.int64(0)  # a plain 0 would have `attend` compiled for the constant, too
        while row < count:
            # A later row's keys are in already, behind the places that an earlier one sees.
            rows = 4 if row + 4 <= count and _are_neighbours(slots, row) else 1
            keys, key_sizes, values, value_sizes = _open_slot(slots[row], kind, sizes, layer, chunk)
            following, _, _, _ = _open_slot(slots[min(row + rows, count - 1)], kind, sizes, layer, chunk)
            end = slots[row, 0] + 1
            for column in range(chunk * group * dim, (chunk + 1) * group * dim, dim):
                attend(heads, row, rows, column, keys, key_sizes, values, value_sizes, following, end, shares, mixed)
            row += rows
        _finish(board, phase)


@compiled()
def _project_back(board, phase, most, count, y, own, blocks, scales, added, x):
    """x += y times the blocks."""
    _, room = own
    chunks, is_prepared = min(most, len(blocks)), False
    while True:
        chunk = _claim(board, phase, chunks)
        if chunk < 0:
            return
        if not is_prepared:
            quantize_rows(y, count, blocks, room)
            is_prepared = True
        first, last = _find_part(blocks, chunk, chunks)
        multiply(choose_operand(y, blocks, room), count, blocks, first, last, scales, added)
        for row in range(count):
            for place in range(first * LANES, last * LANES):
                x[row, place] += added[row, place]
        _finish(board, phase)


@compiled()
def _project_gated(board, phase, most, count, x, norm, epsilon, own, gates, gate_scales, ups, up_scales, gate, up):
    """gate = silu(norm(x) times gates) * (norm(x) times ups) (SwiGLU: Shazeer, 2020)."""
    normal, room = own
    chunks, is_prepared = min(most, len(gates)), False
    while True:
        chunk = _claim(board, phase, chunks)
        if chunk < 0:
            return
        if not is_prepared:
            _prepare(x, count, norm, epsilon, own, gates)
            is_prepared = True
        first, last = _find_part(gates, chunk, chunks)
        operand = choose_operand(normal, gates, room)
        multiply(operand, count, gates, first, last, gate_scales, gate)
        multiply(operand, count, ups, first, last, up_scales, up)
        for row in range(count):
            _swiglu(gate[row, first * LANES : last * LANES], up[row, first * LANES : last * LANES])
        _finish(board, phase)


@njit(error_model="numpy", nogil=True)
def run(board, workers, ids, slots, shape, wanted, model, layers, rotations, kind, shared, own):
    """Tokens through all layers, appended to slots; every worker calls this, and all return once the last chunk is done.

    board [phases * BOARD] zeros; ids [count]; slots [count, 6] place, addresses of the keys, of their sizes, of the values and
    of theirs, and capacity, with the rows of one slot in the order of their places; shape (heads, kv_heads); the logits of the
    last `wanted` rows are computed. The model: embedding, norm, head blocks and scales, epsilon; for all layers norm,
    query-key-value, out, norm, gate, up, down; rotations (cosines, sines) [context, dim]; kind, an empty array of the type
    that the cache has. Shared by the workers: x, heads, mixed, added, gate, up, each [count or more, a multiple of LANES], and
    logits; a worker's own: shares of attention, and (normalized rows, room for rows as bytes with their sizes and totals).
    """
    embedding, norm, head, head_scales, epsilon = model
    norms_1, qkv, qkv_scales, outs, out_scales, norms_2, gates, gate_scales, ups, up_scales, downs, down_scales = layers
    cosines, sines = rotations
    x, heads, mixed, added, gate, up, logits = shared
    shares, rows = own
    count, sizes = len(ids), (len(qkv), shape[0], shape[1], cosines.shape[1])
    most = 1 if workers == 1 else 8 * workers  # chunks of a phase: more than workers, so that a slow one gets fewer
    phase = np.int64(0)
    while _claim(board, phase, 1) >= 0:
        for row in range(count):
            for place in range(embedding.shape[1]):  # assigning a slice would take a second longer to compile
                x[row, place] = embedding[ids[row], place]
        _finish(board, phase)
    for i in range(len(qkv)):
        phase = 1 + PHASES * i
        _project(board, phase, most, count, x, norms_1[i], epsilon, rows, qkv[i], qkv_scales[i], heads)
        _attend(board, phase + 1, count, i, sizes, slots, kind, cosines, sines, heads, shares, mixed)
        _project_back(board, phase + 2, most, count, mixed, rows, outs[i], out_scales[i], added, x)
        _project_gated(
            board, phase + 3, most, count, x, norms_2[i], epsilon, rows,
            gates[i], gate_scales[i], ups[i], up_scales[i], gate, up,
        )  # fmt: skip
        _project_back(board, phase + 4, most, count, gate, rows, downs[i], down_scales[i], added, x)
    phase, last = 1 + PHASES * len(qkv), x[count - wanted :]
    _project(board, phase, most, wanted, last, norm, epsilon, rows, head, head_scales, logits)


try:
    run.enable_caching()
    IS_KEPT = True
except RuntimeError:  # no folder can be written: every start compiles
    IS_KEPT = False

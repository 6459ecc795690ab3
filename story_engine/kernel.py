"""One step of a Llama decoder as a single compiled function, for the few rows of a step, where calls cost more than sums.

All compiled code is in this file, since numba's cache looks at one file alone to see that something changed. The weights
are blocks of LANES outputs, [inputs, LANES] each, as bytes or float32: each input is multiplied by one vector of weights and
added to LANES sums at once, in the order of the inputs, for one row exactly as for four. So a row comes out the same, bit for
bit, whatever rows stand beside it, and however many workers share the blocks.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 64  # outputs of a block
CACHE_LINE = 64  # bytes
AHEAD = 2048  # bytes of weights asked for before they are needed: without it, waiting for memory takes half of the time
PATIENCE = 1000  # looks at the board before a waiting worker offers its core to others
PHASES = 5  # of a layer, each shared out over the workers
FAST = {"reassoc", "contract", "arcp", "nsz"}  # sums in any order, but what is no number stays none
BOARD = 16  # numbers of the board for each phase, so that two phases have no cache line in common

INT8, INT32, INT64, FLOAT = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.FloatType()

LOG2_E, LN_2_HIGH, LN_2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
HALF, ONE, LEAST = np.float32(0.5), np.float32(1), np.float32(-87)
C2, C3, C4, C5, C6 = (np.float32(1 / factorial) for factorial in (2, 6, 24, 120, 720))

_yield = types.ExternalFunction("sched_yield", types.int32())


@intrinsic
def _add_atomically(typing, array, place, value):
    """array[place] += value for all workers to see; returns what was there before."""

    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", builder.gep(array.data, [arguments[1]]), arguments[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), generate


@intrinsic
def _load_atomically(typing, array, place):
    """array[place], and all that was written before it."""

    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load_atomic(builder.gep(array.data, [arguments[1]]), "acquire", 8)

    return types.int64(array, types.int64), generate


@intrinsic
def _point(typing, address, kind):
    """An address as a pointer to numbers of the kind of an array."""

    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(kind.dtype)(types.int64, kind), generate


@intrinsic
def _raise_two(typing, power):
    """2 to the power of a float32 that holds a whole number, by the bits of its exponent."""

    def generate(context, builder, signature, arguments):
        exponent = builder.add(builder.fptosi(arguments[0], INT32), INT32(127))
        return builder.bitcast(builder.shl(exponent, INT32(23)), FLOAT)

    return types.float32(types.float32), generate


def _load_floats(builder, array_type, pointer, count):
    """`count` neighbours of an array of float32, or of bfloat16 as the 16 bits it is stored in, as a vector of float32."""
    if array_type.dtype == types.float32:
        return builder.load(builder.bitcast(pointer, ir.VectorType(FLOAT, count).as_pointer()), align=4)
    bits = builder.load(builder.bitcast(pointer, ir.VectorType(ir.IntType(16), count).as_pointer()), align=2)
    wide = ir.VectorType(INT32, count)
    return builder.bitcast(builder.shl(builder.zext(bits, wide), ir.Constant(wide, [16] * count)), ir.VectorType(FLOAT, count))


def _prefetch(builder, pointer, size):
    """Ask for the `size` bytes that stand AHEAD of a pointer."""
    kinds = [INT8.as_pointer(), INT32, INT32, INT32]
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), kinds), "llvm.prefetch.p0")
    start = builder.bitcast(pointer, INT8.as_pointer())
    for ahead in range(AHEAD, AHEAD + size, CACHE_LINE):
        builder.call(function, [builder.gep(start, [INT64(ahead)]), INT32(0), INT32(3), INT32(1)])


def _cut(builder, length):
    """(width, first place, number of vectors) for vectors that cover `length` numbers together, the wide ones first."""
    first = INT64(0)
    for width in (64, 16, 1):
        count = builder.sdiv(builder.sub(length, first), INT64(width))
        yield width, first, count
        first = builder.add(first, builder.mul(count, INT64(width)))


def _call_on_floats(builder, name, count, *values):
    """One of LLVM's functions on vectors of float32."""
    kinds = [value.type for value in values]
    result = FLOAT if "reduce" in name else kinds[0]
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, kinds), f"llvm.{name}.v{count}f32")
    return builder.call(function, values, fastmath=("reassoc",) if "reduce" in name else ())


def _spread(builder, value, count):
    """A number as a vector of `count` of it."""
    undefined = ir.Constant(ir.VectorType(FLOAT, count), ir.Undefined)
    first = builder.insert_element(undefined, value, INT32(0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(INT32, count), [0] * count))


@intrinsic
def _dot(typing, query, keys, place):
    """query [dim] . keys[place]."""

    def generate(context, builder, signature, arguments):
        query, keys = (context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 1))
        dim = builder.extract_value(query.shape, 0)
        row = builder.gep(keys.data, [builder.mul(arguments[2], dim)])
        total = cgutils.alloca_once_value(builder, FLOAT(0))
        for width, first, count in _cut(builder, dim):
            with cgutils.for_range(builder, count) as loop:
                at = builder.add(first, builder.mul(loop.index, INT64(width)))
                left = _load_floats(builder, signature.args[0], builder.gep(query.data, [at]), width)
                start = builder.gep(row, [at])
                if width > 1:
                    _prefetch(builder, start, width * signature.args[1].dtype.bitwidth // 8)
                right = _load_floats(builder, signature.args[1], start, width)
                found = _call_on_floats(builder, "vector.reduce.fadd", width, builder.load(total), builder.fmul(left, right))
                builder.store(found, total)
        return builder.load(total)

    return types.float32(query, keys, types.int64), generate


@intrinsic
def _blend(typing, shares, values, end, mixed):
    """mixed [dim] = the sum of shares[place] * values[place] over the first `end` places."""

    def generate(context, builder, signature, arguments):
        shares, values, mixed = (context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 1, 3))
        dim = builder.extract_value(mixed.shape, 0)
        for width, first, count in _cut(builder, dim):
            zero = ir.Constant(ir.VectorType(FLOAT, width), [0.0] * width)
            with cgutils.for_range(builder, count) as loop:
                at = builder.add(first, builder.mul(loop.index, INT64(width)))
                total = cgutils.alloca_once(builder, zero.type)
                builder.store(zero, total)
                with cgutils.for_range(builder, arguments[2]) as places:
                    start = builder.gep(values.data, [builder.add(builder.mul(places.index, dim), at)])
                    if width > 1:
                        _prefetch(builder, start, width * signature.args[1].dtype.bitwidth // 8)
                    value = _load_floats(builder, signature.args[1], start, width)
                    share = _spread(builder, builder.load(builder.gep(shares.data, [places.index])), width)
                    builder.store(_call_on_floats(builder, "fma", width, share, value, builder.load(total)), total)
                place = builder.bitcast(builder.gep(mixed.data, [at]), zero.type.as_pointer())
                builder.store(builder.load(total), place, align=4)
        return context.get_dummy_value()

    return types.void(shares, values, types.int64, mixed), generate


@intrinsic
def _narrow(typing, value, kind):
    """A float32 as an element of an array of float32, or of bfloat16 stored as 16 bits, rounded to the nearest even."""

    def generate(context, builder, signature, arguments):
        if signature.return_type == types.float32:
            return arguments[0]
        bits, shift = builder.bitcast(arguments[0], INT32), INT32(16)
        odd = builder.and_(builder.lshr(bits, shift), INT32(1))
        rounded = builder.add(bits, builder.add(odd, INT32(0x7FFF)))
        return builder.trunc(builder.lshr(rounded, shift), ir.IntType(16))

    return kind.dtype(types.float32, kind), generate


def _make_fold(rows: int):
    """A function of x [rows..., inputs], row, weights [blocks, inputs, LANES], block, scales and out.

    It sets out[row : row + rows, LANES of the block] to the products of these rows with this block. The sums stay in
    registers, which numba's own loops do not achieve.
    """
    vector = ir.VectorType(FLOAT, LANES)
    zero = ir.Constant(vector, [0.0] * LANES)

    @intrinsic
    def fold(typing, x, row, weights, block, scales, out):
        def generate(context, builder, signature, arguments):
            x, weights, scales, out = (
                context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 2, 4, 5)
            )
            row, block = arguments[1], arguments[3]
            inputs = builder.extract_value(weights.shape, 1)
            widths = builder.extract_value(x.shape, 1), builder.extract_value(out.shape, 1)
            column = builder.mul(block, INT64(LANES))

            def find(array, width, number, place):
                return builder.gep(array.data, [builder.add(builder.mul(builder.add(row, INT64(number)), width), place)])

            stored = INT8 if signature.args[2].dtype == types.int8 else FLOAT
            base = builder.gep(weights.data, [builder.mul(builder.mul(block, inputs), INT64(LANES))])
            sums = [cgutils.alloca_once_value(builder, zero) for _ in range(rows)]
            with cgutils.for_range(builder, inputs) as loop:
                line = builder.gep(base, [builder.mul(loop.index, INT64(LANES))])
                size = 1 if stored is INT8 else 4
                _prefetch(builder, line, LANES * size)
                weight = builder.load(builder.bitcast(line, ir.VectorType(stored, LANES).as_pointer()), align=size)
                if stored is INT8:
                    weight = builder.sitofp(builder.sext(weight, ir.VectorType(INT32, LANES)), vector)
                for number, each in enumerate(sums):
                    value = _spread(builder, builder.load(find(x, widths[0], number, loop.index)), LANES)
                    builder.store(_call_on_floats(builder, "fma", LANES, value, weight, builder.load(each)), each)
            scale = builder.load(builder.bitcast(builder.gep(scales.data, [column]), vector.as_pointer()), align=4)
            for number, each in enumerate(sums):
                place = builder.bitcast(find(out, widths[1], number, column), vector.as_pointer())
                builder.store(builder.fmul(builder.load(each), scale), place, align=4)
            return context.get_dummy_value()

        return types.void(x, row, weights, block, scales, out), generate

    return fold


_fold_1, _fold_2, _fold_3, _fold_4 = (_make_fold(rows) for rows in (1, 2, 3, 4))


@njit(error_model="numpy")
def _claim(board, phase, chunks):
    """The next chunk of a phase; -1 once all are done, by whichever worker: one that comes late keeps nobody waiting."""
    chunk = _add_atomically(board, phase * BOARD, 1)
    if chunk < chunks:
        return chunk
    looks = 0
    while _load_atomically(board, phase * BOARD + 1) < chunks:
        looks += 1
        if looks > PATIENCE:
            _yield()
    return -1


@njit(error_model="numpy")
def _finish(board, phase):
    _add_atomically(board, phase * BOARD + 1, 1)


@njit(error_model="numpy", fastmath=FAST)
def _exponential(x):
    """e^x for x of 0 or less, within 2e-7 of its size, in steps that a compiler can do for many numbers at once."""
    x = max(x, LEAST)
    power = np.floor(x * LOG2_E + HALF)
    x = x - power * LN_2_HIGH - power * LN_2_LOW
    series = ONE + x * (ONE + x * (C2 + x * (C3 + x * (C4 + x * (C5 + x * C6)))))
    return series * _raise_two(power)


@njit(error_model="numpy")
def _multiply(x, rows, weights, first, last, scales, out):
    """out[:rows] = x[:rows] times the blocks from `first` to before `last`."""
    for block in range(first, last):
        row = 0
        while row + 4 <= rows:
            _fold_4(x, row, weights, block, scales, out)
            row += 4
        if rows - row == 3:
            _fold_3(x, row, weights, block, scales, out)
        elif rows - row == 2:
            _fold_2(x, row, weights, block, scales, out)
        elif rows - row == 1:
            _fold_1(x, row, weights, block, scales, out)


@njit(error_model="numpy", fastmath=FAST)
def _normalize(x, rows, weight, epsilon, out):
    """RMSNorm (Zhang and Sennrich, 2019) of each row."""
    for row in range(rows):
        total = np.float32(0)
        for place in range(len(weight)):
            total += x[row, place] * x[row, place]
        factor = ONE / np.sqrt(total / np.float32(len(weight)) + epsilon)
        for place in range(len(weight)):
            out[row, place] = x[row, place] * factor * weight[place]


@njit(error_model="numpy", fastmath=FAST)
def _rotate(vector, cosines, sines):
    half = len(vector) // 2
    for place in range(half):
        left, right = vector[place], vector[place + half]
        vector[place] = left * cosines[place] - right * sines[place]
        vector[place + half] = right * cosines[place + half] + left * sines[place + half]


@njit(error_model="numpy", fastmath=FAST)
def _attend(query, keys, values, end, shares, mixed):
    """mixed = softmax(query . keys / sqrt(dim)) . values, over the first `end` places."""
    scale, top, total = ONE / np.sqrt(np.float32(len(query))), np.float32(-np.inf), np.float32(0)
    for place in range(end):
        shares[place] = _dot(query, keys, place) * scale
        top = max(top, shares[place])
    for place in range(end):
        shares[place] = _exponential(shares[place] - top)
        total += shares[place]
    for place in range(end):
        shares[place] /= total
    _blend(shares, values, end, mixed)


@njit(error_model="numpy", fastmath=FAST)
def _gate(gate, up):
    """gate = silu(gate) * up."""
    for place in range(len(gate)):
        value = gate[place]
        small = _exponential(-abs(value))
        share = ONE if value >= 0 else small
        gate[place] = value * share / (ONE + small) * up[place]


@njit(error_model="numpy")
def _project(board, phase, most, count, x, norm, epsilon, normal, blocks, scales, out):
    """out = norm(x) times the blocks. Each worker normalizes for itself, since that is less than to wait for it."""
    chunks, fresh = min(most, len(blocks)), True
    while True:
        chunk = _claim(board, phase, chunks)
        if chunk < 0:
            return
        if fresh:
            _normalize(x, count, norm, epsilon, normal)
            fresh = False
        _multiply(normal, count, blocks, len(blocks) * chunk // chunks, len(blocks) * (chunk + 1) // chunks, scales, out)
        _finish(board, phase)


@njit(error_model="numpy")
def _mix(board, phase, count, layer, sizes, slots, kind, cosines, sines, heads, shares, mixed):
    """Turn queries and keys, keep keys and values, and attend: the heads of one key, for all rows, are one chunk."""
    layers, query_heads, kv_heads, dim = sizes
    group = query_heads // kv_heads
    while True:
        chunk = _claim(board, phase, kv_heads)
        if chunk < 0:
            return
        key_at, value_at = (query_heads + chunk) * dim, (query_heads + kv_heads + chunk) * dim
        for row in range(count):
            place, end = slots[row, 0], slots[row, 0] + 1
            size = (layers, kv_heads, slots[row, 3], dim)
            keys = carray(_point(slots[row, 1], kind), size)[layer, chunk]
            values = carray(_point(slots[row, 2], kind), size)[layer, chunk]
            key = heads[row, key_at : key_at + dim]
            _rotate(key, cosines[place], sines[place])
            for i in range(dim):
                keys[place, i] = _narrow(key[i], kind)
                values[place, i] = _narrow(heads[row, value_at + i], kind)
            for each in range(chunk * group * dim, (chunk + 1) * group * dim, dim):
                query = heads[row, each : each + dim]
                _rotate(query, cosines[place], sines[place])
                _attend(query, keys, values, end, shares, mixed[row, each : each + dim])
        _finish(board, phase)


@njit(error_model="numpy")
def _return(board, phase, most, count, y, blocks, scales, added, x):
    """x += y times the blocks."""
    chunks = min(most, len(blocks))
    while True:
        chunk = _claim(board, phase, chunks)
        if chunk < 0:
            return
        first, last = len(blocks) * chunk // chunks, len(blocks) * (chunk + 1) // chunks
        _multiply(y, count, blocks, first, last, scales, added)
        for row in range(count):
            for place in range(first * LANES, last * LANES):
                x[row, place] += added[row, place]
        _finish(board, phase)


@njit(error_model="numpy")
def _open(board, phase, most, count, x, norm, epsilon, normal, gates, gate_scales, ups, up_scales, gate, up):
    """gate = silu(norm(x) times gates) * (norm(x) times ups) (SwiGLU: Shazeer, 2020)."""
    chunks, fresh = min(most, len(gates)), True
    while True:
        chunk = _claim(board, phase, chunks)
        if chunk < 0:
            return
        if fresh:
            _normalize(x, count, norm, epsilon, normal)
            fresh = False
        first, last = len(gates) * chunk // chunks, len(gates) * (chunk + 1) // chunks
        _multiply(normal, count, gates, first, last, gate_scales, gate)
        _multiply(normal, count, ups, first, last, up_scales, up)
        for row in range(count):
            _gate(gate[row, first * LANES : last * LANES], up[row, first * LANES : last * LANES])
        _finish(board, phase)


@njit(error_model="numpy", nogil=True, cache=True)
def step(board, workers, ids, slots, shape, model, layers, turns, kind, shared, own):
    """Append one token to each of a few slots; every worker calls this, and all return once the last chunk is done.

    board [phases * BOARD] zeros; ids [count]; slots [count, 4] place, address of the keys, address of the values, capacity,
    with the rows of one slot in the order of their places; shape (heads, kv_heads). The model: embedding, norm, head blocks
    and scales, epsilon; for all layers norm, query-key-value, out, norm, gate, up, down; turns (cosines, sines) [context,
    dim]; kind, an empty array of the cache's type. Shared by the workers: x, heads, mixed, added, gate, up, logits, each
    [count or more, a multiple of LANES]; a worker's own: normal [count, hidden], shares [context].
    """
    embedding, norm, head, head_scales, epsilon = model
    norms_1, qkv, qkv_scales, outs, out_scales, norms_2, gates, gate_scales, ups, up_scales, downs, down_scales = layers
    cosines, sines = turns
    x, heads, mixed, added, gate, up, logits = shared
    normal, shares = own
    count, sizes = len(ids), (len(qkv), shape[0], shape[1], cosines.shape[1])
    most = 1 if workers == 1 else 8 * workers  # chunks of a phase: more than workers, so that a slow one gets fewer
    phase = 0
    while _claim(board, phase, 1) >= 0:
        for row in range(count):
            x[row, : embedding.shape[1]] = embedding[ids[row]]
        _finish(board, phase)
    for i in range(len(qkv)):
        phase = 1 + PHASES * i
        _project(board, phase, most, count, x, norms_1[i], epsilon, normal, qkv[i], qkv_scales[i], heads)
        _mix(board, phase + 1, count, i, sizes, slots, kind, cosines, sines, heads, shares, mixed)
        _return(board, phase + 2, most, count, mixed, outs[i], out_scales[i], added, x)
        _open(
            board, phase + 3, most, count, x, norms_2[i], epsilon, normal,
            gates[i], gate_scales[i], ups[i], up_scales[i], gate, up,
        )  # fmt: skip
        _return(board, phase + 4, most, count, gate, downs[i], down_scales[i], added, x)
    _project(board, 1 + PHASES * len(qkv), most, count, x, norm, epsilon, normal, head, head_scales, logits)

"""What numba's language lacks, as instructions of its compiler: vectors that stay in registers, atomic counters, pointers.

Numbers are float32, or bfloat16 as the 16 bits that it is stored in, or bytes. After a change here, VECTORS in `kernel.py`
has to follow, which a test reminds of: numba's cache of compiled code looks at that file alone.
"""

from __future__ import annotations

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 64  # outputs of a block of weights
CACHE_LINE = 64  # bytes
AHEAD = 2048  # bytes asked for before they are needed: without it, waiting for memory takes half of the time

INT8, INT32, INT64, FLOAT = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.FloatType()

sched_yield = types.ExternalFunction("sched_yield", types.int32())  # of the C library: let another thread have this core


@intrinsic
def add_atomically(typing, array, place, value):
    """array[place] += value for all workers to see; returns what was there before."""

    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.atomic_rmw("add", builder.gep(array.data, [arguments[1]]), arguments[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), generate


@intrinsic
def load_atomically(typing, array, place):
    """array[place], and all that was written before it."""

    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        return builder.load_atomic(builder.gep(array.data, [arguments[1]]), "acquire", 8)

    return types.int64(array, types.int64), generate


@intrinsic
def point(typing, address, kind):
    """An address as a pointer to numbers of the kind of an array."""

    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(kind.dtype)(types.int64, kind), generate


@intrinsic
def raise_two(typing, power):
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
def dot(typing, query, keys, place):
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
def blend(typing, shares, values, end, mixed):
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
def narrow(typing, value, kind):
    """A float32 as an element of an array of float32, or of bfloat16 stored as 16 bits, rounded to the nearest even."""

    def generate(context, builder, signature, arguments):
        if signature.return_type == types.float32:
            return arguments[0]
        bits, shift = builder.bitcast(arguments[0], INT32), INT32(16)
        odd = builder.and_(builder.lshr(bits, shift), INT32(1))
        rounded = builder.add(bits, builder.add(odd, INT32(0x7FFF)))
        return builder.trunc(builder.lshr(rounded, shift), ir.IntType(16))

    return kind.dtype(types.float32, kind), generate


def _find_tile(rows: int) -> int:
    """Lanes of a block whose sums for so many rows fit in three quarters of this processor's registers."""
    features = binding.get_host_cpu_features()
    registers, width = (32, 16) if features.get("avx512f") else (32, 4) if features.get("neon") else (16, 8)
    tile = LANES
    while rows * tile // width > registers * 3 // 4 and tile > width:
        tile //= 2
    return tile


def _make_fold(rows: int):
    """A function of x [rows..., inputs], row, weights [blocks, inputs, LANES], block, scales and out.

    It sets out[row : row + rows, LANES of the block] to the products of these rows with this block, tile by tile: the sums
    of a tile stay in registers, which numba's own loops do not achieve.
    """
    tile = _find_tile(rows)
    vector = ir.VectorType(FLOAT, tile)
    zero = ir.Constant(vector, [0.0] * tile)

    @intrinsic
    def fold(typing, x, row, weights, block, scales, out):
        def generate(context, builder, signature, arguments):
            x, weights, scales, out = (
                context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 2, 4, 5)
            )
            row, block = arguments[1], arguments[3]
            inputs = builder.extract_value(weights.shape, 1)
            widths = builder.extract_value(x.shape, 1), builder.extract_value(out.shape, 1)
            stored, size = (INT8, 1) if signature.args[2].dtype == types.int8 else (FLOAT, 4)

            def find(array, width, number, place):
                return builder.gep(array.data, [builder.add(builder.mul(builder.add(row, INT64(number)), width), place)])

            for first in range(0, LANES, tile):
                base = builder.gep(
                    weights.data, [builder.add(builder.mul(builder.mul(block, inputs), INT64(LANES)), INT64(first))]
                )
                sums = [cgutils.alloca_once_value(builder, zero) for _ in range(rows)]
                with cgutils.for_range(builder, inputs) as loop:
                    line = builder.gep(base, [builder.mul(loop.index, INT64(LANES))])
                    if first == 0:
                        _prefetch(builder, line, LANES * size)
                    weight = builder.load(builder.bitcast(line, ir.VectorType(stored, tile).as_pointer()), align=size)
                    if stored is INT8:
                        weight = builder.sitofp(builder.sext(weight, ir.VectorType(INT32, tile)), vector)
                    for number, each in enumerate(sums):
                        value = _spread(builder, builder.load(find(x, widths[0], number, loop.index)), tile)
                        builder.store(_call_on_floats(builder, "fma", tile, value, weight, builder.load(each)), each)
                column = builder.add(builder.mul(block, INT64(LANES)), INT64(first))
                scale = builder.load(builder.bitcast(builder.gep(scales.data, [column]), vector.as_pointer()), align=4)
                for number, each in enumerate(sums):
                    place = builder.bitcast(find(out, widths[1], number, column), vector.as_pointer())
                    builder.store(builder.fmul(builder.load(each), scale), place, align=4)
            return context.get_dummy_value()

        return types.void(x, row, weights, block, scales, out), generate

    return fold


fold_1, fold_2, fold_3, fold_4, fold_6 = (_make_fold(rows) for rows in (1, 2, 3, 4, 6))

"""What numba's language lacks, as instructions of its compiler: vectors that stay in registers, atomic counters, pointers.

Numbers are float32, or signed bytes.
"""

from __future__ import annotations

from functools import partial

from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 64  # outputs of a block of weights
CACHE_LINE = 64  # bytes
TOGETHER = 4  # sums of 16 lanes that are added up at once
AHEAD = 8192  # bytes asked for before they are needed: without it, waiting for memory takes half of the time
SECOND_LEVEL = 2  # of the processor's caches: what is asked for so far ahead would push too much out of the first

INT8, INT32, INT64, FLOAT = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.FloatType()

# For what compiled code alone calls: without what Python would need to call it, all of it compiles a second faster.
compiled = partial(njit, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)

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
    """`count` neighbours of an array of float32 or of bytes, as a vector of float32."""
    vector = ir.VectorType(FLOAT, count)
    if array_type.dtype == types.float32:
        return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=4)
    bytes = builder.load(builder.bitcast(pointer, ir.VectorType(INT8, count).as_pointer()), align=1)
    return builder.sitofp(builder.sext(bytes, ir.VectorType(INT32, count)), vector)


@intrinsic
def fetch(typing, array, first, last):
    """Ask for array[first:last], whose lines are of one cache line each or less; nobody waits for them."""

    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        with cgutils.for_range_slice(builder, arguments[1], arguments[2], INT64(1)) as (place, _):
            _ask_for(
                builder, builder.gep(array.data, [builder.mul(place, builder.extract_value(array.shape, 1))]), 0, CACHE_LINE
            )
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64), generate


def prefetch(builder, pointer, size):
    """Ask for the `size` bytes that stand AHEAD of a pointer."""
    _ask_for(builder, pointer, AHEAD, size)


def _ask_for(builder, pointer, ahead, size):
    kinds = [INT8.as_pointer(), INT32, INT32, INT32]
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), kinds), "llvm.prefetch.p0")
    start = builder.bitcast(pointer, INT8.as_pointer())
    for offset in range(ahead, ahead + size, CACHE_LINE):
        builder.call(function, [builder.gep(start, [INT64(offset)]), INT32(0), INT32(SECOND_LEVEL), INT32(1)])


def _cut(builder, length, widest):
    """(width, first place, number of vectors) for vectors that cover `length` numbers together, the wide ones first."""
    first = INT64(0)
    for width in (widest, 1):
        count = builder.sdiv(builder.sub(length, first), INT64(width))
        yield width, first, count
        first = builder.add(first, builder.mul(count, INT64(width)))


def multiply_add(builder, count, *values):
    """a * b + c for vectors of float32, rounded once."""
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(values[0].type, [value.type for value in values]), f"llvm.fma.v{count}f32"
    )
    return builder.call(function, values)


def spread(builder, value, count):
    """A number as a vector of `count` of it."""
    undefined = ir.Constant(ir.VectorType(FLOAT, count), ir.Undefined)
    first = builder.insert_element(undefined, value, INT32(0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(INT32, count), [0] * count))


def find_tile(rows: int) -> int:
    """Lanes of a block whose sums for so many rows fit in three quarters of this processor's registers."""
    features = binding.get_host_cpu_features()
    registers, width = (32, 16) if features.get("avx512f") else (32, 4) if features.get("neon") else (16, 8)
    tile = LANES
    while rows * tile // width > registers * 3 // 4 and tile > width:
        tile //= 2
    return tile


def _halve(builder, vector, groups):
    """Of each of `groups` runs of lanes the upper half added to the lower one."""
    run = vector.type.count // groups
    halves = []
    for half in (0, run // 2):
        lanes = [group * run + half + lane for group in range(groups) for lane in range(run // 2)]
        mask = ir.Constant(ir.VectorType(INT32, len(lanes)), lanes)
        halves.append(builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask))
    return builder.fadd(*halves)


def _join(builder, left, right):
    """Two vectors as one."""
    count = left.type.count
    return builder.shuffle_vector(left, right, ir.Constant(ir.VectorType(INT32, 2 * count), list(range(2 * count))))


def _add_up(builder, vectors):
    """The sum of each of some vectors of 16 lanes; every sum is a tree of halves, so company does not change it."""
    if len(vectors) == 1:
        joined = vectors[0]
    else:  # rows share the instructions: the first level in pairs, then all at once
        pairs = [_halve(builder, _join(builder, *vectors[at : at + 2]), 2) for at in range(0, len(vectors), 2)]
        joined = _join(builder, *pairs)
    while joined.type.count > len(vectors):
        joined = _halve(builder, joined, len(vectors))
    return [builder.extract_element(joined, INT32(number)) for number in range(len(vectors))]


def _make_sum(is_of_squares: bool):
    """A function of a vector and how many of its numbers, or their squares, it adds up: always in the same order."""

    @intrinsic
    def add_up(typing, vector, count):
        def generate(context, builder, signature, arguments):
            kind = signature.args[0]
            vector, count = context.make_array(kind)(context, builder, arguments[0]), arguments[1]
            whole = builder.mul(builder.sdiv(count, INT64(16)), INT64(16))
            total = cgutils.alloca_once_value(builder, ir.Constant(ir.VectorType(FLOAT, 16), [0.0] * 16))
            rest = cgutils.alloca_once_value(builder, FLOAT(0))
            with cgutils.for_range_slice(builder, INT64(0), whole, INT64(16)) as (at, _):
                value = _load_floats(builder, kind, builder.gep(vector.data, [at]), 16)
                value = builder.fmul(value, value) if is_of_squares else value
                builder.store(builder.fadd(value, builder.load(total)), total)
            with cgutils.for_range_slice(builder, whole, count, INT64(1)) as (at, _):
                value = builder.load(builder.gep(vector.data, [at]))
                value = builder.fmul(value, value) if is_of_squares else value
                builder.store(builder.fadd(value, builder.load(rest)), rest)
            return builder.fadd(_add_up(builder, [builder.load(total)])[0], builder.load(rest))

        return types.float32(vector, types.int64), generate

    return add_up


def _make_dots(rows: int):
    """A function of heads [rows..., width], row, column, dim, keys [places, dim], first, end and shares [rows, context].

    It sets shares[i, first:end] to the products of heads[row + i, column : column + dim] with these keys.
    """

    @intrinsic
    def dots(typing, heads, row, column, dim, keys, first, end, shares):
        def generate(context, builder, signature, arguments):
            heads, keys, shares = (context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 4, 7))
            row, column, dim, first, end = (arguments[i] for i in (1, 2, 3, 5, 6))
            width, length = builder.extract_value(heads.shape, 1), builder.extract_value(shares.shape, 1)
            starts = [
                builder.gep(heads.data, [builder.add(builder.mul(builder.add(row, INT64(number)), width), column)])
                for number in range(rows)
            ]
            zero = ir.Constant(ir.VectorType(FLOAT, 16), [0.0] * 16)
            whole = builder.mul(builder.sdiv(dim, INT64(16)), INT64(16))
            kind = signature.args[4]

            def multiply(place, count):
                """All rows with `count` neighbouring keys: their trees of sums share the instructions."""
                lines = [builder.gep(keys.data, [builder.mul(builder.add(place, INT64(more)), dim)]) for more in range(count)]
                sums = [[cgutils.alloca_once_value(builder, zero) for _ in starts] for _ in lines]
                rest = [[cgutils.alloca_once_value(builder, FLOAT(0)) for _ in starts] for _ in lines]
                with cgutils.for_range_slice(builder, INT64(0), whole, INT64(16)) as (at, _):
                    left = [_load_floats(builder, signature.args[0], builder.gep(each, [at]), 16) for each in starts]
                    for line, totals in zip(lines, sums, strict=True):
                        pointer = builder.gep(line, [at])
                        right = _load_floats(builder, kind, pointer, 16)
                        for each, total in zip(left, totals, strict=True):
                            builder.store(multiply_add(builder, 16, each, right, builder.load(total)), total)
                with cgutils.for_range_slice(builder, whole, dim, INT64(1)) as (at, _):
                    left = [_load_floats(builder, signature.args[0], builder.gep(each, [at]), 1) for each in starts]
                    for line, totals in zip(lines, rest, strict=True):
                        right = _load_floats(builder, kind, builder.gep(line, [at]), 1)
                        for each, total in zip(left, totals, strict=True):
                            product = builder.extract_element(builder.fmul(each, right), INT32(0))
                            builder.store(builder.fadd(product, builder.load(total)), total)
                trees = _add_up(builder, [builder.load(total) for totals in sums for total in totals])
                for number, tree in enumerate(trees):
                    more, row = divmod(number, rows)
                    target = builder.add(builder.mul(INT64(row), length), builder.add(place, INT64(more)))
                    builder.store(builder.fadd(tree, builder.load(rest[more][row])), builder.gep(shares.data, [target]))

            count = max(1, TOGETHER // rows)
            border = builder.add(first, builder.mul(builder.sdiv(builder.sub(end, first), INT64(count)), INT64(count)))
            with cgutils.for_range_slice(builder, first, border, INT64(count)) as (place, _):
                multiply(place, count)
            if count > 1:
                with cgutils.for_range_slice(builder, border, end, INT64(1)) as (place, _):
                    multiply(place, 1)
            return context.get_dummy_value()

        return types.void(heads, row, column, dim, keys, first, end, shares), generate

    return dots


def _make_blend(rows: int):
    """A function of shares [rows, context], values [places, dim], first, end, mixed [rows..., width], row and column.

    It adds to mixed[row + i, column : column + dim] the sum of shares[i, place] * values[place] from first to before end.
    """
    tile = find_tile(rows)

    @intrinsic
    def blend(typing, shares, values, first, end, mixed, row, column):
        def generate(context, builder, signature, arguments):
            shares, values, mixed = (context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 1, 4))
            first, end, row, column = (arguments[i] for i in (2, 3, 5, 6))
            length, dim = builder.extract_value(shares.shape, 1), builder.extract_value(values.shape, 1)
            width = builder.extract_value(mixed.shape, 1)
            for lanes, begin, count in _cut(builder, dim, tile):
                vector = ir.VectorType(FLOAT, lanes)
                sums = [cgutils.alloca_once(builder, vector) for _ in range(rows)]
                with cgutils.for_range(builder, count) as loop:
                    at = builder.add(begin, builder.mul(loop.index, INT64(lanes)))
                    targets = []
                    for number, total in enumerate(sums):
                        line = builder.mul(builder.add(row, INT64(number)), width)
                        target = builder.gep(mixed.data, [builder.add(line, builder.add(column, at))])
                        targets.append(builder.bitcast(target, vector.as_pointer()))
                        builder.store(builder.load(targets[-1], align=4), total)
                    with cgutils.for_range_slice(builder, first, end, INT64(1)) as (place, _):
                        start = builder.gep(values.data, [builder.add(builder.mul(place, dim), at)])
                        value = _load_floats(builder, signature.args[1], start, lanes)
                        for number, total in enumerate(sums):
                            share = builder.gep(shares.data, [builder.add(builder.mul(INT64(number), length), place)])
                            share = spread(builder, builder.load(share), lanes)
                            builder.store(multiply_add(builder, lanes, share, value, builder.load(total)), total)
                    for target, total in zip(targets, sums, strict=True):
                        builder.store(builder.load(total), target, align=4)
            return context.get_dummy_value()

        return types.void(shares, values, first, end, mixed, row, column), generate

    return blend


add_up, add_squares = _make_sum(False), _make_sum(True)
dots_1, dots_4 = _make_dots(1), _make_dots(4)
blend_1, blend_4 = _make_blend(1), _make_blend(4)

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
AHEAD = 8192  # bytes asked for before they are needed: without it, waiting for memory takes half of the time
SECOND_LEVEL = 2  # of the processor's caches: what is asked for so far ahead would push too much out of the first

INT8, INT16, INT32, INT64, FLOAT = ir.IntType(8), ir.IntType(16), ir.IntType(32), ir.IntType(64), ir.FloatType()

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


def load_floats(builder, pointer, count):
    """`count` neighbours as a vector of float32."""
    return builder.load(builder.bitcast(pointer, ir.VectorType(FLOAT, count).as_pointer()), align=4)


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


def count_registers() -> int:
    """This processor's registers for vectors."""
    features = binding.get_host_cpu_features()
    return 32 if features.get("avx512f") or features.get("neon") else 16


def find_tile(rows: int) -> int:
    """Lanes of a block whose sums for so many rows fit in three quarters of this processor's registers."""
    features = binding.get_host_cpu_features()
    width = 16 if features.get("avx512f") else 4 if features.get("neon") else 8
    tile = LANES
    while rows * tile // width > count_registers() * 3 // 4 and tile > width:
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


def add_trees(builder, vectors):
    """The sum of each of some vectors of 16 lanes; every sum is a tree of halves, so company does not change it."""
    if len(vectors) == 3:
        return add_trees(builder, [*vectors, vectors[-1]])[:3]
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
            vector, count = context.make_array(signature.args[0])(context, builder, arguments[0]), arguments[1]
            whole = builder.mul(builder.sdiv(count, INT64(16)), INT64(16))
            total = cgutils.alloca_once_value(builder, ir.Constant(ir.VectorType(FLOAT, 16), [0.0] * 16))
            rest = cgutils.alloca_once_value(builder, FLOAT(0))
            with cgutils.for_range_slice(builder, INT64(0), whole, INT64(16)) as (at, _):
                value = load_floats(builder, builder.gep(vector.data, [at]), 16)
                value = builder.fmul(value, value) if is_of_squares else value
                builder.store(builder.fadd(value, builder.load(total)), total)
            with cgutils.for_range_slice(builder, whole, count, INT64(1)) as (at, _):
                value = builder.load(builder.gep(vector.data, [at]))
                value = builder.fmul(value, value) if is_of_squares else value
                builder.store(builder.fadd(value, builder.load(rest)), rest)
            return builder.fadd(add_trees(builder, [builder.load(total)])[0], builder.load(rest))

        return types.float32(vector, types.int64), generate

    return add_up


add_up, add_squares = _make_sum(False), _make_sum(True)

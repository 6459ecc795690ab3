"""Microkernels of the matrix product, as instructions of numba's compiler: the sums of a tile stay in registers.

Two kinds: rows of float32 with weights in float32 or int8; and rows quantized to int8 with weights in int8, by the
processor's own products of bytes (VNNI), whose sums are whole numbers and so exact in any order.
"""

from __future__ import annotations

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from story_engine.model.kernel.intrinsics import FLOAT, INT8, INT32, INT64, LANES, find_tile, multiply_add, prefetch, spread

QUAD = 4  # neighbouring inputs that one instruction multiplies and adds
CENTRE = 128  # what is added to a weight, so that its byte has no sign, as the instruction wants one of its two


def find_width() -> int:
    """Sums that one product of bytes adds to on this processor: 16, 8, or 0 where it has none."""
    features = binding.get_host_cpu_features()
    return 16 if features.get("avx512vnni") else 8 if features.get("avxvnni") else 0


WIDTH = find_width()


def _make_microkernel(rows: int):
    """A function of x, row, weights, block, scales and out, with x as `matmul.choose_operand` gives it.

    It sets out[row : row + rows, LANES of the block] to the products of these rows with this block, tile by tile.
    """
    by_floats, by_bytes = _multiply_floats(rows), _multiply_bytes(rows)

    @intrinsic
    def microkernel(typing, x, row, weights, block, scales, out):
        generate = by_bytes if isinstance(x, types.BaseTuple) else by_floats
        return types.void(x, row, weights, block, scales, out), generate

    return microkernel


def _multiply_floats(rows: int):
    """x is [rows..., inputs], weights are [blocks, inputs, LANES] in float32 or signed bytes."""
    tile = find_tile(rows)
    vector = ir.VectorType(FLOAT, tile)
    zero = ir.Constant(vector, [0.0] * tile)

    def generate(context, builder, signature, arguments):
        x, weights, scales, out = (_open(context, builder, signature, arguments, place) for place in (0, 2, 4, 5))
        row, block = arguments[1], arguments[3]
        inputs = builder.extract_value(weights.shape, 1)
        stored, size = (INT8, 1) if signature.args[2].dtype == types.int8 else (FLOAT, 4)
        for first in range(0, LANES, tile):
            start = builder.add(builder.mul(builder.mul(block, inputs), INT64(LANES)), INT64(first))
            base = builder.gep(weights.data, [start])
            sums = [cgutils.alloca_once_value(builder, zero) for _ in range(rows)]
            with cgutils.for_range(builder, inputs) as loop:
                line = builder.gep(base, [builder.mul(loop.index, INT64(LANES))])
                if first == 0:
                    prefetch(builder, line, LANES * size)
                weight = builder.load(builder.bitcast(line, ir.VectorType(stored, tile).as_pointer()), align=size)
                if stored is INT8:
                    weight = builder.sitofp(builder.sext(weight, ir.VectorType(INT32, tile)), vector)
                for number, each in enumerate(sums):
                    value = spread(builder, builder.load(_find(builder, x, row, number, loop.index)), tile)
                    builder.store(multiply_add(builder, tile, value, weight, builder.load(each)), each)
            column = builder.add(builder.mul(block, INT64(LANES)), INT64(first))
            scale = builder.load(builder.bitcast(builder.gep(scales.data, [column]), vector.as_pointer()), align=4)
            for number, each in enumerate(sums):
                place = builder.bitcast(_find(builder, out, row, number, column), vector.as_pointer())
                builder.store(builder.fmul(builder.load(each), scale), place, align=4)
        return context.get_dummy_value()

    return generate


def _multiply_bytes(rows: int):
    """x is (bytes [rows..., inputs], sizes [rows...], totals [rows...]), weights are [blocks, quads, LANES, QUAD].

    A row's inputs are its bytes times its size, and a weight's byte has CENTRE added: CENTRE times the sum of the row's
    bytes, its total, is taken away again.
    """
    width = WIDTH or 16  # where it is 0, nobody asks for these
    tile = max(find_tile(rows), width)
    whole, vector = ir.VectorType(INT32, width), ir.VectorType(FLOAT, width)
    zero = ir.Constant(whole, [0] * width)
    starts = range(0, tile, width)

    def generate(context, builder, signature, arguments):
        weights, scales, out = (_open(context, builder, signature, arguments, place) for place in (2, 4, 5))
        x, sizes, totals = (
            context.make_array(kind)(context, builder, builder.extract_value(arguments[0], number))
            for number, kind in enumerate(signature.args[0].types)
        )
        row, block = arguments[1], arguments[3]
        quads = builder.extract_value(weights.shape, 1)
        product = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(whole, [whole] * 3), f"llvm.x86.avx512.vpdpbusd.{32 * width}"
        )
        for first in range(0, LANES, tile):
            start = builder.add(builder.mul(builder.mul(block, quads), INT64(LANES * QUAD)), INT64(first * QUAD))
            base = builder.gep(weights.data, [start])
            sums = [[cgutils.alloca_once_value(builder, zero) for _ in starts] for _ in range(rows)]
            with cgutils.for_range(builder, quads) as loop:
                line = builder.gep(base, [builder.mul(loop.index, INT64(LANES * QUAD))])
                if first == 0:
                    prefetch(builder, line, LANES * QUAD)
                parts = [
                    builder.load(builder.bitcast(builder.gep(line, [INT64(part * QUAD)]), whole.as_pointer()), align=1)
                    for part in starts
                ]
                for number, own in enumerate(sums):
                    quad = _find(builder, x, row, number, builder.mul(loop.index, INT64(QUAD)))
                    quad = builder.load(builder.bitcast(quad, INT32.as_pointer()), align=1)
                    values = _spread_whole(builder, quad, width)
                    for part, each in zip(parts, own, strict=True):
                        builder.store(builder.call(product, [builder.load(each), part, values]), each)
            for number, own in enumerate(sums):
                here = builder.add(row, INT64(number))
                size = spread(builder, builder.load(builder.gep(sizes.data, [here])), width)
                total = builder.mul(builder.load(builder.gep(totals.data, [here])), INT32(CENTRE))
                total = _spread_whole(builder, total, width)
                for part, each in zip(starts, own, strict=True):
                    column = builder.add(builder.mul(block, INT64(LANES)), INT64(first + part))
                    scale = builder.load(builder.bitcast(builder.gep(scales.data, [column]), vector.as_pointer()), align=4)
                    value = builder.sitofp(builder.sub(builder.load(each), total), vector)
                    place = builder.bitcast(_find(builder, out, row, number, column), vector.as_pointer())
                    builder.store(builder.fmul(builder.fmul(value, scale), size), place, align=4)
        return context.get_dummy_value()

    return generate


def _open(context, builder, signature, arguments, place):
    return context.make_array(signature.args[place])(context, builder, arguments[place])


def _find(builder, array, row, number, column):
    """A pointer to array[row + number, column]."""
    width = builder.extract_value(array.shape, 1)
    return builder.gep(array.data, [builder.add(builder.mul(builder.add(row, INT64(number)), width), column)])


def _spread_whole(builder, value, count):
    """A whole number as a vector of `count` of it."""
    undefined = ir.Constant(ir.VectorType(INT32, count), ir.Undefined)
    first = builder.insert_element(undefined, value, INT32(0))
    return builder.shuffle_vector(first, undefined, ir.Constant(undefined.type, [0] * count))


microkernel_1, microkernel_2, microkernel_3, microkernel_4, microkernel_6 = map(_make_microkernel, (1, 2, 3, 4, 6))

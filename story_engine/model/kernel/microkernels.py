"""Microkernels of the matrix product, as instructions of numba's compiler: the sums of a tile stay in registers.

Two kinds: float32 rows with float32 weights; and rows quantized to int16, a scale for each BLOCK of inputs, with int8 weights,
whose scales are one for each output, or for each BLOCK of its inputs. The sums over a block are whole numbers, at most
64 * 127 * 32,767, which int32 holds, so the width of the processor's instructions does not change a bit; they are added up in
float32 in the order of the blocks.
"""

from __future__ import annotations

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from story_engine.model.kernel.intrinsics import (
    FLOAT,
    INT8,
    INT16,
    INT32,
    INT64,
    LANES,
    count_registers,
    find_tile,
    multiply_add,
    prefetch,
    spread,
)
from story_engine.model.quantize import BLOCK

PAIR = 2  # neighbouring inputs that one instruction multiplies and adds
PRODUCTS = {16: "llvm.x86.avx512.pmaddw.d.512", 8: "llvm.x86.avx2.pmadd.wd", 4: "llvm.x86.sse2.pmadd.wd"}


def find_width() -> int:
    """Sums that one product of pairs adds to on this processor: 16, 8 or 4, or 0 where it has no such instruction."""
    features = binding.get_host_cpu_features()
    found = [width for width, name in ((16, "avx512bw"), (8, "avx2"), (4, "sse2")) if features.get(name)]
    return found[0] if found else 0


WIDTH = find_width()


def _make_microkernel(rows: int):
    """A function of x, row, weights, block, scales and out, with x as `matmul.choose_operand` gives it.

    It sets out[row : row + rows, LANES of the block] to the products of these rows with this block, tile by tile.
    """
    by_floats, by_pairs = _multiply_floats(rows), _multiply_pairs(rows)

    @intrinsic
    def microkernel(typing, x, row, weights, block, scales, out):
        generate = by_pairs if isinstance(x, types.BaseTuple) else by_floats
        return types.void(x, row, weights, block, scales, out), generate

    return microkernel


def _multiply_floats(rows: int):
    """x is [rows..., inputs], weights are [blocks, inputs, LANES]."""
    tile = find_tile(rows)
    vector = ir.VectorType(FLOAT, tile)
    zero = ir.Constant(vector, [0.0] * tile)

    def generate(context, builder, signature, arguments):
        x, weights, scales, out = (_open(context, builder, signature, arguments, place) for place in (0, 2, 4, 5))
        row, block = arguments[1], arguments[3]
        inputs = builder.extract_value(weights.shape, 1)
        for first in range(0, LANES, tile):
            start = builder.add(builder.mul(builder.mul(block, inputs), INT64(LANES)), INT64(first))
            base = builder.gep(weights.data, [start])
            sums = [cgutils.alloca_once_value(builder, zero) for _ in range(rows)]
            with cgutils.for_range(builder, inputs) as loop:
                line = builder.gep(base, [builder.mul(loop.index, INT64(LANES))])
                if first == 0:
                    prefetch(builder, line, LANES * 4)
                weight = builder.load(builder.bitcast(line, vector.as_pointer()), align=4)
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


def _multiply_pairs(rows: int):
    """x is (words [rows..., inputs], scales [rows..., inputs / BLOCK]), weights are [blocks, pairs, LANES, PAIR].

    A row's inputs are its words times the scale of their BLOCK. The weights' scales are [outputs] in float32, or, for each
    BLOCK of inputs, [blocks, inputs / BLOCK, LANES] in bfloat16.
    """
    width = WIDTH or 4
    tile = _find_pair_tile(rows, width)
    whole, vector = ir.VectorType(INT32, width), ir.VectorType(FLOAT, width)
    bytes, words = ir.VectorType(INT8, PAIR * width), ir.VectorType(INT16, PAIR * width)
    starts = range(0, tile, width)

    def generate(context, builder, signature, arguments):
        weights, scales, out = (_open(context, builder, signature, arguments, place) for place in (2, 4, 5))
        x, row_scales = (
            context.make_array(kind)(context, builder, builder.extract_value(arguments[0], number))
            for number, kind in enumerate(signature.args[0].types)
        )
        row, block = arguments[1], arguments[3]
        has_block_scales = signature.args[4].ndim == 3
        pairs = builder.extract_value(weights.shape, 1)
        count = builder.sdiv(pairs, INT64(BLOCK // PAIR))
        length = builder.sdiv(pairs, count)  # a constant would be unrolled, and compile for seconds

        def make_sums(kind, zero):
            return [
                [cgutils.alloca_once_value(builder, ir.Constant(kind, [zero] * width)) for _ in starts] for _ in range(rows)
            ]

        def add_products(base, pair, sums):
            line = builder.gep(base, [builder.mul(pair, INT64(LANES * PAIR))])
            prefetch(builder, line, tile * PAIR)
            parts = [
                builder.sext(
                    builder.load(builder.bitcast(builder.gep(line, [INT64(at * PAIR)]), bytes.as_pointer()), align=1), words
                )
                for at in starts
            ]
            for number, own in enumerate(sums):
                both = _find(builder, x, row, number, builder.mul(pair, INT64(PAIR)))
                both = _spread_whole(builder, builder.load(builder.bitcast(both, INT32.as_pointer()), align=2), width)
                both = builder.bitcast(both, words)
                for part, each in zip(parts, own, strict=True):
                    builder.store(builder.add(builder.load(each), _multiply_words(builder, part, both)), each)

        def load_block_scales(group, first):
            """Of the outputs from `first` on, for one BLOCK of inputs."""
            place = builder.add(builder.mul(block, count), group)
            pointer = builder.gep(scales.data, [builder.add(builder.mul(place, INT64(LANES)), INT64(first))])
            halves = builder.load(builder.bitcast(pointer, ir.VectorType(INT16, width).as_pointer()), align=2)
            return builder.bitcast(builder.shl(builder.zext(halves, whole), ir.Constant(whole, [16] * width)), vector)

        for first in range(0, LANES, tile):
            start = builder.add(builder.mul(builder.mul(block, pairs), INT64(LANES * PAIR)), INT64(first * PAIR))
            base = builder.gep(weights.data, [start])
            totals, sums = make_sums(vector, 0.0), make_sums(whole, 0)
            for own in totals:
                for each in own:
                    builder.store(ir.Constant(vector, [0.0] * width), each)
            with cgutils.for_range(builder, count) as group:
                for own in sums:
                    for each in own:
                        builder.store(ir.Constant(whole, [0] * width), each)
                begin = builder.mul(group.index, length)
                with cgutils.for_range(builder, length) as loop:
                    add_products(base, builder.add(begin, loop.index), sums)
                factors = [load_block_scales(group.index, first + part) if has_block_scales else None for part in starts]
                for number, (own, own_totals) in enumerate(zip(sums, totals, strict=True)):
                    scale = spread(builder, builder.load(_find(builder, row_scales, row, number, group.index)), width)
                    for each, total, factor in zip(own, own_totals, factors, strict=True):
                        value = builder.sitofp(builder.load(each), vector)
                        if factor is not None:
                            value = builder.fmul(value, factor)
                        builder.store(multiply_add(builder, width, value, scale, builder.load(total)), total)
            for number, own_totals in enumerate(totals):
                for part, total in zip(starts, own_totals, strict=True):
                    column = builder.add(builder.mul(block, INT64(LANES)), INT64(first + part))
                    value = builder.load(total)
                    if not has_block_scales:
                        scale = builder.bitcast(builder.gep(scales.data, [column]), vector.as_pointer())
                        value = builder.fmul(value, builder.load(scale, align=4))
                    place = builder.bitcast(_find(builder, out, row, number, column), vector.as_pointer())
                    builder.store(value, place, align=4)
        return context.get_dummy_value()

    return generate


def _find_pair_tile(rows: int, width: int) -> int:
    """Lanes of a block whose sums for so many rows, their weights and two more vectors fit in the registers."""
    tile = LANES
    while tile > width and rows * tile // width + (tile // width if rows > 1 else 1) + 2 > count_registers():
        tile //= 2
    return tile


def _multiply_words(builder, left, right):
    """Vectors of int16, multiplied, and neighbours added up: half as many int32."""
    width = left.type.count // PAIR
    kind = ir.VectorType(INT32, width)
    if WIDTH:
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [left.type] * 2), PRODUCTS[width])
        return builder.call(function, [left, right])
    wide = ir.VectorType(INT32, PAIR * width)
    product = builder.mul(builder.sext(left, wide), builder.sext(right, wide))
    halves = [
        builder.shuffle_vector(product, product, ir.Constant(kind, list(range(odd, PAIR * width, PAIR)))) for odd in (0, 1)
    ]
    return builder.add(*halves)


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

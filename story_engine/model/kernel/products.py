"""Attention's products, as instructions of numba's compiler: queries with keys, and scores with values."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from story_engine.model.kernel.intrinsics import (
    FLOAT,
    INT8,
    INT32,
    INT64,
    add_trees,
    find_tile,
    load_floats,
    multiply_add,
    spread,
)
from story_engine.model.kv_cache import GROUP

TOGETHER = 4  # sums of 16 lanes that are added up at once


class _Lines:
    """Keys or values, [places, dim], in float32 or as bytes with scales [places, dim / GROUP]."""

    def __init__(self, context, builder, kinds, arguments) -> None:
        lines, scales = (context.make_array(kind)(context, builder, each) for kind, each in zip(kinds, arguments, strict=True))
        self._builder, self._lines, self._scales = builder, lines, scales
        self._is_int8 = kinds[0].dtype == types.int8
        self.dim, self._groups = (builder.extract_value(each.shape, 1) for each in (lines, scales))

    def load(self, place, at, count):
        """`count` numbers of a place, from `at` on: one, or whole groups."""
        builder, vector = self._builder, ir.VectorType(FLOAT, count)
        pointer = builder.gep(self._lines.data, [builder.add(builder.mul(place, self.dim), at)])
        if not self._is_int8:
            return load_floats(builder, pointer, count)
        bytes = builder.load(builder.bitcast(pointer, ir.VectorType(INT8, count).as_pointer()), align=1)
        values = builder.sitofp(builder.sext(bytes, ir.VectorType(INT32, count)), vector)
        first = builder.add(builder.mul(place, self._groups), builder.sdiv(at, INT64(GROUP)))
        scales = ir.Constant(vector, ir.Undefined)
        for group in range(-(-count // GROUP)):
            scale = builder.load(builder.gep(self._scales.data, [builder.add(first, INT64(group))]))
            scales = _scale_group(builder, scales, scale, group)
        return builder.fmul(values, scales)


def _scale_group(builder, scales, scale, group):
    """A vector with one number in all lanes of a group."""
    count = scales.type.count
    lanes = spread(builder, scale, count)
    if count <= GROUP:
        return lanes
    chosen = [count + lane if lane // GROUP == group else lane for lane in range(count)]
    return builder.shuffle_vector(scales, lanes, ir.Constant(ir.VectorType(INT32, count), chosen))


def _cut(builder, length, widest):
    """(width, first place, number of vectors) for vectors that cover `length` numbers together, the wide ones first."""
    first = INT64(0)
    for width in (widest, 1):
        count = builder.sdiv(builder.sub(length, first), INT64(width))
        yield width, first, count
        first = builder.add(first, builder.mul(count, INT64(width)))


def _make_dots(rows: int):
    """A function of queries [rows..., dim], row, keys [places, dim], their scales, first, end and scores [rows, context].

    It sets scores[i, first:end] to the products of queries[row + i] with these keys.
    """

    @intrinsic
    def dots(typing, queries, row, keys, key_scales, first, end, scores):
        def generate(context, builder, signature, arguments):
            queries, scores = (context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 6))
            row, first, end = (arguments[i] for i in (1, 4, 5))
            keys = _Lines(context, builder, signature.args[2:4], arguments[2:4])
            dim, length = keys.dim, builder.extract_value(scores.shape, 1)
            starts = [builder.gep(queries.data, [builder.mul(builder.add(row, INT64(number)), dim)]) for number in range(rows)]
            zero = ir.Constant(ir.VectorType(FLOAT, 16), [0.0] * 16)
            whole = builder.mul(builder.sdiv(dim, INT64(16)), INT64(16))

            def multiply(place, count):
                """All rows with `count` neighbouring keys: their trees of sums share the instructions."""
                places = [builder.add(place, INT64(more)) for more in range(count)]
                sums = [[cgutils.alloca_once_value(builder, zero) for _ in starts] for _ in places]
                rest = [[cgutils.alloca_once_value(builder, FLOAT(0)) for _ in starts] for _ in places]
                for totals, rests in zip(sums, rest, strict=True):
                    for total, each in zip(totals, rests, strict=True):
                        builder.store(zero, total)
                        builder.store(FLOAT(0), each)
                with cgutils.for_range_slice(builder, INT64(0), whole, INT64(16)) as (at, _):
                    left = [load_floats(builder, builder.gep(each, [at]), 16) for each in starts]
                    for own, totals in zip(places, sums, strict=True):
                        right = keys.load(own, at, 16)
                        for each, total in zip(left, totals, strict=True):
                            builder.store(multiply_add(builder, 16, each, right, builder.load(total)), total)
                with cgutils.for_range_slice(builder, whole, dim, INT64(1)) as (at, _):
                    left = [load_floats(builder, builder.gep(each, [at]), 1) for each in starts]
                    for own, totals in zip(places, rest, strict=True):
                        right = keys.load(own, at, 1)
                        for each, total in zip(left, totals, strict=True):
                            product = builder.extract_element(builder.fmul(each, right), INT32(0))
                            builder.store(builder.fadd(product, builder.load(total)), total)
                trees = add_trees(builder, [builder.load(total) for totals in sums for total in totals])
                for number, tree in enumerate(trees):
                    more, row = divmod(number, rows)
                    target = builder.add(builder.mul(INT64(row), length), builder.add(place, INT64(more)))
                    builder.store(builder.fadd(tree, builder.load(rest[more][row])), builder.gep(scores.data, [target]))

            count = TOGETHER if rows == 1 else 1
            border = builder.add(first, builder.mul(builder.sdiv(builder.sub(end, first), INT64(count)), INT64(count)))
            with cgutils.for_range_slice(builder, first, border, INT64(count)) as (place, _):
                multiply(place, count)
            if count > 1:
                with cgutils.for_range_slice(builder, border, end, INT64(1)) as (place, _):
                    multiply(place, 1)
            return context.get_dummy_value()

        return types.void(queries, row, keys, key_scales, first, end, scores), generate

    return dots


def _make_blend(rows: int):
    """A function of scores [rows, context], values [places, dim], their scales, first, end and mixed [rows, dim].

    It adds to mixed[i] the sum of scores[i, place] * values[place] from first to before end.
    """
    tile = find_tile(rows)

    @intrinsic
    def blend(typing, scores, values, value_scales, first, end, mixed):
        def generate(context, builder, signature, arguments):
            scores, mixed = (context.make_array(signature.args[i])(context, builder, arguments[i]) for i in (0, 5))
            first, end = arguments[3:5]
            values = _Lines(context, builder, signature.args[1:3], arguments[1:3])
            length = builder.extract_value(scores.shape, 1)
            for lanes, begin, count in _cut(builder, values.dim, tile):
                vector = ir.VectorType(FLOAT, lanes)
                sums = [cgutils.alloca_once(builder, vector) for _ in range(rows)]
                with cgutils.for_range(builder, count) as loop:
                    at = builder.add(begin, builder.mul(loop.index, INT64(lanes)))
                    targets = []
                    for number, total in enumerate(sums):
                        target = builder.gep(mixed.data, [builder.add(builder.mul(INT64(number), values.dim), at)])
                        targets.append(builder.bitcast(target, vector.as_pointer()))
                        builder.store(builder.load(targets[-1], align=4), total)
                    with cgutils.for_range_slice(builder, first, end, INT64(1)) as (place, _):
                        value = values.load(place, at, lanes)
                        for number, total in enumerate(sums):
                            score = builder.gep(scores.data, [builder.add(builder.mul(INT64(number), length), place)])
                            score = spread(builder, builder.load(score), lanes)
                            builder.store(multiply_add(builder, lanes, score, value, builder.load(total)), total)
                    for target, total in zip(targets, sums, strict=True):
                        builder.store(builder.load(total), target, align=4)
            return context.get_dummy_value()

        return types.void(scores, values, value_scales, first, end, mixed), generate

    return blend


dots_1, dots_3, dots_4 = map(_make_dots, (1, 3, 4))
blend_1, blend_3, blend_4 = map(_make_blend, (1, 3, 4))

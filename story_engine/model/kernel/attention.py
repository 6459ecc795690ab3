"""Keys and values, kept in float32 or as bytes with a scale for each GROUP of a vector, and attention over them."""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload

from story_engine.model.kernel.intrinsics import add_up, compiled, fetch, raise_two
from story_engine.model.kernel.matmul import HALF, MAX_BYTE, ONE, WITHOUT_SIGN, ZERO, quantize_vector
from story_engine.model.kernel.products import blend_1, blend_3, blend_4, dots_1, dots_3, dots_4
from story_engine.model.kv_cache import GROUP

LOG2_E, LN_2_HIGH, LN_2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
STRIDE = 16  # places whose memory is asked for at once
MIN_EXPONENT = np.float32(-87)
C2, C3, C4, C5, C6 = (np.float32(1 / factorial) for factorial in (2, 6, 24, 120, 720))


@compiled()
def exponential(x):
    """e^x for x of 0 or less, within 2e-7 of its size, in steps that a compiler can do for many numbers at once."""
    x = max(x, MIN_EXPONENT)
    power = np.floor(x * LOG2_E + HALF)
    x = x - power * LN_2_HIGH - power * LN_2_LOW
    series = ONE + x * (ONE + x * (C2 + x * (C3 + x * (C4 + x * (C5 + x * C6)))))
    return series * raise_two(power)


def keep(vector, place, lines, scales):
    """lines[place] = vector, quantized to scales[place] where the lines are bytes."""


@overload(keep)
def _choose_keep(vector, place, lines, scales):
    if lines.dtype == types.int8:
        return lambda vector, place, lines, scales: _quantize(vector, place, lines, scales)
    return lambda vector, place, lines, scales: _copy(vector, place, lines)


@compiled()
def _quantize(vector, place, lines, scales):
    for group in range(scales.shape[1]):
        first, last = group * GROUP, min((group + 1) * GROUP, len(vector))
        scales[place, group] = quantize_vector(vector[first:last], MAX_BYTE, lines[place, first:last])


@compiled()
def _copy(vector, place, lines):
    for i in range(len(vector)):
        lines[place, i] = vector[i]


@compiled()
def rotate(vector, cosines, sines, rotated):
    """A head's vector turned to its position (Su et al., 2021)."""
    half = len(vector) // 2
    for i in range(half):
        left, right = vector[i], vector[i + half]
        rotated[i] = left * cosines[i] - right * sines[i]
        rotated[i + half] = right * cosines[i + half] + left * sines[i + half]


@compiled()
def _order(bits):
    """The bits of a float32 as a whole number of the same order, and back."""
    return np.int32(bits ^ ((bits >> 31) & WITHOUT_SIGN))


@compiled()
def _soften(scores, end, scale):
    """The softmax of scale * scores[:end], in place."""
    bits, top = scores.view(np.int32), np.int32(-WITHOUT_SIGN)
    for place in range(end):  # in whole numbers, of which a compiler compares many at once
        top = max(top, _order(bits[place]))
    highest = np.int32(_order(top)).view(np.float32)
    for place in range(end):
        scores[place] = exponential((scores[place] - highest) * scale)
    total = add_up(scores, end)
    for place in range(end):
        scores[place] /= total


@compiled()
def _multiply_keys(queries, row, rows, keys, scales, first, last, scores):
    if rows == 4:
        dots_4(queries, row, keys, scales, first, last, scores)
    elif rows == 3:
        dots_3(queries, row, keys, scales, first, last, scores)
    else:
        dots_1(queries, row, keys, scales, first, last, scores)


@compiled()
def _add_values(scores, rows, values, scales, first, last, mixed):
    if rows == 4:
        blend_4(scores, values, scales, first, last, mixed)
    elif rows == 3:
        blend_3(scores, values, scales, first, last, mixed)
    else:
        blend_1(scores, values, scales, first, last, mixed)


@compiled()
def attend(queries, row, rows, keys, key_scales, values, value_scales, following, ends, scores, mixed):
    """mixed[i] = softmax(queries[row + i] . keys / sqrt(dim)) . values for one, three or four queries of the same keys.

    Query i sees ends[i] places, none fewer than the first. A query's sums are the same alone and in company. Values are asked
    for while keys are multiplied, and the `following` keys, which come next, while values are.
    """
    scale, end = ONE / np.sqrt(np.float32(keys.shape[1])), ends[0]
    for first in range(0, end, STRIDE):
        last = min(first + STRIDE, end)
        fetch(values, first, last)
        _multiply_keys(queries, row, rows, keys, key_scales, first, last, scores)
    for i in range(rows):
        _multiply_keys(queries, row + i, 1, keys, key_scales, end, ends[i], scores[i : i + 1])
        _soften(scores[i], ends[i], scale)
        mixed[i] = ZERO
    for first in range(0, end, STRIDE):
        last = min(first + STRIDE, end)
        fetch(following, first, last)
        _add_values(scores, rows, values, value_scales, first, last, mixed)
    for i in range(rows):
        _add_values(scores[i : i + 1], 1, values, value_scales, end, ends[i], mixed[i : i + 1])

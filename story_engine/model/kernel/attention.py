"""Keys and values, kept in float32 or as bytes with a size for each vector of a head, and attention over them."""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload

from story_engine.model.kernel.intrinsics import add_up, blend_1, blend_4, compiled, dots_1, dots_4, fetch, raise_two
from story_engine.model.kernel.matmul import HALF, ONE, WITHOUT_SIGN, quantize_vector

LOG2_E, LN_2_HIGH, LN_2_LOW = np.float32(1.44269504), np.float32(0.693359375), np.float32(-2.12194440e-4)
STRIDE = 16  # places whose memory is asked for at once
LEAST = np.float32(-87)
C2, C3, C4, C5, C6 = (np.float32(1 / factorial) for factorial in (2, 6, 24, 120, 720))


@compiled()
def exponential(x):
    """e^x for x of 0 or less, within 2e-7 of its size, in steps that a compiler can do for many numbers at once."""
    x = max(x, LEAST)
    power = np.floor(x * LOG2_E + HALF)
    x = x - power * LN_2_HIGH - power * LN_2_LOW
    series = ONE + x * (ONE + x * (C2 + x * (C3 + x * (C4 + x * (C5 + x * C6)))))
    return series * raise_two(power)


def keep(vector, place, lines, sizes):
    """lines[place] = vector, which is rounded to bytes of the size sizes[place] where the lines are bytes."""


def weigh(scores, end, sizes, lines):
    """scores[:end] *= sizes[:end], where the lines are bytes of such sizes."""


@overload(keep)
def _choose_keep(vector, place, lines, sizes):
    if lines.dtype == types.int8:
        return lambda vector, place, lines, sizes: _shrink(vector, place, lines, sizes)
    return lambda vector, place, lines, sizes: _copy(vector, place, lines)


@overload(weigh)
def _choose_weigh(scores, end, sizes, lines):
    if lines.dtype == types.int8:
        return lambda scores, end, sizes, lines: _scale(scores, end, sizes)
    return lambda scores, end, sizes, lines: None


@compiled()
def _shrink(vector, place, lines, sizes):
    sizes[place] = quantize_vector(vector, lines[place])


@compiled()
def _copy(vector, place, lines):
    for i in range(len(vector)):
        lines[place, i] = vector[i]


@compiled()
def _scale(scores, end, sizes):
    for place in range(end):
        scores[place] *= sizes[place]


@compiled()
def rotate(vector, cosines, sines):
    half = len(vector) // 2
    for place in range(half):
        left, right = vector[place], vector[place + half]
        vector[place] = left * cosines[place] - right * sines[place]
        vector[place + half] = right * cosines[place + half] + left * sines[place + half]


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
def attend(heads, row, rows, column, keys, key_sizes, values, value_sizes, following, end, shares, mixed):
    """mixed = softmax(query . keys / sqrt(dim)) . values for one row, or for four neighbours of one slot.

    The first row sees `end` places, each other one more. A row's sums are the same alone and in company. Values are asked
    for while keys are multiplied, and the `following` keys, which come next, while values are.
    """
    dim = keys.shape[1]
    scale = ONE / np.sqrt(np.float32(dim))
    for first in range(0, end, STRIDE):
        last = min(first + STRIDE, end)
        fetch(values, first, last)
        if rows == 4:
            dots_4(heads, row, column, dim, keys, first, last, shares)
        else:
            dots_1(heads, row, column, dim, keys, first, last, shares)
    for more in range(1, rows):
        dots_1(heads, row + more, column, dim, keys, end, end + more, shares[more : more + 1])
    for more in range(rows):
        weigh(shares[more], end + more, key_sizes, keys)
        _soften(shares[more], end + more, scale)
        weigh(shares[more], end + more, value_sizes, values)
        mixed[row + more, column : column + dim] = np.float32(0)
    for first in range(0, end, STRIDE):
        last = min(first + STRIDE, end)
        fetch(following, first, last)
        if rows == 4:
            blend_4(shares, values, first, last, mixed, row, column)
        else:
            blend_1(shares, values, first, last, mixed, row, column)
    for more in range(1, rows):
        blend_1(shares[more : more + 1], values, end, end + more, mixed, row + more, column)

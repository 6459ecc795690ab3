"""The matrix product: rows times blocks of weights, quantized to int8 first where the weights are laid out for that."""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload

from story_engine.model.kernel.intrinsics import compiled
from story_engine.model.kernel.microkernels import (
    QUAD,
    microkernel_1,
    microkernel_2,
    microkernel_3,
    microkernel_4,
    microkernel_6,
)

ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
LARGEST = np.float32(127)  # byte of a row
WITHOUT_SIGN = np.int32(0x7FFFFFFF)  # the bits of a float32


@compiled()
def quantize_vector(vector, bytes):
    """Set `bytes` to a vector divided by its largest number, times 127; returns the size of one.

    That is no finite number where one of the vector's is none. Numbers without their sign stand in the order of their bits,
    those that are none at the top, and the largest of many whole numbers is found at once.
    """
    bits, top = vector.view(np.int32), np.int32(0)
    for place in range(len(vector)):
        top = max(top, np.int32(bits[place] & WITHOUT_SIGN))
    largest = np.int32(top).view(np.float32)
    factor = LARGEST / largest if top else ZERO
    for place in range(len(vector)):
        bytes[place] = np.int32(np.floor(vector[place] * factor + HALF))
    return largest / LARGEST


@compiled()
def _quantize_rows(x, rows, count, room):
    """The first `count` numbers of each row as bytes, with their size and their total."""
    bytes, sizes, totals = room
    for row in range(rows):
        sizes[row] = quantize_vector(x[row, :count], bytes[row, :count])
        total = np.int32(0)
        for place in range(count):
            total += bytes[row, place]
        totals[row] = total


def choose_operand(x, weights, room):
    """What `multiply` takes with these weights: the rows themselves, or their bytes."""


def quantize_rows(x, rows, weights, room):
    """Round the rows to bytes in `room`, where the weights are for such."""


@overload(choose_operand)
def _find_operand(x, weights, room):
    if weights.dtype == types.uint8:
        return lambda x, weights, room: room
    return lambda x, weights, room: x


@overload(quantize_rows)
def _find_quantizer(x, rows, weights, room):
    if weights.dtype == types.uint8:
        return lambda x, rows, weights, room: _quantize_rows(x, rows, weights.shape[1] * QUAD, room)
    return lambda x, rows, weights, room: None


@compiled()
def multiply(x, rows, weights, first, last, scales, out):
    """out[:rows] = x[:rows] times the blocks from `first` to before `last`; x is the operand chosen for them."""
    for block in range(first, last):
        row = 0
        while row + 6 <= rows:
            microkernel_6(x, row, weights, block, scales, out)
            row += 6
        if row + 4 <= rows:
            microkernel_4(x, row, weights, block, scales, out)
            row += 4
        if row + 3 == rows:
            microkernel_3(x, row, weights, block, scales, out)
        elif row + 2 == rows:
            microkernel_2(x, row, weights, block, scales, out)
        elif row + 1 == rows:
            microkernel_1(x, row, weights, block, scales, out)

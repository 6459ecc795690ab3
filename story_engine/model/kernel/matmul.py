"""The matrix product: rows times blocks of weights, quantized first where the weights are int8."""

from __future__ import annotations

import numpy as np
from numba import types
from numba.extending import overload

from story_engine.model.kernel.intrinsics import compiled
from story_engine.model.kernel.microkernels import (
    BLOCK,
    PAIR,
    microkernel_1,
    microkernel_2,
    microkernel_3,
    microkernel_4,
    microkernel_6,
)

ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
MAX_BYTE, MAX_WORD = np.float32(127), np.float32(32767)
WITHOUT_SIGN = np.int32(0x7FFFFFFF)  # the bits of a float32


@compiled()
def quantize_vector(vector, largest_quantum, quanta):
    """Set `quanta` to a vector divided by its largest number, times `largest_quantum`; returns the scale.

    That is no finite number where one of the vector's is none. Numbers without their sign stand in the order of their bits,
    those that are none at the top, and the largest of many whole numbers is found at once.
    """
    bits, top = vector.view(np.int32), np.int32(0)
    for i in range(len(vector)):
        top = max(top, np.int32(bits[i] & WITHOUT_SIGN))
    largest = np.int32(top).view(np.float32)
    factor = largest_quantum / largest if top else ZERO
    for i in range(len(vector)):
        quanta[i] = np.int32(np.floor(vector[i] * factor + HALF))
    return largest / largest_quantum


@compiled()
def _quantize_rows(x, rows, count, scratch):
    """The first `count` numbers of each row as int16, with a scale for each BLOCK of them."""
    words, scales = scratch
    for row in range(rows):
        for block in range(count // BLOCK):
            first, last = block * BLOCK, (block + 1) * BLOCK
            scales[row, block] = quantize_vector(x[row, first:last], MAX_WORD, words[row, first:last])


def choose_operand(x, weights, scratch):
    """What `multiply` takes with these weights: the rows themselves, or their quanta."""


def quantize_rows(x, rows, weights, scratch):
    """Quantize the rows into `scratch`, where the weights are int8."""


@overload(choose_operand)
def _find_operand(x, weights, scratch):
    if weights.dtype == types.int8:
        return lambda x, weights, scratch: scratch
    return lambda x, weights, scratch: x


@overload(quantize_rows)
def _find_quantizer(x, rows, weights, scratch):
    if weights.dtype == types.int8:
        return lambda x, rows, weights, scratch: _quantize_rows(x, rows, weights.shape[1] * PAIR, scratch)
    return lambda x, rows, weights, scratch: None


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

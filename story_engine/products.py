"""Rows times blocks of weights: rounded to bytes first, where the weights are laid out for products of bytes.

After a change here, STAMPS in `kernel.py` have to follow, as for `vectors.py`.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numba.extending import overload

from story_engine.folds import QUAD, fold_1, fold_2, fold_3, fold_4, fold_6

FAST = {"reassoc", "contract", "arcp", "nsz"}  # sums in any order, but what is no number stays none
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
LARGEST = np.float32(127)  # byte of a row
WITHOUT_SIGN = np.int32(0x7FFFFFFF)  # the bits of a float32


@njit(error_model="numpy", fastmath=FAST)
def round_to_bytes(vector, bytes):
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


@njit(error_model="numpy")
def _round(x, rows, count, room):
    """The first `count` numbers of each row as bytes, with their size and their total."""
    bytes, sizes, totals = room
    for row in range(rows):
        sizes[row] = round_to_bytes(x[row, :count], bytes[row, :count])
        total = np.int32(0)
        for place in range(count):
            total += bytes[row, place]
        totals[row] = total


def pick(x, weights, room):
    """What `multiply` takes with these weights: the rows themselves, or their bytes."""


def prepare(x, rows, weights, room):
    """Round the rows to bytes in `room`, where the weights are for such."""


@overload(pick)
def _choose_pick(x, weights, room):
    if weights.dtype == types.uint8:
        return lambda x, weights, room: room
    return lambda x, weights, room: x


@overload(prepare)
def _choose_prepare(x, rows, weights, room):
    if weights.dtype == types.uint8:
        return lambda x, rows, weights, room: _round(x, rows, weights.shape[1] * QUAD, room)
    return lambda x, rows, weights, room: None


@njit(error_model="numpy")
def multiply(x, rows, weights, first, last, scales, out):
    """out[:rows] = x[:rows] times the blocks from `first` to before `last`; x is prepared."""
    for block in range(first, last):
        row = 0
        while row + 6 <= rows:
            fold_6(x, row, weights, block, scales, out)
            row += 6
        if row + 4 <= rows:
            fold_4(x, row, weights, block, scales, out)
            row += 4
        if row + 3 == rows:
            fold_3(x, row, weights, block, scales, out)
        elif row + 2 == rows:
            fold_2(x, row, weights, block, scales, out)
        elif row + 1 == rows:
            fold_1(x, row, weights, block, scales, out)

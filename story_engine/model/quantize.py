"""Weight matrices: the precision that a place computes with, and int8 with a scale for each output, or for parts of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from story_engine.errors import ModelError

PRECISIONS = ("auto", "float32", "int8")
BLOCK = 64  # neighbouring inputs that share a scale, in rows always and in weights that are quantized at loading


class Int8Matrix(NamedTuple):
    """A weight matrix as signed bytes; an output's weights are its bytes times its scale, or the scale of their BLOCK.

    values [outputs, inputs] int8 of -127 to 127; scales [outputs], or [outputs, inputs / BLOCK] rounded up, float32.
    """

    values: Tensor
    scales: Tensor


Take = Callable[[str], Tensor | Int8Matrix]  # a tensor of a model by its transformers name


def choose_precision(wanted: str, device: torch.device, has_kernel: bool) -> str:
    """`bfloat16` on CUDA; on the CPU `int8` by the compiled kernel, and `float32` without it.

    Raises:
        ModelError: there is no such precision, or not here.
    """
    if wanted not in PRECISIONS:
        raise ModelError(f"There is no precision {wanted!r}. Choose one of: {', '.join(PRECISIONS)}.")
    if wanted == "int8" and not has_kernel:
        raise ModelError("int8 needs the compiled kernel, on a CPU. Leave the kernel and the precision at auto.")
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bfloat16"
    return "int8" if has_kernel else "float32"


def quantize(weight: Tensor | Int8Matrix) -> Int8Matrix:
    """A matrix [outputs, inputs] in int8, each output by its largest number; one that is in int8 comes back as it is."""
    if isinstance(weight, Int8Matrix):
        return weight
    low, high = weight.aminmax(dim=1)  # without a copy, as abs would make
    scales = torch.maximum(high, -low).clamp(min=1e-12) / 127
    return Int8Matrix((weight / scales[:, None]).round_().to(torch.int8), scales)


def quantize_blocks(weight: Tensor) -> Int8Matrix:
    """A matrix [outputs, inputs] in int8, each BLOCK of an output's inputs by its largest number.

    The scales are numbers that bfloat16 holds, the next larger ones, so that two bytes keep each.
    """
    blocks = functional.pad(weight, (0, -weight.shape[1] % BLOCK)).unflatten(1, (-1, BLOCK))
    low, high = blocks.aminmax(dim=2)
    scales = torch.maximum(high, -low).clamp(min=1e-12) / 127
    scales = ((scales.view(torch.int32) + 0xFFFF) & ~0xFFFF).view(torch.float32)
    values = (blocks / scales[..., None]).round_().to(torch.int8)
    return Int8Matrix(values.flatten(1)[:, : weight.shape[1]], scales)


def dequantize(weight: Tensor | Int8Matrix, dtype: torch.dtype = torch.float32) -> Tensor:
    """A matrix [outputs, inputs] in floating point; one that is so comes back as it is."""
    if not isinstance(weight, Int8Matrix):
        return weight
    values, scales = weight
    if scales.ndim == 2:
        scales = scales.repeat_interleave(BLOCK, dim=1)[:, : values.shape[1]]
    return (values * scales.view(len(values), -1)).to(dtype)


def concatenate(parts: Sequence[Tensor | Int8Matrix]) -> Tensor | Int8Matrix:
    """Matrices of the same inputs as one, their outputs in a row: in int8 where one of them is."""
    if len(parts) == 1:
        return parts[0]
    if any(isinstance(part, Int8Matrix) for part in parts):
        return Int8Matrix(*map(torch.cat, zip(*map(quantize, parts), strict=True)))
    return torch.cat([dequantize(part) for part in parts])


def look_up(weight: Tensor | Int8Matrix, rows: Sequence[int]) -> Tensor:
    """Some rows of a matrix in floating point, [len(rows), inputs]."""
    index = torch.tensor(rows)
    if isinstance(weight, Int8Matrix):
        return dequantize(Int8Matrix(weight.values[index], weight.scales[index]))
    return weight[index]

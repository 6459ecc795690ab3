"""A weight matrix in the precision that is fastest where it stands: as it is, or as bytes on the CPU."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from story_engine.errors import ModelError

PRECISIONS = ("auto", "float32", "int8")
KERNELS = "fbgemm"
# Without VNNI instructions sums of products of eight bits could overflow.
INPUT_BITS = 8 if torch.cpu._is_vnni_supported() else 7

Linear = Callable[[Tensor], Tensor]  # [rows, inputs] -> [rows, outputs]


def choose_precision(wanted: str, device: torch.device) -> str:
    """`float32`, `bfloat16` or `int8`: bfloat16 on CUDA; on the CPU int8, where torch has kernels for it.

    Raises:
        ModelError: there is no such precision, or not here.
    """
    if wanted not in PRECISIONS:
        raise ModelError(f"There is no precision {wanted!r}. Choose one of: {', '.join(PRECISIONS)}.")
    has_int8 = device.type == "cpu" and KERNELS in torch.backends.quantized.supported_engines
    if wanted == "int8" and not has_int8:
        raise ModelError("int8 needs a CPU of the x86 family. Leave the precision at auto.")
    if wanted != "auto":
        return wanted
    if device.type == "cuda":
        return "bfloat16"
    return "int8" if has_int8 else "float32"


def choose_cache_dtype(precision: str, dtype: torch.dtype) -> torch.dtype:
    """The type of keys and values: bfloat16 beside int8 weights where the processor multiplies it, else the model's own.

    At 1,900 tokens they weigh as much as the weights, and half of that is read in half of the time.
    """
    return torch.bfloat16 if precision == "int8" and torch.cpu._is_avx512_bf16_supported() else dtype


def name_rounding(precision: str, cache_dtype: torch.dtype) -> str:
    """Bits of weights, of the rows they are multiplied with, and of keys and values, as they are usually written."""
    if precision == "int8":
        return f"-w8a{INPUT_BITS}kv{8 * cache_dtype.itemsize}"
    return "-w16a16kv16" if precision == "bfloat16" else ""


def choose_linear(precision: str) -> Callable[[Tensor | Int8Matrix], Linear]:
    """What makes a function of a matrix [outputs, inputs]."""
    if precision == "int8":
        return lambda weight: _pack(*quantize(weight))
    return lambda weight: partial(_multiply, dequantize(weight))


def _multiply(weight: Tensor, x: Tensor) -> Tensor:
    return functional.linear(x, weight.to(x.dtype))


class Int8Matrix(NamedTuple):
    """A weight matrix as signed bytes; an output's weights are its bytes times its scale.

    values [outputs, inputs] int8 of -127 to 127; scales [outputs] float32.
    """

    values: Tensor
    scales: Tensor


Take = Callable[[str], Tensor | Int8Matrix]  # a tensor of a model by its transformers name


def quantize(weight: Tensor | Int8Matrix) -> Int8Matrix:
    """A matrix [outputs, inputs] in int8, each output by its largest number; one that is in int8 comes back as it is."""
    if isinstance(weight, Int8Matrix):
        return weight
    low, high = weight.aminmax(dim=1)  # without a copy, as abs would make
    scales = torch.maximum(high, -low).clamp(min=1e-12) / 127
    return Int8Matrix((weight / scales[:, None]).round_().to(torch.int8), scales)


def dequantize(weight: Tensor | Int8Matrix, dtype: torch.dtype = torch.float32) -> Tensor:
    """A matrix [outputs, inputs] in floating point; one that is so comes back as it is."""
    if isinstance(weight, Int8Matrix):
        return (weight.values * weight.scales[:, None]).to(dtype)
    return weight


def concatenate(parts: Sequence[Tensor | Int8Matrix]) -> Tensor | Int8Matrix:
    """Matrices of the same inputs as one, their outputs in a row: in int8 where one of them is."""
    if len(parts) == 1:
        return parts[0]
    if any(isinstance(part, Int8Matrix) for part in parts):
        return Int8Matrix(*map(torch.cat, zip(*map(quantize, parts), strict=True)))
    return torch.cat([dequantize(part) for part in parts])


def _pack(bytes: Tensor, scales: Tensor) -> Linear:
    """A quantized matrix for torch's kernels; inputs become bytes on the way in, with a scale for each row.

    torch's kernel has one scale for all rows: they are brought to one size before it, and back behind it, so that no
    row takes another's digits.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch means to move this function; the version is pinned
        zeros = torch.zeros(len(bytes), dtype=torch.long)
        weight = torch._make_per_channel_quantized_tensor(bytes, scales.double(), zeros, 0)
    chosen = torch.backends.quantized.engine
    try:
        torch.backends.quantized.engine = KERNELS  # packed weights keep the kernels they were packed for
        packed = torch.ops.quantized.linear_prepack(weight, None)
    finally:
        torch.backends.quantized.engine = chosen
    steps = 2**INPUT_BITS - 1
    scale, zero = 2 / steps, steps // 2
    run = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32

    def multiply(x: Tensor) -> Tensor:
        sizes = x.abs().amax(dim=-1, keepdim=True).clamp_(min=1e-12)
        return run(x / sizes, scale, zero, packed).mul_(sizes)

    return multiply

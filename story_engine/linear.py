"""A weight matrix in the precision that is fastest where it stands: as it is, or as bytes on the CPU."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from story_engine.errors import ModelError
from story_engine.model import ModelConfig

PRECISIONS = ("auto", "float32", "int8")
# Below this a token's time is not spent on reading weights, and bytes win nothing.
PAYS_FROM = 50_000_000  # parameters
KERNELS = "fbgemm"

Linear = Callable[[Tensor], Tensor]  # [rows, inputs] -> [rows, outputs]


def choose_precision(wanted: str, config: ModelConfig, device: torch.device) -> str:
    """`float32`, `bfloat16` or `int8`: bfloat16 on CUDA; on the CPU int8 for a model that is large enough to gain by it.

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
    return "int8" if has_int8 and config.parameters >= PAYS_FROM else "float32"


def choose_cache_dtype(precision: str, dtype: torch.dtype) -> torch.dtype:
    """The type of keys and values: bfloat16 beside int8 weights where the processor multiplies it, else the model's own.

    At 1,900 tokens they weigh as much as the weights, and half of that is read in half of the time.
    """
    return torch.bfloat16 if precision == "int8" and torch.cpu._is_avx512_bf16_supported() else dtype


def make_linear(weight: Tensor, precision: str) -> Linear:
    """A function that multiplies by `weight` [outputs, inputs]."""
    return _pack(weight) if precision == "int8" else lambda x: functional.linear(x, weight)


def _pack(weight: Tensor) -> Linear:
    """Weights as signed bytes with a scale for each output; inputs become bytes on the way in, with a scale for each row.

    torch's kernel has one scale for all rows, so that one large row would take the others' digits; rows are brought to
    the same size before it, and back behind it. Inputs take seven bits where the processor has no VNNI instructions,
    whose absence lets sums of eight-bit products overflow.
    """
    scales = weight.abs().amax(dim=1).clamp(min=1e-12).double() / 127
    zeros = torch.zeros(len(weight), dtype=torch.long)
    chosen = torch.backends.quantized.engine
    try:
        torch.backends.quantized.engine = KERNELS  # packed weights keep the kernels they were packed for
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch means to move this function; the version is pinned
            bytes_ = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        packed = torch.ops.quantized.linear_prepack(bytes_, None)
    finally:
        torch.backends.quantized.engine = chosen
    has_seven_bits = not torch.cpu._is_vnni_supported()

    def multiply(x: Tensor) -> Tensor:
        if len(x) == 1:
            return torch.ops.quantized.linear_dynamic(x, packed, has_seven_bits)
        sizes = x.abs().amax(dim=-1, keepdim=True).clamp(min=1e-12)
        return torch.ops.quantized.linear_dynamic(x / sizes, packed, has_seven_bits) * sizes

    return multiply

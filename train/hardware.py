"""What the machine can do: its peak arithmetic, its memory, and the micro-batch that fits."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from functools import cache

import psutil
import torch

from train.errors import TrainError
from train.presets import Preset

# Dense bfloat16 peaks in TFLOP/s, from the makers' data sheets (without sparsity); the longest matching name counts.
PEAKS = {
    "B200": 2250.0,
    "H200": 989.4,
    "H100": 989.4,
    "H100 PCIe": 756.0,
    "A100": 312.0,
    "L40S": 362.0,
    "L4": 121.0,
    "RTX 4090": 165.2,
    "RTX 3090": 71.0,
}
CPU_SHARE = 0.5  # of the machine's memory: a desk computer does other things too
GPU_SHARE = 0.9
LONG_ROWS = 1024  # tokens, from which a compiled network is slower than an eager one on a CPU


@dataclass(frozen=True)
class Hardware:
    """One device: `peak_flops` in FLOP/s and where that figure comes from; `memory` in bytes that a run may fill."""

    name: str
    peak_flops: float
    basis: str
    memory: int


def choose_precision(precision: str) -> str:
    """`bf16` or `no`; for `auto`, bfloat16 where the device multiplies it: CUDA, or a CPU with AVX-512 BF16 or AMX.

    Elsewhere bfloat16 is emulated, several times as slow as float32.
    """
    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "no"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported() else "no"


def find_hardware(precision: str = "bf16") -> Hardware:
    """The device a run would use. A processor that is not in the table is timed on a matrix product, 0.1 s or so."""
    precision = choose_precision(precision)
    if torch.cuda.is_available():
        name, memory = torch.cuda.get_device_name(), int(GPU_SHARE * torch.cuda.mem_get_info()[1])
        known = sorted((key for key in PEAKS if key in name), key=len)
        if known and precision == "bf16":
            return Hardware(name, PEAKS[known[-1]] * 1e12, "data sheet, dense bfloat16", memory)
        device = "cuda"
    else:
        name, memory, device = describe_machine(), int(CPU_SHARE * psutil.virtual_memory().total), "cpu"
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    basis = f"best of 5 {str(dtype).removeprefix('torch.')} matrix products of 2,048 here"
    return Hardware(name, measure_peak(device, dtype), basis, memory)


@cache
def measure_peak(device: str, dtype: torch.dtype, size: int = 2048) -> float:
    """FLOP/s of the fastest of five square matrix products, measured once a process."""
    left = torch.randn(size, size).to(device, dtype)
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        product = left @ left
        product[0, 0].item()  # waits for a GPU to finish
        seconds.append(time.perf_counter() - begun)
    return 2 * size**3 / min(seconds)


def describe_machine() -> str:
    """The kind of machine, without its name."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{os.cpu_count()} CPU cores ({platform.machine()}, {capability})"


def estimate_memory(preset: Preset, tokens: int) -> int:
    """Bytes that a micro-batch of `tokens` needs, on the generous side.

    Weights, gradients and two AdamW moments in float32, and a bfloat16 copy of the weights: 18 a parameter. For each
    token and layer 40 a hidden and 10 an intermediate unit; for the plain loss 12 a vocabulary entry: the logits in
    both precisions and their gradient. Counted from what the backward pass keeps.
    """
    shape = preset.shape
    logits = 12 * shape.vocabulary * (tokens if preset.loss == "plain" else min(tokens, 4096))
    return 18 * shape.parameters + tokens * shape.layers * (40 * shape.hidden + 10 * shape.intermediate) + logits


def fit_micro_batch(preset: Preset, memory: int, processes: int = 1) -> int:
    """The micro-batch of the preset in tokens; where that is 0, the largest equal part of a process's step that fits.

    Raises:
        TrainError: not even one row fits.
    """
    context = preset.shape.context
    if estimate_memory(preset, context) > memory:
        need, have = estimate_memory(preset, context) / 1e9, memory / 1e9
        raise TrainError(
            f"One row of {context:,} tokens needs about {need:.1f} GB, and {have:.1f} GB may be used here. "
            f"Choose a smaller preset{'' if preset.loss != 'plain' else ', or loss=fused, which needs less'}."
        )
    if preset.micro_batch_tokens:
        return preset.micro_batch_tokens
    rows = preset.tokens_per_step // processes // context
    fitting = (rows // parts for parts in range(1, rows + 1) if rows % parts == 0)
    return next(count * context for count in fitting if estimate_memory(preset, count * context) <= memory)

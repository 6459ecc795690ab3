"""Calibration: whether the compiled kernel is faster here than torch, and with how many workers; measured once, remembered."""

from __future__ import annotations

import json
import logging
import os
import statistics
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

import torch

from story_engine.cache import Slot
from story_engine.decoder import Decoder
from story_engine.errors import ModelError
from story_engine.model import ModelConfig

try:  # without numba, or where it cannot work, torch does every step
    from story_engine.stepper import Stepper
except ImportError:
    Stepper = None  # type: ignore[assignment, misc]

KERNELS = ("auto", "on", "off")
FOUND = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "story-playground" / "kernels.json"
ROUNDS, STEPS = 7, 3  # each way is timed so many times, for so many steps of one story
PLACE = 64  # tokens before the first of them
LARGEST_FLOATS = 50_000_000  # parameters: float32 is kept twice, for torch and for the kernel
LONG = 2.0  # seconds of compiling after which a reader is told what takes so long

log = logging.getLogger("story_engine")


def make_stepper(wanted: str, config: ModelConfig, precision: str, cache_dtype: torch.dtype, device: torch.device):
    """A `Stepper` to be filled and calibrated, or None where torch does the steps.

    Raises:
        ModelError: there is no such choice, or it was asked for where it cannot be had.
    """
    if wanted not in KERNELS:
        raise ModelError(f"There is no kernel {wanted!r}. Choose one of: {', '.join(KERNELS)}.")
    small = precision == "int8" or config.parameters < LARGEST_FLOATS
    able = Stepper is not None and device.type == "cpu" and os.name == "posix"
    if wanted == "on" and not (able and small):
        raise ModelError("The compiled kernel needs a CPU, Linux or macOS, numba, and int8 or a small model. Leave it at auto.")
    if wanted == "off" or not (able and small) or (wanted == "auto" and _recall(_name(config, precision)) == 0):
        return None
    return Stepper(config, torch.int8 if precision == "int8" else torch.float32, cache_dtype, torch.get_num_threads())


def calibrate(decoder: Decoder, wanted: str) -> None:
    """Compile the kernel, or fetch what was compiled before, and leave it to the decoder with as many workers as pay.

    `on` takes all workers; `auto` what was fastest when first measured on this machine, be it torch.
    """
    stepper = decoder.stepper
    if stepper is None:
        return
    with _tell_if_long("Compiling the kernel for this machine. It takes some seconds, once."):
        _time(decoder, 1)
    if wanted == "on":
        return
    name = _name(decoder.config, decoder.precision)
    if (workers := _recall(name)) is None:
        workers = _measure(decoder)
        _remember(name, workers)
    if workers:
        stepper.workers = workers
    else:
        decoder.stepper = None


def _measure(decoder: Decoder) -> int:
    """The fastest number of workers; 0 where torch is faster than any."""
    stepper = decoder.stepper
    assert stepper is not None
    times: dict[int, list[float]] = {workers: [] for workers in sorted({0, 1, stepper.workers})}
    for _ in range(ROUNDS):
        for workers, seconds in times.items():
            decoder.stepper = stepper if workers else None
            stepper.workers = workers or 1
            seconds.append(_time(decoder, STEPS))
    decoder.stepper = stepper
    return min(times, key=lambda workers: statistics.median(times[workers]))


def _time(decoder: Decoder, steps: int) -> float:
    """Seconds of so many steps of one story."""
    slot = Slot(decoder.config, decoder.cache_dtype, decoder.device)
    place = min(PLACE, decoder.config.context - steps)
    slot.reserve(place + steps)
    slot.keys.zero_()
    slot.values.zero_()
    slot.ids = [0] * place
    begun = time.perf_counter()
    for _ in range(steps):
        decoder.step([0], [slot])
    return time.perf_counter() - begun


def _name(config: ModelConfig, precision: str) -> str:
    """What an answer holds for: this processor and its threads, these versions, a model of this shape."""
    import numba
    from llvmlite import binding

    machine = f"{binding.get_host_cpu_name()} {os.cpu_count()} {torch.get_num_threads()}"
    return f"{machine} {torch.__version__} {numba.__version__} {precision} {' '.join(map(str, astuple(config)))}"


def _recall(name: str) -> int | None:
    return workers if type(workers := _read_found().get(name)) is int else None


def _remember(name: str, workers: int) -> None:
    """Where it cannot be written, the next start measures again."""
    path, known = FOUND.expanduser(), _read_found()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(known | {name: workers}, indent=1))
        part.replace(path)


def _read_found() -> dict[str, Any]:
    with suppress(OSError, ValueError):
        if isinstance(found := json.loads(FOUND.expanduser().read_text()), dict):
            return found
    return {}


@contextmanager
def _tell_if_long(message: str):
    timer = threading.Timer(LONG, lambda: log.warning(message))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()

"""Loading a model for the compiled kernel where there is one, and autotuning: with how many workers it is fastest here."""

from __future__ import annotations

import json
import logging
import os
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

import torch

from story_engine.errors import ModelError
from story_engine.model.config import ModelConfig
from story_engine.model.kv_cache import Slot
from story_engine.model.quantize import Take
from story_engine.model.torch_decoder import AnyDecoder, Decoder

try:  # numba is not everywhere
    from story_engine.model.compiled_decoder import CompiledDecoder
    from story_engine.model.kernel.forward import IS_KEPT
except ImportError:
    CompiledDecoder = None  # type: ignore[assignment, misc]

KERNEL_CHOICES = ("auto", "on", "off")
FINDINGS_FILE = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "story-playground" / "kernels.json"
MAX_WORKERS = 16  # more would wait for each other longer than they work
ROUNDS, STEPS = 3, 3  # each number of workers is timed so many times, for so many steps of one story
MORE_ROUNDS = 7  # for the cost of a row, which is measured once
POSITION = 64  # tokens before the first of them
ROWS = 4  # of the steps that are held against those of a single row
SLOW_COMPILATION = 2.0  # seconds of compiling after which a reader is told what takes so long
COMPILING = "Compiling the kernel for this machine. It takes some seconds"
ONCE = ", once."
EVERY_TIME = " at every start, since it cannot be kept: set NUMBA_CACHE_DIR to a folder that can be written."

log = logging.getLogger("story_engine")


def choose_kernel(wanted: str, device: torch.device) -> bool:
    """Whether the compiled kernel computes: wherever it can be had, unless it is `off`.

    Raises:
        ModelError: there is no such choice, or the kernel was asked for where it cannot be had.
    """
    if wanted not in KERNEL_CHOICES:
        raise ModelError(f"There is no kernel {wanted!r}. Choose one of: {', '.join(KERNEL_CHOICES)}.")
    is_able = CompiledDecoder is not None and device.type == "cpu" and os.name == "posix"
    if wanted == "on" and not is_able:
        raise ModelError("The compiled kernel needs a CPU, Linux or macOS, and numba. Leave it at auto.")
    return is_able and wanted != "off"


def load_decoder(config: ModelConfig, take: Take, precision: str, has_kernel: bool) -> AnyDecoder:
    """The model by the compiled kernel, with as many workers as are fastest at this start, or by torch."""
    if not has_kernel:
        return Decoder(config, take)
    with ThreadPoolExecutor(1, "compiler") as helper:  # beside the packing of the weights, which is torch's work
        helper.submit(_compile, precision, config.int8)
        compiled = CompiledDecoder(config, take, precision, min(torch.get_num_threads(), MAX_WORKERS))
    _time(compiled, 1)
    # Asked at every start: another program may have had a core at an earlier one.
    times = _time_workers(compiled, ROUNDS)
    compiled.workers = min(times, key=times.__getitem__)
    name = _name(config, precision)
    if (row_cost := _recall(name)) is None:
        row_cost = _measure_row_cost(compiled)
        _remember(name, row_cost)
    compiled.row_cost = row_cost
    return compiled


def _compile(precision: str, is_stored_int8: bool) -> None:
    """Have the kernel compiled, or fetched from numba's cache, by a model of almost nothing that has the real one's types."""
    config = ModelConfig(64, 1, 1, 1, 64, 64, 64, 8, 1e-6, 10_000.0, True, 0, int8=is_stored_int8)
    weights = {name: torch.zeros(shape) for name, shape in config.shapes().items()}
    decoder = CompiledDecoder(config, weights.__getitem__, precision, 1)
    # Only this is timed: a large model takes long to pack where nothing is compiled, too.
    with _tell_if_long(COMPILING + (ONCE if IS_KEPT else EVERY_TIME)):
        decoder.step([0], [Slot(config, decoder.cache_dtype, decoder.device)])


def _measure_row_cost(compiled: CompiledDecoder) -> float:
    """What one more row costs, as a fraction of a step of one."""
    one, many = (statistics.median(_time(compiled, STEPS, rows) for _ in range(MORE_ROUNDS)) for rows in (1, ROWS))
    return max(0.0, (many - one) / (ROWS - 1) / one)


def _list_choices(compiled: CompiledDecoder) -> list[int]:
    """Numbers of workers to choose from, up to those that there are."""
    return sorted({1, compiled.workers} | {2**power for power in range(5) if 2**power < compiled.workers})


def _time_workers(compiled: CompiledDecoder, rounds: int) -> dict[int, float]:
    """Median seconds of the steps of one story by number of workers, in turn."""
    times: dict[int, list[float]] = {workers: [] for workers in _list_choices(compiled)}
    for _ in range(rounds):
        for compiled.workers, seconds in times.items():
            seconds.append(_time(compiled, STEPS))
    return {workers: statistics.median(seconds) for workers, seconds in times.items()}


def _time(decoder: AnyDecoder, steps: int, rows: int = 1) -> float:
    """Seconds of so many steps of one story, each of `rows` tokens of it, behind one that is not measured."""
    slot = Slot(decoder.config, decoder.cache_dtype, decoder.device)
    length = (steps + 1) * rows
    position = min(POSITION, decoder.config.context_length - length)
    slot.reserve(position + length)
    for part in slot.parts.values():
        part.zero_()
    slot.ids = [0] * position
    decoder.step([0] * rows, [slot] * rows).cpu()
    begun = time.perf_counter()
    for _ in range(steps):
        decoder.step([0] * rows, [slot] * rows).cpu()  # a GPU has done it only then
    return time.perf_counter() - begun


def _name(config: ModelConfig, precision: str) -> str:
    """What an answer holds for: this processor and its threads, these versions, a model of this shape."""
    import numba
    from llvmlite import binding

    from story_engine.model.kernel.forward import STAMP

    machine = f"{binding.get_host_cpu_name()} {os.cpu_count()} {torch.get_num_threads()}"
    versions = f"{torch.__version__} {numba.__version__} {STAMP}"
    return f"{machine} {versions} {precision} {' '.join(map(str, astuple(config)))}"


def _recall(name: str) -> float | None:
    with suppress(KeyError, TypeError, ValueError):
        return float(_read_findings()[name])
    return None


def _remember(name: str, row_cost: float) -> None:
    """Where it cannot be written, the next start measures again."""
    with suppress(OSError, RuntimeError):
        path, known = FINDINGS_FILE.expanduser(), _read_findings()
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(known | {name: row_cost}, indent=1))
        part.replace(path)


def _read_findings() -> dict[str, Any]:
    with suppress(OSError, RuntimeError, ValueError):  # a user without a home is a RuntimeError
        if isinstance(findings := json.loads(FINDINGS_FILE.expanduser().read_text()), dict):
            return findings
    return {}


@contextmanager
def _tell_if_long(message: str) -> Iterator[None]:
    timer = threading.Timer(SLOW_COMPILATION, lambda: log.warning(message))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()

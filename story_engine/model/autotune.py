"""Calibration: whether the compiled kernel is faster here than torch, measured once and remembered; and with how many workers.

On a GPU: whether recorded steps are faster than launched ones, which is measured at every load.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from story_engine.errors import ModelError
from story_engine.model.config import ModelConfig
from story_engine.model.cuda_graphs import CudaGraphs
from story_engine.model.kv_cache import Slot
from story_engine.model.quantize import Take
from story_engine.model.torch_decoder import AnyDecoder, Decoder

try:  # numba is not everywhere
    from story_engine.model.compiled_decoder import CompiledDecoder
    from story_engine.model.kernel.forward import IS_KEPT
except ImportError:
    CompiledDecoder = None  # type: ignore[assignment, misc]

KERNELS = ("auto", "on", "off")
FOUND = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "story-playground" / "kernels.json"
MOST_WORKERS = 16  # more would wait for each other longer than they work
ROUNDS, STEPS = 7, 3  # each way is timed so many times, for so many steps of one story
FEWER_ROUNDS = 3  # at a later start
PLACE = 64  # tokens before the first of them
ROWS = 4  # of the steps that are held against those of a single row
SAME = 0.05  # of the largest logit; bfloat16 has three digits, and recorded steps add up in another order
LONG = 2.0  # seconds of compiling after which a reader is told what takes so long
COMPILING = "Compiling the kernel for this machine. It takes some seconds"
ONCE = ", once."
EVERY_TIME = " at every start, since it cannot be kept: set NUMBA_CACHE_DIR to a folder that can be written."

log = logging.getLogger("story_engine")


@dataclass(frozen=True)
class Finding:
    """The fastest number of workers, 0 where torch is faster; and what one more row costs, as a share of a step of one."""

    workers: int
    row_cost: float


def load_decoder(config: ModelConfig, take: Take, precision: str, device: torch.device, wanted: str = "auto") -> AnyDecoder:
    """The model by torch or by the compiled kernel; `auto` is whichever was faster when both were measured here first.

    Raises:
        ModelError: there is no such choice, or the kernel was asked for where it cannot be had.
    """
    if wanted not in KERNELS:
        raise ModelError(f"There is no kernel {wanted!r}. Choose one of: {', '.join(KERNELS)}.")
    is_able = CompiledDecoder is not None and device.type == "cpu" and os.name == "posix"
    if wanted == "on" and not is_able:
        raise ModelError("The compiled kernel needs a CPU, Linux or macOS, and numba. Leave it at auto.")
    if wanted == "off" or not is_able:
        plain = Decoder(config, take, precision)
        if wanted != "off" and device.type == "cuda":
            plain.graphs = choose_graphs(plain, CudaGraphs())
        return plain
    name = _name(config, precision)
    if (found := _recall(name)) and not found.workers and wanted == "auto":
        return Decoder(config, take, precision)
    with _tell_if_long(COMPILING + (ONCE if IS_KEPT else EVERY_TIME)):
        with ThreadPoolExecutor(1, "compiler") as helper:  # beside the packing of the weights, which is torch's work
            helper.submit(_compile, precision)
            compiled = CompiledDecoder(config, take, precision, min(torch.get_num_threads(), MOST_WORKERS))
        _time(compiled, 1)
    if found is None:
        plain = Decoder(config, take, precision)
        found = _measure(compiled, plain)
        _remember(name, found)
        if not found.workers and wanted == "auto":
            return plain
        compiled.workers = found.workers or compiled.workers
    else:  # how many workers serve best is asked at every start: another program may have had a core when it was measured
        compiled.workers = min(_list_choices(compiled), key=_time_workers(compiled, FEWER_ROUNDS).__getitem__)
    compiled.row_cost = found.row_cost
    return compiled


def choose_graphs(decoder: Decoder, graphs: CudaGraphs) -> CudaGraphs | None:
    """The graphs, if the model's steps are the same with them and take less time; a failure is logged."""
    said: list[Tensor] = []
    times: list[list[float]] = []
    try:
        for decoder.graphs in (None, graphs):
            slot = Slot(decoder.config, decoder.cache_dtype, decoder.device)
            decoder.prefill([0, 1, 2], slot)
            said.append(torch.cat([decoder.step([token], [slot]) for token in range(STEPS)]))
            times.append([_time(decoder, STEPS) for _ in range(ROUNDS)])
    except RuntimeError as error:
        log.warning("Steps cannot be recorded here, so they are launched call by call: %s", error)
        return None
    finally:
        decoder.graphs = None
    difference = float((said[0] - said[1]).abs().max() / said[0].abs().max())
    if not difference < SAME:
        log.warning("Recorded steps differ from launched ones by %.1f%%, so they are not used.", 100 * difference)
        return None
    launched, recorded = map(statistics.median, times)
    return graphs if recorded < launched else None


def _compile(precision: str) -> None:
    """Have the kernel compiled, or fetched from numba's cache, by a model of almost nothing: it has the types of any other."""
    config = ModelConfig(64, 1, 1, 1, 64, 64, 64, 8, 1e-6, 10_000.0, True, 0)
    weights = {name: torch.zeros(shape) for name, shape in config.shapes().items()}
    decoder = CompiledDecoder(config, weights.__getitem__, precision, 1)
    decoder.step([0], [Slot(config, decoder.cache_dtype, decoder.device)])


def _measure(compiled: CompiledDecoder, plain: Decoder) -> Finding:
    """Times both in turn, for the steps of one story; then the kernel's steps of a single row and of several."""
    most, choices, rounds = compiled.workers, _list_choices(compiled), []
    for _ in range(ROUNDS):
        compiled.workers = most
        rounds.append({0: _time(plain, STEPS)} | _time_workers(compiled, 1))
    medians = {workers: statistics.median(each[workers] for each in rounds) for workers in (0, *choices)}
    compiled.workers = min(choices, key=lambda workers: medians[workers])
    one, many = (statistics.median(_time(compiled, STEPS, rows) for _ in range(ROUNDS)) for rows in (1, ROWS))
    fastest = min(medians, key=lambda workers: medians[workers])
    return Finding(fastest, max(0.0, (many - one) / (ROWS - 1) / one))


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
    place = min(PLACE, decoder.config.context - length)
    slot.reserve(place + length)
    for part in slot.parts.values():
        part.zero_()
    slot.ids = [0] * place
    decoder.step([0] * rows, [slot] * rows).cpu()
    begun = time.perf_counter()
    for _ in range(steps):
        decoder.step([0] * rows, [slot] * rows).cpu()  # a GPU has done it only then
    return time.perf_counter() - begun


def _name(config: ModelConfig, precision: str) -> str:
    """What an answer holds for: this processor and its threads, these versions, a model of this shape."""
    import numba
    from llvmlite import binding

    from story_engine.model.kernel.forward import STAMPS

    machine = f"{binding.get_host_cpu_name()} {os.cpu_count()} {torch.get_num_threads()}"
    versions = f"{torch.__version__} {numba.__version__} {' '.join(STAMPS.values())}"
    return f"{machine} {versions} {precision} {' '.join(map(str, astuple(config)))}"


def _recall(name: str) -> Finding | None:
    with suppress(KeyError, TypeError, ValueError):
        workers, row_cost = _read_found()[name]
        return Finding(int(workers), float(row_cost))
    return None


def _remember(name: str, finding: Finding) -> None:
    """Where it cannot be written, the next start measures again."""
    with suppress(OSError, RuntimeError):
        path, known = FOUND.expanduser(), _read_found()
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(known | {name: astuple(finding)}, indent=1))
        part.replace(path)


def _read_found() -> dict[str, Any]:
    with suppress(OSError, RuntimeError, ValueError):  # a user without a home is a RuntimeError
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

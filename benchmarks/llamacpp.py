"""llama.cpp as a peer: the same weights as Q8_0, through the server of the `xllamacpp` wheel."""

from __future__ import annotations

import importlib.util
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from story_engine import Settings

THREADS = 2


def is_comparable(device: torch.device) -> bool:
    """Whether the peer is installed (`pip install xllamacpp gguf`), and the engine on a CPU, as the peer is."""
    return device.type == "cpu" and all(importlib.util.find_spec(name) for name in ("xllamacpp", "gguf"))


class Peer:
    """A llama.cpp server with `slots` of `context` tokens, flash attention off, batches of 128.

    It has a process of its own: beside torch's team of OpenMP threads its own team lost a third of its cores' time.
    """

    def __init__(self, path: Path, context: int, slots: int = 1) -> None:
        self._process = ProcessPoolExecutor(1, get_context("spawn"), _open_server, (path, context, slots))

    def time(self, ids: list[int], tokens: int) -> tuple[float, float]:
        """Seconds to read `ids`, and tokens a second behind them, as the server tells them; sampled as we do."""
        _, [timings] = self._ask([_make_request(ids, tokens, cache_prompt=False)])
        return timings["prompt_ms"] / 1000, timings["predicted_per_second"]

    def time_turn(self, ids: list[int], more: list[int]) -> float:
        """Seconds to read a few tokens behind `ids`, which it has read already."""
        self._ask([_make_request(ids, 1)])
        _, [timings] = self._ask([_make_request([*ids, *more], 1)])
        return timings["prompt_ms"] / 1000

    def time_together(self, prompts: list[list[int]], tokens: int) -> float:
        """Tokens a second of all slots together, each behind a prompt that it has read already."""
        for slot, ids in enumerate(prompts):
            self._ask([_make_request(ids, 1, id_slot=slot)])
        seconds, _ = self._ask([_make_request(ids, tokens, id_slot=slot) for slot, ids in enumerate(prompts)])
        return len(prompts) * tokens / seconds

    def _ask(self, requests: list[dict[str, Any]]) -> tuple[float, list[dict[str, float]]]:
        return self._process.submit(_answer, requests).result()


def _make_request(ids: list[int], tokens: int, **options: Any) -> dict[str, Any]:
    """A completion at the recommended settings."""
    chosen = Settings()
    sampling = {
        "temperature": chosen.temperature, "top_p": chosen.top_p, "top_k": 0, "min_p": 0.0,
        "repeat_penalty": chosen.repetition_penalty, "seed": 1,
    }  # fmt: skip
    return {"prompt": ids, "n_predict": tokens, "ignore_eos": True, "cache_prompt": True} | sampling | options


_server: Any = None  # of the peer's process


def _open_server(path: Path, context: int, slots: int) -> None:
    import xllamacpp

    global _server
    _server = xllamacpp.Server(make_params(path, context, slots))


def make_params(path: Path, context: int, slots: int) -> Any:
    """The server's parameters, beside the other programs' of the benchmarks."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context * slots
    params.n_parallel = slots
    params.n_ubatch = 128
    params.verbosity = -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return params


def _answer(requests: list[dict[str, Any]]) -> tuple[float, list[dict[str, float]]]:
    """All requests at once: seconds to the last answer, and the server's timings of each."""
    with ThreadPoolExecutor(len(requests)) as readers:
        begun = time.perf_counter()
        answers = list(readers.map(_server.handle_completions, requests))
        return time.perf_counter() - begun, [answer["timings"] for answer in answers]

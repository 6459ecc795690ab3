"""transformers as a peer: its generate, for one story and for many in one batch, and its continuous batching."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, ContinuousBatchingConfig, GenerationConfig
from transformers.utils import logging

from story_engine import Settings

PAGE = 256  # tokens of a block of keys and values


class Stopwatch:
    """A streamer for `generate` that notes when each token comes, of all rows at once; the prompt comes first."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def put(self, _: torch.Tensor) -> None:
        self.times.append(time.perf_counter())

    def end(self) -> None:
        pass


class Peer:
    """A folder's model as transformers runs it: float32 on the CPU, bfloat16 elsewhere; at the recommended settings."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        logging.set_verbosity_error()  # it warns of an end token of -1 at every call
        logging.disable_progress_bar()
        self.precision = "float32" if device.type == "cpu" else "bfloat16"
        model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=self.precision)
        self._model = model.to(device).eval()

    def time(self, prompts: Sequence[Sequence[int]], tokens: int) -> tuple[float, float]:
        """Seconds to read the prompts, all of one length, and tokens a second of all together behind them."""
        ids, watch, opened = torch.tensor(prompts, device=self._model.device), Stopwatch(), time.perf_counter()
        self._model.generate(ids, _make_config(tokens), attention_mask=torch.ones_like(ids), streamer=watch)
        return watch.times[1] - opened, len(prompts) * tokens / (watch.times[-1] - watch.times[1])

    def time_continuously(self, prompts: Sequence[Sequence[int]], tokens: int) -> float:
        """Tokens a second by continuous batching, from when every prompt has its first; without a repetition penalty.

        Raises:
            RuntimeError: not all prompts were finished.
        """
        longest = max(map(len, prompts)) + tokens + 1
        blocks = ContinuousBatchingConfig(num_blocks=len(prompts) * (1 + -(-longest // PAGE)), page_size=PAGE)
        told = self._model.generate_batch(
            [list(prompt) for prompt in prompts],
            generation_config=_make_config(tokens),
            continuous_batching_config=blocks,
            record_timestamps=True,
        )
        stamps = [one.timestamps for one in told.values() if one.timestamps and len(one.timestamps) > tokens]
        if len(stamps) < len(prompts):
            raise RuntimeError(f"Continuous batching finished {len(stamps)} of {len(prompts)} stories.")
        begun, ended = max(each[0] for each in stamps), max(each[-1] for each in stamps)
        rate: float = sum(stamp > begun for each in stamps for stamp in each) / (ended - begun)
        return rate


def _make_config(tokens: int) -> GenerationConfig:
    """The recommended settings; the first token tells when the prompt was read, and `tokens` more follow."""
    chosen = Settings()
    return GenerationConfig(
        do_sample=True,
        temperature=chosen.temperature,
        top_p=chosen.top_p,
        top_k=0,
        repetition_penalty=chosen.repetition_penalty,
        min_new_tokens=tokens + 1,
        max_new_tokens=tokens + 1,
        eos_token_id=-1,  # none of them ends early
        pad_token_id=0,
    )

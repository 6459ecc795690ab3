"""Training speed: the trainer's step against a plain loop over the same model, interleaved in one run."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from train.errors import TrainError
from train.hardware import Hardware, choose_precision
from train.network import build_model
from train.presets import Preset
from train.run import Run

ROUNDS = 5
WARM_UP = 2


@dataclass(frozen=True)
class Pair:
    """Medians over the rounds, tokens a second; `ratios` holds ours over the plain loop's, round by round."""

    ours: float
    plain: float
    ratios: tuple[float, ...]


class PlainLoop:
    """What one writes in an afternoon, after nanoGPT: random places, autocast, compile, AdamW over everything, clipping.

    The same model, rows, micro-batches and precision as the trainer's; no log, no held-out loss, no resume.
    """

    def __init__(self, preset: Preset, data: Path, device: torch.device, micro_batch_tokens: int) -> None:
        self.preset, self.device, self.is_mixed = preset, device, choose_precision(preset.precision) == "bf16"
        self.rows = max(1, micro_batch_tokens // preset.shape.context)
        self.parts = preset.tokens_per_step // (self.rows * preset.shape.context)
        self.tokens = np.memmap(next(data.glob("stories-*.bin")), dtype=np.uint16, mode="r")
        self.model = build_model(preset, 0)
        self.model.to(device)  # type: ignore[arg-type]
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), preset.max_lr, betas=preset.betas, weight_decay=preset.weight_decay, fused=True
        )
        self.forward = torch.compile(self._find_loss) if preset.compile else self._find_loss

    def _find_loss(self, ids: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        logits = self.model(input_ids=ids, use_cache=False).logits
        return functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())

    def take_step(self) -> float:
        """One optimizer step over `tokens_per_step` tokens; returns the loss of its last part."""
        context, loss = self.preset.shape.context, torch.zeros(())
        for _ in range(self.parts):
            starts = torch.randint(len(self.tokens) - context - 1, (self.rows,)).tolist()
            rows = torch.from_numpy(np.stack([self.tokens[s : s + context + 1].astype(np.int64) for s in starts]))
            rows = rows.to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.is_mixed):
                loss = self.forward(rows[:, :-1], rows[:, 1:]) / self.parts
            loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.preset.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(loss.detach()) * self.parts


def time_step(take_step: Callable[[], object]) -> float:
    """Seconds for one step, its result read, so that a GPU has finished."""
    begun = time.perf_counter()
    take_step()
    return time.perf_counter() - begun


def compare_with_plain_loop(preset: Preset, data: Path, rounds: int = ROUNDS) -> Pair:
    """Step for step in turn, by AdamW in rows of one length; neither evaluates or saves in between."""
    preset = replace(preset, optimizer="adamw", short_context=0, full_every=1, serials=False)
    with tempfile.TemporaryDirectory() as place:
        run = Run(preset, data, Path(place) / "run")
        plain = PlainLoop(preset, data, run.accelerator.device, run.preset.micro_batch_tokens)
        times = [(time_step(run.take_step), time_step(plain.take_step)) for _ in range(WARM_UP + rounds)][WARM_UP:]
    ours, theirs = (preset.tokens_per_step / statistics.median(column) for column in zip(*times, strict=True))
    return Pair(ours, theirs, tuple(b / a for a, b in times))


def print_pair(pair: Pair, preset: Preset, hardware: Hardware) -> None:
    """Markdown, as the README shows it."""
    flops = preset.shape.flops_per_token(preset.shape.context)
    print("| loop | tokens/s | MFU (causal attention) | ratio (lowest to highest round) |")
    print("|---|---|---|---|")
    for name, rate in (("train", pair.ours), ("plain loop", pair.plain)):
        ratio = f"{pair.ours / pair.plain:.2f} ({min(pair.ratios):.2f} to {max(pair.ratios):.2f})" if name == "train" else "1"
        print(f"| {name} | {rate:,.0f} | {rate * flops / hardware.peak_flops:.1%} | {ratio} |")


@dataclass(frozen=True)
class Trial:
    """One way to run the preset: tokens a second, peak memory in bytes (0 where it is not known), or why it failed."""

    loss: str
    micro_batch_tokens: int
    rate: float = 0.0
    memory: int = 0
    failure: str = ""


def try_out(preset: Preset, data: Path, loss: str, micro_batch_tokens: int, steps: int) -> Trial:
    """Warm up, then time `steps` steps of the preset with this loss kernel and micro-batch."""
    trial = Trial(loss, micro_batch_tokens)
    preset = replace(preset, loss=loss, micro_batch_tokens=micro_batch_tokens)
    is_cuda = torch.cuda.is_available()
    torch._dynamo.reset()
    if is_cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        with tempfile.TemporaryDirectory() as place:
            run = Run(preset, data, Path(place) / "run")
            for _ in range(WARM_UP):
                run.take_step()
            seconds = statistics.median(time_step(run.take_step) for _ in range(steps))
    except TrainError as error:
        return replace(trial, failure=str(error).split(".")[0])
    return replace(trial, rate=preset.tokens_per_step / seconds, memory=torch.cuda.max_memory_allocated() if is_cuda else 0)


def sweep(preset: Preset, data: Path, losses: tuple[str, ...], micro_batches: tuple[int, ...], steps: int) -> list[Trial]:
    """Every loss kernel at the smallest micro-batch, then the fastest of them at the others."""
    trials = [try_out(preset, data, loss, micro_batches[0], steps) for loss in losses]
    fastest = max(trials, key=lambda trial: trial.rate)
    return trials + [try_out(preset, data, fastest.loss, tokens, steps) for tokens in micro_batches[1:]]


def print_trials(trials: list[Trial], preset: Preset, hardware: Hardware) -> None:
    """Markdown, as the README shows it."""
    shape, context = preset.shape, preset.shape.context
    print("| loss | micro-batch, tokens | tokens/s | MFU (causal) | MFU (PaLM) | peak memory, GB |")
    print("|---|---|---|---|---|---|")
    for trial in trials:
        shares = [trial.rate * shape.flops_per_token(context, causal) / hardware.peak_flops for causal in (True, False)]
        memory = f"{trial.memory / 1e9:.1f}" if trial.memory else "not measured"
        figures = f"{trial.rate:,.0f} | {shares[0]:.1%} | {shares[1]:.1%} | {memory}"
        print(f"| {trial.loss} | {trial.micro_batch_tokens:,} | {trial.failure + ' | | |' if trial.failure else figures} |")


def profile(preset: Preset, data: Path, rows: int = 15) -> str:
    """Where the time of one step goes, by kernel, after a warm-up."""
    from torch.profiler import ProfilerActivity

    activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if torch.cuda.is_available() else [])
    with tempfile.TemporaryDirectory() as place:
        run = Run(preset, data, Path(place) / "run")
        for _ in range(WARM_UP):
            run.take_step()
        with torch.profiler.profile(activities=activities) as seen:
            run.take_step()
    sort_by = "self_cuda_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    return str(seen.key_averages().table(sort_by=sort_by, row_limit=rows, max_name_column_width=60))

"""One optimizer step, and the run around it: resume, log, evaluate, keep phases, stop cleanly."""

from __future__ import annotations

import json
import math
import signal
import time
from dataclasses import asdict
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import nn
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from train.checkpoint import load_newest, save_checkpoint, unique_tensors
from train.data import TokenRows
from train.errors import TrainError
from train.export import export_model, load_held_out
from train.heldout import HeldOutLoss, measure_loss
from train.optim import build_optimizers, set_rates
from train.presets import Preset


def build_config(preset: Preset, end_token: int) -> LlamaConfig:
    """The preset's shape in transformers' words; the end token of one story is the start token of the next."""
    shape = preset.shape
    return LlamaConfig(
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.intermediate,
        vocab_size=shape.vocabulary,
        max_position_embeddings=shape.context,
        tie_word_embeddings=shape.tied,
        bos_token_id=end_token,
        eos_token_id=end_token,
    )


def build_model(preset: Preset, end_token: int, attention: str = "sdpa") -> LlamaForCausalLM:
    """A Llama decoder with fresh weights drawn from the preset's seed (normal, 0.02)."""
    torch.manual_seed(preset.seed)
    config = build_config(preset, end_token)
    config._attn_implementation = attention
    return LlamaForCausalLM(config)


def choose_attention() -> str:
    """Flash Attention 2 through the `flash-attn` package on CUDA where it is there, torch's own kernels otherwise."""
    if torch.cuda.is_available():
        from transformers.utils import is_flash_attn_2_available

        if is_flash_attn_2_available():
            return "flash_attention_2"
    return "sdpa"


class LanguageModelLoss(nn.Module):
    """Model and loss in one module, so that the logits never leave it: tokens [rows, context + 1] -> summed nats."""

    def __init__(self, model: LlamaForCausalLM) -> None:
        super().__init__()
        self.model = model

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        logits = self.model(input_ids=rows[:, :-1], use_cache=False).logits
        return functional.cross_entropy(logits.float().flatten(0, 1), rows[:, 1:].flatten(), reduction="sum")


class Run:
    """A training run in a folder; `train()` goes on from wherever the folder stands."""

    def __init__(self, preset: Preset, data: Path, out: Path) -> None:
        self.preset, self.data, self.out = preset, data, out
        self.accelerator = Accelerator(mixed_precision=preset.precision)
        self.rows = TokenRows(data, preset.seed)
        if self.rows.meta.vocabulary > preset.shape.vocabulary:
            raise TrainError(
                f"The data has {self.rows.meta.vocabulary} token numbers, the preset {preset.name!r} has room for "
                f"{preset.shape.vocabulary}. Prepare the data again with this preset."
            )
        self.attention = choose_attention()
        self.model = build_model(preset, self.rows.meta.end_token, self.attention)
        self.optimizers = build_optimizers(self.model, preset)
        module: nn.Module = LanguageModelLoss(self.model)
        if preset.compile:
            module = torch.compile(module, dynamic=False)  # type: ignore[assignment]
        self.loss, *optimizers = self.accelerator.prepare(module, *self.optimizers)
        self.optimizers = [getattr(optimizer, "optimizer", optimizer) for optimizer in optimizers]
        self.held_out = load_held_out(data)
        self.stop = False
        self.step = 0

    def train(self, resume: bool, until: int | None = None) -> None:
        """Run to the last step, or to `until`. SIGINT and SIGTERM save and return.

        Raises:
            TrainError: the folder already holds a run and `resume` is off, the loss or gradient is not finite, or the
                disk is full.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        if resume:
            self.step = load_newest(self.out, self.model, self.optimizers)
        elif (self.out / "log.jsonl").exists():
            raise TrainError(f"{self.out} already holds a run. Add --resume to go on with it, or choose another folder.")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        software = {"attention": self.attention, "torch": torch.__version__}
        self._note({"from_step": self.step, "preset": asdict(self.preset), **software})
        if self.step == 0:
            self._finish_step()
        last = min(self.preset.steps, until or self.preset.steps)
        while self.step < last and not self.stop:
            begun = time.perf_counter()
            facts = self.take_step()
            seconds = time.perf_counter() - begun
            rate = self.preset.tokens_per_step / seconds
            flops = rate * self.preset.shape.flops_per_token(self.preset.context_at(self.step - 1))
            self._note({"step": self.step, **facts, "tokens_per_second": round(rate), "gflops": round(flops / 1e9)})
            if self.accelerator.is_main_process and (self.step % 10 == 0 or self.step == 1):
                left = (self.preset.steps - self.step) * seconds / 60
                print(
                    f"step {self.step}/{self.preset.steps}  loss {facts['loss']:.4f}  lr {facts['lr']:.2e}  "
                    f"{rate:,.0f} tok/s  {flops / 1e9:,.0f} GFLOP/s  {left:.0f} min left",
                    flush=True,
                )
            self._finish_step()
        self._save()
        if self.step == self.preset.steps and self.accelerator.is_main_process:
            export_model(self.model, self.data, self.out / "model")

    def take_step(self) -> dict[str, float]:
        """One optimizer step; returns its mean loss (nats per token), gradient norm and learning rate."""
        preset, accelerator = self.preset, self.accelerator
        context = preset.context_at(self.step)
        batch = self.rows.read_batch(
            self.step, preset.tokens_per_step, context, accelerator.process_index, accelerator.num_processes
        )
        lr = set_rates(self.optimizers, self.step, preset)
        parts = batch.split(max(1, preset.micro_batch_tokens // context))
        total = torch.zeros((), device=accelerator.device)
        for number, part in enumerate(parts):
            with accelerator.autocast(), _no_sync_but_last(accelerator, self.loss, number == len(parts) - 1):
                nats = self.loss(part.to(accelerator.device))
                # Every part divides by the whole step's tokens; DDP averages over processes, hence the factor.
                accelerator.backward(nats * accelerator.num_processes / preset.tokens_per_step)
            total += nats.detach()
        loss = float(accelerator.reduce(total, "sum")) / preset.tokens_per_step
        norm = float(accelerator.clip_grad_norm_(self.model.parameters(), preset.clip))
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise TrainError(f"Step {self.step}: loss {loss}, gradient norm {norm}. Lower max_lr, then --resume.")
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return {"loss": loss, "norm": norm, "lr": lr}

    def measure(self) -> HeldOutLoss:
        """Held-out loss of the weights as they stand, in full precision."""

        def forward(rows: torch.Tensor) -> torch.Tensor:
            return self.model(input_ids=rows.to(self.accelerator.device), use_cache=False).logits

        return measure_loss(forward, self.held_out, self.rows.meta.end_token, self.preset.shape.context)

    def _finish_step(self) -> None:
        preset = self.preset
        if self.held_out and (self.step % preset.evaluate_every == 0 or self.step in (*preset.phases, preset.steps)):
            held_out = self.measure()
            facts = {"nats_per_token": held_out.nats_per_token, "bits_per_byte": held_out.bits_per_byte}
            self._note({"step": self.step, "held_out": facts})
            if self.accelerator.is_main_process:
                nats, bits = facts.values()
                print(f"step {self.step}  held-out {nats:.4f} nats/token, {bits:.4f} bits/byte", flush=True)
        if self.step in preset.phases and self.accelerator.is_main_process:
            export_model(self.model, self.data, self.out / f"phase-{self.step:06d}")
        if self.step and self.step % preset.save_every == 0:
            self._save()

    def _save(self) -> None:
        if self.accelerator.is_main_process:
            save_checkpoint(self.out, self.step, self.model, self.optimizers)
        self.accelerator.wait_for_everyone()

    def _note(self, facts: dict[str, object]) -> None:
        if self.accelerator.is_main_process:
            with (self.out / "log.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(facts) + "\n")

    def _ask_to_stop(self, number: int, frame: object) -> None:
        print("\nStopping after this step; the run is being saved.", flush=True)
        self.stop = True


def _no_sync_but_last(accelerator: Accelerator, module: nn.Module, is_last: bool):
    """Gradients travel between processes once a step, with the last part."""
    from contextlib import nullcontext

    return nullcontext() if is_last else accelerator.no_sync(module)


__all__ = ["Run", "build_model", "unique_tensors"]

"""One optimizer step, and the run around it: resume, log, evaluate, keep phases, stop cleanly."""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import time
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn

from train.advice import advise_memory, advise_rate
from train.checkpoint import find_checkpoints, gather_weights, save_checkpoint
from train.data import TokenRows
from train.errors import TrainError, guard_writing
from train.export import export_model, load_held_out
from train.hardware import LONG_ROWS, choose_precision, find_hardware, fit_micro_batch
from train.heldout import HeldOutLoss, measure_loss
from train.lineage import NOTHING, Lineage
from train.network import Dropout, LanguageModelLoss, build_model, choose_attention, freeze
from train.optim import build_optimizers, set_rates
from train.packing import StoryRows
from train.presets import Preset
from train.report import write_report
from train.resume import is_begun, resume_run
from train.samples import write_samples
from train.sharding import build_plugin, check_processes, gather, whole

RECENT = 50  # steps from which the time left is told; steps of full rows take longer than others


class Run:
    """A training run in a folder; `train()` goes on from wherever the folder stands.

    Several processes (`accelerate launch`, `torchrun`) share every step's rows and compute the same run; the first of
    them logs and saves. With `shard` each holds a part of the weights (FSDP2), for models too large for one device.
    `tensorboard` writes the figures of every step for it, into the run's folder. `lineage` is what the run comes from; with
    teachers the loss it reports is the mixture that it lowers.
    """

    def __init__(
        self,
        preset: Preset,
        data: Path,
        out: Path,
        tensorboard: bool = False,
        shard: bool = False,
        lineage: Lineage = NOTHING,
    ) -> None:
        lineage.check(preset, data)
        self.data, self.out, self.lineage = data, out, lineage
        self.precision = choose_precision(preset.precision)
        self.accelerator = Accelerator(
            cpu=check_processes(os.environ) and not torch.cuda.is_available(),
            mixed_precision=self.precision,
            log_with="tensorboard" if tensorboard else None,
            project_dir=out,
            fsdp_plugin=build_plugin() if shard else None,
        )
        processes = self.accelerator.num_processes
        if processes != int(os.environ.get("WORLD_SIZE", 1)):
            raise TrainError("The launcher's processes did not find each other. Start the run with `torchrun`.")
        self.hardware = find_hardware(preset.precision)
        self.preset = replace(preset, micro_batch_tokens=fit_micro_batch(preset, self.hardware.memory, processes))
        self.rows = StoryRows(data, preset.seed) if preset.whole_stories else TokenRows(data, preset.seed)
        self.full_rows = TokenRows(data, preset.seed, serials=True) if preset.serials else self.rows
        self.rows.meta.check(data, preset)
        self.attention = choose_attention()
        self.model = build_model(preset, self.rows.meta.end_token, self.attention).to(self.accelerator.device)
        lineage.load_start(self.model)
        freeze(self.model, preset.frozen_layers)
        self.dropout = Dropout(self.model, preset.dropout)
        self.optimizers = build_optimizers(self.model, preset)
        teachers = lineage.load_teachers(self.attention, self.accelerator.device)
        module: nn.Module = LanguageModelLoss(self.model, preset.loss, preset.mask_documents, teachers, preset.teacher_share)
        if preset.compile:
            module = torch.compile(module, dynamic=False)  # type: ignore[assignment]
        self.loss, *optimizers = self.accelerator.prepare(module, *self.optimizers)
        self.optimizers = [getattr(optimizer, "optimizer", optimizer) for optimizer in optimizers]
        self.held_out = load_held_out(data)
        self.stop = False
        self.step = 0
        self.seconds: deque[float] = deque(maxlen=RECENT)

    @property
    def is_main(self) -> bool:
        """Whether this process logs and saves."""
        return bool(self.accelerator.is_main_process)

    def train(self, resume: bool, until: int | None = None) -> None:
        """Run to the last step, or to `until`. SIGINT and SIGTERM save and return.

        Raises:
            TrainError: the folder already holds a run and `resume` is off, or another preset's or data's run and it is
                on; the loss or gradient is not finite; the memory or the disk is full.
        """
        if until is not None and until < 0:
            raise TrainError(f"--until {until} is no step. Give a step from 0 to {self.preset.steps}.")
        self._open(resume)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        if self.step == 0:
            self._finish_step()
        last = self.preset.steps if until is None else min(self.preset.steps, until)
        while self.step < last and not self._is_stopped():
            begun = time.perf_counter()
            facts = self.take_step()
            self._report(facts, time.perf_counter() - begun)
            self._finish_step()
        self._save()
        if self.step == self.preset.steps:
            self._export(self.out / "model")
        if self.step == self.preset.steps and self.is_main:
            write_report(self.out, self.data)
        self.accelerator.end_training()

    def take_step(self) -> dict[str, float]:
        """One optimizer step; returns its mean loss (nats per token), gradient norm and learning rate."""
        preset, accelerator = self.preset, self.accelerator
        context = preset.context_at(self.step)
        is_full = context == preset.shape.context
        batch = (self.full_rows if is_full else self.rows).read_batch(
            self.step, preset.tokens_per_step, context, accelerator.process_index, accelerator.num_processes
        )
        lr = set_rates(self.optimizers, self.step, preset)
        self.dropout.probability = preset.dropout_at(self.step)
        parts = batch.split(max(1, preset.micro_batch_tokens // context))
        total = torch.zeros((), device=accelerator.device)
        for number, part in enumerate(parts):
            is_last = number == len(parts) - 1
            self._seed_dropout(number)
            with accelerator.autocast(), _no_sync_but_last(accelerator, self.loss, is_last), self._choose_stance(context):
                nats = self._run_part(part)
                # Every part divides by the whole step's tokens; DDP averages over processes, hence the factor.
                accelerator.backward(nats * accelerator.num_processes / preset.tokens_per_step)
            total += nats.detach()
        loss = float(accelerator.reduce(total, "sum")) / preset.tokens_per_step
        norm = float(accelerator.clip_grad_norm_(self.model.parameters(), preset.clip or math.inf))
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise TrainError(f"Step {self.step}: loss {loss}, gradient norm {norm}. {advise_rate(preset, self.step)}")
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return {"loss": loss, "norm": norm, "lr": lr}

    def measure(self) -> HeldOutLoss:
        """Held-out loss of the weights as they stand, in full precision."""

        def forward(rows: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.model(input_ids=rows.to(self.accelerator.device), use_cache=False).logits
            return logits

        self.model.eval()
        try:
            with whole(self.loss):
                return measure_loss(forward, self.held_out, self.rows.meta.end_token, self.preset.shape.context)
        finally:
            self.model.train()

    def _open(self, resume: bool) -> None:
        """Take up the folder, or begin it, and note what runs on what."""
        facts = json.loads(json.dumps(asdict(self.preset)))
        data = hashlib.sha256(json.dumps(self.rows.meta.shards, sort_keys=True).encode()).hexdigest()[:16]
        made_of: dict[str, object] = {"data": data, "lineage": self.lineage.hash()}
        if resume:
            self.step = resume_run(self.out, self.preset, made_of, self.model, self.optimizers)
        elif is_begun(self.out):
            raise TrainError(f"{self.out} already holds a run. Add --resume to go on with it, or choose another folder.")
        elif find_checkpoints(self.out):
            raise TrainError(f"{self.out} holds checkpoints of a run whose log is lost. Choose another folder.")
        self.accelerator.wait_for_everyone()
        self.out.mkdir(parents=True, exist_ok=True)
        machine = {"device": self.hardware.name, "processes": self.accelerator.num_processes, "torch": torch.__version__}
        machine |= {"attention": self.attention, "precision": self.precision, "folder": str(self.data.resolve())}
        self._note({"from_step": self.step, "preset": facts, **made_of, **machine})
        self.accelerator.init_trackers("tensorboard")
        if self.is_main:
            print(
                f"{self.hardware.name}, {self.accelerator.num_processes} process(es), attention {self.attention}, "
                f"loss {self.preset.loss}, micro-batches of {self.preset.micro_batch_tokens:,} tokens; MFU by causal "
                f"attention, of {self.hardware.peak_flops / 1e12:.1f} TFLOP/s a process ({self.hardware.basis})",
                flush=True,
            )

    def _seed_dropout(self, part: int) -> None:
        """What is left out depends on (seed, step, process, part) alone, so that a resumed run is the uninterrupted one.

        torch's dropout takes no generator, hence the global one.
        """
        if self.dropout.probability:
            key = (self.preset.seed, self.step, self.accelerator.process_index, part)
            torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))

    def _run_part(self, part: torch.Tensor) -> torch.Tensor:
        try:
            loss: torch.Tensor = self.loss(part.to(self.accelerator.device))
            return loss
        except torch.OutOfMemoryError as error:
            raise TrainError(advise_memory(self.preset, self.accelerator.num_processes)) from error

    def _choose_stance(self, context: int) -> AbstractContextManager[object]:
        """Compiled, but eager for long rows on the CPU: measured there, compiling makes rows of 2,048 a fifth slower."""
        is_slow = context >= LONG_ROWS and self.accelerator.device.type == "cpu"
        return torch.compiler.set_stance("force_eager") if is_slow else nullcontext()

    def _report(self, facts: dict[str, float], seconds: float) -> None:
        preset, step = self.preset, self.step
        self.seconds.append(seconds)
        rate = preset.tokens_per_step / seconds
        flops = rate * preset.shape.flops_per_token(preset.context_at(step - 1))
        mfu = flops / (self.hardware.peak_flops * self.accelerator.num_processes)
        self._note({"step": step, **facts, "tokens_per_second": round(rate), "mfu": round(mfu, 4)})
        self.accelerator.log({**facts, "tokens_per_second": rate, "mfu": mfu}, step=step)
        if self.is_main and (step % 10 == 0 or step == 1):
            left = (preset.steps - step) * sum(self.seconds) / len(self.seconds) / 60
            print(
                f"step {step}/{preset.steps}  loss {facts['loss']:.4f}  lr {facts['lr']:.2e}  {rate:,.0f} tok/s  "
                f"MFU {mfu:.1%}  {left:.0f} min left",
                flush=True,
            )

    def _finish_step(self) -> None:
        preset, step = self.preset, self.step
        if self.held_out and (step % preset.evaluate_every == 0 or step in (*preset.phases, preset.steps)):
            held_out = self.measure()
            facts = {"nats_per_token": held_out.nats_per_token, "bits_per_byte": held_out.bits_per_byte}
            self._note({"step": step, "held_out": facts})
            self.accelerator.log({f"held_out/{key}": value for key, value in facts.items()}, step=step)
            if self.is_main:
                nats, bits = facts.values()
                print(f"step {step}  held-out {nats:.4f} nats/token, {bits:.4f} bits/byte", flush=True)
        if step in preset.phases:
            folder = self.out / f"phase-{step:06d}"
            self._export(folder)
            if self.is_main:
                write_samples(folder, preset.phase_samples)
        if step and step % preset.save_every == 0:
            self._save()

    def _save(self) -> None:
        weights = gather_weights(self.model)
        optimizers = [gather(optimizer.state_dict()) for optimizer in self.optimizers]
        if self.is_main:
            save_checkpoint(self.out, self.step, weights, optimizers)
        self.accelerator.wait_for_everyone()

    def _export(self, folder: Path) -> None:
        weights = gather_weights(self.model)
        if self.is_main:
            with guard_writing(f"The model of step {self.step}"):
                export_model(self.model, self.data, folder, weights=weights)

    def _note(self, facts: dict[str, object]) -> None:
        """Add a line to the log; where a kill or a full disk has cut the last one, the new one stands on its own."""
        if self.is_main:
            with guard_writing("The log"), (self.out / "log.jsonl").open("a+b") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(0, size - 1))
                is_cut = log.read(1) not in (b"", b"\n")
                log.write(b"\n" * is_cut + json.dumps(facts).encode() + b"\n")

    def _ask_to_stop(self, number: int, frame: object) -> None:
        print("\nStopping after this step; the run is being saved.", flush=True)
        self.stop = True

    def _is_stopped(self) -> bool:
        """Whether any process was asked to stop; they leave together, or the others would wait for it."""
        if self.accelerator.num_processes == 1:
            return self.stop
        flag = torch.tensor(float(self.stop), device=self.accelerator.device)
        return bool(self.accelerator.reduce(flag, "sum") > 0)


def _no_sync_but_last(accelerator: Accelerator, module: nn.Module, is_last: bool) -> AbstractContextManager[object]:
    """Gradients travel between processes once a step, with the last part."""
    return nullcontext() if is_last else accelerator.no_sync(module)

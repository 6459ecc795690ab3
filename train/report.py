"""The model card: what was run, on what, how it went, and stories as they came, good or bad."""

from __future__ import annotations

import json
import math
import os
import platform
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure

from story_engine import Settings, Story, StoryEngine
from story_engine.cache import Slot
from train.data import Meta
from train.errors import TrainError
from train.export import load_held_out
from train.heldout import HeldOutLoss
from train.presets import Preset, Shape

OPENINGS = (
    "Once upon a time, there was a little girl named Lily.",
    "One day, Tom found a little blue car under the old tree.",
    "Ben and Mia were playing in the park.",
    "Once there was a little bird who was afraid to fly.",
    "In a green forest, there lived a bear who had a big pot of honey.",
    "Sara did not want to share her new ball.",
    "It was a cold day, and the cat was hungry.",
    "Tim and his dad went to the beach.",
    "The old lady had a secret box.",
    '"I am not tired," said Max.',
)
PUBLISHED_POINTS = {2000: 1.27, 3000: 0.8516}  # training loss of Test-1-3000, as reported


def read_log(run: Path) -> tuple[Preset, list[dict[str, Any]]]:
    """The preset and all entries of a run's log.

    Raises:
        TrainError: there is no log.
    """
    path = run / "log.jsonl"
    if not path.is_file():
        raise TrainError(f"{run} holds no run (log.jsonl is missing). Give the folder that `train run --out` named.")
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    facts = [entry["preset"] for entry in entries if "preset" in entry][-1]
    known = {field.name for field in fields(Preset)}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in facts.items() if key in known
    }
    return Preset(**(values | {"shape": Shape(**facts["shape"])})), entries


def draw_curve(entries: list[dict[str, Any]], preset: Preset, path: Path) -> None:
    """Training and held-out loss against the step, with the published points where the preset is the published one."""
    # A resumed run has some steps twice; the later entry counts.
    losses = {entry["step"]: entry["loss"] for entry in entries if "loss" in entry}
    held_out = {entry["step"]: entry["held_out"]["nats_per_token"] for entry in entries if "held_out" in entry}
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(list(losses), list(losses.values()), color="#c9a36a", linewidth=0.8, label="training")
    axes.plot(list(held_out), list(held_out.values()), "o-", color="#8a4b08", markersize=4, label="held out")
    if preset.name == "test-1-3000":
        axes.plot(list(PUBLISHED_POINTS), list(PUBLISHED_POINTS.values()), "k*", label="published (training)")
    axes.set(xlabel="step", ylabel="nats per token", title=f"Preset {preset.name}", ylim=(None, 6))
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)


def measure_shipped(engine: StoryEngine, stories: list[tuple[list[int], int]]) -> HeldOutLoss:
    """Held-out loss by the engine's own forward pass over the weights as they ship, story by story."""
    nats, tokens, text_bytes = 0.0, 0, 0
    start, end = engine.window.start, min(engine.end_tokens)
    for ids, size in stories:
        slot = Slot(engine.decoder.config, engine.decoder.dtype, engine.decoder.device)
        line = [start, *ids, end][: engine.window.context + 1]
        logits = engine.decoder.read(line[:-1], slot, every=True)
        losses = torch.nn.functional.cross_entropy(logits, torch.tensor(line[1:], device=logits.device), reduction="none")
        nats += float(losses.double().sum())
        tokens += len(line) - 1
        text_bytes += size
    return HeldOutLoss(nats, tokens, text_bytes)


def tell_samples(engine: StoryEngine, max_new_tokens: int = 400) -> list[tuple[str, str, str]]:
    """One story for each opening at the recommended settings, seeds 1, 2, 3 ...: (opening, the model's words, finish)."""
    samples: list[tuple[str, str, str]] = []
    max_new_tokens = min(max_new_tokens, engine.window.largest_reserve - 2)
    for seed, opening in enumerate(OPENINGS, start=1):
        story = Story(opening)
        for _ in engine.stream(story, Settings(seed=seed, max_new_tokens=max_new_tokens)):
            pass
        last = story.path()[-1]
        samples.append((opening, last.text, last.finish))
    return samples


def write_report(run: Path, data: Path, notes: Path | None = None) -> Path:
    """Write `model/README.md` and `model/curve.png` of a finished run; `notes` is text that the card opens with."""
    preset, entries = read_log(run)
    folder = run / "model"
    if not (folder / "model.safetensors").is_file():
        raise TrainError(f"{run} has no finished model yet. Let the run finish; --resume goes on with it.")
    meta, engine = Meta.read(data), StoryEngine.load(str(folder))
    draw_curve(entries, preset, folder / "curve.png")
    steps = [entry for entry in entries if "loss" in entry]
    last_losses = [entry["loss"] for entry in steps[-50:]]
    seconds = sum(preset.tokens_per_step / max(1, entry["tokens_per_second"]) for entry in steps)
    held_out = load_held_out(data)
    shipped = measure_shipped(engine, held_out) if held_out else None
    masters = [entry["held_out"] for entry in entries if "held_out" in entry]
    lines = [
        notes.read_text(encoding="utf-8").strip() if notes else f"# A story model, preset `{preset.name}`",
        "",
        "## Figures",
        "",
    ]
    lines += [
        "| figure | value |",
        "|---|---|",
        f"| parameters | {preset.shape.parameters:,} |",
        f"| training text | {meta.stories:,} stories, {meta.tokens:,} tokens, {meta.text_bytes / 1e6:.1f} MB |",
        f"| steps, tokens a step | {preset.steps:,} of {preset.tokens_per_step:,} "
        f"({preset.steps * preset.tokens_per_step / meta.tokens:.1f} times through the text) |",
        f"| training loss, mean of the last 50 steps | {sum(last_losses) / len(last_losses):.4f} nats per token |",
    ]
    if shipped and masters:
        lines += [
            f"| held-out loss as shipped (bfloat16) | {shipped.bits_per_byte:.4f} bits per byte, "
            f"{shipped.nats_per_token:.4f} nats per token |",
            f"| the same before rounding (float32) | {masters[-1]['bits_per_byte']:.4f} bits per byte |",
            f"| perplexity per token, held out | {math.exp(shipped.nats_per_token):.2f} |",
        ]
    lines += [
        f"| time in training steps | {seconds / 60:.0f} minutes |",
        f"| machine | {describe_machine()} |",
        f"| software | torch {torch.__version__}, Python {platform.python_version()} |",
        f"| tokenizer | SHA-256 `{meta.tokenizer_sha256[:16]}…` |",
        f"| data | SHA-256 of the shards `{', '.join(str(s['sha256'])[:16] + '…' for s in meta.shards.values())}` |",
        f"| weights | `{engine.window.model}` (first 16 digits of the SHA-256 over the files' hashes) |",
        "",
        "Held-out: every story from the start token, window 2048, text and end token predicted; bits over the text's bytes.",
        "",
        "![Loss](curve.png)",
        "",
        "## Stories, as they came",
        "",
        "One for each opening, not selected: recommended settings (temperature 0.7, top-p 0.9, repetition penalty 1.1), "
        "at most 400 tokens, seeds 1 to 10 in this order. The opening is in italics.",
        "",
    ]
    for seed, (opening, words, finish) in enumerate(tell_samples(engine), start=1):
        text = words.strip("\n").replace("\n", "\n>\n> ")
        lines += [f"**{seed}.** ({'ended' if finish == 'end' else 'cut at the length'})", "", f"> *{opening}*{text}", ""]
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")
    return folder / "README.md"


def describe_machine() -> str:
    """The kind of machine, without its name."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    capability = torch.backends.cpu.get_cpu_capability()
    return f"{os.cpu_count()} CPU cores ({platform.machine()}, {capability})"

"""The model card: what was run, on what, how it went, and stories as they came, good or bad."""

from __future__ import annotations

import hashlib
import math
import platform
import shutil
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from story_engine import Settings, StoryEngine
from story_engine.model.config import read_config
from story_engine.model.kv_cache import Slot
from train.curve import plot_curve, read_log, restore_preset
from train.data import Meta
from train.errors import TrainError
from train.export import load_held_out
from train.hardware import describe_machine
from train.heldout import HeldOutLoss
from train.presets import Preset, describe_command
from train.samples import record_phases, tell_samples, write_samples

STORIES, STORY_TOKENS = 20, 600
HELD_OUT = "Held-out: every story from the start token, window 2048, text and end token predicted; bits over the text's bytes."
PLOTS = ("context-use.png", "recall.png", "phases.png")


def measure_shipped(engine: StoryEngine, stories: list[tuple[list[int], int]]) -> HeldOutLoss:
    """Held-out loss by the engine's own forward pass over the weights as they ship, story by story."""
    nats, tokens, text_bytes = 0.0, 0, 0
    start, end = engine.window.start, min(engine.end_tokens)
    for ids, size in stories:
        slot = Slot(engine.decoder.config, engine.decoder.cache_dtype, engine.decoder.device)
        line = [start, *ids, end][: engine.window.context_length + 1]
        logits = engine.decoder.prefill(line[:-1], slot, all_logits=True)
        losses = torch.nn.functional.cross_entropy(logits, torch.tensor(line[1:], device=logits.device), reduction="none")
        nats += float(losses.double().sum())
        tokens += len(line) - 1
        text_bytes += size
    return HeldOutLoss(nats, tokens, text_bytes)


def write_report(run: Path, data: Path | None = None, notes: Path | None = None, shipped: Path | None = None) -> Path:
    """Write `README.md`, `curve.png` and `phases.json` of a finished run into its model's folder, or into that of `shipped`.

    `shipped` is the model in the form it ships in, such as int8, if not the run's own; the card opens with `notes`.

    A scorecard that lies in the run's folder `scorecard` becomes a part of the card, with its plots.
    `data` is the prepared data, by default where the run had it.

    Raises:
        TrainError: the run is not finished, or its data is gone.
    """
    preset, entries = read_log(run)
    folder = run / "model"
    if not (folder / "model.safetensors").is_file():
        raise TrainError(f"{run} has no finished model yet. Let the run finish; --resume goes on with it.")
    folders = [Path(entry["folder"]) for entry in entries if "folder" in entry]
    data = data or (folders[-1] if folders else None)
    if data is None:
        raise TrainError(f"The log of {run} does not say where its data is. Add --data DIR.")
    folder = shipped or folder
    engine = StoryEngine.load(str(folder), precision="auto" if read_config(folder).int8 else "float32")
    plot_curve(entries, preset, folder / "curve.png")
    for phase in sorted(run.glob("phase-*")):
        write_samples(phase, preset.phase_samples)
    record_phases(run, folder / "phases.json")
    title = notes.read_text(encoding="utf-8").strip() if notes else f"# A story model, preset `{preset.name}`"
    lines = [
        title,
        "",
        *_list_figures(engine, preset, entries, data, folder),
        "![Loss](curve.png)",
        "",
        *_take_scorecard(run / "scorecard", folder),
        *_list_stories(engine),
    ]
    engine.close()
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")
    return folder / "README.md"


def _list_figures(
    engine: StoryEngine, preset: Preset, entries: Sequence[Mapping[str, Any]], data: Path, folder: Path
) -> list[str]:
    """What the run was, on what, what it cost, and how it went, as a table."""
    meta, held_out = Meta.read(data), load_held_out(data, folder)
    config = read_config(folder)
    form = "int8" if config.int8 else "bfloat16"
    steps = [entry for entry in entries if "loss" in entry]
    last_losses = [entry["loss"] for entry in steps[-50:]]
    seconds = sum(preset.tokens_per_step / max(1, entry["tokens_per_second"]) for entry in steps)
    begun = [entry for entry in entries if "preset" in entry][-1]
    machine, processes = begun.get("device", describe_machine()), begun.get("processes", 1)
    masters = [entry["held_out"] for entry in entries if "held_out" in entry]
    shipped = measure_shipped(engine, held_out) if held_out and masters else None
    rows = [
        ("parameters", f"{sum(math.prod(shape) for shape in config.shapes().values()):,}"),
        ("training text", f"{meta.stories:,} stories, {meta.tokens:,} tokens, {meta.text_bytes / 1e6:.1f} MB"),
        (
            "steps, tokens a step",
            f"{preset.steps:,} of {preset.tokens_per_step:,} "
            f"({preset.steps * preset.tokens_per_step / meta.tokens:.1f} times through the text)",
        ),
        ("training loss, mean of the last 50 steps", f"{sum(last_losses) / len(last_losses):.4f} nats per token"),
    ]
    if shipped:
        per_byte, per_token = shipped.bits_per_byte, shipped.nats_per_token
        rows += [
            (f"held-out loss as shipped ({form})", f"{per_byte:.4f} bits per byte, {per_token:.4f} nats per token"),
            ("the same before rounding (float32)", f"{masters[-1]['bits_per_byte']:.4f} bits per byte"),
            ("perplexity per token, held out", f"{math.exp(per_token):.2f}"),
        ]
    if changes := list_changes(entries):
        rows.append(("changed on the way", "; ".join(changes)))
    rows += [
        ("command", f"`{describe_command(preset, begun.get('lineage', {}))}`"),
        ("cost", f"{seconds / 3600 * processes:.2f} device-hours in training steps, on {processes} x {machine}"),
        (
            "software",
            f"torch {torch.__version__}, transformers {version('transformers')}, accelerate {version('accelerate')}, "
            f"Python {platform.python_version()}",
        ),
        ("tokenizer", f"SHA-256 `{hashlib.sha256((folder / 'tokenizer.json').read_bytes()).hexdigest()[:16]}…`"),
        ("data", f"SHA-256 of the shards `{', '.join(str(s['sha256'])[:16] + '…' for s in meta.shards.values())}`"),
        ("weights", f"`{engine.fingerprint}` (first 16 digits of the SHA-256 over the files' hashes)"),
    ]
    table = [f"| {name} | {value} |" for name, value in rows]
    return ["## Figures", "", "| figure | value |", "|---|---|", *table, "", HELD_OUT, ""]


def list_changes(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a run was resumed with that changes its result: a lower rate, another number of steps."""
    begun = [(entry["from_step"], restore_preset(entry["preset"])) for entry in entries if "preset" in entry]
    return [
        f"{name} {getattr(old, name)} until step {step}, then {getattr(new, name)}"
        for (_, old), (step, new) in pairwise(begun)
        for name in ("max_lr", "muon_lr", "steps", "cool_down")
        if getattr(old, name) != getattr(new, name)
    ]


def _describe(settings: Settings) -> str:
    guided = f", guidance {settings.guidance:g}" if settings.guidance else ""
    least = f", min-p {settings.min_p:g}" if settings.min_p else ""
    return (
        f"temperature {settings.temperature:g}, top-p {settings.top_p:g}, "
        f"repetition penalty {settings.repetition_penalty:g}{least}{guided}"
    )


def _list_stories(engine: StoryEngine) -> list[str]:
    """Stories as they come, good or bad."""
    lines = [
        "## Stories, as they came",
        "",
        f"{STORIES} stories, not selected: recommended settings ({_describe(engine.recommended)}), at most "
        f"{STORY_TOKENS} tokens, seeds 1 to {STORIES} in this order, ten openings in turn. The opening is in italics.",
        "",
    ]
    for told in tell_samples(engine, STORIES, STORY_TOKENS):
        text = told.text.strip("\n").replace("\n", "\n>\n> ")
        how = "ended" if told.finish == "end" else "cut at the length"
        lines += [f"**{told.seed}.** ({how})", "", f"> *{told.opening}*{text}", ""]
    return lines


def _take_scorecard(card: Path, folder: Path) -> list[str]:
    """The lines of a run's scorecard, its plots copied into the model's folder; none where there is no scorecard."""
    if not (card / "scorecard.md").is_file():
        return []
    for plot in PLOTS:
        shutil.copyfile(card / plot, folder / plot)
    pictures = [f"![{plot.removesuffix('.png')}]({plot})" for plot in PLOTS]
    return ["## Scorecard", "", (card / "scorecard.md").read_text(encoding="utf-8").strip(), "", *pictures, ""]

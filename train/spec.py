"""What a run would be, before it is run: its size, its cost on this machine, and how it differs from the published one."""

from __future__ import annotations

from dataclasses import fields

from train.data import Meta
from train.errors import TrainError
from train.hardware import Hardware, fit_micro_batch
from train.presets import PRESETS, Preset, Shape

PUBLISHED = PRESETS["test-1-3000"]
TINY_STORIES_TOKENS = 470_000_000  # the train split by the GPT-2 tokenizer, about: 2.1 million stories
UTILISATIONS = (0.2, 0.4, 0.5)

# What the published description leaves open, or says otherwise; true of the preset as it stands.
DIFFERENCES = (
    "The shape has 190,460,160 parameters; 190.55M is published, and no natural change gives that.",
    "AdamW's first beta stays 0.9, as published; torch's OneCycleLR would cycle it (cycle_momentum=true does).",
    "Only tensors of two and more dimensions decay; gradients are clipped at norm 1; fresh weights are normal with a "
    "deviation of 0.02. None of this is published.",
    "A story sees those before it in its row, as the published description names no document masks (mask_documents=true).",
    "The order of the stories, and so every single loss, is our own: the published seed is not known.",
    "786 million tokens are about 1.7 times through TinyStories; whether 0.8516 is reached on it is not known here.",
)


def describe_run(preset: Preset, hardware: Hardware, meta: Meta | None = None) -> str:
    """The specification in plain words, a line a fact."""
    shape, tokens = preset.shape, preset.steps * preset.tokens_per_step
    corpus = meta.tokens if meta else TINY_STORIES_TOKENS
    contexts = [preset.context_at(step) for step in range(preset.steps)]
    flops = {
        causal: sum(preset.tokens_per_step * shape.flops_per_token(context, causal) for context in contexts)
        for causal in (True, False)
    }
    hours = [f"{flops[True] / hardware.peak_flops / share / 3600:,.2f} h at {share:.0%}" for share in UTILISATIONS]
    try:
        batch = f"{fit_micro_batch(preset, hardware.memory):,} tokens"
    except TrainError as error:
        batch = f"none fits. {error}"
    lines = [
        f"preset           {preset.name}",
        f"shape            hidden {shape.hidden}, {shape.layers} layers, {shape.heads} heads, intermediate "
        f"{shape.intermediate}, vocabulary {shape.vocabulary:,}, context {shape.context:,}, "
        f"embeddings {'tied' if shape.tied else 'untied'}",
        f"parameters       {shape.parameters:,}, of which {shape.matmul_parameters:,} in matrix products",
        f"tokens a step    {preset.tokens_per_step:,}",
        f"steps            {preset.steps:,}, so {tokens:,} tokens",
        f"epochs           {tokens / corpus:.2f} of {corpus:,} tokens"
        + ("" if meta else " (TinyStories by the GPT-2 tokenizer, about; --data gives the exact count)"),
        f"optimizer        {preset.optimizer}, betas {preset.betas}, weight decay {preset.weight_decay}, "
        f"{preset.schedule} up to {preset.max_lr}",
        f"precision        {preset.precision}, loss {preset.loss}, compile {preset.compile}",
        f"arithmetic       {flops[True]:.2e} FLOP with causal attention, {flops[False]:.2e} by PaLM's count",
        f"device           {hardware.name}: {hardware.peak_flops / 1e12:.2f} TFLOP/s ({hardware.basis})",
        f"micro-batch      {batch}",
        f"time on one      {', '.join(hours)} of that peak (MFU, causal attention)",
        "differences from the published run:",
    ]
    return "\n".join(lines + [f"- {difference}" for difference in find_differences(preset)])


def find_differences(preset: Preset) -> list[str]:
    """Every difference from the published run, in words; for another preset, every field that is not the published."""
    changed = [f"{name}: {mine}, published {theirs}" for name, mine, theirs in _compare(preset, PUBLISHED)]
    kept = DIFFERENCES if preset.shape == PUBLISHED.shape else DIFFERENCES[1:3]
    return [*changed, *kept]


def _compare(preset: Preset, published: Preset) -> list[tuple[str, object, object]]:
    own = ("name", "shape", "phases", "phase_samples", "evaluate_every", "save_every", "micro_batch_tokens")
    pairs = [(preset.shape, published.shape, field.name) for field in fields(Shape)]
    pairs += [(preset, published, field.name) for field in fields(Preset) if field.name not in own]  # type: ignore[misc]
    return [(name, getattr(a, name), getattr(b, name)) for a, b, name in pairs if getattr(a, name) != getattr(b, name)]

"""What a run would be, before it is run: its size, its cost on this machine, and how it differs from the published one."""

from __future__ import annotations

from dataclasses import fields

import torch

from train.data import Meta
from train.errors import TrainError
from train.hardware import LONG_ROWS, Hardware, choose_precision, fit_micro_batch
from train.presets import PRESETS, Preset, Shape

PUBLISHED_RUN = PRESETS["test-1-3000"]
TINY_STORIES_TOKENS = 470_000_000  # the train split by the GPT-2 tokenizer, about: 2.1 million stories
UTILISATIONS = (0.2, 0.4, 0.5)
PRECISIONS = {"bf16": "bfloat16 (autocast)", "no": "float32"}
ATTENTIONS = {"sdpa": "torch's own kernels", "flash_attention_2": "Flash Attention 2"}


def describe_run(preset: Preset, hardware: Hardware, meta: Meta | None = None, attention: str = "sdpa") -> str:
    """The specification in plain words, a line a fact; `attention` is transformers' name of the kernel that a run would use."""
    shape, tokens = preset.shape, preset.steps * preset.tokens_per_step
    precision = PRECISIONS[choose_precision(preset.precision)]
    corpus = meta.tokens if meta else TINY_STORIES_TOKENS
    full = preset.steps // preset.full_every if preset.short_context else preset.steps
    contexts = ((shape.context, full), (preset.short_context, preset.steps - full))
    flops = {
        causal: sum(count * preset.tokens_per_step * shape.flops_per_token(context, causal) for context, count in contexts)
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
        f"precision        {precision}, loss {preset.loss}, {describe_compilation(preset)}",
        f"arithmetic       {flops[True]:.2e} FLOP with causal attention, {flops[False]:.2e} by PaLM's count",
        f"device           {hardware.name}: {hardware.peak_flops / 1e12:.2f} TFLOP/s ({hardware.basis})",
        f"micro-batch      {batch}",
        f"time on one      {', '.join(hours)} of that peak (MFU, causal attention)",
        "differences from the published run:",
    ]
    return "\n".join(lines + [f"- {difference}" for difference in find_differences(preset, attention)])


def describe_compilation(preset: Preset) -> str:
    """Which rows go through a compiled network: on a CPU long ones are faster without."""
    contexts = {preset.shape.context, preset.short_context or preset.shape.context}
    is_slow = {context for context in contexts if context >= LONG_ROWS and not torch.cuda.is_available()}
    if not preset.compile:
        return "not compiled"
    if is_slow == contexts:
        return f"not compiled (on a CPU, rows of {LONG_ROWS:,} tokens and more are not)"
    return "compiled" if not is_slow else f"compiled, but for rows of {LONG_ROWS:,} tokens and more"


def find_differences(preset: Preset, attention: str = "sdpa") -> list[str]:
    """Every difference from the published run, and what it leaves open, in words; each is said of the preset as it stands."""
    changed = [f"{name}: {mine}, published {theirs}" for name, mine, theirs in _compare(preset, PUBLISHED_RUN)]
    return [*changed, *_describe_shape(preset), *_describe_optimizer(preset), *_describe_rows(preset, attention)]


def _describe_shape(preset: Preset) -> list[str]:
    if preset.shape != PUBLISHED_RUN.shape:
        return []
    return [f"The shape has {preset.shape.parameters:,} parameters; 190.55M is published, and no natural change gives that."]


def _describe_optimizer(preset: Preset) -> list[str]:
    if preset.cycle_momentum:
        beta = "AdamW's first beta is cycled from 0.95 to 0.85 and back, as torch's OneCycleLR does; 0.9 is published."
    else:
        beta = f"AdamW's first beta stays {preset.betas[0]:g}; torch's OneCycleLR would cycle it (cycle_momentum=true does)."
    clip = f"gradients are clipped at norm {preset.clip:g}" if preset.clip else "gradients are not clipped"
    weights = "the weights of its start" if preset.adopts_shape else "fresh weights, normal with a deviation of 0.02"
    decay = "Only tensors of two and more dimensions decay" if preset.weight_decay else "No weight decays"
    return [beta, f"{decay}; {clip}; it begins with {weights}. None of this is published."]


def _describe_rows(preset: Preset, attention: str) -> list[str]:
    seen = "No story sees another" if preset.mask_documents else "A story sees those before it in its row"
    lines = [
        f"Attention is computed by {ATTENTIONS.get(attention, attention)}; Flash Attention 2 is published.",
        f"{seen} (mask_documents={str(preset.mask_documents).lower()}); the published description names no document masks.",
        f"The order of the stories is drawn from seed {preset.seed}, and so is every single loss: the "
        "published seed is not known.",
    ]
    if preset.steps * preset.tokens_per_step == PUBLISHED_RUN.steps * PUBLISHED_RUN.tokens_per_step:
        lines.append("Whether the published loss of 0.8516 is reached is not known here.")
    return lines


def _compare(preset: Preset, published: Preset) -> list[tuple[str, object, object]]:
    own = ("name", "shape", "phases", "phase_samples", "evaluate_every", "save_every", "micro_batch_tokens")
    pairs = [(preset.shape, published.shape, field.name) for field in fields(Shape)]
    pairs += [(preset, published, field.name) for field in fields(Preset) if field.name not in own]  # type: ignore[misc]
    return [(name, getattr(a, name), getattr(b, name)) for a, b, name in pairs if getattr(a, name) != getattr(b, name)]

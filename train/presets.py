"""The runs this project knows: the published one, the fine-tuning of a pretrained model, and a smoke run for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from train.errors import TrainError

LOSSES = ("plain", "chunked", "fused", "liger")
SCHEDULES = ("one-cycle", "linear", "trapezoid")
PRECISIONS = ("auto", "bf16", "no")
# They change nothing but the rounding: a resumed run may have other values, and a command need not name them.
FREE_FIELDS = ("evaluate_every", "save_every", "phases", "phase_samples", "compile", "micro_batch_tokens", "loss")


@dataclass(frozen=True)
class Shape:
    """The size of a Llama decoder. `context` is in tokens; `tied` shares input and output embeddings.

    `key_value_heads` are as many as heads where it is 0.
    """

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    context: int = 2048
    tied: bool = False
    key_value_heads: int = 0
    rope_theta: float = 10_000.0
    norm_epsilon: float = 1e-6

    @property
    def matmul_parameters(self) -> int:
        """Weights that take part in a matrix product for every token (the output layer counts, the look-up does not)."""
        key_value = self.hidden // self.heads * (self.key_value_heads or self.heads)
        block = 2 * self.hidden * (self.hidden + key_value) + 3 * self.hidden * self.intermediate
        return self.layers * block + self.hidden * self.vocabulary

    @property
    def parameters(self) -> int:
        """All weights, as `LlamaForCausalLM` allocates them."""
        norms = (2 * self.layers + 1) * self.hidden
        look_up = 0 if self.tied else self.hidden * self.vocabulary
        return self.matmul_parameters + look_up + norms

    def flops_per_token(self, context: int, causal: bool = True) -> float:
        """Forward and backward: 6 per matmul weight, and 12 * layers * context * hidden for the attention.

        That is the convention of PaLM (Chowdhery et al., 2022, appendix B), which most trainers report MFU by. Half of
        those attention scores are masked; `causal` counts only the other half, which is what has to be computed.
        """
        attention = 12 * self.layers * context * self.hidden
        return 6 * self.matmul_parameters + (attention / 2 if causal else attention)


@dataclass(frozen=True)
class Preset:
    """One training run, complete: with the same data, seed and software it gives the same weights on CPU.

    `tokenizer` is a hub name, or `bpe` for a byte-level BPE of `shape.vocabulary` entries made by `prepare`.
    `optimizer` is `adamw`, or `muon`: Muon for the matrices of the blocks, AdamW for embeddings and norms.
    `schedule` is `one-cycle` (cosine up over 30% and down to almost nothing, torch's OneCycleLR) or `linear`
    (warm-up over 3%, then straight to zero), or `trapezoid` (warm-up over 20 steps, constant, straight to zero over the last
    `cool_down` steps; while it is constant, a run can be resumed with another number of steps).
    With `adopts_shape` the shape is that of the model it starts with, up to this context.
    With a `short_context`, only every `full_every`-th step has full rows, the others have short ones, which cost less
    attention. With `serials`, the full rows are cut from serials: stories of one hero, told one after another without
    an end between, as a reader who goes on after an end has them. With `whole_stories`, the other rows hold stories
    from their beginnings, instead of whatever lies at the row's place.
    `micro_batch_tokens` is what goes through the network at once; 0 fits it to the memory found.
    `dropout` is the share of each block's contribution, and of the embeddings, that a training pass leaves out, in the first
    `dropout_steps` of the run; 0 of them means all.
    `loss` names a kernel of `train.network.LanguageModelLoss`; with `mask_documents` no story sees another.
    `teacher_share` of the loss is the cross-entropy to the mean of the teachers' probabilities (Hinton et al., 2015), the rest
    that to the text.
    `frozen_layers` is how many of the lowest blocks are not trained, and with them the embedding (and the output layer, where
    it is tied to it); no gradient is computed for them.
    `clip` is the gradient norm above which gradients are scaled down; 0 leaves them as they are.
    `precision` is `bf16` (autocast), `no` (float32), or `auto`: bfloat16 where the device multiplies it.
    `phases` are the steps whose weights are kept, each with `phase_samples` stories.
    """

    name: str
    shape: Shape
    tokenizer: str
    steps: int
    tokens_per_step: int
    micro_batch_tokens: int
    max_lr: float
    phases: tuple[int, ...]
    dataset: str = "roneneldan/TinyStories"
    optimizer: str = "adamw"
    muon_lr: float = 0.0
    schedule: str = "one-cycle"
    cycle_momentum: bool = False
    cool_down: int = 0
    adopts_shape: bool = False
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = 0.01
    clip: float = 1.0
    short_context: int = 0
    full_every: int = 1
    serials: bool = False
    whole_stories: bool = False
    dropout: float = 0.0
    dropout_steps: int = 0
    teacher_share: float = 0.0
    frozen_layers: int = 0
    loss: str = "plain"
    mask_documents: bool = False
    phase_samples: int = 3
    evaluate_every: int = 250
    save_every: int = 100
    precision: str = "bf16"
    compile: bool = True
    seed: int = 0

    def context_at(self, step: int) -> int:
        """Row length, in tokens, of the given step."""
        is_full = not self.short_context or (step + 1) % self.full_every == 0
        return self.shape.context if is_full else self.short_context

    def dropout_at(self, step: int) -> float:
        """The share that a training pass of the given step leaves out."""
        return self.dropout if step < (self.dropout_steps or self.steps) else 0.0

    def problems(self) -> list[str]:
        """Everything that makes this preset impossible to run, in words."""
        shape, found = self.shape, []
        if shape.hidden % shape.heads or (shape.hidden // shape.heads) % 2:
            found.append(f"hidden {shape.hidden} does not divide into {shape.heads} heads of even width")
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                found.append(f"{name} must be at least {least}")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                found.append(f"{name} {getattr(self, name)!r} is none of {', '.join(choices)}")
        for context in sorted({self.short_context or shape.context, shape.context}):
            if context < 2 or self.tokens_per_step % context or self.micro_batch_tokens % context:
                found.append(
                    f"tokens_per_step {self.tokens_per_step} and micro_batch_tokens {self.micro_batch_tokens} "
                    f"must be multiples of the row length {context}"
                )
        if self.micro_batch_tokens > 0 and self.tokens_per_step % self.micro_batch_tokens:
            found.append(f"tokens_per_step {self.tokens_per_step} is not a multiple of the micro-batch")
        if self.seed >= 2**63:
            found.append("seed must be below 2**63")
        if self.phase_samples > 10:
            found.append("phase_samples must lie in 0 to 10")
        if any(step < 0 for step in self.phases):
            found.append("phases must be steps from 0 on")
        if self.optimizer == "muon" and not 0 < self.muon_lr < 1:
            found.append("muon needs a muon_lr in (0, 1)")
        if self.schedule == "trapezoid" and not 0 < self.cool_down < self.steps:
            found.append("a trapezoid needs a cool_down of at least one step and fewer than steps")
        if not 0 < self.max_lr < 1 or not 0 <= self.weight_decay < 10:
            found.append("max_lr must lie in (0, 1) and weight_decay in [0, 10)")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            found.append("betas must be two numbers in [0, 1)")
        if not 0 <= self.dropout < 1:
            found.append("dropout must lie in [0, 1)")
        if not 0 <= self.teacher_share <= 1 or (self.teacher_share and self.loss != "plain"):
            found.append("teacher_share must lie in [0, 1], and above 0 the loss must be plain")
        if self.short_context > shape.context:
            found.append(f"short_context {self.short_context} is longer than the context {shape.context}")
        if self.full_every > 1 and not self.short_context:
            found.append("full_every must be 1 without a short_context")
        if self.frozen_layers >= shape.layers:
            found.append(f"frozen_layers must be fewer than the {shape.layers} layers")
        return found


LEAST = {
    "steps": 1, "tokens_per_step": 2, "micro_batch_tokens": 0, "muon_lr": 0, "cool_down": 0, "clip": 0, "short_context": 0,
    "full_every": 1, "dropout_steps": 0, "frozen_layers": 0, "phase_samples": 0, "evaluate_every": 1, "save_every": 1,
    "seed": 0,
}  # fmt: skip
CHOICES = {"optimizer": ("adamw", "muon"), "schedule": SCHEDULES, "loss": LOSSES, "precision": PRECISIONS}
PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="test-1-3000",
            shape=Shape(hidden=768, layers=12, heads=12, intermediate=3072, vocabulary=50_257),
            tokenizer="gpt2",
            steps=3000,
            tokens_per_step=262_144,
            micro_batch_tokens=0,
            max_lr=5e-4,
            phases=(0, 50, 100, 250, 500, 1000, 1500, 2000, 2500, 3000),
        ),
        Preset(
            name="fine-tune",
            shape=Shape(
                hidden=576,
                layers=30,
                heads=9,
                intermediate=1536,
                vocabulary=20_000,
                tied=True,
                key_value_heads=3,
                rope_theta=1e5,
                norm_epsilon=1e-5,
            ),
            tokenizer="start",
            adopts_shape=True,
            steps=1858,
            tokens_per_step=2048,
            micro_batch_tokens=2048,
            max_lr=3e-4,
            phases=(0,),
            schedule="trapezoid",
            cool_down=370,
            short_context=512,
            full_every=10,
            serials=True,
            whole_stories=True,
            phase_samples=10,
            evaluate_every=100,
            save_every=10,
            precision="auto",
            compile=False,
        ),
        Preset(
            name="smoke",
            shape=Shape(hidden=32, layers=2, heads=2, intermediate=64, vocabulary=300, context=64, tied=True),
            tokenizer="bpe",
            steps=20,
            tokens_per_step=512,
            micro_batch_tokens=256,
            max_lr=3e-3,
            phases=(0, 10, 20),
            short_context=32,
            full_every=4,
            serials=True,
            whole_stories=True,
            dropout=0.1,
            evaluate_every=10,
            save_every=5,
            precision="no",
            compile=False,
        ),
    )
}


def find_preset(name: str, **overrides: object) -> Preset:
    """The named preset with the given fields replaced, checked.

    Raises:
        TrainError: the name or a field is unknown, or the result cannot run; every problem is listed.
    """
    if name not in PRESETS:
        raise TrainError(f"There is no preset {name!r}. Choose one of: {', '.join(PRESETS)}.")
    known = {field.name for field in fields(Preset)}
    problems = [f"unknown field {key!r}" for key in overrides if key not in known]
    preset = replace(PRESETS[name], **{key: value for key, value in overrides.items() if key in known})  # type: ignore[arg-type]
    problems += preset.problems()
    if problems:
        raise TrainError(f"Preset {name!r} cannot run: " + "; ".join(problems) + ".")
    return preset


def describe_command(preset: Preset, lineage: Mapping[str, Any]) -> str:
    """The command that runs this preset; fields that differ from the named one's are given, and what the run comes from."""
    known = PRESETS.get(preset.name, preset)
    changed = {
        field.name: getattr(preset, field.name)
        for field in fields(Preset)
        if field.name not in FREE_FIELDS and getattr(preset, field.name) != getattr(known, field.name)
    }
    settings = "".join(f" {key}={write_value(value)}" for key, value in changed.items() if key != "shape")
    start = " --start MODEL" if lineage.get("start") else ""
    teachers = "".join(f" MODEL_{number}" for number, _ in enumerate(lineage.get("teachers") or (), 1))
    given = start + (f" --teachers{teachers}" if teachers else "") + (f" --set{settings}" if settings else "")
    return f"python -m train run --preset {preset.name} --data DATA --out RUN{given}"


def write_value(value: object) -> str:
    """A field's value as `--set` reads it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)

"""What a run comes from where it does not begin with nothing: the weights it starts with, the models it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from train.data import hash_file
from train.errors import TrainError
from train.network import build_config
from train.presets import Preset
from train.pretrained import find_weight_files, hash_model, load_model, read_config, read_shape, read_weights
from train.sharding import load_weights

SHAPE = (
    "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size", "vocab_size",
    "tie_word_embeddings", "rms_norm_eps",
)  # fmt: skip


@dataclass(frozen=True)
class Lineage:
    """Folders of models, each with the tokenizer of the data; `start` has the preset's shape, teachers have any."""

    start: Path | None = None
    teachers: tuple[Path, ...] = ()

    def check(self, preset: Preset, data: Path) -> None:
        """Whether a run of `preset` on `data` can come from these.

        Raises:
            TrainError: it cannot; every problem is listed.
        """
        problems = []
        if self.teachers and not preset.teacher_share:
            problems.append("teachers need a teacher_share above 0: --set teacher_share=0.5")
        if preset.teacher_share and not self.teachers:
            problems.append(f"teacher_share {preset.teacher_share} needs --teachers FOLDER, one or more")
        wanted = build_config(preset, 0)
        if self.start:
            problems += find_problems(self.start, data) or _compare_shapes(self.start, wanted)
        for teacher in self.teachers:
            problems += find_problems(teacher, data) or _compare_teacher(teacher, wanted)
        if problems:
            raise TrainError(f"Preset {preset.name!r} cannot run: " + "; ".join(problems) + ".")

    def hash(self) -> dict[str, object]:
        """The first digits of each folder's weights, so that a resumed run is known to come from the same."""
        start, *teachers = (hash_model(folder) if folder else None for folder in (self.start, *self.teachers))
        return {"start": start, "teachers": teachers}

    def load_start(self, model: LlamaForCausalLM) -> None:
        """Give a model of the preset's shape the weights it starts with, if there are any."""
        if self.start:
            load_weights(model, read_weights(self.start, read_config(self.start)))

    def load_teachers(self, attention: str, device: torch.device) -> list[LlamaForCausalLM]:
        """The teachers in float32, not to be trained."""
        teachers = [load_model(folder, attention).requires_grad_(False) for folder in self.teachers]
        for teacher in teachers:
            teacher.to(device)  # type: ignore[arg-type]  # transformers' wrapper hides the method's own type
        return teachers


NOTHING = Lineage()


def find_problems(folder: Path, data: Path) -> list[str]:
    """What keeps a folder's model from a run on `data`: it is no Llama model, or has another tokenizer."""
    if not (data / "tokenizer.json").is_file():
        return [f"{data} holds no prepared data (tokenizer.json is missing); run `python -m train prepare` first"]
    try:
        read_config(folder)
        find_weight_files(folder)
    except TrainError as error:
        return [str(error).rstrip(".")]
    path = folder / "tokenizer.json"
    if not path.is_file() or hash_file(path) != hash_file(data / "tokenizer.json"):
        return [f"{folder} has another tokenizer than {data}; prepare the data in a new folder with --start {folder}"]
    return []


def _compare_shapes(start: Path, wanted: LlamaConfig) -> list[str]:
    found = read_config(start)
    differing = [
        f"{start} has {name} {getattr(found, name)}, the preset {getattr(wanted, name)}"
        for name in SHAPE
        if getattr(found, name) != getattr(wanted, name)
    ]
    if dict(found.rope_parameters or {}) != dict(wanted.rope_parameters or {}):
        differing.append(f"{start} and the preset differ in rope_theta")
    if found.max_position_embeddings < wanted.max_position_embeddings:
        differing.append(
            f"{start} has a window of {found.max_position_embeddings:,} tokens, which is shorter than the preset's"
        )
    if differing:
        return [*differing, "--set adopts_shape=true takes the shape of the start"]
    try:
        read_shape(start, wanted.max_position_embeddings)
    except TrainError as error:
        return [str(error).rstrip(".")]
    return []


def _compare_teacher(teacher: Path, wanted: LlamaConfig) -> list[str]:
    """A teacher may be larger or smaller, but it must know the same tokens, as far back."""
    found, problems = read_config(teacher), []
    if found.vocab_size != wanted.vocab_size:
        problems.append(f"teacher {teacher} knows {found.vocab_size:,} tokens, the preset {wanted.vocab_size:,}")
    if found.max_position_embeddings < wanted.max_position_embeddings:
        problems.append(f"teacher {teacher} has a window of {found.max_position_embeddings:,} tokens, which is too short")
    return problems

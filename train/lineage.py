"""What a run comes from where it does not begin with nothing: the weights it starts with, the models it learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from train.data import hash_file
from train.errors import TrainError
from train.network import build_config
from train.presets import Preset, Shape
from train.sharding import load_weights

FILES = ("config.json", "model.safetensors", "tokenizer.json")
SHAPE = (
    "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size", "vocab_size",
    "max_position_embeddings", "tie_word_embeddings", "rope_parameters", "rms_norm_eps",
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
            problems.append("teachers need a teacher_share above 0")
        if preset.teacher_share and not self.teachers:
            problems.append(f"teacher_share {preset.teacher_share} needs --teachers FOLDER, one or more")
        problems += find_problems([*([self.start] if self.start else []), *self.teachers], data)
        if self.start and not problems:
            wanted, found = build_config(preset, 0), read_config(self.start)
            problems += [
                f"{self.start} has {name} {getattr(found, name)}, the preset {getattr(wanted, name)}"
                for name in SHAPE
                if getattr(found, name) != getattr(wanted, name)
            ]
        if problems:
            raise TrainError(f"Preset {preset.name!r} cannot run: " + "; ".join(problems) + ".")

    def hash(self) -> dict[str, object]:
        """The first digits of each folder's weights, so that a resumed run is known to come from the same."""
        start, *teachers = (
            hash_file(folder / "model.safetensors")[:16] if folder else None for folder in (self.start, *self.teachers)
        )
        return {"start": start, "teachers": teachers}

    def load_start(self, model: LlamaForCausalLM) -> None:
        """Give a model of the preset's shape the weights it starts with, if there are any."""
        if self.start:
            load_weights(model, load_file(self.start / "model.safetensors"))

    def load_teachers(self, attention: str, device: torch.device) -> list[LlamaForCausalLM]:
        """The teachers in float32, not to be trained."""
        teachers = [load_model(folder, attention).requires_grad_(False) for folder in self.teachers]
        for teacher in teachers:
            teacher.to(device)  # type: ignore[arg-type]  # transformers' wrapper hides the method's own type
        return teachers


NOTHING = Lineage()


def find_problems(folders: Sequence[Path], data: Path) -> list[str]:
    """Which of these folders hold no model, or one of another tokenizer than the prepared data's."""
    problems = []
    if folders and not (data / "tokenizer.json").is_file():
        return [f"{data} holds no prepared data (tokenizer.json is missing)"]
    for folder in folders:
        if missing := [name for name in FILES if not (folder / name).is_file()]:
            problems.append(f"{folder} holds no model ({' and '.join(missing)} missing)")
        elif hash_file(folder / "tokenizer.json") != hash_file(data / "tokenizer.json"):
            problems.append(f"{folder} has another tokenizer than {data}")
    return problems


def read_start(start: str) -> tuple[LlamaForCausalLM, Tokenizer]:
    """A model in float32 and its tokenizer, from a folder or by its hub name.

    Raises:
        TrainError: it cannot be read, or is no Llama model.
    """
    try:
        config = AutoConfig.from_pretrained(start)
        if config.model_type != "llama":
            raise TrainError(f"{start} is a {config.model_type} model. Start with a Llama model, for example SmolLM2-135M.")
        model = LlamaForCausalLM.from_pretrained(start, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(start).backend_tokenizer
    except (OSError, ValueError, AttributeError) as error:
        raise TrainError(
            f"{start} cannot be read as a model ({type(error).__name__}). Give a folder with config.json, model.safetensors and "
            "tokenizer.json, or the name of a model on the hub while there is a network."
        ) from error
    return model, tokenizer


def read_shape(start: Path, context: int) -> Shape:
    """The shape of a folder's model, for a run that starts with it; `context` bounds its window, in tokens.

    Raises:
        TrainError: the folder holds no Llama model that this trainer has the parts for; every problem is listed.
    """
    if not (start / "config.json").is_file():
        raise TrainError(f"{start} holds no model (config.json missing). `python -m train trim` makes such a folder.")
    config = read_config(start)
    if config.model_type != "llama":
        raise TrainError(f"{start} is a {config.model_type} model. Start with a Llama model, for example SmolLM2-135M.")
    rope, problems = config.rope_parameters, []
    if rope["rope_type"] != "default":
        problems.append(f"its rope scaling is {rope['rope_type']}")
    if config.attention_bias or config.mlp_bias:
        problems.append("its layers have biases")
    if config.head_dim * config.num_attention_heads != config.hidden_size:
        problems.append(f"its heads of {config.head_dim} do not make up its hidden size {config.hidden_size}")
    if config.hidden_act != "silu":
        problems.append(f"its activation is {config.hidden_act}")
    if problems:
        raise TrainError(f"{start} cannot be trained: {'; '.join(problems)}. Choose a plain Llama model.")
    return Shape(
        hidden=config.hidden_size,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        intermediate=config.intermediate_size,
        vocabulary=config.vocab_size,
        context=min(context, config.max_position_embeddings),
        tied=config.tie_word_embeddings,
        key_value_heads=config.num_key_value_heads,
        rope_theta=rope["rope_theta"],
        norm_epsilon=config.rms_norm_eps,
    )


def read_config(folder: Path) -> LlamaConfig:
    return AutoConfig.from_pretrained(folder)


def load_model(folder: Path, attention: str = "sdpa") -> LlamaForCausalLM:
    """A model of a folder in float32, as it is measured."""
    return LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation=attention).eval()

"""The folder a run gives: safetensors, tokenizer and settings that transformers and the story engine both load."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import GenerationConfig, LlamaForCausalLM

from train.checkpoint import gather_weights
from train.pretrained import read_tokenizer
from train.stories import END_OF_STORY, read_stories


def load_held_out(data: Path, model: Path | None = None) -> list[tuple[list[int], int]]:
    """Held-out stories of a data folder as `(ids, bytes of text)`; empty where none were prepared.

    The ids are those of the data's tokenizer, or of the folder `model`.
    """
    path = data / "held-out.txt"
    if not path.is_file():
        return []
    tokenizer = read_tokenizer(model or data)
    tokenizer.encode_special_tokens = True
    stories = list(read_stories(path))
    encoded = tokenizer.encode_batch_fast(stories, add_special_tokens=False)
    return [(one.ids, len(story.encode())) for one, story in zip(encoded, stories, strict=True)]


def name_positions_twice(config: dict[str, Any]) -> dict[str, Any]:
    """A config whose rotary positions transformers 4 reads, too: without `rope_theta` it would turn by 10,000, in silence."""
    rope = config.get("rope_parameters")
    if not isinstance(rope, dict) or "rope_theta" not in rope:
        return config
    scaling = {key: value for key, value in rope.items() if key != "rope_theta"}
    is_plain = scaling.get("rope_type", "default") == "default"
    return config | {"rope_theta": rope["rope_theta"]} | ({} if is_plain else {"rope_scaling": scaling})


def export_model(
    model: LlamaForCausalLM,
    data: Path,
    folder: Path,
    dtype: torch.dtype = torch.bfloat16,
    weights: dict[str, torch.Tensor] | None = None,
) -> None:
    """Write `model` as a folder; `data` is where its tokenizer lies. `weights` are its own, where they are gathered."""
    write_folder(model, Tokenizer.from_file(str(data / "tokenizer.json")), folder, dtype, weights)
    shutil.copyfile(data / "tokenizer.json", folder / "tokenizer.json")  # byte for byte: runs compare its hash


def write_folder(
    model: LlamaForCausalLM,
    tokenizer: Tokenizer,
    folder: Path,
    dtype: torch.dtype,
    weights: dict[str, torch.Tensor] | None = None,
) -> None:
    """Write a model and its tokenizer as a folder that transformers and the story engine load."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config.to_dict() | {"architectures": ["LlamaForCausalLM"], "dtype": str(dtype).removeprefix("torch.")}
    (folder / "config.json").write_text(json.dumps(name_positions_twice(config), indent=1, default=str) + "\n")
    weights = weights or gather_weights(model)
    save_file(
        {name: weight.to(dtype) for name, weight in weights.items()}, folder / "model.safetensors", metadata={"format": "pt"}
    )
    (folder / "model.safetensors").chmod(0o644)
    # By Python, whose error for a full disk has a type.
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=True), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "bos_token": END_OF_STORY,
                "eos_token": END_OF_STORY,
                "pad_token": END_OF_STORY,
                "padding_side": "left",
                "model_input_names": ["input_ids", "attention_mask"],
                "model_max_length": model.config.max_position_embeddings,
                "clean_up_tokenization_spaces": False,
            },
            indent=1,
        )
        + "\n"
    )
    GenerationConfig(
        do_sample=True,
        temperature=0.7,
        top_p=0.9,
        repetition_penalty=1.1,
        max_new_tokens=200,
        bos_token_id=model.config.bos_token_id,
        eos_token_id=model.config.eos_token_id,
    ).save_pretrained(folder)

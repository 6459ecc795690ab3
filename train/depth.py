"""A model with fewer layers, to be healed by a run that has the whole model as its teacher."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from transformers import LlamaForCausalLM

from train.errors import TrainError, write_aside
from train.export import write_folder
from train.pretrained import load_model, read_config, read_tokenizer


def choose_layers(count: int, keep: int) -> list[int]:
    """`keep` of `count` layers, evenly spread, the first and the last among them.

    Raises:
        TrainError: there are not so many.
    """
    if not 1 <= keep <= count:
        raise TrainError(f"The model has {count} layers. --keep takes a number from 1 to {count}.")
    return [round(number * (count - 1) / max(1, keep - 1)) for number in range(keep)]


def drop_layers(model: LlamaForCausalLM, stay: Sequence[int]) -> None:
    """Leave a model only the layers that `stay`, in their order; in place."""
    model.model.layers = nn.ModuleList(model.model.layers[number] for number in stay)
    for number, layer in enumerate(model.model.layers):
        layer.self_attn.layer_idx = number
    model.config.num_hidden_layers = len(stay)


def drop_folder(start: Path, stay: Sequence[int] | None, keep: int | None, out: Path) -> list[int]:
    """Write the model of the folder `start` as `out` with the layers `stay`, or with `keep` of them, evenly spread.

    Returns the numbers of the layers that stay.

    Raises:
        TrainError: the start is no Llama model, it has no such layers, or `out` exists. Nothing is written then.
    """
    count = read_config(start).num_hidden_layers
    if out.exists():
        raise TrainError(f"{out} exists. Choose another folder for the smaller model.")
    chosen = choose_layers(count, keep) if keep is not None else list(stay or ())
    if not chosen or sorted(set(chosen)) != chosen or not 0 <= chosen[0] <= chosen[-1] < count:
        raise TrainError(
            f"The model has the layers 0 to {count - 1}. --layers names those that stay, each once, in rising order."
        )
    tokenizer, model = read_tokenizer(start), load_model(start)
    drop_layers(model, chosen)
    with write_aside(out) as aside:
        write_folder(model, tokenizer, aside, torch.float32)
        shutil.copyfile(start / "tokenizer.json", aside / "tokenizer.json")  # byte for byte: runs compare its hash
    return chosen

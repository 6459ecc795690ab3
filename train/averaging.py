"""The mean of several models of one shape, such as a run's last checkpoints: often better than each of them.

Izmailov et al., 2018, "Averaging Weights Leads to Wider Optima and Better Generalization".
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from train.checkpoint import describe_damage, find_checkpoints
from train.curve import read_log
from train.data import Meta, hash_file
from train.errors import TrainError, write_aside
from train.export import write_folder
from train.lineage import SHAPE
from train.network import build_config
from train.pretrained import read_config, read_tokenizer, read_weights


@dataclass(frozen=True)
class Member:
    """One model of a mean: the folder of its weights, its config, and the folder of its tokenizer."""

    folder: Path
    config: LlamaConfig
    tokenizer: Path


def find_members(source: Path) -> list[Member]:
    """The models of a folder: a model, a checkpoint, or all checkpoints of a run.

    Raises:
        TrainError: it holds none, or a checkpoint is damaged.
    """
    if (source / "config.json").is_file():
        return [Member(source, read_config(source), source)]
    checkpoints = [source] if (source / "manifest.json").is_file() else find_checkpoints(source)
    if not checkpoints:
        raise TrainError(f"{source} holds no model and no checkpoint. Give model folders, checkpoints or runs.")
    for checkpoint in checkpoints:
        if problem := describe_damage(checkpoint):
            raise TrainError(f"{checkpoint} is damaged ({problem}). Leave it out: name the others one by one.")
    preset, entries = read_log(checkpoints[0].parent)
    data = Path(next(entry["folder"] for entry in reversed(entries) if "folder" in entry))
    config = build_config(preset, Meta.read(data).end_token)
    return [Member(checkpoint, config, data) for checkpoint in checkpoints]


def average_folders(sources: Sequence[Path], out: Path) -> int:
    """Write the mean of all models of `sources` as the folder `out`, in float32; returns how many there were.

    Raises:
        TrainError: there are fewer than two, they differ in shape or tokenizer, or `out` exists. Nothing is written then.
    """
    members = [member for source in sources for member in find_members(source)]
    first, problems = members[0], []
    if out.exists():
        problems.append(f"{out} exists; choose another folder for the mean")
    if len(members) < 2:
        problems.append(f"{first.folder} is the only model; name at least one more")
    for member in members[1:]:
        for name in (*SHAPE, "rope_parameters"):
            if getattr(member.config, name) != getattr(first.config, name):
                problems.append(f"{member.folder} and {first.folder} differ in {name}")
        read_tokenizer(member.tokenizer)
        if hash_file(member.tokenizer / "tokenizer.json") != hash_file(first.tokenizer / "tokenizer.json"):
            problems.append(f"{member.folder} and {first.folder} have different tokenizers")
    if problems:
        raise TrainError("The models cannot be averaged: " + "; ".join(problems) + ".")
    model = LlamaForCausalLM(first.config)
    weights = _average(members)
    with write_aside(out) as aside:
        write_folder(model, read_tokenizer(first.tokenizer), aside, torch.float32, weights)
        shutil.copyfile(first.tokenizer / "tokenizer.json", aside / "tokenizer.json")  # byte for byte: runs compare its hash
    return len(members)


def _average(members: Sequence[Member]) -> dict[str, torch.Tensor]:
    """The mean of each weight, by name; two models are in memory at once."""
    total = read_weights(members[0].folder, members[0].config)
    for member in members[1:]:
        for name, weight in read_weights(member.folder, member.config).items():
            total[name] += weight
    return {name: weight / len(members) for name, weight in total.items()}

"""A model's folder in another type: floating point, or int8 with a scale for each output, as compressed-tensors has it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from story_engine.model.config import ModelConfig, read_config, read_object
from story_engine.model.hub import find_folder
from story_engine.model.quantize import Int8Matrix, dequantize
from story_engine.model.tokenizer_files import load_tokenizer
from story_engine.model.weights import INDEX, WHOLE, Weights
from train.errors import TrainError, write_aside
from train.export import name_positions_twice

DTYPES = {"int8": torch.bfloat16, "bfloat16": torch.bfloat16, "float32": torch.float32}  # of all that is not int8
SHARD_BYTES = 49_500_000  # hosts of repositories warn of files above 50 MB
COPIED = ("README.md", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
COPIED_OLD = ("vocab.json", "merges.txt")  # of a folder without a tokenizer.json
# Weights alone are quantized (W8A16), in the one form of int8 weights that vLLM takes without int8 activations, too.
QUANTIZATION: dict[str, Any] = {
    "quant_method": "compressed-tensors",
    "format": "pack-quantized",
    "quantization_status": "compressed",
    "config_groups": {
        "group_0": {
            "targets": ["Linear"],
            "weights": {"num_bits": 8, "type": "int", "symmetric": True, "strategy": "channel", "dynamic": False},
            "input_activations": None,
            "output_activations": None,
        }
    },
    "ignore": ["lm_head"],
    "kv_cache_scheme": None,
}


def export_folder(model: str, dtype: str, out: Path) -> list[Path]:
    """Write the model of a folder or hub name as `out`, its weights as `dtype`; returns the weight files.

    int8 is that of the layers' matrices; embedding, output layer and norms are bfloat16. The same model gives the same bytes.

    Raises:
        ModelError: the model cannot be read.
        TrainError: `out` holds files already.
    """
    if out.exists() and any(out.iterdir()):
        raise TrainError(f"{out} is not empty. Name a new folder.")
    folder = find_folder(model)
    load_tokenizer(folder)
    weights = Weights(folder, read_config(folder), torch.float32, torch.device("cpu"))
    raw = read_object(folder, "config.json") or {}
    raw.pop("quantization_config", None)
    # Read in float32 where nothing else is asked for: int8 weights times their scales need more digits than bfloat16 has.
    raw |= {"dtype": "float32" if dtype == "int8" else dtype, "tie_word_embeddings": weights.config.tied}
    raw.pop("torch_dtype", None)  # the older name of dtype
    if dtype == "int8":
        raw["quantization_config"] = QUANTIZATION
    with write_aside(out) as aside:
        (aside / "config.json").write_text(json.dumps(name_positions_twice(raw), indent=1) + "\n", encoding="utf-8")
        for name in COPIED if (folder / "tokenizer.json").is_file() else COPIED + COPIED_OLD:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, aside / name)
        files = write_shards(convert(weights, dtype), aside)
    return [out / file.name for file in files]


def convert(weights: Weights, dtype: str) -> Iterator[tuple[str, Tensor]]:
    """The stored tensors of a model, one after the other, by their names."""
    config: ModelConfig = weights.config
    projections = config.projections()
    for name in config.shapes():
        weight = weights.take(name)
        if dtype != "int8" or name not in projections:
            yield name, dequantize(weight).to(DTYPES[dtype])
            continue
        matrix = weight if isinstance(weight, Int8Matrix) else quantize(weight)
        yield f"{name}_packed", pack(matrix.values)
        yield f"{name}_scale", matrix.scales[:, None].to(torch.bfloat16)
        yield f"{name}_shape", torch.tensor(matrix.values.shape)


def quantize(weight: Tensor) -> Int8Matrix:
    """A matrix [outputs, inputs] rounded to int8, each output by its largest number.

    Scales are numbers of bfloat16, so that nothing that reads them rounds them again.
    """
    scales = (weight.abs().amax(dim=1).clamp(min=1e-12) / 127).to(torch.bfloat16).float()
    return Int8Matrix((weight / scales[:, None]).round_().clamp_(-127, 127).to(torch.int8), scales)


def pack(values: Tensor) -> Tensor:
    """Signed bytes [outputs, inputs] as int32 [outputs, inputs / 4]: 128 added, the first of four lowest; zeros fill up."""
    shifted = values.view(torch.uint8) ^ 128
    padded = torch.nn.functional.pad(shifted, (0, -values.shape[1] % 4))
    return padded.contiguous().view(torch.int32)


def write_shards(tensors: Iterator[tuple[str, Tensor]], out: Path) -> list[Path]:
    """Write tensors in files of at most SHARD_BYTES, or of one tensor, with an index where there are several."""
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in tensors:
        if shards[-1] and size + tensor.nbytes > SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += tensor.nbytes
    count = len(shards)
    files = [WHOLE] if count == 1 else [f"model-{number + 1:05}-of-{count:05}.safetensors" for number in range(count)]
    for file, shard in zip(files, shards, strict=True):
        save_file(shard, out / file, metadata={"format": "pt"})
        (out / file).chmod(0o644)
    if count > 1:
        total = sum(tensor.nbytes for shard in shards for tensor in shard.values())
        weight_map = {name: file for file, shard in zip(files, shards, strict=True) for name in shard}
        (out / INDEX).write_text(json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}, indent=1) + "\n")
    return [out / file for file in files]

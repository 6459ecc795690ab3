"""A model folder that a run starts with or learns from: its config, shape, weights and tokenizer, each checked."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from story_engine.errors import ModelError
from story_engine.model import config as engine_config
from story_engine.model import weights as engine_weights
from train.data import hash_file
from train.errors import TrainError
from train.presets import Shape
from train.sharding import load_weights

EXAMPLE = "HuggingFaceTB/SmolLM2-135M"


def read_config(folder: Path) -> LlamaConfig:
    """The config of a folder's model.

    Raises:
        TrainError: there is none, or it is no unquantized Llama model.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise TrainError(f"{folder} holds no model (config.json is missing). Give a folder that `run` or `trim` wrote.")
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        kind, quantization = raw.get("model_type"), raw.get("quantization_config")
    except (ValueError, AttributeError) as error:
        raise TrainError(f"{path} cannot be read as JSON ({error}). Fetch or copy the model again.") from error
    if kind != "llama":
        raise TrainError(f"{folder} is a {kind} model. Choose a Llama model, for example {EXAMPLE}.")
    if quantization:
        raise TrainError(f"{folder} is a quantized model. Choose the unquantized one.")
    try:
        engine_config.read_config(folder)
        return LlamaConfig.from_dict(raw)
    except ModelError as error:
        raise TrainError(str(error)) from error
    except Exception as error:  # transformers' checks of a config raise types of several libraries
        problem = " ".join(str(error).split())
        raise TrainError(f"{path} describes no model ({type(error).__name__}: {problem}). Correct it.") from error


def read_shape(folder: Path, context: int) -> Shape:
    """The shape of a folder's model, for a run that starts with it; `context` bounds its window, in tokens.

    Raises:
        TrainError: the folder holds no Llama model that this trainer has the parts for; every problem is listed.
    """
    config = read_config(folder)
    rope: dict[str, Any] = dict(config.rope_parameters or {})
    problems = []
    if rope["rope_type"] != "default":
        problems.append(f"its rope scaling is {rope['rope_type']}")
    if (config.head_dim or 0) * config.num_attention_heads != config.hidden_size:
        problems.append(f"its heads of {config.head_dim} do not make up its hidden size {config.hidden_size}")
    if problems:
        raise TrainError(f"{folder} cannot be trained: {'; '.join(problems)}. Choose a plain Llama model, such as {EXAMPLE}.")
    return Shape(
        hidden=config.hidden_size,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        intermediate=config.intermediate_size,
        vocabulary=config.vocab_size,
        context=min(context, config.max_position_embeddings),
        tied=config.tie_word_embeddings,
        key_value_heads=config.num_key_value_heads or 0,
        rope_theta=rope["rope_theta"],
        norm_epsilon=config.rms_norm_eps,
    )


def find_weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model, as the engine finds them.

    Raises:
        TrainError: one is missing, or there are two models.
    """
    try:
        return engine_weights.find_weight_files(folder)
    except ModelError as error:
        raise TrainError(str(error)) from error


def hash_model(folder: Path) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the weights."""
    hashes = [hash_file(path) for path in find_weight_files(folder)]
    return (hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest())[:16]


def read_weights(folder: Path, config: LlamaConfig) -> dict[str, torch.Tensor]:
    """Every weight of the model in float32 by transformers' names; a tied output layer is not among them.

    Raises:
        TrainError: a file is missing or damaged, or the weights are not those that the config describes.
    """
    try:
        paths, _ = engine_weights.find_tensors(folder)
    except ModelError as error:
        raise TrainError(str(error)) from error
    found: dict[str, torch.Tensor] = {}
    for path in set(paths.values()):
        found |= load_file(path)
    found = {name: weight for name, weight in found.items() if not name.endswith("rotary_emb.inv_freq")}
    with torch.device("meta"):
        expected = {name: weight.shape for name, weight in LlamaForCausalLM(config).named_parameters()}
    if config.tie_word_embeddings and "lm_head.weight" in found:
        output, embedding = found.pop("lm_head.weight"), found.get("model.embed_tokens.weight")
        if embedding is not None and not torch.equal(output, embedding):
            raise TrainError(
                f"{folder} has an output layer of its own, and its config says that it is tied to the embedding. Set "
                "tie_word_embeddings to false in its config.json."
            )
    problems = [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{name} has no place" for name in found if name not in expected]
    for name, weight in found.items():
        if expected.get(name, weight.shape) != weight.shape:
            problems.append(f"{name} is {list(weight.shape)}, not {list(expected[name])}")
        if not weight.is_floating_point() or weight.itemsize < 2:
            problems.append(f"{name} is quantized ({weight.dtype})")
    if problems:
        more = f" and {len(problems) - 4} more" if len(problems) > 4 else ""
        raise TrainError(
            f"The weights in {folder} are not those that its config.json describes: {'; '.join(problems[:4])}{more}. "
            "Choose a complete, unquantized model folder."
        )
    return {name: weight.float() for name, weight in found.items()}


def load_model(folder: Path, attention: str = "sdpa") -> LlamaForCausalLM:
    """A folder's model in float32, not training.

    Raises:
        TrainError: the folder holds no whole Llama model.
    """
    config = read_config(folder)
    config._attn_implementation, config.dtype = attention, torch.float32
    weights = read_weights(folder, config)
    model = LlamaForCausalLM(config)
    load_weights(model, weights)
    model.eval()
    return model


def read_tokenizer(folder: Path) -> Tokenizer:
    """A folder's tokenizer, which cuts no text short and fills none up.

    Raises:
        TrainError: there is no tokenizer.json, it cannot be read, or it does not give text back.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise TrainError(f"{folder} has no tokenizer.json. AutoTokenizer.from_pretrained(...).save_pretrained(...) writes one.")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises plain Exception for a broken file
        raise TrainError(f"{path} cannot be read ({error}). Fetch or copy it again.") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer

"""The shape of a Llama decoder, read from `config.json` and checked: all reasons against it are said at once."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from story_engine.errors import ModelError
from story_engine.model.positions import PositionScaling, find_rotations, read_scaling

WHOLE_NUMBERS = {
    "hidden": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "kv_heads": "num_key_value_heads",
    "head_dim": "head_dim",
    "intermediate": "intermediate_size",
    "vocab_size": "vocab_size",
    "context_length": "max_position_embeddings",
}
MIN_CONTEXT = 16  # tokens: a start, a few words, and room for an answer
# What a `quantization_config` of compressed-tensors may say. Without quantized activations transformers reads this one
# format, whatever is named.
INT8: dict[str, Any] = {
    "format": "pack-quantized",
    "targets": ["Linear"],
    "ignore": ["lm_head"],
    "num_bits": 8,
    "type": "int",
    "strategy": "channel",
    "symmetric": True,
}


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a Llama decoder.

    `start_token` is what config.json says, -1 for nothing; see `find_special_tokens`. With `int8` the projections of the
    layers are stored in int8, with a scale for each output. `scaling` is None for plain rotary positions.
    """

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab_size: int
    context_length: int
    rms_eps: float
    rope_theta: float
    tied: bool
    start_token: int
    int8: bool = False
    scaling: PositionScaling | None = None

    def rotations(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Cosines and sines of all positions, each [context, head_dim]."""
        return find_rotations(self.context_length, self.head_dim, theta=self.rope_theta, scaling=self.scaling, device=device)

    @property
    def parameters(self) -> int:
        """Numbers in all tensors."""
        return sum(math.prod(shape) for shape in self.shapes().values())

    def projections(self) -> dict[str, tuple[int, ...]]:
        """The matrices of the layers by their transformers names, each [outputs, inputs]."""
        query, key = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return {
            f"model.layers.{layer}.{name}.weight": shape
            for layer in range(self.layers)
            for name, shape in {
                "self_attn.q_proj": (query, self.hidden),
                "self_attn.k_proj": (key, self.hidden),
                "self_attn.v_proj": (key, self.hidden),
                "self_attn.o_proj": (self.hidden, query),
                "mlp.gate_proj": (self.intermediate, self.hidden),
                "mlp.up_proj": (self.intermediate, self.hidden),
                "mlp.down_proj": (self.hidden, self.intermediate),
            }.items()
        }

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor by its transformers name, with its shape."""
        shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (self.vocab_size, self.hidden)}
        shapes |= self.projections()
        for layer in range(self.layers):
            for name in ("input_layernorm", "post_attention_layernorm"):
                shapes[f"model.layers.{layer}.{name}.weight"] = (self.hidden,)
        shapes["model.norm.weight"] = (self.hidden,)
        if not self.tied:
            shapes["lm_head.weight"] = (self.vocab_size, self.hidden)
        return shapes


def read_config(folder: Path) -> ModelConfig:
    """The checked shape of the model in `folder`.

    Raises:
        ModelError: there is no config, or it describes something other than a plain Llama decoder; all reasons are listed.
    """
    raw = read_object(folder, "config.json")
    if raw is None:
        raise ModelError(f"{folder} has no config.json. Choose a folder made by save_pretrained or by train.")
    if raw.get("model_type") != "llama":
        raise ModelError(
            f"The model in {folder} cannot be used: its architecture is {raw.get('model_type')!r}, not 'llama'. "
            "Choose a Llama model."
        )
    if (folder / "adapter_config.json").is_file():
        raise ModelError(
            f"{folder} holds an adapter (adapter_config.json). Merge it into its model, and save that without the adapter."
        )
    rope = raw.get("rope_scaling") or raw.get("rope_parameters") or {}  # in the order of transformers
    rope = rope if isinstance(rope, dict) else {"rope_type": rope}
    heads, hidden = raw.get("num_attention_heads"), raw.get("hidden_size")
    values: dict[str, Any] = {name: raw.get(key) for name, key in WHOLE_NUMBERS.items()}
    if values["kv_heads"] is None:
        values["kv_heads"] = heads
    if values["head_dim"] is None and _is_count(heads) and _is_count(hidden):
        values["head_dim"] = values["hidden"] // values["heads"]
    wrong = [
        f"{WHOLE_NUMBERS[name]} is {_show(value)}, not a whole number above 0"
        for name, value in values.items()
        if not _is_count(value) and not (name in ("kv_heads", "head_dim") and raw.get(WHOLE_NUMBERS[name]) is None)
    ]
    numbers = {"rms_norm_eps": raw.get("rms_norm_eps", 1e-6), "rope_theta": rope.get("rope_theta", raw.get("rope_theta"))}
    if numbers["rope_theta"] is None:
        numbers["rope_theta"] = 10_000.0
    wrong += [f"{key} is {_show(value)}, not a number above 0" for key, value in numbers.items() if not _is_positive(value)]
    scaling, unscalable = read_scaling(rope)
    wrong += unscalable + _find_problems(raw, rope)
    if not wrong:
        wrong += _find_misfits(values, "head_dim" in raw and raw["head_dim"] is not None)
    if wrong:
        raise ModelError(f"The model in {folder} cannot be used: " + "; ".join(wrong) + ". Choose a plain Llama model.")
    start = raw.get("bos_token_id")
    return ModelConfig(
        **values,
        rms_eps=float(numbers["rms_norm_eps"]),
        rope_theta=float(numbers["rope_theta"]),
        tied=raw.get("tie_word_embeddings", False),
        start_token=-1 if start is None else start,
        int8=bool(raw.get("quantization_config")),
        scaling=scaling,
    )


def read_object(folder: Path, name: str) -> dict[str, Any] | None:
    """What a JSON file of a model folder holds; None where there is no such file.

    Raises:
        ModelError: it is damaged, or holds something other than named values.
    """
    path = folder / name
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
    else:
        if isinstance(found, dict):
            return found
        problem = "it holds no named values"
    raise ModelError(f"The {name} in {folder} cannot be used ({problem}). Fetch or copy it again.")


def _find_problems(raw: dict[str, Any], rope: dict[str, Any]) -> list[str]:
    """What a config asks for that this decoder does not do, and values that mean nothing."""
    wrong = []
    if (part := raw.get("partial_rotary_factor", rope.get("partial_rotary_factor"))) not in (None, 1, 1.0):
        wrong.append(f"it turns only a part of each head (partial_rotary_factor {part})")
    if raw.get("attention_bias") or raw.get("mlp_bias"):
        wrong.append("its layers have biases")
    if raw.get("hidden_act", "silu") not in ("silu", "swish"):  # two names of one function
        wrong.append(f"its activation is {raw.get('hidden_act')!r}, not 'silu'")
    if not isinstance(raw.get("tie_word_embeddings", False), bool):
        wrong.append(f"tie_word_embeddings is {_show(raw['tie_word_embeddings'])}, not true or false")
    start, ends = raw.get("bos_token_id"), raw.get("eos_token_id")
    if start is not None and not _is_whole(start):
        wrong.append(f"bos_token_id is {_show(start)}, not one whole number")
    if ends is not None and not all(map(_is_whole, ends if isinstance(ends, list) else [ends])):
        wrong.append(f"eos_token_id is {_show(ends)}, not whole numbers")
    return wrong + _find_other_quantization(raw.get("quantization_config"))


def _find_misfits(values: dict[str, Any], has_own_dim: bool) -> list[str]:
    """Numbers that are right by themselves and do not fit together."""
    wrong = []
    if values["hidden"] % values["heads"] and not has_own_dim:
        wrong.append(f"hidden_size {values['hidden']} is no multiple of num_attention_heads {values['heads']}")
    if values["heads"] % values["kv_heads"]:
        wrong.append(f"num_attention_heads {values['heads']} is no multiple of num_key_value_heads {values['kv_heads']}")
    if values["context_length"] < MIN_CONTEXT:
        wrong.append(f"max_position_embeddings {values['context_length']} is too few for a story")
    if values["head_dim"] % 2:
        wrong.append(f"head_dim {values['head_dim']} is odd, and positions turn pairs")
    return wrong


def _find_other_quantization(config: Any) -> list[str]:
    """What stands against a `quantization_config`: all but int8 weights with a scale for each output."""
    if not config:
        return []
    if not isinstance(config, dict):
        return [f"quantization_config is {_show(config)}, not named values"]
    method = config.get("quant_method")
    if method != "compressed-tensors":
        return [
            f"its weights are quantized by {method or 'a method without a name'}, and compressed-tensors int8 is read alone"
        ]
    groups = config.get("config_groups")
    group = next(iter(groups.values())) if isinstance(groups, dict) and len(groups) == 1 else {}
    weights = group.get("weights") if isinstance(group, dict) else None
    weights = weights if isinstance(weights, dict) else {}
    found = {
        "format": config.get("format"),
        "targets": group.get("targets") if weights else None,
        "ignore": config.get("ignore"),
        **{name: weights.get(name) for name in ("num_bits", "type", "strategy", "symmetric")},
    }
    unread = {name: config.get(name) for name in ("kv_cache_scheme", "sparsity_config", "transform_config")}
    if weights:
        unread |= {name: group.get(name) for name in ("input_activations", "output_activations")}
        unread["another format"] = group.get("format") not in (None, INT8["format"])
    other = [f"{name} {_show(value)}" for name, value in found.items() if value != INT8[name]]
    other += [f"with {name}" for name, value in unread.items() if value]
    if other:
        return [f"its weights are quantized by compressed-tensors in a form that is not read ({', '.join(other)})"]
    return []


def _is_whole(value: Any) -> bool:
    return type(value) is int


def _is_count(value: Any) -> bool:
    return type(value) is int and value > 0


def _is_positive(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf


def _show(value: Any) -> str:
    """A value as JSON has it, short enough for a line."""
    return "missing" if value is None else json.dumps(value, default=str)[:60]

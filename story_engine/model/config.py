"""The shape of a Llama decoder, read from `config.json` and checked."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from story_engine.errors import ModelError


@dataclass(frozen=True)
class ModelConfig:
    """The shape of a Llama decoder, read from `config.json` and checked."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    context: int
    rms_eps: float
    rope_theta: float
    tied: bool
    start_token: int

    @property
    def bytes_per_token(self) -> int:
        """Numbers in the key/value cache for one token."""
        return 2 * self.layers * self.kv_heads * self.head_dim

    @property
    def parameters(self) -> int:
        """Numbers in all tensors."""
        return sum(math.prod(shape) for shape in self.shapes().values())

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor of the safetensors files by its transformers name, with its shape."""
        query, key = self.heads * self.head_dim, self.kv_heads * self.head_dim
        shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (self.vocabulary, self.hidden)}
        for layer in range(self.layers):
            shapes |= {
                f"model.layers.{layer}.{name}.weight": shape
                for name, shape in {
                    "input_layernorm": (self.hidden,),
                    "self_attn.q_proj": (query, self.hidden),
                    "self_attn.k_proj": (key, self.hidden),
                    "self_attn.v_proj": (key, self.hidden),
                    "self_attn.o_proj": (self.hidden, query),
                    "post_attention_layernorm": (self.hidden,),
                    "mlp.gate_proj": (self.intermediate, self.hidden),
                    "mlp.up_proj": (self.intermediate, self.hidden),
                    "mlp.down_proj": (self.hidden, self.intermediate),
                }.items()
            }
        shapes["model.norm.weight"] = (self.hidden,)
        if not self.tied:
            shapes["lm_head.weight"] = (self.vocabulary, self.hidden)
        return shapes


def read_config(folder: Path) -> ModelConfig:
    """The checked shape of the model in `folder`.

    Raises:
        ModelError: there is no config, or it describes something other than a plain Llama decoder; all reasons are listed.
    """
    try:
        raw: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        rope = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
        heads = raw["num_attention_heads"]
        start, end = raw.get("bos_token_id"), raw.get("eos_token_id")
        if start is None:
            start = end[0] if isinstance(end, list) else end
        config = ModelConfig(
            hidden=raw["hidden_size"],
            layers=raw["num_hidden_layers"],
            heads=heads,
            kv_heads=raw.get("num_key_value_heads") or heads,
            head_dim=raw.get("head_dim") or raw["hidden_size"] // heads,
            intermediate=raw["intermediate_size"],
            vocabulary=raw["vocab_size"],
            context=raw["max_position_embeddings"],
            rms_eps=raw.get("rms_norm_eps", 1e-6),
            rope_theta=rope.get("rope_theta") or raw.get("rope_theta") or 10_000.0,
            tied=raw.get("tie_word_embeddings", False),
            start_token=-1 if start is None else start,
        )
    except FileNotFoundError as error:
        raise ModelError(f"{folder} has no config.json. Choose a folder made by save_pretrained or by train.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"The config.json in {folder} cannot be used ({type(error).__name__}: {error}).") from error
    wrong = []
    if raw.get("model_type") != "llama":
        wrong.append(f"its architecture is {raw.get('model_type')!r}, not 'llama'")
    if rope.get("rope_type", rope.get("type", "default")) != "default":
        wrong.append("it scales its positions")
    if raw.get("attention_bias") or raw.get("mlp_bias"):
        wrong.append("its layers have biases")
    if raw.get("hidden_act", "silu") != "silu":
        wrong.append(f"its activation is {raw.get('hidden_act')!r}, not 'silu'")
    whole = ("hidden", "layers", "heads", "kv_heads", "head_dim", "intermediate", "vocabulary", "context")
    if odd := [name for name in whole if type(getattr(config, name)) is not int or getattr(config, name) < 1]:
        raise ModelError(f"The config.json in {folder} cannot be used: {', '.join(odd)} must be whole numbers above 0.")
    if not 0 <= config.start_token < config.vocabulary:
        wrong.append("it names no start or end token")
    if wrong:
        raise ModelError(f"The model in {folder} cannot be used: " + "; ".join(wrong) + ".")
    return config

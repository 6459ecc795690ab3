"""GGUF: a folder's weights and vocabulary as llama.cpp reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from story_engine.model.config import ModelConfig, read_config
from story_engine.model.quantize import Int8Matrix
from story_engine.model.weights import Weights

NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def write_gguf(folder: Path, path: Path, *, rounds: bool = True) -> Path:
    """The folder's weights as GGUF: norms in float32, matrices in Q8_0, or in float32, too, unless it `rounds`.

    The vocabulary is that of a tokenizer of the GPT-2 kind, as all that ship here are.
    """
    import gguf

    weights = Weights(folder, read_config(folder), torch.float32, torch.device("cpu"))
    config = weights.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.context_length)
    writer.add_embedding_length(config.hidden)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.intermediate)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_layer_norm_rms_eps(config.rms_eps)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    _add_vocabulary(writer, json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")), config)
    for name in config.shapes():
        _add(writer, rename(name), arrange(name, _read(weights, name), config), rounds)
    if config.tied:
        _add(writer, "output.weight", _read(weights, "model.embed_tokens.weight"), rounds)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def rename(name: str) -> str:
    """GGUF's word for a tensor that transformers names so."""
    if not name.startswith("model.layers."):
        return {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}[
            name.removesuffix(".weight")
        ] + ".weight"
    _, _, number, part = name.split(".", 3)
    return f"blk.{number}.{NAMES[part.removesuffix('.weight')]}.weight"


def arrange(name: str, values: np.ndarray, config: ModelConfig) -> np.ndarray:
    """GGUF's Llama turns neighbouring numbers of a head, ours the two halves."""
    heads = {"q_proj": config.heads, "k_proj": config.kv_heads}.get(name.split(".")[-2])
    if heads is None:
        return values
    return values.reshape(heads, 2, -1, values.shape[1]).swapaxes(1, 2).reshape(values.shape)


def _read(weights: Weights, name: str) -> np.ndarray:
    """A tensor in float32, also of a folder that holds it in int8."""
    tensor = weights.take(name)
    return (tensor.values.float() * tensor.scales[:, None] if isinstance(tensor, Int8Matrix) else tensor).numpy()


def _add_vocabulary(writer: Any, tokenizer: dict[str, Any], config: ModelConfig) -> None:
    """Ids without a word get made-up ones."""
    import gguf

    special = {entry["content"]: entry["id"] for entry in tokenizer["added_tokens"]}
    words = {number: word for word, number in (tokenizer["model"]["vocab"] | special).items()}
    kinds = dict.fromkeys(special.values(), gguf.TokenType.CONTROL)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([words.get(number, f"[unused{number}]") for number in range(config.vocab_size)])
    writer.add_token_types([kinds.get(number, gguf.TokenType.NORMAL) for number in range(config.vocab_size)])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)


def _add(writer: Any, name: str, values: np.ndarray, rounds: bool) -> None:
    from gguf import GGMLQuantizationType, quants

    values = np.ascontiguousarray(values, dtype=np.float32)
    if values.ndim == 1 or not rounds:
        writer.add_tensor(name, values)
        return
    packed = quants.quantize(values, GGMLQuantizationType.Q8_0)
    writer.add_tensor(name, packed, raw_dtype=GGMLQuantizationType.Q8_0)

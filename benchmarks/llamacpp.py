"""llama.cpp as a peer: the same weights as Q8_0, through the server of the `xllamacpp` wheel."""

from __future__ import annotations

import importlib.util
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from story_engine import Settings
from story_engine.model.config import ModelConfig, read_config
from story_engine.model.quantize import Int8Matrix
from story_engine.model.weights import Weights

THREADS = 2
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


def is_comparable(device: torch.device) -> bool:
    """Whether the peer is installed (`pip install xllamacpp gguf`), and the engine on a CPU, as the peer is."""
    return device.type == "cpu" and all(importlib.util.find_spec(name) for name in ("xllamacpp", "gguf"))


def write_gguf(folder: Path, path: Path) -> Path:
    """The folder's weights as GGUF: matrices in Q8_0, norms in float32, and a vocabulary of made-up words.

    The words are never looked at: prompts go in as token ids.
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
    writer.add_tokenizer_model("llama")
    writer.add_token_list([f"w{number}" for number in range(config.vocab_size)])
    writer.add_token_scores([0.0] * config.vocab_size)
    writer.add_token_types([gguf.TokenType.NORMAL] * config.vocab_size)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    for name in config.shapes():
        _add(writer, rename(name), arrange(name, _read(weights, name), config))
    if config.tied:
        _add(writer, "output.weight", _read(weights, "model.embed_tokens.weight"))
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


def _add(writer: Any, name: str, values: np.ndarray) -> None:
    from gguf import GGMLQuantizationType, quants

    values = np.ascontiguousarray(values, dtype=np.float32)
    if values.ndim == 1:
        writer.add_tensor(name, values)
        return
    packed = quants.quantize(values, GGMLQuantizationType.Q8_0)
    writer.add_tensor(name, packed, raw_dtype=GGMLQuantizationType.Q8_0)


class Peer:
    """A llama.cpp server with `slots` of `context` tokens, flash attention off, batches of 128.

    It has a process of its own: beside torch's team of OpenMP threads its own team lost a third of its cores' time.
    """

    def __init__(self, path: Path, context: int, slots: int = 1) -> None:
        self._process = ProcessPoolExecutor(1, get_context("spawn"), _open_server, (path, context, slots))

    def time(self, ids: list[int], tokens: int) -> tuple[float, float]:
        """Seconds to read `ids`, and tokens a second behind them, as the server tells them; sampled as we do."""
        _, [timings] = self._ask([_make_request(ids, tokens, cache_prompt=False)])
        return timings["prompt_ms"] / 1000, timings["predicted_per_second"]

    def time_turn(self, ids: list[int], more: list[int]) -> float:
        """Seconds to read a few tokens behind `ids`, which it has read already."""
        self._ask([_make_request(ids, 1)])
        _, [timings] = self._ask([_make_request([*ids, *more], 1)])
        return timings["prompt_ms"] / 1000

    def time_together(self, prompts: list[list[int]], tokens: int) -> float:
        """Tokens a second of all slots together, each behind a prompt that it has read already."""
        for slot, ids in enumerate(prompts):
            self._ask([_make_request(ids, 1, id_slot=slot)])
        seconds, _ = self._ask([_make_request(ids, tokens, id_slot=slot) for slot, ids in enumerate(prompts)])
        return len(prompts) * tokens / seconds

    def _ask(self, requests: list[dict[str, Any]]) -> tuple[float, list[dict[str, float]]]:
        return self._process.submit(_answer, requests).result()


def _make_request(ids: list[int], tokens: int, **options: Any) -> dict[str, Any]:
    """A completion at the recommended settings."""
    chosen = Settings()
    sampling = {
        "temperature": chosen.temperature, "top_p": chosen.top_p, "top_k": 0, "min_p": 0.0,
        "repeat_penalty": chosen.repetition_penalty, "seed": 1,
    }  # fmt: skip
    return {"prompt": ids, "n_predict": tokens, "ignore_eos": True, "cache_prompt": True} | sampling | options


_server: Any = None  # of the peer's process


def _open_server(path: Path, context: int, slots: int) -> None:
    import xllamacpp

    global _server
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context * slots
    params.n_parallel = slots
    params.n_ubatch = 128
    params.verbosity = -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    _server = xllamacpp.Server(params)


def _answer(requests: list[dict[str, Any]]) -> tuple[float, list[dict[str, float]]]:
    """All requests at once: seconds to the last answer, and the server's timings of each."""
    with ThreadPoolExecutor(len(requests)) as readers:
        begun = time.perf_counter()
        answers = list(readers.map(_server.handle_completions, requests))
        return time.perf_counter() - begun, [answer["timings"] for answer in answers]

"""Token ids in, logits out: a lean forward pass over Llama weights, with the keys and values kept in a slot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from story_engine.cache import Slot
from story_engine.linear import Linear, choose_cache_dtype, make_linear
from story_engine.model import ModelConfig

try:  # the flash-attn package is optional; torch has a flash kernel of its own
    from flash_attn import flash_attn_func
except ImportError:
    flash_attn_func = None


class Decoder:
    """A loaded model. Projections that read the same input are one matrix, so that each token costs fewer calls.

    `take` gives a tensor by its transformers name; each is asked for once, so that nothing is held twice.
    """

    def __init__(self, config: ModelConfig, take: Callable[[str], Tensor], precision: str = "float32") -> None:
        self.config, self.precision = config, precision
        self.embedding = take("model.embed_tokens.weight")
        self.norm = take("model.norm.weight")
        self.head = make_linear(self.embedding if config.tied else take("lm_head.weight"), precision)
        self.dtype, self.device = self.embedding.dtype, self.embedding.device
        self.cache_dtype = choose_cache_dtype(precision, self.dtype)
        self.layers = [self._take_layer(take, f"model.layers.{number}") for number in range(config.layers)]
        self.cosines, self.sines = _rotations(config, self.device)

    def _take_layer(self, take: Callable[[str], Tensor], layer: str) -> tuple[Tensor, Linear, Linear, Tensor, Linear, Linear]:
        """Norm, query-key-value, output, norm, gate-up, down."""

        def join(*names: str) -> Linear:
            parts = [take(f"{layer}.{name}.weight") for name in names]
            return make_linear(torch.cat(parts) if len(parts) > 1 else parts[0], self.precision)

        return (
            take(f"{layer}.input_layernorm.weight"),
            join(*(f"self_attn.{part}_proj" for part in "qkv")),
            join("self_attn.o_proj"),
            take(f"{layer}.post_attention_layernorm.weight"),
            join("mlp.gate_proj", "mlp.up_proj"),
            join("mlp.down_proj"),
        )

    @torch.inference_mode()
    def read(self, ids: Sequence[int], slot: Slot, every: bool = False) -> Tensor:
        """Append `ids` to the slot; returns float32 logits [vocabulary] for what follows the last of them.

        With `every`, the logits behind each of them: [len(ids), vocabulary].
        """
        config, begin, count = self.config, len(slot.ids), len(ids)
        end = begin + count
        slot.reserve(end)
        x = functional.embedding(torch.tensor(ids, device=self.device), self.embedding)
        cosines = self.cosines[begin:end, None].to(self.dtype)
        sines = self.sines[begin:end, None].to(self.dtype)
        mask = None if count == 1 or begin == 0 else _causal_mask(begin, count, self.device)
        for number, (norm_1, qkv, out, norm_2, gate_up, down) in enumerate(self.layers):
            heads = qkv(self._normalize(x, norm_1)).view(count, -1, config.head_dim)
            turned, value = heads.split([config.heads + config.kv_heads, config.kv_heads], dim=1)
            query, key = _rotate(turned, cosines, sines).split([config.heads, config.kv_heads], dim=1)
            slot.keys[number, :, begin:end] = key.transpose(0, 1)
            slot.values[number, :, begin:end] = value.transpose(0, 1)
            attended = self._attend(query, slot.keys[number, :, :end], slot.values[number, :, :end], mask)
            x = x + out(attended)
            gate, up = gate_up(self._normalize(x, norm_2)).chunk(2, dim=-1)
            x = x + down(functional.silu(gate) * up)
        slot.ids.extend(ids)
        logits = self.head(self._normalize(x if every else x[-1:], self.norm)).float()
        return logits if every else logits[0]

    def _normalize(self, x: Tensor, weight: Tensor) -> Tensor:
        return functional.rms_norm(x, (x.shape[-1],), weight, self.config.rms_eps)

    def _attend(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """query [count, heads, dim], keys and values [kv_heads, end, dim] -> [count, heads * dim]."""
        count = query.shape[0]
        if flash_attn_func is not None and query.is_cuda:
            # Its causal mask is aligned to the last key, which is what a chunk behind a cache needs.
            mixed = flash_attn_func(query[None], keys.transpose(0, 1)[None], values.transpose(0, 1)[None], causal=True)
            return mixed.reshape(count, -1)
        mixed = functional.scaled_dot_product_attention(
            query.to(keys.dtype).transpose(0, 1)[None],
            keys[None],
            values[None],
            attn_mask=mask,
            is_causal=mask is None and count > 1,
            enable_gqa=self.config.heads != self.config.kv_heads,
        )
        return mixed[0].transpose(0, 1).reshape(count, -1).to(query.dtype)


def _rotations(config: ModelConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the rotary positions, each [context, head_dim] (Su et al., 2021; halves, as Llama has them)."""
    frequencies = config.rope_theta ** (
        -torch.arange(0, config.head_dim, 2, dtype=torch.float32, device=device) / config.head_dim
    )
    angles = torch.outer(torch.arange(config.context, dtype=torch.float32, device=device), frequencies)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def _rotate(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    left, right = x.chunk(2, dim=-1)
    return x * cosines + torch.cat([-right, left], dim=-1) * sines


def _causal_mask(begin: int, count: int, device: torch.device) -> Tensor:
    """True where query i of a chunk, at place begin + i, may see key j: [count, begin + count]."""
    places = torch.arange(begin + count, device=device)
    return places[None, :] <= places[begin:, None]

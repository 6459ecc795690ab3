"""Token ids in, logits out: a lean forward pass over Llama weights, with the keys and values kept in slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from story_engine.model.config import ModelConfig
from story_engine.model.kv_cache import Slot
from story_engine.model.quantize import Int8Matrix, Take, concatenate, dequantize

try:  # the flash-attn package is optional; torch has a flash kernel of its own
    from flash_attn import flash_attn_func
except ImportError:
    flash_attn_func = None


class AnyDecoder(Protocol):
    """What the engine asks of a loaded model, whether torch does the sums or the compiled kernel."""

    config: ModelConfig
    precision: str
    rounding: str  # how weights, rows, and keys and values are rounded, behind a model's name; nothing for float32
    cache_dtype: torch.dtype
    device: torch.device
    row_cost: float  # of one more row, as a share of a step of one
    is_exact: bool  # whether a row is the same, bit for bit, whatever rows stand beside it and however a text is cut

    def new_slot(self) -> Slot: ...

    def prefill(self, ids: Sequence[int], slot: Slot, all_logits: bool = False) -> Tensor: ...

    def step(self, tokens: Sequence[int], slots: Sequence[Slot]) -> Tensor: ...


Linear = Callable[[Tensor], Tensor]  # [rows, inputs] -> [rows, outputs]
# number of the layer, query [rows, heads, dim], key and value [rows, kv_heads, dim] -> [rows, heads * dim]
Attend = Callable[[int, Tensor, Tensor, Tensor], Tensor]


class Decoder:
    """A loaded model. Projections that read the same input are one matrix, so that each token costs fewer calls.

    `take` gives a tensor by its transformers name; each is asked for once, so that nothing is held twice. A slot has one row
    of a step at most, so speculation never pays.
    """

    row_cost, is_exact = 1.0, False

    def __init__(self, config: ModelConfig, take: Take) -> None:
        self.config = config
        self.norm = dequantize(take("model.norm.weight"))
        self.dtype = self.cache_dtype = self.norm.dtype
        self.device = self.norm.device
        self.precision = str(self.dtype).removeprefix("torch.")
        self.rounding = "" if self.dtype == torch.float32 else "-w16a16kv16"
        self.embedding = dequantize(take("model.embed_tokens.weight"), self.dtype)
        self.head = self._make_linear(self.embedding if config.tied else take("lm_head.weight"))
        self.layers = [self._take_layer(take, f"model.layers.{number}") for number in range(config.layers)]
        self.cosines, self.sines = config.rotations(self.device)

    def _make_linear(self, weight: Tensor | Int8Matrix) -> Linear:
        return partial(functional.linear, weight=dequantize(weight, self.dtype))

    def new_slot(self) -> Slot:
        """An empty slot, in the types that this decoder reads."""
        return Slot(self.config, self.cache_dtype, self.device)

    def _take_layer(self, take: Take, layer: str) -> tuple[Tensor, Linear, Linear, Tensor, Linear, Linear]:
        """Norm, query-key-value, output, norm, gate-up, down."""

        def join(*names: str) -> Linear:
            return self._make_linear(concatenate([take(f"{layer}.{name}.weight") for name in names]))

        return (
            dequantize(take(f"{layer}.input_layernorm.weight")),
            join(*(f"self_attn.{part}_proj" for part in "qkv")),
            join("self_attn.o_proj"),
            dequantize(take(f"{layer}.post_attention_layernorm.weight")),
            join("mlp.gate_proj", "mlp.up_proj"),
            join("mlp.down_proj"),
        )

    @torch.inference_mode()
    def prefill(self, ids: Sequence[int], slot: Slot, all_logits: bool = False) -> Tensor:
        """Append `ids` to the slot; returns float32 logits [vocab_size] for what follows the last of them.

        With `all_logits`, the logits behind each of them: [len(ids), vocab_size].
        """
        if len(ids) == 1:
            logits = self.step(ids, [slot])
            return logits if all_logits else logits[0]
        begin, count = len(slot.ids), len(ids)
        end = begin + count
        slot.reserve(end)
        mask = None if begin == 0 else _causal_mask(begin, count, self.device)

        def attend(number: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            slot.keys[number, :, begin:end] = key.transpose(0, 1)
            slot.values[number, :, begin:end] = value.transpose(0, 1)
            return self._attend(query, slot.keys[number, :, :end], slot.values[number, :, :end], mask)

        x = self._run(torch.tensor(ids, device=self.device), torch.arange(begin, end, device=self.device), attend)
        slot.ids.extend(ids)
        logits = self.head(x if all_logits else x[-1:]).float()
        return logits if all_logits else logits[-1]

    @torch.inference_mode()
    def step(self, tokens: Sequence[int], slots: Sequence[Slot]) -> Tensor:
        """Append one token to each slot; returns float32 logits [len(slots), vocab_size].

        The weights are read once for all stories. A row depends on the others within the rounding.
        """
        for slot in slots:
            slot.reserve(len(slot.ids) + 1)
        places = [len(slot.ids) for slot in slots]

        def attend(number: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            rows = []
            for row, (slot, place) in enumerate(zip(slots, places, strict=True)):
                slot.keys[number, :, place] = key[row]
                slot.values[number, :, place] = value[row]
                end = place + 1
                rows.append(self._attend(query[row : row + 1], slot.keys[number, :, :end], slot.values[number, :, :end], None))
            return torch.cat(rows)

        x = self._run(torch.tensor(tokens, device=self.device), torch.tensor(places, device=self.device), attend)
        for slot, token in zip(slots, tokens, strict=True):
            slot.ids.append(token)
        return self.head(x).float()

    def _run(self, ids: Tensor, places: Tensor, attend: Attend) -> Tensor:
        """Rows of tokens, ids [rows] at `places` [rows], through all layers and the last norm: [rows, hidden]."""
        config, count = self.config, len(ids)
        x = functional.embedding(ids, self.embedding)
        cosines = self.cosines[places, None].to(self.dtype)
        sines = self.sines[places, None].to(self.dtype)
        for number, (norm_1, qkv, out, norm_2, gate_up, down) in enumerate(self.layers):
            heads = qkv(self._normalize(x, norm_1)).view(count, -1, config.head_dim)
            turned, value = heads.split([config.heads + config.kv_heads, config.kv_heads], dim=1)
            query, key = _rotate(turned, cosines, sines).split([config.heads, config.kv_heads], dim=1)
            x = x + out(attend(number, query, key, value))
            gate, up = gate_up(self._normalize(x, norm_2)).chunk(2, dim=-1)
            x = x + down(functional.silu(gate) * up)
        return self._normalize(x, self.norm)

    def _normalize(self, x: Tensor, weight: Tensor) -> Tensor:
        return functional.rms_norm(x, (x.shape[-1],), weight, self.config.rms_eps)

    def _attend(self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """query [count, heads, dim], keys and values [kv_heads, end, dim] -> [count, heads * dim]."""
        count = query.shape[0]
        if flash_attn_func is not None and query.is_cuda:
            # Its causal mask is aligned to the last key, which is what a chunk behind a cache needs.
            mixed: Tensor = flash_attn_func(query[None], keys.transpose(0, 1)[None], values.transpose(0, 1)[None], causal=True)
            return mixed.reshape(count, -1)
        mixed = functional.scaled_dot_product_attention(
            query.transpose(0, 1)[None],
            keys[None],
            values[None],
            attn_mask=mask,
            is_causal=mask is None and count > 1,
            enable_gqa=self.config.heads != self.config.kv_heads,
        )
        return mixed[0].transpose(0, 1).reshape(count, -1)


def _rotate(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    left, right = x.chunk(2, dim=-1)
    return x * cosines + torch.cat([-right, left], dim=-1) * sines


def _causal_mask(begin: int, count: int, device: torch.device) -> Tensor:
    """True where query i of a chunk, at place begin + i, may see key j: [count, begin + count]."""
    places = torch.arange(begin + count, device=device)
    return places[None, :] <= places[begin:, None]

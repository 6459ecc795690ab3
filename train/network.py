"""The network a run trains: a Llama decoder by transformers, and the loss over it in several interchangeable kernels."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from transformers import LlamaConfig, LlamaForCausalLM

from train.errors import TrainError
from train.presets import Preset

CHUNK = 4096  # tokens whose logits are in memory at once, in the chunked loss


def build_config(preset: Preset, end_token: int) -> LlamaConfig:
    """The preset's shape in transformers' words; the end token of one story is the start token of the next."""
    shape = preset.shape
    return LlamaConfig(
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads or shape.heads,
        intermediate_size=shape.intermediate,
        vocab_size=shape.vocabulary,
        max_position_embeddings=shape.context,
        tie_word_embeddings=shape.tied,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_theta},
        rms_norm_eps=shape.norm_epsilon,
        bos_token_id=end_token,
        eos_token_id=end_token,
    )


def build_model(preset: Preset, end_token: int, attention: str = "sdpa") -> LlamaForCausalLM:
    """A Llama decoder with fresh weights drawn from the preset's seed (normal, 0.02)."""
    torch.manual_seed(preset.seed)
    config = build_config(preset, end_token)
    config._attn_implementation = attention
    return LlamaForCausalLM(config)


def freeze(model: LlamaForCausalLM, layers: int) -> None:
    """Keep the lowest `layers` blocks and the embedding as they are; no gradient goes below the first that is trained."""
    for part in (model.model.embed_tokens, *model.model.layers[:layers]) if layers else ():
        part.requires_grad_(False)


class Dropout:
    """While the model trains, leaves out embeddings, and what each block adds to them, with a `probability`.

    transformers' Llama drops attention weights only; this is the residual dropout of GPT-2. Hooks leave the names of
    the weights alone.
    """

    def __init__(self, model: LlamaForCausalLM, probability: float) -> None:
        self.probability = probability
        outputs = [model.model.embed_tokens]
        outputs += [part for layer in model.model.layers for part in (layer.self_attn.o_proj, layer.mlp.down_proj)]
        for output in outputs:
            output.register_forward_hook(self._drop)

    def _drop(self, module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        return functional.dropout(output, self.probability, module.training) if self.probability else output


def choose_attention() -> str:
    """Flash Attention 2 through the `flash-attn` package on CUDA where it is there, torch's own kernels otherwise."""
    if torch.cuda.is_available():
        from transformers.utils.import_utils import is_flash_attn_2_available

        if is_flash_attn_2_available():
            return "flash_attention_2"
    return "sdpa"


def find_positions(ids: torch.Tensor, end_token: int) -> torch.Tensor:
    """Positions that begin anew with every story: int64 [rows, time] -> int64 [rows, time].

    A story begins at the end token of the one before it, which is its start token; so it is read as it is told.
    """
    index = torch.arange(ids.shape[1], device=ids.device).expand_as(ids)
    return index - torch.where(ids == end_token, index, 0).cummax(dim=1).values


class LanguageModelLoss(nn.Module):
    """Model and loss in one module, so that the logits never leave it: tokens [rows, context + 1] -> summed nats.

    `kernel` says how the loss of the output layer is computed; the result is the same up to rounding:
    `plain` has all logits at once in float32; `chunked` those of 4,096 tokens, and computes them again on the way
    back; `fused` is torch's `linear_cross_entropy` in chunks, whose gradient is made on the way forward; `liger` is
    the fused kernel of the `liger-kernel` package, on CUDA.

    With `mask_documents` no story sees another. transformers makes the mask out of positions that begin anew; its
    Flash Attention needs all rows as one for that.

    With `teachers`, `teacher_share` of the loss is the cross-entropy to the mean of their probabilities, by the plain kernel.
    """

    def __init__(
        self,
        model: LlamaForCausalLM,
        kernel: str = "plain",
        mask_documents: bool = False,
        teachers: Sequence[LlamaForCausalLM] = (),
        teacher_share: float = 0.0,
    ) -> None:
        super().__init__()
        self._teachers = tuple(teachers)  # in a tuple they are no part of this module: nothing of them is trained or saved
        self.teacher_share = teacher_share
        self.model, self.mask_documents = model, mask_documents
        self.start_token = int(model.config.bos_token_id or 0)
        self.is_flattened = mask_documents and model.config._attn_implementation == "flash_attention_2"
        self._kernel = {"plain": _plain, "chunked": _chunked, "fused": _fused, "liger": _liger}[kernel]
        if kernel == "liger" and importlib.util.find_spec("liger_kernel") is None:
            raise TrainError("The liger loss needs a package: `pip install liger-kernel`. Or use loss=fused.")

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        ids, targets, positions = rows[:, :-1], rows[:, 1:], None
        if self.mask_documents:
            positions = find_positions(ids, self.start_token)
            if self.is_flattened:
                ids, positions = ids.reshape(1, -1), positions.reshape(1, -1)
        hidden = self.model.model(input_ids=ids, position_ids=positions, use_cache=False).last_hidden_state.flatten(0, 1)
        if not self._teachers:
            return self._kernel(hidden, self.model.lm_head.weight, targets.flatten())
        logits = functional.linear(hidden, self.model.lm_head.weight).float()
        to_text = functional.cross_entropy(logits, targets.flatten(), reduction="sum")
        to_teachers = functional.cross_entropy(logits, self._ask_teachers(ids, positions), reduction="sum")
        return (1 - self.teacher_share) * to_text + self.teacher_share * to_teachers

    @torch.no_grad()
    def _ask_teachers(self, ids: torch.Tensor, positions: torch.Tensor | None) -> torch.Tensor:
        """The mean of the teachers' probabilities: [tokens, vocabulary]."""
        total = torch.zeros((), device=ids.device)
        for teacher in self._teachers:
            logits = teacher(input_ids=ids, position_ids=positions, use_cache=False).logits.flatten(0, 1)
            total = total + logits.float().softmax(-1)
        return total / len(self._teachers)


def _plain(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(functional.linear(hidden, weight).float(), targets, reduction="sum")


def _chunked(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    nats = torch.zeros((), device=hidden.device)
    for part, wanted in zip(hidden.split(CHUNK), targets.split(CHUNK), strict=True):
        nats = nats + checkpoint(_plain, part, weight, wanted, use_reentrant=False)
    return nats


def _fused(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    hidden, weight = _cast(hidden), _cast(weight)
    options = nn.LinearCrossEntropyOptions(allow_retain_graph=True)
    # Its own sum is rounded to bfloat16, which is off by a hundredth; the single losses are not.
    return functional.linear_cross_entropy(hidden, weight, targets, reduction="none", options=options).float().sum()


def _liger(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    from liger_kernel.transformers.functional import liger_fused_linear_cross_entropy

    loss: torch.Tensor = liger_fused_linear_cross_entropy(_cast(hidden), _cast(weight), targets, reduction="sum")
    return loss


def _cast(tensor: torch.Tensor) -> torch.Tensor:
    """To autocast's type where it is on: the fused kernels are not on its list."""
    device = tensor.device.type
    return tensor.to(torch.get_autocast_dtype(device)) if torch.is_autocast_enabled(device) else tensor

"""Two models side by side in one of twice the width: a start that knows what both know, for a run that teaches it as one.

Embeddings and norms lie end to end, matrices as blocks on a diagonal, heads and neurons beside each other; the output layer
adds both models' logits, halved. If each half had its own norms, the joined model would be the geometric mean of the two.
The norms are common, which no factor makes right for every token; a short run mends that, and fills the empty corners.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import LlamaConfig, LlamaForCausalLM

from train.data import TokenRows
from train.errors import TrainError
from train.export import export_model
from train.lineage import SHAPE, find_problems, load_model, read_config

ROWS = 4  # full rows of training text, on which sizes are measured
INTO_STREAM = ("embed_tokens", "o_proj", "down_proj")


def join_folders(first: Path, second: Path, intermediate: int, data: Path, out: Path) -> LlamaForCausalLM:
    """Join the models of two folders and write the result as a third, in float32. `data` is what they were trained on.

    `intermediate` is the number of neurons a layer keeps of both models' together.

    Raises:
        TrainError: a folder holds no model of that data, the two differ in shape, there are not so many neurons, or `out`
            is there already.
    """
    problems = find_problems([first, second], data)
    if not problems:
        one, other = read_config(first), read_config(second)
        problems += [f"the models differ in {name}" for name in SHAPE if getattr(one, name) != getattr(other, name)]
        if not 1 <= intermediate <= 2 * one.intermediate_size:
            problems.append(f"--intermediate must lie in 1 to {2 * one.intermediate_size}")
    if out.exists():
        problems.append(f"{out} exists; choose another folder for the joined model")
    if problems:
        raise TrainError("The models cannot be joined: " + "; ".join(problems) + ".")
    rows = TokenRows(data, seed=0)
    context = min(one.max_position_embeddings, rows.meta.tokens // ROWS)
    ids = rows.read_batch(0, ROWS * context, context, 0, 1)[:, :-1]
    joined = join_models(load_model(first), load_model(second), intermediate, ids)
    export_model(joined, data, out, torch.float32)
    return joined


@torch.no_grad()
def join_models(first: LlamaForCausalLM, second: LlamaForCausalLM, intermediate: int, ids: Tensor) -> LlamaForCausalLM:
    """A model twice as wide, whose halves are these two of one shape. Sizes are measured on `ids`, int64 [rows, time].

    The second model's stream is scaled to the size of the first one's; each norm's weights make good, in the mean over all
    tokens, that it divides by the size of both. Of the neurons those stay that give the most to the stream.
    """
    sizes, gains = zip(*(measure_model(model, ids) for model in (first, second)), strict=True)
    names = [name for name in sizes[0] if "layernorm" in name]
    scale = float(torch.stack([(sizes[0][name].mean() / sizes[1][name].mean()).log() for name in names]).mean().exp())
    kept = {
        name: torch.cat([gain, gains[1][name] * scale]).topk(intermediate).indices.sort().values
        for name, gain in gains[0].items()
    }
    joined = LlamaForCausalLM(_widen(first.config, intermediate)).eval()
    parts = [dict(model.named_parameters()) for model in (first, second)]
    for name, weight in joined.named_parameters():
        one, other = parts[0][name], parts[1][name] * (scale if any(part in name for part in INTO_STREAM) else 1)
        module = name.removesuffix(".weight")
        if module in sizes[0]:
            factors = _compare_sizes(sizes[0][module], sizes[1][module] * scale)
            if module == "model.norm":  # the logits are the mean of both models'; a tied output layer is scaled, too
                factors = factors[0] / 2, factors[1] / 2 / (scale if joined.config.tie_word_embeddings else 1)
            weight.copy_(torch.cat([one * factors[0], other * factors[1]]))
        elif "embed_tokens" in name or "lm_head" in name:
            weight.copy_(torch.cat([one, other], dim=1))
        elif "down_proj" in name:
            weight.copy_(torch.block_diag(one, other)[:, kept[module]])
        elif "gate_proj" in name or "up_proj" in name:
            weight.copy_(torch.block_diag(one, other)[kept[module.rpartition(".")[0] + ".down_proj"]])
        else:
            weight.copy_(torch.block_diag(one, other))
    return joined


def measure_model(model: LlamaForCausalLM, ids: Tensor) -> tuple[Mapping[str, Tensor], Mapping[str, Tensor]]:
    """By module: the root mean square of what each norm reads, for every token; what each neuron gives to the stream."""
    sizes: dict[str, Tensor] = {}
    gains: dict[str, Tensor] = {}

    def watch(name: str, module: nn.Module) -> RemovableHandle:
        def note_size(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            sizes[name] = inputs[0].square().mean(-1).sqrt().flatten()

        def note_gain(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            gains[name] = inputs[0].square().flatten(0, -2).mean(0).sqrt() * module.get_parameter("weight").norm(dim=0)

        return module.register_forward_pre_hook(note_gain if name.endswith("down_proj") else note_size)

    hooks = [watch(name, module) for name, module in model.named_modules() if name.endswith(("norm", "down_proj"))]
    try:
        model.model(input_ids=ids, use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return sizes, gains


def _compare_sizes(one: Tensor, other: Tensor) -> tuple[float, float]:
    """How much smaller each half becomes, in the geometric mean over all tokens, where the size of both divides it."""
    both = ((one.square() + other.square()) / 2).sqrt()
    return float((both / one).log().mean().exp()), float((both / other).log().mean().exp())


def _widen(config: LlamaConfig, intermediate: int) -> LlamaConfig:
    doubled = ("hidden_size", "num_attention_heads", "num_key_value_heads")
    return LlamaConfig(
        **{name: getattr(config, name) for name in (*SHAPE, "bos_token_id", "eos_token_id")}
        | {name: 2 * getattr(config, name) for name in doubled}
        | {"intermediate_size": intermediate}
    )

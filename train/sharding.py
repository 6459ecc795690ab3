"""Weights spread over processes: gathered for a checkpoint, given back their places when one is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import FullyShardedDataParallelPlugin
from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor, distribute_tensor

from train.errors import TrainError


def check_processes(environment: Mapping[str, str]) -> bool:
    """Whether this process is one of several of a launcher (`torchrun`, `accelerate launch`).

    Raises:
        TrainError: it is told to be one, and not which; it would train a whole run of its own in their folder.
    """
    count = environment.get("WORLD_SIZE", "1")
    if not count.isdecimal() or int(count) < 1:
        raise TrainError(f"WORLD_SIZE is {count!r}, which is no number of processes. Unset it.")
    if missing := [name for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT") if name not in environment]:
        if int(count) > 1:
            raise TrainError(
                f"WORLD_SIZE is {count}, and {', '.join(missing)} not set. Start the run with `torchrun "
                f"--nproc-per-node {count} -m train run ...`, or unset WORLD_SIZE."
            )
    return int(count) > 1


def build_plugin() -> FullyShardedDataParallelPlugin:
    """FSDP2: each decoder layer's weights, gradients and moments lie in parts on all processes."""
    return FullyShardedDataParallelPlugin(
        fsdp_version=2,
        auto_wrap_policy="transformer_based_wrap",
        transformer_cls_names_to_wrap=["LlamaDecoderLayer"],
        cpu_ram_efficient_loading=False,
    )


def gather(value: Any) -> Any:
    """The same nest of dicts and lists, every spread tensor whole. All processes must call it."""
    if isinstance(value, DTensor):
        return value.full_tensor()
    if isinstance(value, dict):
        return {key: gather(part) for key, part in value.items()}
    return [gather(part) for part in value] if isinstance(value, list) else value


def spread_like(whole: torch.Tensor, pattern: torch.Tensor) -> torch.Tensor:
    """A whole tensor laid out as `pattern` is."""
    if not isinstance(pattern, DTensor) or isinstance(whole, DTensor):
        return whole
    return distribute_tensor(whole.to(pattern.device), pattern.device_mesh, pattern.placements)


@torch.no_grad()
def load_weights(model: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Copy whole tensors into the model's parameters, by name."""
    for name, parameter in model.named_parameters():
        parameter.copy_(spread_like(weights[name], parameter))


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Give an optimizer its whole state back, laid out as its parameters are."""
    optimizer.load_state_dict(state)
    for parameter, held in optimizer.state.items():
        for key, value in held.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                held[key] = spread_like(value, parameter)


@contextmanager
def whole(module: nn.Module) -> Iterator[None]:
    """While it lasts, the weights outside the layers are whole, so that a part of the module can be called."""
    root = getattr(module, "_orig_mod", module)
    if not isinstance(root, FSDPModule):
        yield
        return
    root.unshard()
    try:
        yield
    finally:
        root.reshard()

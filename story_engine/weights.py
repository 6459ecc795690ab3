"""The tensors of a model folder: safetensors, always, and each read when it is asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from story_engine.errors import ModelError
from story_engine.model import ModelConfig


class Weights:
    """Every tensor that a config names, checked before any is read; none is held, so that no second copy of the model is."""

    def __init__(self, folder: Path, config: ModelConfig, dtype: torch.dtype, device: torch.device) -> None:
        """Open the files.

        Raises:
            ModelError: there are no safetensors files, one is damaged, or a tensor is missing, unknown or of a wrong shape.
        """
        self._dtype, self._device = dtype, device
        self._files: dict[str, Any] = {}
        expected, wrong = config.shapes(), []
        for path in find_weight_files(folder):
            try:
                file = safe_open(path, framework="pt")
                names = [name for name in file.keys() if name in expected]
                wrong += [name for name in names if tuple(file.get_slice(name).get_shape()) != expected[name]]
            except (SafetensorError, OSError) as error:
                raise ModelError(f"{path} is damaged ({error}). Fetch or copy it again.") from error
            self._files |= dict.fromkeys(names, file)
        wrong += [name for name in expected if name not in self._files]
        if wrong:
            raise ModelError(
                f"The weights in {folder} do not fit its config.json: {', '.join(wrong[:3])} ({len(wrong)} in all)."
            )

    def take(self, name: str) -> torch.Tensor:
        """A tensor by its transformers name."""
        return self._files[name].get_tensor(name).to(self._device, self._dtype)


def find_weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a folder.

    Raises:
        ModelError: there are none; pickled weights are never opened.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(
            f"{folder} has no safetensors file. Weights in other forms are not opened; save them with safetensors."
        )
    return files


def hash_weights(folder: Path) -> str:
    """The first 16 hexadecimal digits of the SHA-256 over the safetensors files: names a model in receipts."""
    digest = hashlib.sha256()
    for path in find_weight_files(folder):
        with path.open("rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()[:16]

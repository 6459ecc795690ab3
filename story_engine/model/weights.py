"""The tensors of a model folder: safetensors, always, and each read when it is asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from story_engine.errors import ModelError
from story_engine.model.config import ModelConfig


class Weights:
    """Every tensor that a config names, checked before any is read; none is held, so that no second copy of the model is.

    Each is read from a mapping of its own: the pages of one that stays open count as memory, up to the whole file.
    """

    def __init__(self, folder: Path, config: ModelConfig, dtype: torch.dtype, device: torch.device) -> None:
        """Open the files.

        Raises:
            ModelError: there are no safetensors files, one is damaged, or a tensor is missing, unknown or of a wrong shape.
        """
        self._dtype, self._device = dtype, device
        self._paths: dict[str, Path] = {}
        expected, wrong = config.shapes(), []
        for path in find_weight_files(folder):
            try:
                with safe_open(path, framework="pt") as file:
                    names = [name for name in file.keys() if name in expected]
                    wrong += [name for name in names if tuple(file.get_slice(name).get_shape()) != expected[name]]
            except (SafetensorError, OSError) as error:
                raise ModelError(f"{path} is damaged ({error}). Fetch or copy it again.") from error
            self._paths |= dict.fromkeys(names, path)
        wrong += [name for name in expected if name not in self._paths]
        if wrong:
            raise ModelError(
                f"The weights in {folder} do not fit its config.json: {', '.join(wrong[:3])} ({len(wrong)} in all)."
            )

    def take(self, name: str) -> torch.Tensor:
        """A tensor by its transformers name."""
        with safe_open(self._paths[name], framework="pt") as file:
            return file.get_tensor(name).to(self._device, self._dtype, copy=True)


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

"""The tensors of a model folder: safetensors, always, and each read when it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from story_engine.errors import ModelError
from story_engine.model.config import ModelConfig, read_object
from story_engine.model.quantize import Int8Matrix

WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
FLOATS = ("F32", "BF16", "F16", "F64")
DERIVED = ".rotary_emb.inv_freq"  # which older folders hold; it follows from the config
BYTES_IN_WORD, OFFSET = 4, 128  # of a packed int32, and what is added to its signed bytes


class Stored(NamedTuple):
    """How a tensor lies in a file."""

    shape: tuple[int, ...]
    dtypes: Sequence[str]


class Weights:
    """Every tensor that a config names, checked before any is read; none is held, so that no second copy of the model is.

    Each is read from a mapping of its own: the pages of one that stays open count as memory, up to the whole file.
    `config` is the one that was given, untied where the files have an output layer that differs from the embedding.
    """

    def __init__(self, folder: Path, config: ModelConfig, dtype: torch.dtype, device: torch.device) -> None:
        """Open the files.

        Raises:
            ModelError: a file is missing or damaged, a tensor is missing, unknown, stored twice, or of a wrong shape or type.
        """
        self._dtype, self._device = dtype, device
        self._paths, found = find_tensors(folder)
        self.config = self._untie(config, found)
        self._projections = config.projections()
        expected = list_stored(self.config)
        wrong = [f"{name} is missing" for name in expected if name not in found]
        wrong += [f"{name} is unknown" for name in found if name not in expected and not name.endswith(DERIVED)]
        for name, (shape, dtypes) in expected.items():
            if name in found and found[name].shape != shape:
                wrong.append(f"{name} is {list(found[name].shape)}, not {list(shape)}")
            elif name in found and found[name].dtypes[0] not in dtypes:
                wrong.append(f"{name} is {found[name].dtypes[0]}, not {' or '.join(dtypes)}")
        if wrong:
            raise ModelError(f"The weights in {folder} do not fit its config.json: {_list_some(wrong)}. Fetch both again.")

    def take(self, name: str) -> Tensor | Int8Matrix:
        """A tensor by its transformers name: in the type that was asked for, or in int8 as it is stored."""
        if not self.config.int8 or name not in self._projections:
            return self._read(name)[0].to(self._device, self._dtype, copy=True)
        shape = self._projections[name]
        words, stored, size = self._read(f"{name}_packed", f"{name}_scale", f"{name}_shape")
        if (said := size.tolist()) != list(shape):
            raise ModelError(f"{name}_shape says {said}, not {list(shape)}. Fetch {self._paths[f'{name}_shape']} again.")
        values = (words.view(torch.uint8)[:, : shape[1]] ^ OFFSET).view(torch.int8)
        scales = stored.to(torch.float32, copy=True)
        return Int8Matrix(values.to(self._device), scales.flatten().to(self._device))

    def _read(self, *names: str) -> list[Tensor]:
        """These tensors; each file is opened once, which for hundreds of tensors takes longer than to read them."""
        tensors: dict[str, Tensor] = {}
        for path in {self._paths[name] for name in names}:
            with safe_open(path, framework="pt") as file:
                tensors |= {name: file.get_tensor(name) for name in names if self._paths[name] == path}
        return [tensors[name] for name in names]

    def _untie(self, config: ModelConfig, found: dict[str, Stored]) -> ModelConfig:
        """As transformers has it since its version 5: an output layer of its own counts, whatever the config says."""
        head, embedding = "lm_head.weight", "model.embed_tokens.weight"
        if not config.tied or head not in found or embedding not in found:
            return config
        if found[head].shape == found[embedding].shape and torch.equal(*(one.float() for one in self._read(head, embedding))):
            found.pop(head)
            return config
        return replace(config, tied=False)


def list_stored(config: ModelConfig) -> dict[str, Stored]:
    """Every tensor of the files, with its shape and the types that it may have."""
    stored: dict[str, Stored] = {}
    projections = config.projections()
    for name, shape in config.shapes().items():
        if not config.int8 or name not in projections:
            stored[name] = Stored(shape, FLOATS)
            continue
        stored[f"{name}_packed"] = Stored((shape[0], -(-shape[1] // BYTES_IN_WORD)), ["I32"])
        stored[f"{name}_scale"] = Stored((shape[0], 1), FLOATS)
        stored[f"{name}_shape"] = Stored((2,), ["I64", "I32"])
    return stored


def find_tensors(folder: Path) -> tuple[dict[str, Path], dict[str, Stored]]:
    """Every tensor of a folder's files by its name: its file, and how it lies there.

    Raises:
        ModelError: a file is missing or damaged, a tensor is stored twice, or the index says otherwise.
    """
    paths: dict[str, Path] = {}
    found: dict[str, Stored] = {}
    index = read_index(folder)
    for path in find_weight_files(folder):
        stored = _list_tensors(path)
        if twice := sorted(stored.keys() & found.keys()):
            files = f"{paths[twice[0]].name} and {path.name}"
            raise ModelError(f"{twice[0]} stands in both {files} of {folder}. Remove the wrong file.")
        found |= stored
        paths |= dict.fromkeys(stored, path)
    places = {name: path.name for name, path in paths.items()}
    if index and (lies := sorted({name for name, _ in places.items() ^ index.items()})):
        raise ModelError(f"{INDEX} and the files in {folder} differ about {_list_some(lies)}. Fetch them again.")
    return paths, found


def find_weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a folder: those that its index names, or `model.safetensors`, and no other.

    Raises:
        ModelError: one is missing, or there are two models; pickled weights are never opened.
    """
    index = read_index(folder)
    files = sorted(set(index.values())) or [WHOLE]
    if not index and not (folder / WHOLE).is_file():
        raise ModelError(
            f"{folder} has no safetensors file named {WHOLE}, and no {INDEX}. Weights in other forms are not opened; "
            "save them with save_pretrained."
        )
    if index and WHOLE not in files and (folder / WHOLE).is_file():
        raise ModelError(f"{folder} has {WHOLE} beside an index that does not name it. Remove the one that is not meant.")
    if missing := [name for name in files if not (folder / name).is_file()]:
        raise ModelError(f"{_list_some(missing)} missing in {folder}, which its index names. Fetch or copy it again.")
    return [folder / name for name in files]


def read_index(folder: Path) -> dict[str, str]:
    """Which file has which tensor; empty without an index.

    Raises:
        ModelError: the index is damaged.
    """
    index = read_object(folder, INDEX)
    if index is None:
        return {}
    files = index.get("weight_map")
    if (
        not isinstance(files, dict)
        or not files
        or any(type(name) is not str or Path(name).name != name for name in files.values())
    ):
        raise ModelError(f"The {INDEX} in {folder} names no files beside it. Fetch or copy it again.")
    return files


def hash_weights(folder: Path) -> str:
    """The first 16 hexadecimal digits of the SHA-256 over the safetensors files: names a model in receipts."""
    digest = hashlib.sha256()
    for path in find_weight_files(folder):
        with path.open("rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()[:16]


def _list_tensors(path: Path) -> dict[str, Stored]:
    try:
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}
            return {name: Stored(tuple(part.get_shape()), [part.get_dtype()]) for name, part in slices.items()}
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path} is damaged ({error}). Fetch or copy it again.") from error


def _list_some(entries: list[str]) -> str:
    """The first three, and how many there are."""
    return ", ".join(entries[:3]) + (f" ({len(entries)} in all)" if len(entries) > 3 else "")

"""Batches from token shards: which tokens a step sees depends on (seed, step) and on nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from train.errors import TrainError
from train.presets import Preset


@dataclass(frozen=True)
class Meta:
    """What `prepare` wrote beside the shards: counts, hashes, and how many bytes of text the tokens stand for.

    `serials` are shards of the same stories in another order (see `train.serials`), where they were asked for.
    """

    stories: int
    tokens: int
    text_bytes: int
    end_token: int
    vocabulary: int
    dtype: str
    tokenizer_sha256: str
    shards: dict[str, dict[str, object]]
    serials: dict[str, dict[str, object]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Meta:
        path = folder / "meta.json"
        if not path.is_file():
            raise TrainError(f"{folder} holds no prepared data (meta.json is missing). Run `python -m train prepare` first.")
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def check(self, folder: Path, preset: Preset) -> None:
        """Whether the tokenizer beside the shards is the one that made them, and the preset has room for it.

        Raises:
            TrainError: it is not, or has not.
        """
        path = folder / "tokenizer.json"
        if not path.is_file() or hash_file(path) != self.tokenizer_sha256:
            raise TrainError(
                f"The tokenizer in {folder} is not the one that made its shards. Put that one back, or prepare the data "
                "again in a new folder."
            )
        if self.vocabulary > preset.shape.vocabulary:
            raise TrainError(
                f"The data has {self.vocabulary:,} token numbers, the preset {preset.name!r} has room for "
                f"{preset.shape.vocabulary:,}. Prepare the data again with this preset."
            )


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


class Shards:
    """Several memory-mapped files of token numbers, read as one; nothing but what is asked for comes into memory."""

    def __init__(self, paths: Sequence[Path], dtype: str) -> None:
        self._parts = [np.memmap(path, dtype=dtype, mode="r") for path in paths]
        self._ends = np.cumsum([len(part) for part in self._parts])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def read(self, start: int, stop: int) -> np.ndarray:
        """Tokens `start` to `stop`, int64."""
        pieces = []
        for number in range(int(np.searchsorted(self._ends, start, side="right")), len(self._parts)):
            part, end = self._parts[number], int(self._ends[number])
            begin = end - len(part)
            pieces.append(part[max(0, start - begin) : stop - begin])
            if stop <= end:
                break
        return np.concatenate(pieces).astype(np.int64)


class TokenRows:
    """Fixed-length rows cut from the stories laid end to end, reshuffled and shifted in every epoch.

    The stories are one long run of tokens, each closed by the end token. Epoch e cuts it into rows of `context + 1`
    tokens (the last is only ever a target) at an offset drawn from (seed, e), so that the same story falls differently
    every time, and visits the rows in an order drawn from the same generator.
    """

    def __init__(self, folder: Path, seed: int, serials: bool = False) -> None:
        self.meta = Meta.read(folder)
        self.seed = seed
        shards = self.meta.serials if serials else self.meta.shards
        if not shards:
            raise TrainError(f"{folder} holds no serials. Prepare the data again, with the preset that is to run.")
        for name, facts in shards.items():
            path = folder / name
            if not path.is_file():
                raise TrainError(
                    f"Shard {path} is missing. Run `python -m train prepare` again; it makes only what is missing."
                )
            if hash_file(path) != facts["sha256"]:
                raise TrainError(
                    f"Shard {path} is damaged (its hash is not the recorded one). Delete it and run prepare again."
                )
        self.tokens = Shards([folder / name for name in shards], self.meta.dtype)

    def rows_per_epoch(self, context: int) -> int:
        rows = (len(self.tokens) - context) // context
        if rows < 1:
            raise TrainError(f"{len(self.tokens)} tokens are not enough for one row of {context}. Prepare more stories.")
        return rows

    def read_row(self, index: int, context: int) -> np.ndarray:
        """Row number `index`, counted over all epochs: int64 [context + 1]."""
        epoch, position = divmod(index, self.rows_per_epoch(context))
        generator = np.random.default_rng((self.seed, epoch, context))
        offset = int(generator.integers(0, context))
        start = offset + int(self._order(epoch, context)[position]) * context
        return self.tokens.read(start, start + context + 1)

    def read_batch(self, step: int, tokens_per_step: int, context: int, rank: int = 0, ranks: int = 1) -> torch.Tensor:
        """This rank's share of a step's rows: int64 [rows / ranks, context + 1]. All ranks together see each row once."""
        rows = tokens_per_step // context
        if rows % ranks:
            raise TrainError(f"{rows} rows a step do not divide among {ranks} processes.")
        share = range(step * rows + rank * rows // ranks, step * rows + (rank + 1) * rows // ranks)
        return torch.from_numpy(np.stack([self.read_row(index, context) for index in share]))

    def _order(self, epoch: int, context: int) -> np.ndarray:
        key = (epoch, context)
        if getattr(self, "_order_key", None) != key:
            generator = np.random.default_rng((self.seed, epoch, context, 1))
            self._order_key, self._order_rows = key, generator.permutation(self.rows_per_epoch(context))
        return self._order_rows

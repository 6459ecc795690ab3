"""What int8 costs a model: nats and the likeliest tokens against float32, on every path of the kernel."""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

# What the kernel's compiler is told of the processor: its name there, and the features that are taken away.
PATHS = {
    "AVX-512": ("", ()),
    "AVX2": ("haswell", ("avx512", "avxvnni", "amx")),
    "plain": ("haswell", ("avx512", "avxvnni", "amx", "avx2", "sse2")),
}
TOKENS = 8000  # of the text


@dataclass(frozen=True)
class Cost:
    """Of int8 against float32: nats over nats less 1, the share of places with the same likeliest token, and their number."""

    nats: float
    agreement: float
    places: int
    fingerprint: str  # of the logits, bit for bit


def hide_features(path: str) -> None:
    """Have this process's kernel compiled as on a processor of `path`; before the kernel is imported.

    `plain` keeps the registers of AVX2, and multiplies without any of the instructions for int16.
    """
    name, hidden = PATHS[path]
    if not name:
        return
    os.environ["NUMBA_CPU_NAME"], os.environ["NUMBA_CPU_FEATURES"] = name, ""
    from llvmlite import binding

    features = dict(binding.get_host_cpu_features())
    left = {key: value and not key.startswith(hidden) for key, value in features.items()}
    binding.get_host_cpu_features = lambda: left


def read_losses(folder: Path, text: Path, precision: str, tokens: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Nats of each token of the text's stories, the likeliest token of each place, and a hash of all logits."""
    from story_engine import StoryEngine
    from train.stories import read_stories

    engine = StoryEngine.load(str(folder), precision=precision, kernel="off" if precision == "float32" else "on")
    nats, likeliest, digest = [], [], hashlib.sha256()
    for story in read_stories(text):
        line = [engine.window.start, *engine.tokenizer.encode(story)][: engine.window.context_length]
        logits = engine.decoder.prefill(line[:-1], engine.decoder.new_slot(), all_logits=True)
        digest.update(logits.numpy().tobytes())
        nats.append(torch.nn.functional.cross_entropy(logits, torch.tensor(line[1:]), reduction="none").double().numpy())
        likeliest.append(logits.argmax(-1).numpy())
        if sum(map(len, nats)) >= tokens:
            break
    return np.concatenate(nats), np.concatenate(likeliest), digest.hexdigest()[:12]


def measure(folder: Path, text: Path, tokens: int = TOKENS, paths: Iterable[str] = PATHS) -> dict[str, Cost]:
    """The cost on each path, each in a process of its own; a path that this processor lacks is left out."""
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    able = {"AVX-512": features.get("avx512bw"), "AVX2": features.get("avx2"), "plain": True}
    exact, wanted, _ = read_losses(folder, text, "float32", tokens)
    costs = {}
    with tempfile.TemporaryDirectory() as place:
        environment = os.environ | {"XDG_CACHE_HOME": place, "NUMBA_CACHE_DIR": place}
        for path in (path for path in paths if able[path]):
            found = Path(place) / "found.npz"
            command = [sys.executable, "-m", "benchmarks.rounding", str(folder), str(text), str(tokens), path, str(found)]
            subprocess.run(command, check=True, env=environment)
            told = np.load(found)
            cost = float(told["nats"].sum() / exact.sum() - 1)
            costs[path] = Cost(cost, float((told["likeliest"] == wanted).mean()), len(exact), str(told["hash"]))
    return costs


def print_table(costs: dict[str, Cost]) -> None:
    """Markdown, as the measurements show it."""
    print("| path of the kernel | places | nats over float32's | same likeliest token | hash of the logits |")
    print("|---|---|---|---|---|")
    for path, cost in costs.items():
        print(f"| {path} | {cost.places:,} | {cost.nats:+.3%} | {cost.agreement:.4f} | `{cost.fingerprint}` |")


def main() -> None:
    parser = argparse.ArgumentParser(description="One path, for `measure`.")
    for name, kind in (("folder", Path), ("text", Path), ("tokens", int), ("path", str), ("found", Path)):
        parser.add_argument(name, type=kind)
    options = parser.parse_args()
    hide_features(options.path)
    from story_engine.model import folder_check

    folder_check.MAX_BYTES = 0  # `measure` has had the folder checked
    nats, likeliest, hashed = read_losses(options.folder, options.text, "int8", options.tokens)
    np.savez(options.found, nats=nats, likeliest=likeliest, hash=hashed)


if __name__ == "__main__":
    main()

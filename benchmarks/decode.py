"""Tokens a second while a passage is written: the engine against transformers' generate, interleaved in one run."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from story_engine import Settings, StoryEngine
from story_engine.cache import Slot
from story_engine.sampling import pick, weigh
from train.export import export_model
from train.network import build_model
from train.presets import PRESETS

LENGTHS = (64, 1000, 1900)
TOKENS = 48  # written in each measurement
ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """Medians over the rounds, tokens a second, and the smallest and largest ratio of a round."""

    length: int
    ours: float
    theirs: float
    lowest: float
    highest: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs


class Stopwatch:
    """A streamer for transformers' generate that notes when each token comes; the prompt comes first."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def put(self, _: torch.Tensor) -> None:
        self.times.append(time.perf_counter())

    def end(self) -> None:
        pass


def make_published_model(folder: Path, tokenizer_folder: Path) -> Path:
    """The published architecture with random weights, saved in float32; the speed does not depend on the words."""
    model = build_model(PRESETS["test-1-3000"], end_token=0)
    export_model(model, tokenizer_folder, folder, dtype=torch.float32)
    return folder


def time_ours(engine: StoryEngine, ids: list[int], settings: Settings) -> float:
    """Tokens a second behind `ids`, sampling included."""
    slot = Slot(engine.decoder.config, engine.decoder.dtype, engine.decoder.device)
    logits, generator, used = engine.decoder.read(ids, slot), torch.Generator().manual_seed(1), set(ids)
    begun = time.perf_counter()
    for _ in range(TOKENS):
        token = pick(weigh(logits, used, settings, engine.end_tokens), generator)
        used.add(token)
        logits = engine.decoder.read([token], slot)
    return TOKENS / (time.perf_counter() - begun)


def time_theirs(model: Any, ids: list[int], settings: Settings) -> float:
    """The same through `generate`, from its first token to its last."""
    watch = Stopwatch()
    model.generate(
        torch.tensor([ids]),
        attention_mask=torch.ones(1, len(ids)),
        do_sample=True,
        temperature=settings.temperature,
        top_p=settings.top_p,
        top_k=0,
        repetition_penalty=settings.repetition_penalty,
        min_new_tokens=TOKENS + 1,
        max_new_tokens=TOKENS + 1,
        streamer=watch,
    )
    return TOKENS / (watch.times[-1] - watch.times[1])


def measure(folder: Path, rounds: int = ROUNDS) -> list[Row]:
    """One row for each length of the text before the passage."""
    engine, settings = StoryEngine.load(str(folder)), Settings()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    rows = []
    for length in LENGTHS:
        ids = torch.randint(1, engine.vocabulary.size, (length,), generator=torch.Generator().manual_seed(0)).tolist()
        pairs = [(time_ours(engine, ids, settings), time_theirs(model, ids, settings)) for _ in range(rounds + 1)][1:]
        ratios = [ours / theirs for ours, theirs in pairs]
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        rows.append(Row(length, ours, theirs, min(ratios), max(ratios)))
    return rows


def print_table(rows: list[Row]) -> None:
    """Markdown, as the README shows it."""
    print("| tokens before | engine, tokens/s | transformers generate, tokens/s | ratio (lowest to highest round) |")
    print("|---|---|---|---|")
    for row in rows:
        print(
            f"| {row.length:,} | {row.ours:.1f} | {row.theirs:.1f} | {row.ratio:.2f} ({row.lowest:.2f} to {row.highest:.2f}) |"
        )

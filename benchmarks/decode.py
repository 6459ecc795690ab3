"""Tokens a second while a passage is written: the engine against transformers' generate and, if installed, llama.cpp."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from tokenizers import Tokenizer

from benchmarks import generate, llamacpp
from benchmarks.gguf_file import write_gguf
from story_engine import Settings, StoryEngine
from story_engine.generation.sampling import filter_logits, pick
from story_engine.model.kv_cache import Slot
from story_engine.serving.scheduler import CHUNK
from train.export import export_model
from train.network import build_model
from train.presets import PRESETS

LENGTHS = (64, 1000, 1900)
TOKENS = 48  # written in each measurement
WORDS = 20  # tokens that a reader adds
ROUNDS = 5
PEAK = 12.0  # times the fresh output layer
ENGINE, TRANSFORMERS, LLAMA_CPP = "engine", "transformers generate", "llama.cpp Q8_0"


@dataclass(frozen=True)
class Timing:
    """Seconds to read the text before, tokens a second behind it, and seconds to take in a reader's words there.

    `drawing` is the part of a token's seconds that drawing it takes.
    """

    reading: float
    rate: float
    turn: float = math.nan
    drawing: float = math.nan


@dataclass(frozen=True)
class Row:
    """All rounds at one length: subject -> its timings, in the order of the rounds."""

    length: int
    rounds: dict[str, list[Timing]]

    def rate(self, name: str) -> float:
        return statistics.median(timing.rate for timing in self.rounds[name])

    def reading(self, name: str) -> float:
        return statistics.median(timing.reading for timing in self.rounds[name])

    def turn(self, name: str) -> float:
        return statistics.median(timing.turn for timing in self.rounds[name])

    def drawing(self, name: str) -> float:
        return statistics.median(timing.drawing for timing in self.rounds[name])

    def ratio(self, name: str) -> str:
        """The engine's rate over another's: of the medians, and the lowest and highest of a round."""
        pairs = zip(self.rounds[ENGINE], self.rounds[name], strict=True)
        ratios = [ours.rate / theirs.rate for ours, theirs in pairs]
        return f"{self.rate(ENGINE) / self.rate(name):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def make_published_model(folder: Path, tokenizer_folder: Path) -> Path:
    """The published architecture with random weights, saved in float32.

    Fresh weights find all words nearly alike, which no sampler meets in use: top-p would have to sort them all. The
    output layer is scaled so that the next word has an entropy of 1.5 nats, as in a trained model. The tokenizer is filled
    with made-up words, so that all of the vocabulary is drawn from, but for bytes of half a character: no trained model
    says such, and a passage with one is cut into tokens anew.
    """
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    halves = [token for token in range(tokenizer.get_vocab_size()) if "\ufffd" in tokenizer.decode([token])]
    model = build_model(PRESETS["test-1-3000"], end_token=0)
    with torch.no_grad():
        model.lm_head.weight.mul_(PEAK)
        model.lm_head.weight[halves] = 0  # far below the likeliest
    export_model(model, tokenizer_folder, folder, dtype=torch.float32)
    fill_vocabulary(folder / "tokenizer.json", model.config.vocab_size)
    return folder


def fill_vocabulary(path: Path, size: int) -> None:
    """Add words to a tokenizer of the GPT-2 kind until it has `size` entries.

    No text is cut into them, and none ends a sentence.
    """
    told = json.loads(path.read_text(encoding="utf-8"))
    words = told["model"]["vocab"]
    for number in range(len(words), size):
        words[f"Ġword{number}"] = number
    path.write_text(json.dumps(told), encoding="utf-8")


def time_ours(engine: StoryEngine, ids: list[int], settings: Settings) -> Timing:
    """Reading in the engine's chunks, then writing, sampling included."""
    slot = Slot(engine.decoder.config, engine.decoder.cache_dtype, engine.decoder.device)
    opened = time.perf_counter()
    for start in range(0, len(ids), CHUNK):
        logits = engine.decoder.prefill(ids[start : start + CHUNK], slot).cpu()  # a GPU has read them only then
    generator, used, drawing = torch.Generator().manual_seed(1), set(ids), 0.0
    begun = time.perf_counter()
    for _ in range(TOKENS):
        drawn = time.perf_counter()
        token = pick(filter_logits(logits.numpy(), used, settings, engine.end_tokens), generator)
        drawing += time.perf_counter() - drawn
        used.add(token)
        logits = engine.decoder.prefill([token], slot).cpu()
    rate = TOKENS / (time.perf_counter() - begun)
    slot.crop(len(ids))
    asked = time.perf_counter()
    engine.decoder.prefill(ids[:WORDS], slot).cpu()
    return Timing(begun - opened, rate, time.perf_counter() - asked, drawing / TOKENS)


def measure(folder: Path, rounds: int = ROUNDS, precision: str = "auto") -> list[Row]:
    """One row for each length of the text before the passage; a first round warms up and is left out."""
    engine, settings = StoryEngine.load(str(folder), precision=precision), Settings()
    theirs = generate.Peer(folder, engine.decoder.device)
    print(f"The engine in {engine.decoder.precision}, transformers in {theirs.precision}, one story, medians of {rounds}.\n")
    subjects: dict[str, Callable[[list[int]], Timing]] = {
        ENGINE: lambda ids: time_ours(engine, ids, settings),
        TRANSFORMERS: lambda ids: Timing(*theirs.time([ids], TOKENS)),
    }
    with TemporaryDirectory() as place:
        if llamacpp.is_comparable(engine.decoder.device):
            peer = llamacpp.Peer(write_gguf(folder, Path(place) / "model.gguf"), engine.window.context_length)
            subjects[LLAMA_CPP] = lambda ids: Timing(*peer.time(ids, TOKENS), peer.time_turn(ids, ids[:WORDS]))
        rows = []
        for length in LENGTHS:
            ids = torch.randint(1, engine.tokenizer.size, (length,), generator=torch.Generator().manual_seed(0)).tolist()
            told: dict[str, list[Timing]] = {name: [] for name in subjects}
            for _ in range(rounds + 1):
                for name, run in subjects.items():
                    told[name].append(run(ids))
            rows.append(Row(length, {name: timings[1:] for name, timings in told.items()}))
        return rows


def print_table(rows: list[Row]) -> None:
    """Markdown, as the README shows it."""
    peers = [name for name in rows[0].rounds if name != ENGINE]
    titles = [f"{name}, tokens/s | ratio (lowest to highest round)" for name in peers]
    print(f"| tokens before | engine, tokens/s | {' | '.join(titles)} | reading them, s: {' / '.join(rows[0].rounds)} |")
    print("|---" * (3 + 2 * len(peers)) + "|")
    for row in rows:
        cells = [f"{row.rate(name):.1f} | {row.ratio(name)}" for name in peers]
        reading = " / ".join(f"{row.reading(name):.2f}" for name in row.rounds)
        print(f"| {row.length:,} | {row.rate(ENGINE):.1f} | {' | '.join(cells)} | {reading} |")
    timed = [name for name in rows[0].rounds if not math.isnan(rows[0].turn(name))]
    waits = [f"{row.length:,}: " + " / ".join(f"{1000 * row.turn(name):.0f}" for name in timed) for row in rows]
    print(f"\n{WORDS} more tokens behind them, ms, {' / '.join(timed)}: {'; '.join(waits)}")
    drawing = statistics.median(row.drawing(ENGINE) for row in rows)
    print(f"Drawing a token, of the engine's time for it: {1000 * drawing:.2f} ms")

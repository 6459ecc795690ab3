"""Many stories at once: all tokens a second over one story's, through the engine and its peers, in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import generate, llamacpp
from benchmarks.gguf_file import write_gguf
from story_engine import Settings, Story, StoryEngine

COUNTS = (1, 2, 4, 8)
TOKENS = 64  # written in each story
LENGTHS = (64, 1000)
FILLER = " Then they went to the big green park to look for the little red kite."
ENGINE, LLAMA_CPP = "engine", "llama.cpp Q8_0"
GENERATE, CONTINUOUS = "transformers generate", "its continuous batching"


@dataclass(frozen=True)
class Row:
    """Tokens a second of all stories together, of every round, by subject."""

    length: int
    count: int
    rates: dict[str, list[float]]

    def rate(self, name: str) -> float:
        return statistics.median(self.rates[name])


def measure(folder: Path, rounds: int, counts: Sequence[int] = COUNTS, with_transformers: bool = False) -> list[Row]:
    """Rows by length and count; a first round warms up and is left out. llama.cpp is measured where it is installed."""
    engine = StoryEngine.load(str(folder))
    engine.end_tokens, engine.retries_loops = frozenset(), False  # every story is written to its full length
    engine.speculates = False  # the same stories are told again and again
    print(f"The engine in {engine.decoder.precision}, {TOKENS} tokens a story, in turn, medians of {rounds}.\n")
    with TemporaryDirectory() as place:
        subjects: dict[str, Callable[[int, int], float]] = {ENGINE: lambda length, count: time_ours(engine, length, count)}
        if llamacpp.is_comparable(engine.decoder.device):
            gguf = write_gguf(folder, Path(place) / "model.gguf")
            slots = llamacpp.Peer(gguf, engine.window.context_length, slots=max(counts))
            subjects[LLAMA_CPP] = lambda length, count: slots.time_together(make_prompts(engine, length, count), TOKENS)
        if with_transformers:
            peer = generate.Peer(folder, engine.decoder.device)
            subjects[GENERATE] = lambda length, count: peer.time(make_prompts(engine, length, count), TOKENS)[1]
            subjects[CONTINUOUS] = lambda length, count: peer.time_continuously(make_prompts(engine, length, count), TOKENS)
        rows, counts = [], sorted({1, *counts})
        for length in LENGTHS:
            rates: dict[int, dict[str, list[float]]] = {count: {name: [] for name in subjects} for count in counts}
            for _ in range(rounds + 1):
                for count in counts:
                    for name, run in subjects.items():
                        rates[count][name].append(run(length, count))
            rows += [Row(length, count, {name: kept[1:] for name, kept in told.items()}) for count, told in rates.items()]
    return rows


def make_story(engine: StoryEngine, length: int) -> Story:
    """A story whose window has about `length` tokens, read already."""
    story, settings = Story("Once upon a time, Tom had a ball."), Settings(max_new_tokens=TOKENS, seed=0)
    while len(engine.window_of(story, settings).ids) < length:
        story.add(FILLER)
    list(engine.stream(story, Settings(max_new_tokens=1, seed=0)))
    return story


def time_ours(engine: StoryEngine, length: int, count: int) -> float:
    """`count` readers, each a thread with a story of his own, from the first token to the last of all."""
    stories = [make_story(engine, length) for _ in range(count)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(count) as readers:
        told = readers.map(lambda pair: count_tokens(engine, *pair), zip(stories, range(count), strict=True))
        return sum(told) / (time.perf_counter() - begun)


def count_tokens(engine: StoryEngine, story: Story, seed: int) -> int:
    """Write a passage; returns its tokens."""
    return sum(piece.token is not None for piece in engine.stream(story, Settings(max_new_tokens=TOKENS, seed=seed)))


def make_prompts(engine: StoryEngine, length: int, count: int) -> list[list[int]]:
    """The same stories' tokens for a peer, told apart by their last."""
    ids = list(engine.window_of(make_story(engine, length), Settings(max_new_tokens=TOKENS)).ids)
    return [[*ids[:-1], ids[-1] + number] for number in range(count)]


def print_table(rows: list[Row]) -> None:
    """Markdown, as the README shows it: median rates, and the medians, lowest and highest of the rounds' ratios."""
    names = list(rows[0].rates)
    alone = {(row.length, name): row.rates[name] for row in rows for name in names if row.count == 1}
    peers = names[1:]
    titles = [*(f"{name}, tokens/s | over one story" for name in names), *(f"engine / {name}" for name in peers)]
    print(f"| tokens before | stories | {' | '.join(titles)} |")
    print("|---" * (2 + 2 * len(names) + len(peers)) + "|")
    for row in rows:
        cells = [f"{row.rate(name):.1f} | {compare(row.rates[name], alone[row.length, name])}" for name in names]
        cells += [compare(row.rates[ENGINE], row.rates[name]) for name in peers]
        print(f"| {row.length:,} | {row.count} | {' | '.join(cells)} |")


def compare(rates: list[float], others: list[float]) -> str:
    """The ratio of two subjects that were measured in the same rounds, with its spread."""
    ratios = [rate / other for rate, other in zip(rates, others, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"

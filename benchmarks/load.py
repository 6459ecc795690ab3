"""Load: readers at once through our own /v1, through our page and through llama.cpp's server, in turn: sums, and waits."""

from __future__ import annotations

import asyncio
import statistics
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.batch import compare
from benchmarks.clients import Heard, complete, find_function, open_http, start_story
from benchmarks.crowd import make_values
from benchmarks.processes import find_port, run_server
from playground.ideas import IDEAS
from story_engine import EMBEDDED, EMBEDDED_FOLDER, Settings
from story_engine.model.special_tokens import find_special_tokens
from story_engine.model.tokenizer_files import load_tokenizer

READERS = (1, 2, 4, 8, 16, 32)
PROMPT, TOKENS = 64, 100  # tokens before, and told
ENGINE, PAGE, LLAMA_CPP = "our /v1", "our page", "llama.cpp Q8_0"
FILLER = " Then they went to the big green park to look for the little red kite, and it was fun."


@dataclass(frozen=True)
class Row:
    """By subject: tokens a second in sum, of each round; seconds to the first word and to each next, of all rounds."""

    readers: int
    rates: dict[str, list[float]]
    firsts: dict[str, list[float]]
    gaps: dict[str, list[float]]


def measure(model: str, readers: Sequence[int], rounds: int) -> list[Row]:
    """The peer and ours are asked in turn within each round; a first round warms up and is left out."""
    folder = EMBEDDED_FOLDER if model == EMBEDDED else Path(model)
    with TemporaryDirectory() as place, ExitStack() as servers:
        ours, theirs = find_port(), find_port()
        app = ["app.py", "--api", "--model", model, "--port", str(ours), "--stories", place]
        peer = ["-m", "benchmarks.llama_server", "--model", str(folder), "--port", str(theirs), "--slots", str(max(readers))]
        own = servers.enter_context(run_server(app, ours))
        other = servers.enter_context(run_server(peer, theirs))
        return asyncio.run(_measure(own, Path(model).name, other, folder, readers, rounds))


async def _measure(own: str, model: str, other: str, folder: Path, readers: Sequence[int], rounds: int) -> list[Row]:
    rows = [Row(count, defaultdict(list), defaultdict(list), defaultdict(list)) for count in readers]
    tokenizer = load_tokenizer(folder)
    async with open_http() as http:
        function = await find_function(http, own, "start")
        for number in range(rounds + 1):
            for row in rows:
                prompts = make_prompts(folder, row.readers, number)
                texts = [tokenizer.decode(ids) for ids in make_prompts(folder, row.readers, rounds + 1 + number)]
                asked = {
                    ENGINE: [complete(http, f"{own}/v1", make_body(model, ids, "repetition_penalty")) for ids in prompts],
                    PAGE: [
                        start_story(http, own, function, make_values(seed, text, TOKENS)) for seed, text in enumerate(texts)
                    ],
                    LLAMA_CPP: [complete(http, f"{other}/v1", make_body("story", ids, "repeat_penalty")) for ids in prompts],
                }
                for name, each in asked.items():
                    heard = await asyncio.gather(*each)
                    if number:
                        told = [len(tokenizer.encode(one.text).ids) for one in heard] if name == PAGE else [TOKENS] * len(heard)
                        _note(row, name, heard, sum(told))
    return rows


def make_prompts(folder: Path, count: int, number: int) -> list[list[int]]:
    """Beginnings of stories that no server has read before: they part at their first words."""
    tokenizer = load_tokenizer(folder)
    start = find_special_tokens(folder, tokenizer, tokenizer.get_vocab_size()).start
    openings = [*IDEAS.values()]
    texts = [f"{number} and {reader}: {openings[reader % len(openings)]}{FILLER * 5}" for reader in range(count)]
    return [[start, *tokenizer.encode(text, add_special_tokens=False).ids][:PROMPT] for text in texts]


def make_body(model: str, ids: list[int], penalty: str) -> dict[str, Any]:
    """A completion of full length at the published settings."""
    chosen = Settings()
    sampling = {"temperature": chosen.temperature, "top_p": chosen.top_p, "top_k": 0, "min_p": 0.0, "seed": 1}
    body = {"model": model, "prompt": ids, "max_tokens": TOKENS, "ignore_eos": True}
    return body | sampling | {penalty: chosen.repetition_penalty}


def _note(row: Row, name: str, heard: list[Heard], tokens: int) -> None:
    seconds = max(one.ended for one in heard) - min(one.asked for one in heard)
    row.rates[name].append(tokens / seconds)
    row.firsts[name] += [one.first for one in heard]
    row.gaps[name] += [later - earlier for one in heard for earlier, later in pairwise(one.times)]


def print_table(rows: list[Row]) -> None:
    """Markdown: median sums with the rounds' ratios, and percentiles over all readers of all rounds, in milliseconds.

    What comes next is a token, and an update of the page, which comes every tenth of a second.
    """
    print(
        "| readers | server | tokens/s in sum | over llama.cpp's | first word, ms: 50 / 95 / 99 % | next, ms: 50 / 95 / 99 % |"
    )
    print("|---|---|---|---|---|---|")
    for row in rows:
        for name, rates in row.rates.items():
            ratio = "" if name == LLAMA_CPP else compare(rates, row.rates[LLAMA_CPP])
            waits = [list_percentiles(seconds[name]) for seconds in (row.firsts, row.gaps)]
            print(f"| {row.readers} | {name} | {statistics.median(rates):.1f} | {ratio} | {waits[0]} | {waits[1]} |")


def list_percentiles(seconds: list[float]) -> str:
    return " / ".join(f"{1000 * one:.0f}" for one in np.percentile(seconds, (50, 95, 99)))

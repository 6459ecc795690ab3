"""What a start costs: seconds to the first token and peak memory, each time in a process of its own (on Linux)."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

LENGTH = 1900  # tokens before the passage, for the memory
TELL = """
import json, re, sys, time
import torch
look = lambda name: int(re.search(name + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1])  # of this program alone
after_torch = look("VmRSS")
from story_engine import Settings, Story, StoryEngine
import story_engine.model.compiled_decoder  # the kernel's own imports
imported = time.time()
folder, start, length = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
engine = StoryEngine.load(folder)
loaded = time.time()
story, settings = Story("Once upon a time, Tom had a ball."), Settings(max_new_tokens=100, seed=1)
while len(engine.window_of(story, settings).ids) < length:
    story.add(" Then they went to the big green park to look for the little red kite.")
stream = engine.stream(story, settings)
next(piece for piece in stream if piece.token is not None)
first = time.time()
list(stream)
print(json.dumps([imported - start, loaded - imported, first - loaded, (look("VmHWM") - after_torch) / 1024]))
"""


def measure(folder: Path, rounds: int) -> list[list[float]]:
    """[imports, loading, first token, in seconds; peak beyond torch's import, in MB] for a short story and a full window.

    A first launch, which may have to compile the kernel, is left out.
    """
    return [
        [statistics.median(column) for column in zip(*[_launch(folder, length) for _ in range(rounds + 1)][1:], strict=True)]
        for length in (0, LENGTH)
    ]


def _launch(folder: Path, length: int) -> list[float]:
    command = f"import time; start = time.time(); import sys; sys.argv[2:2] = [str(start)]\n{TELL}"
    told = subprocess.run(
        [sys.executable, "-c", command, str(folder), str(length)], check=True, capture_output=True, text=True
    ).stdout
    return [float(number) for number in json.loads(told.splitlines()[-1])]


def print_table(rows: list[list[float]]) -> None:
    """Markdown, as the README shows it."""
    print("| tokens before | imports, s | loading, s | first token, s | peak memory beyond torch's import, MB |")
    print("|---|---|---|---|---|")
    for length, (imports, loading, first, peak) in zip((0, LENGTH), rows, strict=True):
        print(f"| {length or 'a sentence'} | {imports:.2f} | {loading:.2f} | {first:.2f} | {peak:.0f} |")

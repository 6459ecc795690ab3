"""A soak: many readers at the shipped model, of whom some stop and some vanish; what each waited, and what stayed."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from story_engine import Settings, Story, StoryEngine

OPENINGS = ("Once upon a time, Tom found a blue car.", '"Who are you?" asked the old fox.', "Mia was a baker in a small town.")
LONG = "He drove the car to the park, and then he drove it home. " * 110


def measure(model: str, readers: int, *, stops: int = 20, tokens: int = 40) -> dict[str, float]:
    """Figures by name: seconds at the 95th percentile, and counts of what must not be."""
    engine, vanishing = StoryEngine.load(model), 2 * readers // 5
    settings = [Settings(seed=number, max_new_tokens=tokens) for number in range(readers)]
    alone = [_read(engine, number, settings[number])[0] for number in range(readers)]
    with ThreadPoolExecutor(readers) as pool:
        jobs = [pool.submit(_read, engine, n, settings[n], n < vanishing) for n in range(readers)]
        together = [job.result() for job in jobs]
    other = sum(words != whole for (words, _), whole in zip(together[vanishing:], alone[vanishing:], strict=True))
    cut = sum(not whole.startswith(words) for (words, _), whole in zip(together[:vanishing], alone, strict=False))
    return {
        "readers whose words were not those of a run alone": other,
        "vanished readers whose words were not the beginning of those": cut,
        "stories still being written": engine.slots.writers,
        "first word with all readers, seconds (95th percentile)": _find_p95([first for _, first in together]),
        "stop while a passage is told, seconds (95th percentile)": _find_p95(
            [_stop(engine, OPENINGS[0], n) for n in range(stops)]
        ),
        "stop while a long text is read, seconds (95th percentile)": _find_p95([_stop(engine, LONG, n) for n in range(stops)]),
    }


def print_figures(figures: dict[str, float]) -> None:
    """A line for each."""
    for name, figure in figures.items():
        print(f"{name}: {figure:.3g}")


def _read(engine: StoryEngine, number: int, settings: Settings, vanishes: bool = False) -> tuple[str, float]:
    """The words that a reader is shown, and the seconds to the first."""
    begun, first, shown = time.monotonic(), 0.0, ""
    stream = engine.stream(Story(OPENINGS[number % len(OPENINGS)]), settings)
    for piece in stream:
        shown = piece.follow(shown)
        first = first or (time.monotonic() - begun if shown else 0.0)
        if vanishes and len(shown) > 20:
            stream.close()
            break
    return shown, first


def _stop(engine: StoryEngine, text: str, number: int) -> float:
    """Seconds from a stop, which comes from another thread at any moment, to the end of the stream."""
    cancel, stopped = threading.Event(), [0.0]

    def stop() -> None:
        stopped[0] = time.monotonic()
        cancel.set()

    timer = threading.Timer(random.Random(number).uniform(0.05, 0.3), stop)
    timer.start()
    for _ in engine.stream(Story(text), Settings(max_new_tokens=200), cancel=cancel):
        pass
    ended = time.monotonic()
    timer.join()
    return max(0.0, ended - stopped[0])


def _find_p95(seconds: list[float]) -> float:
    return float(np.percentile(seconds, 95))

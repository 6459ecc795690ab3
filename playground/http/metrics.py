"""Figures of the running server, in the form that Prometheus collects."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from playground.engines import Engines
from playground.http.desk import Desk
from story_engine import Completions

PREFIX = "story_playground"
RECENT = 5.0  # seconds after which the last step says nothing of the speed now


@dataclass(frozen=True)
class Sources:
    """Where the figures come from; `count_waiting` says how many events of the page wait, `count_forgettings` how often
    stories have forgotten."""

    engines: Engines
    completions: Completions
    desk: Desk
    count_waiting: Callable[[], int]
    count_forgettings: Callable[[], int]


class Metrics:
    """Counts requests and errors, and asks the sources for the rest when figures are asked for."""

    def __init__(self, sources: Sources) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Live(sources))
        self.requests = Counter(
            f"{PREFIX}_requests", "Requests by path and status.", ["path", "status"], registry=self._registry
        )
        self.errors = Counter(f"{PREFIX}_errors", "Errors in the log, of page and endpoints.", registry=self._registry)
        self._tokens = Counter(f"{PREFIX}_completion_tokens", "Tokens of completions.", ["kind"], registry=self._registry)

    def write(self) -> tuple[bytes, str]:
        """All figures as text, and the type of it."""
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4

    def count_completion(self, cached: int, *, prompt_tokens: int, completion_tokens: int) -> None:
        for kind, count in (("prompt", prompt_tokens), ("cached", cached), ("completion", completion_tokens)):
            self._tokens.labels(kind).inc(count)

    def watch_log(self) -> None:
        """Count every error that page or engine write to the log."""
        for name in ("playground", "story_engine"):
            logging.getLogger(name).addHandler(_ErrorCount(self.errors))


class _ErrorCount(logging.Handler):
    def __init__(self, errors: Counter) -> None:
        super().__init__(logging.ERROR)
        self._errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        self._errors.inc()


class _Live(Collector):
    """What is so at the moment of asking, over all loaded models."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        sources, engines = self._sources, self._sources.engines.loaded
        loads = [engine.scheduler.load for engine in engines]
        running = sources.completions.running
        readers = max(0, sum(engine.slots.writers for engine in engines) - running)
        recent = [load.last_rate for load in loads if time.monotonic() - load.last_at < RECENT]
        yield from _gauges(
            {
                "readers": ("Stories that are being told to readers of the page.", readers),
                "completions_running": ("Completions that are being computed.", running),
                "completions_waiting": ("Requests that wait for a place.", sources.desk.waiting),
                "page_events_waiting": ("Events of the page that wait.", sources.count_waiting()),
                "tokens_per_second": ("Tokens a second of the models' last steps; 0 while nothing is told.", sum(recent)),
                "slot_bytes": ("Memory of what the models have read.", sum(engine.slots.nbytes for engine in engines)),
            }
        )
        yield from _counters(
            {
                "tokens_told": ("Tokens that were computed one by one.", sum(load.tokens_told for load in loads)),
                "tokens_read": ("Tokens that were read in chunks.", sum(load.tokens_read for load in loads)),
                "telling_seconds": ("Seconds of steps.", sum(load.telling_seconds for load in loads)),
                "reading_seconds": ("Seconds of reading.", sum(load.reading_seconds for load in loads)),
                "steps": ("Steps of the models.", sum(load.steps for load in loads)),
                "cache_hits": ("Tellings that found what was read before.", sum(engine.slots.hits for engine in engines)),
                "cache_misses": ("Tellings that had to read all.", sum(engine.slots.misses for engine in engines)),
                "forgettings": ("Times that a story's window forgot.", sources.count_forgettings()),
            }
        )


def _gauges(values: dict[str, tuple[str, float]]) -> Iterator[Metric]:
    for name, (words, value) in values.items():
        yield GaugeMetricFamily(f"{PREFIX}_{name}", words, value)


def _counters(values: dict[str, tuple[str, float]]) -> Iterator[Metric]:
    for name, (words, value) in values.items():
        yield CounterMetricFamily(f"{PREFIX}_{name}", words, value)

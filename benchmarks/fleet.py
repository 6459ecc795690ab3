"""A fleet, simulated: a hundred replicas and a million readers a day, and what readers meet when something goes wrong.

Discrete events on a scripted model of a server: so many stories at once, in one batch whose sum grows with them as that of our
own engine was measured to grow; the others wait. A replica reads what it has not read of a story before the first word. The
order of the replicas and their rests are the remote engine's own (`Replicas`), and so is its patience. It is the busiest hour
of the day, in which readers come twice as often as on the average.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import random
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from story_engine.remote.replicas import Replicas

REPLICAS, READERS, PEAK = 100, 1_000_000, 2.0  # readers a day; the busiest hour over the mean
SECONDS, FILLING, TROUBLE = 600.0, 240.0, 300.0  # simulated; of them not counted; when something goes wrong
TURNS, PAUSE = 8, 30.0  # passages of a visit, and seconds between two, both on the average
TOKENS, WORDS = 100, 30  # told in a passage, and added by its reader
SLOTS, CACHED = 16, 200  # stories told at once by a replica, and those whose reading it remembers
ALONE, TOGETHER = 300.0, 1000.0  # tokens a second of one story, and of ever more in sum
READING = 0.9  # what it costs to read a token, in told ones
SILENCE, TRIES, AGAIN = 60.0, 5, 20.0  # the remote engine's patience; seconds until a reader asks again


@dataclass(frozen=True)
class Scenario:
    """`dead` replicas end at `TROUBLE`, or each `restarts` in turn, for 5 s; `stays`: a story has a replica of its own."""

    name: str
    readers: int = READERS
    replicas: int = REPLICAS
    stays: bool = True
    dead: int = 0
    restarts: bool = False


SCENARIOS = (
    Scenario("as planned"),
    Scenario("1 replica dies", dead=1),
    Scenario("10 die", dead=10),
    Scenario("30 die", dead=30),
    Scenario("all restart, one by one", restarts=True),
    Scenario("any replica tells any turn", stays=False),
    Scenario("2 million readers", readers=2_000_000),
    Scenario("2 million, 30 die", readers=2_000_000, dead=30),
    Scenario("3 million", readers=3_000_000),
    Scenario("4 million", readers=4_000_000),
)


@dataclass(eq=False)
class Passage:
    """One passage that a reader asks for: when, how often, of which replica, and how many tokens that had not read before."""

    story: str
    turn: int
    asked: float
    tries: int = 0
    is_heard: bool = False
    server: Server | None = None
    unread: int = 0


@dataclass(eq=False)
class Server:
    """A replica: the passages it tells, those that wait, the stories it has read, and the work done for each passage so far."""

    name: str
    is_up: bool = True
    told: list[tuple[float, int, bool, Passage]] = field(default_factory=list)  # work, number, whether it ends, passage
    count: int = 0
    waiting: deque[Passage] = field(default_factory=deque)
    read: OrderedDict[str, int] = field(default_factory=OrderedDict)
    work: float = 0.0
    since: float = 0.0
    version: int = 0  # of its next event

    @property
    def rate(self) -> float:
        """Tokens a second of each story."""
        return TOGETHER / (self.count - 1 + TOGETHER / ALONE) if self.count else 0.0

    def advance(self, now: float) -> None:
        self.work += self.rate * (now - self.since)
        self.since = now


@dataclass
class Result:
    """What readers met, once the fleet was filled; times in seconds."""

    first: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    at_once: list[int] = field(default_factory=list)


class Fleet:
    """One scenario; the same seed gives the same events."""

    def __init__(self, scenario: Scenario, seconds: float = SECONDS, seed: int = 0) -> None:
        self.scenario, self.seconds, self.now = scenario, seconds, 0.0
        self.chance, self.result, self.numbers = random.Random(seed), Result(), itertools.count()
        self.servers = {f"http://{number}": Server(f"http://{number}") for number in range(scenario.replicas)}
        self.replicas = Replicas([*self.servers], lambda: self.now)
        self.events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []

    def run(self) -> Result:
        self._at(0.0, self._visit)
        for number, server in enumerate(self.servers.values()):
            if number < self.scenario.dead:
                self._at(TROUBLE, self._end, server)
            elif self.scenario.restarts:
                self._at(FILLING + number * 3.0, self._end, server)
                self._at(FILLING + number * 3.0 + 5.0, self._begin, server)
        while self.events and self.events[0][0] <= self.seconds:
            self.now, _, act, given = heapq.heappop(self.events)
            act(*given)
        return self.result

    def _at(self, when: float, act: Callable[..., None], *given: Any) -> None:
        heapq.heappush(self.events, (when, next(self.numbers), act, given))

    def _count(self, name: str) -> None:
        if self.now >= FILLING:
            self.result.counts[name] += 1

    # -- readers

    def _visit(self) -> None:
        """A reader comes, and the next one later."""
        self._ask(Passage(str(self.chance.random()), 0, self.now))
        self._at(self.now + self.chance.expovariate(PEAK * self.scenario.readers / 86_400), self._visit)

    def _read(self, passage: Passage) -> None:
        """A passage was told: its reader reads, and goes on or leaves."""
        self._count("told")
        if self.chance.random() > 1 / TURNS:
            when = self.now + self.chance.expovariate(1 / PAUSE)
            self._at(when, self._ask, Passage(passage.story, passage.turn + 1, when))

    # -- what the remote engine does

    def _ask(self, passage: Passage) -> None:
        if passage.tries >= TRIES:
            self._count("failed")
            return
        passage.tries += 1
        name = self.replicas.order(passage.story if self.scenario.stays else str(self.chance.random()))[0]
        server = self.servers[name]
        if not server.is_up:
            self.replicas.fail(name)
            self._at(self.now + 0.01, self._ask, passage)
            return
        passage.server = server
        self._at(self.now + SILENCE, self._lose_patience, passage, passage.tries)
        server.waiting.append(passage)
        self._fill(server)

    def _lose_patience(self, passage: Passage, tries: int) -> None:
        if passage.is_heard or passage.tries != tries or passage.server is None:
            return
        server = passage.server
        self.replicas.fail(server.name)
        self._drop(server, passage)
        self._ask(passage)

    # -- what a replica does

    def _fill(self, server: Server) -> None:
        """Take in those that wait, and tell what is next."""
        server.advance(self.now)
        while server.waiting and server.count < SLOTS:
            passage = server.waiting.popleft()
            held = server.read.pop(passage.story, 0)
            passage.unread = passage.turn * (TOKENS + WORDS) + WORDS - held
            start = server.work + READING * passage.unread
            for work, ends in ((start + 1, False), (start + TOKENS, True)):
                heapq.heappush(server.told, (work, next(self.numbers), ends, passage))
            server.count += 1
        server.version += 1
        if server.told:
            when = self.now + max(0.0, server.told[0][0] - server.work) / server.rate
            self._at(when, self._tell, server, server.version)

    def _tell(self, server: Server, version: int) -> None:
        """The next word or end that somebody waits for."""
        if server.version != version:
            return
        server.advance(self.now)
        _, _, ends, passage = heapq.heappop(server.told)
        if not ends:
            passage.is_heard = True
            if passage.asked >= FILLING:
                self.result.first.append(self.now - passage.asked)
                self.result.at_once.append(server.count)
                self.result.counts["read anew"] += passage.unread > WORDS
        else:
            server.count -= 1
            server.read[passage.story] = (passage.turn + 1) * (TOKENS + WORDS)
            if len(server.read) > CACHED:
                server.read.popitem(last=False)
            self._read(passage)
        self._fill(server)

    def _drop(self, server: Server, passage: Passage) -> None:
        """A reader has gone elsewhere."""
        server.advance(self.now)
        if passage in server.waiting:
            server.waiting.remove(passage)
        else:
            server.told = [entry for entry in server.told if entry[3] is not passage]
            heapq.heapify(server.told)
            server.count -= 1
        self._fill(server)

    def _end(self, server: Server) -> None:
        """It dies: what it was telling breaks off, and its readers ask again; those that waited go elsewhere at once."""
        told, waiting = {entry[3] for entry in server.told}, [*server.waiting]
        self.servers[server.name] = Server(server.name, is_up=False)
        server.told, server.count, server.version = [], 0, server.version + 1
        server.waiting.clear()
        self.replicas.fail(server.name)
        for passage in sorted(told, key=lambda one: one.asked):
            if passage.is_heard:
                self._count("broken off")
                again = self.now + AGAIN
                self._at(again, self._ask, Passage(passage.story, passage.turn, again))
            else:
                waiting.append(passage)
        for passage in waiting:
            self._ask(passage)

    def _begin(self, server: Server) -> None:
        """It comes back, and has read nothing."""
        self.servers[server.name] = Server(server.name, since=self.now)


def measure(scenarios: Sequence[Scenario] = SCENARIOS) -> Iterator[tuple[Scenario, Result]]:
    """Each scenario for ten minutes, of which the first four fill the fleet."""
    logging.getLogger("story_engine").setLevel(logging.ERROR)
    for scenario in scenarios:
        yield scenario, Fleet(scenario).run()


def print_table(results: Iterator[tuple[Scenario, Result]]) -> None:
    """Markdown: seconds, and shares of the passages."""
    print(
        "| what happens | passages | first word, s: 50 / 95 / 99 % | at once at a replica | read anew | broken off | given up |"
    )
    print("|---|---|---|---|---|---|---|")
    for scenario, result in results:
        waits = " / ".join(f"{one:.2f}" for one in np.percentile(result.first, (50, 95, 99)))
        counts, heard = result.counts, len(result.first)
        shares = " | ".join(f"{counts[name] / heard:.2%}" for name in ("read anew", "broken off", "failed"))
        print(f"| {scenario.name} | {heard:,} | {waits} | {np.mean(result.at_once):.1f} | {shares} |", flush=True)

"""The simulated fleet: every passage is told, broken off or given up, and trouble shows where it should."""

from dataclasses import replace

import pytest

from benchmarks import fleet
from benchmarks.fleet import Fleet, Scenario

SMALL = Scenario("small", readers=20_000, replicas=2)  # as busy as the whole one at a million


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(fleet, "FILLING", 60.0)
    monkeypatch.setattr(fleet, "TROUBLE", 120.0)


def run(scenario: Scenario, seconds: float = 300.0) -> fleet.Result:
    return Fleet(scenario, seconds).run()


def test_a_story_that_stays_is_never_read_anew_and_the_same_seed_gives_the_same_events():
    result, again = run(SMALL), run(SMALL)
    assert result.first == again.first
    assert result.counts["read anew"] == result.counts["broken off"] == result.counts["failed"] == 0
    assert abs(result.counts["told"] - len(result.first)) <= fleet.SLOTS * SMALL.replicas
    assert min(result.first) == pytest.approx((fleet.READING * fleet.WORDS + 1) / fleet.ALONE, abs=0.01)


def test_stories_that_wander_are_read_anew():
    wandering = run(replace(SMALL, stays=False))
    assert wandering.counts["read anew"] > 0.2 * len(wandering.first)


def test_a_dead_replica_breaks_passages_off_and_its_stories_go_on_elsewhere():
    result = run(replace(SMALL, readers=60_000, dead=1))
    assert result.counts["broken off"] > 0
    assert result.counts["read anew"] > 0
    assert result.counts["failed"] == 0


def test_too_many_readers_wait_and_some_give_up():
    crowded = run(replace(SMALL, readers=150_000), seconds=900.0)
    assert crowded.counts["failed"] > 0
    assert max(crowded.first) > fleet.SILENCE / 2

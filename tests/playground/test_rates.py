"""Rates: a page that asks for too many passages is told to wait, and nobody else is."""

from types import SimpleNamespace

import pytest

from playground.rates import MINUTE, PER_ADDRESS, PER_PAGE, Rates
from story_engine import InputError


def ask(page: str, address: str = "10.0.0.1") -> SimpleNamespace:
    return SimpleNamespace(session_hash=page, request=object(), client=SimpleNamespace(host=address))


@pytest.fixture
def clock() -> list[float]:
    return [100.0]


@pytest.fixture
def rates(clock) -> Rates:
    return Rates(lambda: clock[0])


def test_a_page_has_so_many_passages_a_minute_and_another_page_its_own(rates, clock):
    for _ in range(PER_PAGE):
        rates.count(ask("a"))
    with pytest.raises(InputError, match=f"more than {PER_PAGE} passages in a minute. Wait 61 seconds"):
        rates.count(ask("a"))
    rates.count(ask("b"))
    clock[0] += MINUTE
    rates.count(ask("a"))


def test_an_address_has_a_bound_of_its_own_whatever_pages_it_names(rates):
    for number in range(PER_ADDRESS):
        rates.count(ask(f"page {number}"))
    with pytest.raises(InputError, match="in a minute"):
        rates.count(ask("one more"))
    rates.count(ask("one more", address="10.0.0.2"))


def test_what_was_refused_does_not_count(rates, clock):
    for _ in range(PER_PAGE):
        rates.count(ask("a"))
    for _ in range(100):
        with pytest.raises(InputError):
            rates.count(ask("a"))
    clock[0] += MINUTE
    rates.count(ask("a"))


def test_clients_that_were_quiet_are_forgotten(rates, monkeypatch):
    monkeypatch.setattr("playground.rates.MAX_CLIENTS", 10)
    for number in range(100):
        rates.count(ask(f"page {number}", address=f"10.0.0.{number}"))
    assert len(rates._asked) == 10

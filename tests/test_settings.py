"""Settings are checked once, completely, and never bent to fit."""

import math

import pytest

from story_engine import RANGES, Settings, SettingsError


def test_defaults_are_the_published_recommendation():
    settings = Settings()
    assert (settings.temperature, settings.top_p, settings.repetition_penalty) == (0.7, 0.9, 1.1)
    assert 128 <= settings.max_new_tokens <= 512


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, "1", [1], {}, -1, 1e300])
def test_values_of_the_wrong_kind_or_size_are_refused(name, value):
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: value})


@pytest.mark.parametrize("name", [name for name in RANGES if name != "seed"])
def test_only_the_seed_may_be_missing(name):
    with pytest.raises(SettingsError):
        Settings(**{name: None})


def test_every_problem_is_listed_at_once():
    with pytest.raises(SettingsError) as error:
        Settings(temperature=9, top_p=math.nan, max_new_tokens=1.5)
    assert all(name in str(error.value) for name in ("temperature", "top_p", "max_new_tokens"))


def test_unknown_names_are_refused_and_known_ones_come_back():
    settings = Settings(temperature=1, seed=7)
    assert Settings.from_dict(settings.to_dict()) == settings
    with pytest.raises(SettingsError, match="warmth"):
        Settings.from_dict({"warmth": 1})

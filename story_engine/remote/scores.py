"""Scores: how likely a server's model finds the tokens of a given text, by its echo with log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from story_engine.errors import InputError
from story_engine.remote.client import Client
from story_engine.remote.dialects import Dialect

UNTOLD = "{server} does not tell how likely the words of a text are."
TOKEN = "token_id:"  # how a token is named when it is asked for by its number


def read_scores(
    client: Client, dialect: Dialect, model: str, before: Sequence[int], ids: Sequence[int], offered: int
) -> list[tuple[float, dict[int, float]]]:
    """For each of `ids` behind `before`, which has at least one token: its log-probability, and the likeliest tokens'.

    Raises:
        InputError: this kind of server does not tell them.
        StoryError: it cannot be reached.
    """
    if not dialect.scores:
        raise InputError(UNTOLD, server=dialect.title)
    body = {
        "model": model,
        "prompt": [*before, *ids],
        "max_tokens": 0,
        "echo": True,
        "logprobs": offered,
        "temperature": 1.0,
        "return_tokens_as_token_ids": True,
        "add_special_tokens": False,
    }
    answer = client.ask_any("", "/completions", body)
    try:
        logprobs = answer["choices"][0]["logprobs"]
        own, likeliest = logprobs["token_logprobs"][len(before) :], logprobs["top_logprobs"][len(before) :]
        found = [(float(one), _read_tokens(top)) for one, top in zip(own, likeliest, strict=True)]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        found = []
    if len(found) != len(ids):
        raise InputError(UNTOLD, server=dialect.title)
    return found


def _read_tokens(likeliest: dict[str, Any]) -> dict[int, float]:
    """Token -> log-probability."""
    return {int(name.removeprefix(TOKEN)): float(value) for name, value in (likeliest or {}).items()}

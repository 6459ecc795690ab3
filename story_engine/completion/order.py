"""What a completion is asked for, and what it is answered with, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from story_engine.settings import Settings

Finish = Literal["", "stop", "length", "content_filter"]  # the last: whoever shows it has found it unfit


@dataclass(frozen=True)
class CompletionOrder:
    """What is asked for: `n` completions of the tokens `ids`, each of at most `max_tokens`.

    Of the settings the sampling ones count. A completion ends at an end token, at one of `stop_tokens`, or before the first
    of the texts in `stop`; where it `ignores_end`, end tokens are not drawn. With `echo` the tokens of the prompt come first.
    `logprobs` is the number of likeliest tokens that are listed beside each token, by their numbers where it `names_ids`;
    None lists nothing.

    `biases` are added to the tokens' logits, at each step; `presence` is taken from those that this completion has told, and
    `frequency` as often as it has told them. None of its ends can be drawn before `min_tokens`.
    """

    ids: tuple[int, ...]
    settings: Settings = field(default_factory=Settings)
    max_tokens: int = 16
    n: int = 1
    stop: tuple[str, ...] = ()
    stop_tokens: frozenset[int] = frozenset()
    ignores_end: bool = False
    echo: bool = False
    logprobs: int | None = None
    names_ids: bool = False
    biases: tuple[tuple[int, float], ...] = ()
    presence: float = 0.0
    frequency: float = 0.0
    min_tokens: int = 0


@dataclass(frozen=True)
class ScoredToken:
    """A token and, where they were asked for, its log-probability and those of the likeliest, before any setting.

    `offset` counts the characters before it in the completion's text. The first token of a prompt has no probability.
    """

    token: int
    text: str
    offset: int
    logprob: float | None = None
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class CompletionPiece:
    """A bit of completion number `index`; `finish` says why it ended, on its last piece.

    While a prompt is read, pieces without text come; `cached`, on the first, counts its tokens that were read before.
    """

    index: int
    text: str
    tokens: tuple[ScoredToken, ...] = ()
    finish: Finish = ""
    is_prompt: bool = False
    cached: int = 0

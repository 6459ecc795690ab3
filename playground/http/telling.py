"""A request's completions: the orders that its body makes, and what is told of each piece."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.http.errors import ApiError
from playground.http.schemas import CompletionBody
from story_engine import CompletionOrder, CompletionPiece, Completions, ScoredToken, Settings

DONE = "data: [DONE]\n\n"
LOWEST = -9999.0  # a log-probability that JSON can hold
SAMPLING = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed")


def make_orders(completions: Completions, body: CompletionBody) -> list[CompletionOrder]:
    """An order for each prompt, checked.

    Raises:
        StoryError: a setting, a token or a length cannot be used.
    """
    settings = Settings(**{name: getattr(body, name) for name in SAMPLING})
    orders = [
        CompletionOrder(
            ids=tuple(completions.encode(prompt, begins=body.add_special_tokens) if isinstance(prompt, str) else prompt),
            settings=settings,
            max_tokens=body.max_tokens,
            n=body.n,
            stop=tuple(body.stop),
            stop_tokens=frozenset(body.stop_token_ids),
            ignores_end=body.ignore_eos,
            echo=body.echo,
            logprobs=body.logprobs,
            names_ids=body.return_tokens_as_token_ids,
            biases=tuple(body.logit_bias.items()),
            presence=body.presence_penalty,
            frequency=body.frequency_penalty,
            min_tokens=body.min_tokens,
        )
        for prompt in body.prompt
    ]
    for order in orders:
        completions.check(order)
    return orders


@dataclass
class Answer:
    """One answer as it comes: its name, and how many tokens it was made of."""

    model: str
    body: CompletionBody
    prompt_tokens: int
    id: str = field(default_factory=lambda: f"cmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    completion_tokens: int = 0
    cached_tokens: int = 0

    def count(self, piece: CompletionPiece) -> None:
        self.cached_tokens += piece.cached
        if not piece.is_prompt:
            self.completion_tokens += len(piece.tokens)

    @property
    def usage(self) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": self.cached_tokens},
        }

    def describe(self, choices: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
        head = {"id": self.id, "object": "text_completion", "created": self.created, "model": self.model}
        return head | {"choices": list(choices)} | more

    def stream(self, piece: CompletionPiece, first: int) -> Iterator[str]:
        """A piece as an event; `first` is the index of its prompt's first completion. The mark of a read prompt is none."""
        if piece.text or piece.tokens or piece.finish:
            with_usage = {"usage": None} if self.body.stream_options.include_usage else {}
            yield write_event(self.describe([self._choose([piece], first + piece.index)], **with_usage))

    def end(self) -> Iterator[str]:
        """The last events of a stream."""
        if self.body.stream_options.include_usage:
            yield write_event(self.describe([], usage=self.usage))
        yield DONE

    def collect(self, told: Sequence[tuple[int, CompletionPiece]]) -> dict[str, Any]:
        """The whole answer, of (index of the prompt's first completion, piece)."""
        by_index: dict[int, list[CompletionPiece]] = {}
        for first, piece in told:
            by_index.setdefault(first + piece.index, []).append(piece)
        return self.describe([self._choose(by_index[index], index) for index in sorted(by_index)], usage=self.usage)

    def _choose(self, pieces: Sequence[CompletionPiece], index: int) -> dict[str, Any]:
        tokens = [token for piece in pieces for token in piece.tokens]
        choice = {
            "index": index,
            "text": "".join(piece.text for piece in pieces),
            "logprobs": None if self.body.logprobs is None else _list_logprobs(tokens),
            "finish_reason": pieces[-1].finish or None,
        }
        if self.body.return_token_ids:
            choice["token_ids"] = [token.token for piece in pieces if not piece.is_prompt for token in piece.tokens]
        return choice


def write_event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def write_error(error: ApiError) -> str:
    """An error in the midst of a stream."""
    return write_event(error.body)


def _list_logprobs(tokens: Sequence[ScoredToken]) -> dict[str, Any]:
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [None if token.logprob is None else max(token.logprob, LOWEST) for token in tokens],
        "top_logprobs": [
            None if token.logprob is None else {text: max(chance, LOWEST) for text, chance in token.top} for token in tokens
        ],
        "text_offset": [token.offset for token in tokens],
    }

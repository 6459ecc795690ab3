"""Dialects: how each kind of completions server names our settings, and what it cannot do. A table for each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from story_engine.settings import READING_LEVELS, Settings

# The value at which a setting has no effect: to leave it out is then the same as to send it.
OFF: dict[str, Any] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 0,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "dry_multiplier": 0.0,
    "guidance": 0.0,
    "best_of": 1,
    "reading_level": READING_LEVELS[-1],
}
SEEDS = 2**31  # servers keep a seed in 32 bits
Fields = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One completion of a model that attends to `context` tokens.

    The prompt is known as token ids and as text; `banned` tokens cannot be drawn.
    """

    ids: tuple[int, ...]
    text: str
    settings: Settings
    max_tokens: int
    seed: int
    context: int
    end_tokens: tuple[int, ...] = ()
    min_tokens: int = 0
    banned: tuple[int, ...] = ()


def _keep(value: Any) -> Any:
    return value


def _count_or_all(value: int) -> int:
    return value or -1


@dataclass(frozen=True)
class Dialect:
    """What a kind of server understands.

    Attributes:
        names: setting -> (its name there, how its value is written).
        always: sent with every request, since a server's own defaults would come in otherwise.
        takes_ids: the prompt goes as token ids, else as text.
        reads_marks: a start token that is spelled in a text is read as one.
        scores: it tells how likely the tokens of a given text are (echo with logprobs).
        stops, minimum: the names of the lists of end tokens, and of the fewest tokens; empty where there are none.
        penalized: the name of how many of the last tokens the repetition penalty weighs, where that is not all.
        one_at_a_time: it tells one passage after the other, and a seed that comes meanwhile changes the one being told.
        session_headers: each gets the story's number, by which a router finds the replica that has read the story.
        tokenize, detokenize: (field of the request, field of the answer); None where the server offers neither.
    """

    name: str
    title: str
    names: Mapping[str, tuple[str, Callable[[Any], Any]]]
    always: Mapping[str, Any] = field(default_factory=dict)
    takes_ids: bool = True
    reads_marks: bool = False
    scores: bool = False
    bans: bool = True
    stops: str = ""
    minimum: str = ""
    penalized: str = ""
    in_config: bool = False
    one_at_a_time: bool = False
    session_headers: tuple[str, ...] = ("X-Session-ID",)
    tokenize: tuple[str, str] | None = None
    detokenize: tuple[str, str] | None = None

    def list_unknown(self, settings: Settings) -> list[str]:
        """The settings that have an effect with us and none there."""
        return [name for name, off in OFF.items() if name not in self.names and getattr(settings, name) != off]

    def write(self, request: Request, model: str) -> Fields:
        """The body of a streamed completion."""
        sampling = {there: write(getattr(request.settings, name)) for name, (there, write) in self.names.items()}
        if self.in_config:
            return self._write_with_config(request, model, sampling)
        body: Fields = {"model": model, "prompt": list(request.ids) if self.takes_ids else request.text, "stream": True}
        body |= {**self.always, **sampling, "max_tokens": request.max_tokens, "seed": request.seed % SEEDS}
        if self.stops:
            body[self.stops] = list(request.end_tokens)
        if self.minimum:
            body[self.minimum] = min(request.min_tokens, request.max_tokens)
        if self.penalized:
            body[self.penalized] = request.context
        if self.bans and request.banned:
            body["logit_bias"] = {str(token): -100 for token in request.banned}
        return body

    def _write_with_config(self, request: Request, model: str, sampling: Fields) -> Fields:
        """As transformers serve takes it: what OpenAI's form has no name for goes into a generation config, as JSON."""
        config = {**self.always, **sampling} | {
            "do_sample": request.settings.temperature > 0,
            "max_new_tokens": request.max_tokens,
            "min_new_tokens": min(request.min_tokens, request.max_tokens),
        }
        if not config["do_sample"]:
            del config["temperature"]
        if request.end_tokens:
            config |= {"eos_token_id": list(request.end_tokens), "pad_token_id": request.end_tokens[0]}
        if request.banned:
            config["suppress_tokens"] = list(request.banned)
        body = {"model": model, "prompt": request.text, "stream": True, "max_tokens": request.max_tokens}
        return body | {"seed": request.seed % SEEDS, "generation_config": json.dumps(config)}


COMMON = {"temperature": ("temperature", _keep), "top_p": ("top_p", _keep)}
NO_PENALTIES = {"presence_penalty": 0.0, "frequency_penalty": 0.0}

VLLM = Dialect(
    name="vllm",
    title="vLLM",
    names=COMMON
    | {
        "top_k": ("top_k", _keep),
        "min_p": ("min_p", _keep),
        "repetition_penalty": ("repetition_penalty", _keep),
    },
    always=NO_PENALTIES | {"n": 1, "add_special_tokens": False, "return_token_ids": True, "skip_special_tokens": True},
    scores=True,
    stops="stop_token_ids",
    minimum="min_tokens",
    session_headers=("X-Session-ID", "X-User-ID"),
    tokenize=("prompt", "tokens"),
    detokenize=("tokens", "prompt"),
)
SGLANG = Dialect(
    name="sglang",
    title="SGLang",
    names=COMMON
    | {
        "top_k": ("top_k", _count_or_all),
        "min_p": ("min_p", _keep),
        "repetition_penalty": ("repetition_penalty", _keep),
    },
    always=NO_PENALTIES | {"n": 1, "return_token_ids": True, "skip_special_tokens": True},
    stops="stop_token_ids",
    minimum="min_tokens",
    session_headers=("X-Session-ID", "X-SMG-Routing-Key"),
    tokenize=("prompt", "tokens"),
    detokenize=("tokens", "text"),
)
LLAMA_CPP = Dialect(
    name="llama.cpp",
    title="llama.cpp",
    names=COMMON
    | {
        "top_k": ("top_k", _keep),
        "min_p": ("min_p", _keep),
        "repetition_penalty": ("repeat_penalty", _keep),
    },
    always=NO_PENALTIES
    | {
        "n": 1,
        "samplers": ["penalties", "temperature", "top_k", "top_p", "min_p"],  # in our order
        "typical_p": 1.0,
        "dynatemp_range": 0.0,
        "mirostat": 0,
        "cache_prompt": True,
        "return_tokens": True,
    },
    penalized="repeat_last_n",
    tokenize=("content", "tokens"),
    detokenize=("tokens", "content"),
)
TRANSFORMERS = Dialect(
    name="transformers",
    title="transformers serve",
    names=COMMON
    | {
        "top_k": ("top_k", _keep),
        "min_p": ("min_p", _keep),
        "repetition_penalty": ("repetition_penalty", _keep),
    },
    # The model's own generation_config.json fills in what is left out; an embedded model asks for guidance there.
    always={"guidance_scale": 1.0, "num_beams": 1, "typical_p": 1.0, "no_repeat_ngram_size": 0},
    takes_ids=False,
    reads_marks=True,
    in_config=True,
    one_at_a_time=True,
)
PLAYGROUND = Dialect(
    name="playground",
    title="Story Playground",
    names=VLLM.names,
    always=NO_PENALTIES | {"n": 1, "add_special_tokens": False, "return_token_ids": True},
    scores=True,
    stops="stop_token_ids",
    minimum="min_tokens",
    tokenize=("prompt", "tokens"),
    detokenize=("tokens", "prompt"),
)
OTHER = Dialect(
    name="other",
    title="OpenAI API",
    names=COMMON,
    always=NO_PENALTIES | {"n": 1},
    takes_ids=False,
    bans=False,
)
DIALECTS = {dialect.name: dialect for dialect in (VLLM, SGLANG, LLAMA_CPP, TRANSFORMERS, PLAYGROUND, OTHER)}

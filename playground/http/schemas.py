"""What a request may hold, checked by pydantic: every field that is known, and bounds on each."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from playground.http.errors import ApiError

MAX_BODY_BYTES = 1 << 20
MAX_PROMPTS, MAX_N, MAX_CHOICES = 32, 8, 64  # prompts, completions of each, and of all together
MAX_CHARACTERS = 100_000  # of one text
MAX_IDS = 65_536  # of one prompt; the model's context is far shorter
MAX_STOPS, MAX_STOP_CHARACTERS = 16, 200
MAX_LOGPROBS = 20
MAX_BIASES, MAX_BIAS = 1024, 100.0
MAX_PENALTY = 2.0
# Fields that other servers have: a value at which they change nothing is taken, any other one is refused.
WITHOUT_EFFECT: dict[str, Any] = {
    "suffix": "",
    "user": None,  # any: it names who asks
    "skip_special_tokens": True,
    "spaces_between_special_tokens": True,
    "include_stop_str_in_output": False,
    "length_penalty": 1,
    "use_beam_search": False,
    "early_stopping": False,
    "typical_p": 1,
    "mirostat": 0,
    "cache_prompt": True,
    "priority": 0,
    "store": False,
}

Prompt = str | list[int]
_ID = re.compile("[0-9]{1,9}")
Number = Annotated[float, Field(allow_inf_nan=False)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and all(type(one) is int for one in value)


def check_text(text: str) -> str:
    """Raises ValueError where a text is too long, or holds half a character."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"A text may have {MAX_CHARACTERS:,} characters. Shorten it.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("The text holds half a character. Send whole ones.")
    return text


def read_prompts(value: Any) -> list[Prompt]:
    """A text, several, token ids, or several lists of them, as a list of prompts."""
    if _is_text(value) or (_is_ids(value) and value):
        value = [value]
    if not isinstance(value, list) or not value or not (all(map(_is_text, value)) or all(map(_is_ids, value))):
        raise ValueError("Give a text, a list of texts, token ids, or a list of such lists.")
    if len(value) > MAX_PROMPTS:
        raise ValueError(f"At most {MAX_PROMPTS} prompts fit in one request. Send several requests.")
    for prompt in value:
        if isinstance(prompt, str):
            check_text(prompt)
        elif len(prompt) > MAX_IDS:
            raise ValueError(f"A prompt may have {MAX_IDS:,} tokens at most. Shorten it.")
    return value


def read_stops(value: Any) -> list[str]:
    stops = [value] if _is_text(value) else value
    if not isinstance(stops, list) or not all(_is_text(stop) and 0 < len(stop) <= MAX_STOP_CHARACTERS for stop in stops):
        raise ValueError(f"Give one or more texts of 1 to {MAX_STOP_CHARACTERS} characters.")
    if len(stops) > MAX_STOPS:
        raise ValueError(f"At most {MAX_STOPS} stops are possible. Give fewer.")
    return stops


def read_biases(value: Any) -> dict[int, float]:
    """Token ids, which JSON spells as texts, and what is added to their logits."""
    if not isinstance(value, dict) or not all(_is_text(token) and _ID.fullmatch(token) for token in value):
        raise ValueError('Give numbers by token ids, as in {"50": -100}.')
    if not all(type(bias) in (int, float) and abs(bias) <= MAX_BIAS for bias in value.values()):
        raise ValueError(f"A bias lies between {-MAX_BIAS:g} and {MAX_BIAS:g}.")
    if len(value) > MAX_BIASES:
        raise ValueError(f"At most {MAX_BIASES} biases are possible. Give fewer.")
    return {int(token): float(bias) for token, bias in value.items()}


class Body(BaseModel):
    """A field that is null has its default; one that is not known is refused, so that none is dropped in silence."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, values: Any) -> Any:
        return {name: value for name, value in values.items() if value is not None} if isinstance(values, dict) else values


class StreamOptions(Body):
    include_usage: bool = False
    include_obfuscation: Literal[False] = False


class CompletionBody(Body):
    """POST /v1/completions. `best_of` is known so far as it changes nothing."""

    model: str
    prompt: Annotated[list[Prompt], BeforeValidator(read_prompts)]
    max_tokens: int = Field(16, ge=0)
    n: int = Field(1, ge=1, le=MAX_N)
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    echo: bool = False
    logprobs: int | None = Field(None, ge=0, le=MAX_LOGPROBS)
    stop: Annotated[list[str], BeforeValidator(read_stops)] = []
    stop_token_ids: list[int] = Field([], max_length=MAX_STOPS)
    ignore_eos: bool = False
    seed: int | None = None
    temperature: Number = 1.0
    top_p: Number = 1.0
    top_k: int = 0
    min_p: Number = 0.0
    repetition_penalty: Number = 1.0
    add_special_tokens: bool = True
    return_token_ids: bool = False
    return_tokens_as_token_ids: bool = False
    best_of: int = 1
    min_tokens: int = Field(0, ge=0)
    presence_penalty: Number = Field(0, ge=-MAX_PENALTY, le=MAX_PENALTY)
    frequency_penalty: Number = Field(0, ge=-MAX_PENALTY, le=MAX_PENALTY)
    logit_bias: Annotated[dict[int, float], BeforeValidator(read_biases)] = {}

    @model_validator(mode="before")
    @classmethod
    def _drop_without_effect(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        for name, value in WITHOUT_EFFECT.items():
            if value is not None and name in values and values[name] not in (None, value):
                raise ApiError(400, f"{name} is not supported. Leave it out.", param=name, code="unsupported_parameter")
        return {name: value for name, value in values.items() if name not in WITHOUT_EFFECT}

    @field_validator("top_k")
    @classmethod
    def _read_top_k(cls, value: int) -> int:
        return 0 if value == -1 else value  # some servers switch it off so

    @model_validator(mode="after")
    def _check_together(self) -> CompletionBody:
        if self.best_of not in (1, self.n):
            message = "best_of is not supported. Ask for n completions, and choose."
            raise ApiError(400, message, param="best_of", code="unsupported_parameter")
        if self.n * len(self.prompt) > MAX_CHOICES:
            raise ValueError(f"At most {MAX_CHOICES} completions fit in one request. Send several requests.")
        if "stream_options" in self.model_fields_set and not self.stream:
            raise ValueError("stream_options goes with stream. Set stream, or leave it out.")
        return self


class TokenizeBody(Body):
    """POST /tokenize, with the text as `prompt` or as `content`."""

    model: str = ""
    prompt: str = ""
    content: str = ""
    add_special_tokens: bool = True

    @field_validator("prompt", "content")
    @classmethod
    def _check(cls, value: str) -> str:
        return check_text(value)


class DetokenizeBody(Body):
    model: str = ""
    tokens: list[int] = Field(max_length=MAX_IDS)

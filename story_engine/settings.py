"""Settings: how the next passage is drawn. Checked once, here; everything behind trusts them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeGuard

from story_engine.errors import SettingsError

# Field -> (lowest, highest, what it does in a reader's words). The page, the command line and the API read this table.
RANGES: dict[str, tuple[float, float, str]] = {
    "temperature": (0.0, 2.0, "how daring the words are; 0 always takes the likeliest"),
    "top_p": (0.05, 1.0, "keep the likeliest words that together make up this share"),
    "top_k": (0, 1000, "keep at most this many words; 0 keeps all"),
    "min_p": (0.0, 1.0, "drop words less likely than this share of the likeliest; 0 drops none"),
    "repetition_penalty": (1.0, 2.0, "make words that were already used less likely; 1 is off"),
    "dry_multiplier": (
        0.0,
        5.0,
        "make strings of words that the story has said before less likely, the longer the less; 0 is off",
    ),
    "guidance": (0.0, 3.0, "how much more the story so far weighs in the choice of words; 0 is off"),
    "best_of": (1, 8, "tell so many passages at once and keep the one that follows best from the story; 1 is off"),
    "max_new_tokens": (1, 1000, "the most tokens a passage may have"),
    "seed": (0, 2**53 - 1, "the same seed tells the same story again; none draws a new one"),
}
WHOLE_NUMBERS = ("top_k", "best_of", "max_new_tokens", "seed")
FOR_CHILDREN = "check all words by a list, and tell anew what is unfit for children"
UNWANTED = "words that a passage never says, in no letter case"
READING_LEVELS = ("easy", "medium", "any")  # any: as the model likes
READING_LEVEL = "easy or medium: shorter sentences and more familiar words; any: as the model likes"
MODEL_SETTINGS = ("guidance", "min_p", "dry_multiplier")  # which a model's own folder can recommend
MAX_UNWANTED, MAX_UNWANTED_LENGTH = 100, 60  # words or phrases, characters of one


@dataclass(frozen=True)
class Settings:
    """Sampling settings, by the field's usual names. The defaults are the published recommendation.

    Raises:
        SettingsError: a value is not a finite number of the right kind or out of its range; every problem is listed.
    """

    temperature: float = 0.7
    top_p: float = 0.9
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.1
    dry_multiplier: float = 0.0
    guidance: float = 0.0
    best_of: int = 1
    max_new_tokens: int = 200
    seed: int | None = None
    unwanted: tuple[str, ...] = ()  # words or phrases that the passage never says, as `read_unwanted` gives them
    for_children: bool = False  # sentences are checked, and told anew where they are unfit for children
    reading_level: str = READING_LEVELS[-1]  # how short the sentences are, and how familiar the words

    def __post_init__(self) -> None:
        problems = [problem for name in RANGES if (problem := _describe_problem(name, getattr(self, name)))]
        if not _is_list_of_words(self.unwanted):
            problems.append(
                SettingsError(
                    "words never wanted may be {most} of up to {length} characters",
                    most=MAX_UNWANTED,
                    length=MAX_UNWANTED_LENGTH,
                )
            )
        if type(self.for_children) is not bool:
            problems.append(SettingsError("{name} must be yes or no", name="for_children"))
        if self.reading_level not in READING_LEVELS:
            problems.append(
                SettingsError("{name} must be one of {levels}", name="reading_level", levels=", ".join(READING_LEVELS))
            )
        if problems:
            raise SettingsError("Please check the settings: {problems}.", problems=problems)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """Settings from a save file or a request; unknown names are refused."""
        names = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(names))
        if unknown:
            raise SettingsError(
                "Unknown settings: {unknown}. Known are: {known}.",
                unknown=", ".join(map(str, unknown)),
                known=", ".join(names),
            )
        unwanted = values.get("unwanted", ())  # JSON has lists alone
        return cls(**{**values, "unwanted": tuple(unwanted) if isinstance(unwanted, list) else unwanted})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def recommend_settings(generation_config: Mapping[str, Any]) -> Settings:
    """The settings that suit a model: the published recommendation, with what its own folder asks for of `MODEL_SETTINGS`.

    They are off unless somebody chose them; what else a generation_config.json holds is often a default that nobody chose,
    and passed over, as is a value that cannot be. `guidance_scale` is transformers' name and measure: 1 is off, so it is
    1 + guidance.
    """
    settings, scale = Settings(), generation_config.get("guidance_scale")
    given = {name: generation_config.get(name) for name in MODEL_SETTINGS}
    given["guidance"] = round(scale - 1.0, 6) if _is_number(scale) else None
    for name, value in given.items():
        with suppress(SettingsError):
            settings = replace(settings, **{name: value})  # type: ignore[arg-type]
    return settings


def read_unwanted(text: object) -> tuple[str, ...]:
    """Words and phrases from a reader's list, parted by commas or line breaks, each once, in the order given.

    Raises:
        SettingsError: not a text, or too many or too long ones.
    """
    if not isinstance(text, str):
        raise SettingsError("Words never wanted must be plain text, with commas between them.")
    words = (" ".join(part.split()) for part in re.split(r"[,;\n]", unicodedata.normalize("NFC", text)))
    return Settings(unwanted=tuple(dict.fromkeys(word for word in words if word))).unwanted


def _is_number(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and math.isfinite(value)


def _is_list_of_words(value: Any) -> bool:
    is_list = isinstance(value, tuple) and len(value) <= MAX_UNWANTED
    return is_list and all(isinstance(word, str) and 0 < len(word.strip()) <= MAX_UNWANTED_LENGTH for word in value)


def _describe_problem(name: str, value: Any) -> SettingsError | None:
    low, high, _ = RANGES[name]
    if name == "seed" and value is None:
        return None
    # bool is an int to Python, but True is no temperature.
    kinds = (int,) if name in WHOLE_NUMBERS else (int, float)
    if type(value) not in kinds or not _is_number(value):
        return SettingsError("{name} must be a whole number" if kinds == (int,) else "{name} must be a number", name=name)
    if not low <= value <= high:
        return SettingsError("{name} must lie between {low:g} and {high:g}", name=name, low=low, high=high)
    return None

"""Words of the command line to fields of a preset: `field=value` read by the field's type, all mistakes listed at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, get_args, get_type_hints

from train.errors import TrainError
from train.presets import PRESETS, Preset, find_preset

TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
NAMES = {int: "a whole number", float: "a number", bool: "true or false"}


def read_preset(name: str, pairs: Sequence[str], **overrides: object) -> Preset:
    """The named preset with the fields that `pairs` (`field=value`) and `overrides` give it.

    Raises:
        TrainError: a pair cannot be read, or the result cannot run; every problem is listed.
    """
    values, problems = parse_overrides(pairs)
    if name in PRESETS and problems:
        problems += replace(PRESETS[name], **(values | overrides)).problems()
    if problems:
        raise TrainError(f"Preset {name!r} cannot run: " + "; ".join(problems) + ".")
    return find_preset(name, **(values | overrides))


def parse_overrides(pairs: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """The values of `field=value` words by their fields, and what is wrong with those that cannot be read."""
    types = get_type_hints(Preset)
    values: dict[str, Any] = {}
    problems = []
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator:
            problems.append(f"{pair!r} is no setting; write field=value, for example max_lr=0.001")
        elif key in ("name", "shape"):
            problems.append(f"{key} cannot be set; it comes with the preset, or from the model that a run starts with")
        elif key not in types:
            problems.append(f"unknown field {key!r}; the fields are: {', '.join(types)}")
        elif key in values:
            problems.append(f"{key} is set twice")
        else:
            try:
                values[key] = parse_value(text.strip(), types[key])
            except ValueError as error:
                problems.append(f"{key} must be {error}, not {text!r}")
    return values, problems


def parse_value(text: str, kind: Any) -> Any:
    """A value of a field's type: `none` is what stands for off, and a tuple's parts are separated by commas.

    Raises:
        ValueError: the text is no such value; its words say what would be.
    """
    if kind is str:
        return text
    if text.lower() == "none":
        return () if get_args(kind) else kind(0)
    if parts := get_args(kind):
        words = [word.strip() for word in text.strip("()[] ").split(",") if word.strip()]
        wanted = [parts[0]] * len(words) if parts[-1] is Ellipsis else list(parts)
        if len(words) != len(wanted):
            raise ValueError(f"{len(wanted)} values with a comma between them")
        return tuple(parse_value(word, part) for word, part in zip(words, wanted, strict=True))
    try:
        value = TRUTHS[text.lower()] if kind is bool else kind(text)
    except (ValueError, KeyError):
        raise ValueError(NAMES[kind]) from None
    if not math.isfinite(value):
        raise ValueError(NAMES[kind])
    return value

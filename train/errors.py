"""Errors that a person at the terminal can act on: one sentence of what is wrong, one of what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from safetensors import SafetensorError


class TrainError(Exception):
    """Anything that stops a training command; its text names the remedy."""


@contextmanager
def guard_writing(what: str) -> Iterator[None]:
    """A full or read-only disk as a line of words: torch and safetensors have errors of their own for it.

    Raises:
        TrainError: in place of what they raise.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error).split("\n")[0]
        raise TrainError(f"{what} could not be written ({reason}). Free some space, then --resume.") from error

"""Errors that a person at the terminal can act on: one sentence of what is wrong, one of what to do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError


class TrainError(Exception):
    """Anything that stops a training command; its text names the remedy."""


@contextmanager
def guard_writing(what: str, remedy: str = "--resume") -> Iterator[None]:
    """A full or read-only disk as a line of words: torch and safetensors have errors of their own for it.

    Raises:
        TrainError: in place of what they raise.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error).split("\n")[0]
        raise TrainError(f"{what} could not be written ({reason}). Free some space, then {remedy}.") from error


@contextmanager
def write_aside(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place once all is written: of one that is not, nothing is left.

    Raises:
        TrainError: the disk is full or cannot be written.
    """
    aside = out.with_name(f".part-{out.name}")
    shutil.rmtree(aside, ignore_errors=True)  # left by a command that was killed
    try:
        with guard_writing(str(out), "run the same command again"):
            aside.mkdir(parents=True)
            yield aside
            aside.replace(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)

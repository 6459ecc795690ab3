"""The Space: where its stories survive, and what its platform asks of an app."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

DATA = Path("/data")  # where a storage bucket is mounted
STORIES_VARIABLE = "STORY_PLAYGROUND_STORIES"
DEFAULT_STORIES = Path("~/.story-playground/stories")


def choose_stories(variables: Mapping[str, str] = os.environ, data: Path = DATA) -> Path:
    """Where stories are kept unless a flag says otherwise: by the variable, on a Space's bucket, or at home."""
    if named := variables.get(STORIES_VARIABLE):
        return Path(named)
    return data / "stories" if is_space(variables) and has_bucket(data) else DEFAULT_STORIES


def loses_stories(variables: Mapping[str, str] = os.environ, data: Path = DATA) -> bool:
    """Whether a restart takes the stories away: a Space's own disk does not outlive it."""
    return is_space(variables) and not has_bucket(data)


def is_space(variables: Mapping[str, str] = os.environ) -> bool:
    return bool(variables.get("SPACE_ID"))


def has_bucket(data: Path = DATA) -> bool:
    """Whether there is a bucket that can be written."""
    return data.is_dir() and os.access(data, os.W_OK)


def choose_device(variables: Mapping[str, str] = os.environ) -> str | None:
    """The device to compute on; None leaves the choice to the engine.

    ZeroGPU lends its GPU to a call at a time, in a process of its own, which would lose what was read of a story: there the
    CPU computes. It waits for an app to have one decorated function, so this one has.
    """
    if variables.get("SPACES_ZERO_GPU", "").lower() not in ("1", "t", "true"):
        return None
    if find_spec("spaces"):
        spaces = import_module("spaces")
        spaces.GPU(_use_gpu)
        spaces.disable_gradio_auto_wrap()  # it would send every handler to a process of its own
    return "cpu"


def _use_gpu() -> None:
    """For the platform, which looks for such a function; nothing calls it."""

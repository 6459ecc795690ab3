"""Find a model's folder: the embedded one, a local one, or one of the hub, which is pinned to the commit that came first."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from story_engine.errors import ModelError

EMBEDDED = "embedded"
EMBEDDED_FOLDER = Path(__file__).parents[1] / "embedded"
# The published models, with what a reader is told of them.
HUB_MODELS = {
    "GODELEV/Test-1-3000": "190M parameters, 3000 steps on TinyStories",
    "GODELEV/Test-1-4000": "its successor, 4000 steps",
}
# What a model needs, and no optimizer, checkpoint or second model of the same repository.
HUB_FILES = [
    "config.json",
    "generation_config.json",
    "adapter_config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "model-?????-of-?????.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
]
SUBFOLDERS = ["*/*"]  # a * of the patterns above would match a slash, too
TIMEOUT = 5  # seconds for the hub's answer


def find_folder(name: str, revision: str | None = None) -> Path:
    """The folder of a model: shipped, local, or fetched from the hub (without any code of the repository).

    The first fetch of a hub model without a `revision` pins the commit it got: later loads take that commit from the
    hub's cache and ask the hub for nothing, until the pin file beside the cache is deleted or another revision is named.

    Raises:
        ModelError: there is no such folder, or the model is neither in the cache nor can be fetched.
    """
    if name == EMBEDDED:
        return EMBEDDED_FOLDER
    folder = Path(os.path.expanduser(name))  # which leaves a home that nobody has as it is
    if folder.is_dir():
        return folder
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelError(
            f"There is no model folder {name!r}. Give 'embedded', a folder, or a hub name such as {next(iter(HUB_MODELS))}."
        )
    from huggingface_hub import constants

    pin = Path(constants.HF_HOME) / "story-playground" / f"{name.replace('/', '--')}.revision"
    pinned = _read_pin(pin)
    if pinned and revision in (None, pinned):  # only a whole fetch is pinned
        with suppress(Exception):
            return _fetch(name, pinned, local=True)
    try:
        fetched = _fetch(name, revision or pinned)
    except Exception as error:  # the hub client raises many unrelated types for no network, no such name, no access
        with suppress(Exception):
            return _fetch(name, revision or pinned, local=True)
        if isinstance(error, PermissionError):
            raise ModelError(
                f"{name} cannot be fetched, since {constants.HF_HOME} cannot be written. Set HF_HOME to a folder that can."
            ) from error
        raise ModelError(
            "{name} cannot be fetched from the hub ({problem}). Check the name and the network.",
            name=name,
            problem=type(error).__name__,
        ) from error
    with suppress(OSError):  # a home that cannot be written has the model in its cache all the same
        pin.parent.mkdir(parents=True, exist_ok=True)
        pin.write_text(fetched.name)
    return fetched


def _fetch(name: str, revision: str | None, *, local: bool = False) -> Path:
    """The snapshot's folder; with `local`, as the cache has it, without a word to the network."""
    from huggingface_hub import snapshot_download

    return Path(
        snapshot_download(
            name,
            revision=revision,
            allow_patterns=HUB_FILES,
            ignore_patterns=SUBFOLDERS,
            etag_timeout=TIMEOUT,
            local_files_only=local,
        )
    )


def _read_pin(pin: Path) -> str | None:
    with suppress(OSError, UnicodeDecodeError):
        return pin.read_text().strip() or None
    return None

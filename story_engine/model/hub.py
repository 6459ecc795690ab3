"""Find a model: the embedded one, a local folder, or one of the hub."""

from __future__ import annotations

import os
from pathlib import Path

from story_engine.errors import ModelError

EMBEDDED = "embedded"
EMBEDDED_FOLDER = Path(__file__).parents[1] / "embedded"
# The published models, with what a reader is told of them.
PUBLISHED = {
    "GODELEV/Test-1-3000": "190M parameters, 3000 steps on TinyStories",
    "GODELEV/Test-1-4000": "its successor, 4000 steps",
}
HUB_FILES = [
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
]


def find_folder(name: str, revision: str | None = None) -> Path:
    """The folder of a model: shipped, local, or fetched from the hub (without any code of the repository).

    The first fetch of a hub model without a `revision` pins the commit it got: later loads ask for that commit again,
    until the pin file beside the hub's cache is deleted or another revision is named.

    Raises:
        ModelError: there is no such folder, or the hub cannot be reached.
    """
    if name == EMBEDDED:
        return EMBEDDED_FOLDER
    folder = Path(os.path.expanduser(name))  # which leaves a home that nobody has as it is
    if folder.is_dir():
        return folder
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise ModelError(
            f"There is no model folder {name!r}. Give 'embedded', a folder, or a hub name such as {next(iter(PUBLISHED))}."
        )
    from huggingface_hub import constants, snapshot_download

    pin = Path(constants.HF_HOME) / "story-playground" / f"{name.replace('/', '--')}.revision"
    revision = revision or (pin.read_text().strip() if pin.is_file() else None)
    try:
        fetched = Path(snapshot_download(name, revision=revision, allow_patterns=HUB_FILES, etag_timeout=5))
    except Exception as error:  # the hub client raises many unrelated types for no network, no such name, no access
        raise ModelError(
            "{name} cannot be fetched from the hub ({problem}). Check the name and the network.",
            name=name,
            problem=type(error).__name__,
        ) from error
    pin.parent.mkdir(parents=True, exist_ok=True)
    pin.write_text(fetched.name)
    return fetched

"""A check at the first load of a folder: a sentence as transformers reads it, in tokens and logits, where it is installed."""

from __future__ import annotations

import gc
import hashlib
import importlib.metadata
import json
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from story_engine.errors import ModelError
from story_engine.model.config import ModelConfig
from story_engine.model.hub import EMBEDDED_FOLDER, HUB_FILES
from story_engine.model.kv_cache import Slot
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.model.tokenizer_files import load_tokenizer
from story_engine.model.torch_decoder import Decoder
from story_engine.model.weights import Weights

CHECKED = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "story-playground" / "checked-folders.json"
SENTENCES = 'Once upon a time, a little girl named Mia\'s dog ran away.\n\n"Where is it?" she asked.  They looked for 12 days.'
TOLERANCE = 1e-3  # of a logit, or of the largest one where that is more than 1
# Both models are held in float32, one after the other, before the engine loads its own; larger ones are not checked.
MAX_BYTES = 2 * 1024**3
READ = tuple(name for name in HUB_FILES if not name.endswith(".safetensors"))
LOCAL: dict[str, bool] = {"local_files_only": True, "trust_remote_code": False}

log = logging.getLogger("story_engine")


def check_folder(folder: Path, config: ModelConfig, weights_hash: str) -> None:
    """Hold a model in float32 against transformers', once for each state of its folder; what agreed is remembered.

    The memory that this takes is that of one model in float32, at most MAX_BYTES, which is given back.

    Raises:
        ModelError: the tokens or the logits of a sentence differ, so that every story would.
    """
    if folder == EMBEDDED_FOLDER:  # which the tests hold against transformers
        return
    try:
        version = importlib.metadata.version("transformers")
    except importlib.metadata.PackageNotFoundError:
        version = ""
    if not version or 4 * config.parameters > MAX_BYTES:
        reason = "takes more than 2 GiB for it" if version else "is not installed"
        log.info("%s is checked against its tokenizer alone, and not against transformers, which %s.", folder, reason)
        whole = load_tokenizer(folder).encode(SENTENCES, add_special_tokens=False).ids
        _compare_ids(folder, _encode_by_engine(folder), whole, "its own tokenizer")
        return
    state = _hash_state(folder, weights_hash, version)
    if state in _read_checked():
        return
    ours = _encode_by_engine(folder)[: config.context_length]
    try:
        theirs = _encode_by_transformers(folder)[: config.context_length]
        expected = _read_by_transformers(folder, ours)
    except Exception as error:  # transformers, and what it needs for a quantized folder, raise many types
        log.warning("%s is not checked: transformers cannot read it (%s: %s).", folder, type(error).__name__, error)
        return
    _compare_ids(folder, ours, theirs, "transformers")
    logits = _read_by_engine(folder, config, ours)
    difference, largest = float((logits - expected).abs().max()), float(expected.abs().max())
    if not difference <= TOLERANCE * max(1.0, largest):
        raise ModelError(
            f"The model in {folder} gives other logits than transformers does, by {difference:.2g}. "
            "Choose another model, or save this one anew with transformers."
        )
    _remember(state)


def _compare_ids(folder: Path, ours: Sequence[int], theirs: Sequence[int], whose: str) -> None:
    if theirs != ours:
        raise ModelError(
            f"The tokenizer in {folder} cuts text otherwise than {whose} does. "
            "Choose another model, or save this one anew with transformers."
        )


def _encode_by_engine(folder: Path) -> list[int]:
    return list(StoryTokenizer.read(folder).encode_parts([SENTENCES], is_first=True)[0])


def _read_by_engine(folder: Path, config: ModelConfig, ids: Sequence[int]) -> Tensor:
    cpu = torch.device("cpu")
    decoder = Decoder(config, Weights(folder, config, torch.float32, cpu).take)
    return decoder.prefill(ids, Slot(config, decoder.cache_dtype, cpu), all_logits=True)


def _encode_by_transformers(folder: Path) -> list[int]:
    from transformers import AutoTokenizer

    ids: list[int] = AutoTokenizer.from_pretrained(folder, **LOCAL)(SENTENCES, add_special_tokens=False)["input_ids"]
    return ids


@torch.inference_mode()
def _read_by_transformers(folder: Path, ids: Sequence[int]) -> Tensor:
    """Logits [len(ids), vocab_size] in float32."""
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging as messages

    was_shown = messages.is_progress_bar_enabled()
    messages.disable_progress_bar()  # nobody asked for this second loading
    try:
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, use_safetensors=True, **LOCAL)
    finally:
        if was_shown:
            messages.enable_progress_bar()
    model.eval()
    logits: Tensor = model(torch.tensor([ids])).logits[0].float()
    del model
    gc.collect()  # its parts refer to each other
    return logits


def _hash_state(folder: Path, weights_hash: str, version: str) -> str:
    """Names all that was compared: the files, and the version of transformers."""
    digest = hashlib.sha256(f"{weights_hash} {version}".encode())
    for name in READ:
        path = folder / name
        digest.update(f"{name} {path.stat().st_size if path.is_file() else 0} ".encode())
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def _read_checked() -> list[str]:
    with suppress(OSError, RuntimeError, ValueError):  # a user without a home is a RuntimeError
        if isinstance(found := json.loads(CHECKED.expanduser().read_text()), list):
            return found
    return []


def _remember(state: str) -> None:
    """Where it cannot be written, the next start checks again."""
    with suppress(OSError, RuntimeError):
        path, known = CHECKED.expanduser(), _read_checked()
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps([*known, state], indent=1))
        part.replace(path)

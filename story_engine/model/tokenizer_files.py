"""A folder's tokenizer, read in full or refused: BPE of bytes or of SentencePiece, of `tokenizer.json` or GPT-2's two files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from story_engine.errors import ModelError
from story_engine.model import sentencepiece
from story_engine.model.config import read_object

NAMED_IN = ("tokenizer_config.json", "special_tokens_map.json")
END_OF_TEXT = "<|endoftext|>"  # GPT-2's, whether a file names it or not


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model folder, whose special tokens are those that any of its files names.

    Text that spells a special token stays text.

    Raises:
        ModelError: there is none, it cannot be read, or it does not give text back byte for byte.
    """
    named = {token for tokens in read_named_tokens(folder).values() for token in tokens.values()}
    try:
        if (folder / "tokenizer.json").is_file():
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        elif (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
            tokenizer = Tokenizer(models.BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt")))
            spaced = bool((read_object(folder, "tokenizer_config.json") or {}).get("add_prefix_space"))
            tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=spaced)
            tokenizer.decoder = decoders.ByteLevel()
        else:
            raise ModelError(f"{folder} has no tokenizer.json. Choose a folder saved with its tokenizer.")
        problems = find_problems(json.loads(tokenizer.to_str()))
    except ModelError:
        raise
    except Exception as error:  # tokenizers raises plain Exception for a broken file
        raise ModelError(f"The tokenizer in {folder} cannot be read: {error}") from error
    if problems:
        raise ModelError(
            f"The tokenizer in {folder} cannot be used: {'; '.join(problems)}. "
            "Choose a model with a BPE as GPT-2, SmolLM, Llama 2 and Llama 3 have."
        )
    known = [token for token in sorted({*named, END_OF_TEXT}) if tokenizer.token_to_id(token) is not None]
    tokenizer.add_special_tokens(known)
    tokenizer.encode_special_tokens = True
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def read_named_tokens(folder: Path) -> dict[str, dict[str, str]]:
    """The special tokens that the files beside a tokenizer name: file -> `bos_token` and the like -> its text.

    Raises:
        ModelError: such a file is damaged.
    """
    named = {}
    for file in NAMED_IN:
        entries = (read_object(folder, file) or {}).items()
        texts = {key: value.get("content") if isinstance(value, dict) else value for key, value in entries}
        named[file] = {key: text for key, text in texts.items() if key.endswith("_token") and isinstance(text, str)}
    return named


def find_problems(described: dict[str, Any]) -> list[str]:
    """Why a tokenizer, as `tokenizer.json` describes it, does not give text back byte for byte; nothing if it does."""
    model, problems = described["model"], []
    if model["type"] != "BPE":
        return [f"it is of the kind {model['type']}"]
    before, decoders = _flatten(described["pre_tokenizer"], "pretokenizers"), _flatten(described["decoder"], "decoders")
    changes = _flatten(described["normalizer"], "normalizers")
    if model.get("dropout") or model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
        problems.append("its BPE has a dropout, a prefix or a suffix")
    if model.get("byte_fallback"):
        return problems + sentencepiece.find_problems(model, normalizers=changes, pre_tokenizers=before, decoders=decoders)
    kinds = [step["type"] for step in before]
    if kinds[-1:] != ["ByteLevel"] or not set(kinds[:-1]) <= {"Split", "Digits", "Punctuation"}:
        problems.append(f"it cuts text by {' and '.join(kinds) or 'nothing'}, not ByteLevel")
    elif len(kinds) > 1 and before[-1]["add_prefix_space"]:
        problems.append("it puts a space in front of every word")
    elif [step["type"] for step in decoders] != ["ByteLevel"]:
        problems.append("its decoder is not ByteLevel")
    if any(step.get("behavior") == "Removed" for step in before):
        problems.append("it drops a part of the text")
    if others := [step["type"] for step in changes if step["type"] != "NFC"]:
        problems.append(f"it changes the text ({', '.join(others)})")
    return problems


def _flatten(step: dict[str, Any] | None, inside: str) -> list[dict[str, Any]]:
    """The steps of a sequence, one behind the other; a single step is a sequence of itself."""
    if step is None:
        return []
    if step["type"] != "Sequence":
        return [step]
    return [each for part in step[inside] for each in _flatten(part, inside)]

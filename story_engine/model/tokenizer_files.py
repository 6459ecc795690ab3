"""A folder's tokenizer, read in full or refused: BPE of bytes or of SentencePiece, of `tokenizer.json` or GPT-2's two files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from story_engine.errors import ModelError
from story_engine.model import sentencepiece
from story_engine.model.config import read_object
from story_engine.model.spellings import name_bytes

NAMED_IN = ("tokenizer_config.json", "special_tokens_map.json")
END_OF_TEXT = "<|endoftext|>"  # GPT-2's, whether a file names it or not
# Bytes of written text. A tokenizer may lack others: SmolLM2's has no token for some that no letter, mark or emoji needs.
WRITTEN = {*b"\t\n", *range(0x20, 0x7F), *range(0x80, 0xC0), *range(0xC2, 0xF1)}
UNFINISHED = "\ufffd"  # how a token of a part of a character is shown


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a model folder, whose special tokens are those that any of its files names.

    Text that spells a special token stays text.

    Raises:
        ModelError: there is none, it cannot be read, or it does not give text back byte for byte.
    """
    named = {text for keys in read_named_tokens(folder).values() for texts in keys.values() for text in texts}
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
        raise ModelError(f"The tokenizer in {folder} cannot be read ({error}). Fetch or copy it again.") from error
    if problems:
        raise ModelError(
            f"The tokenizer in {folder} cannot be used: {'; '.join(problems)}. "
            "Choose a model with a BPE as GPT-2, SmolLM, Llama 2 and Llama 3 have."
        )
    tokenizer.encode_special_tokens = True
    tokenizer.add_special_tokens([text for text in sorted({*named, END_OF_TEXT}) if _is_added(tokenizer, text)])
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def read_named_tokens(folder: Path) -> dict[str, dict[str, list[str]]]:
    """The special tokens that the files beside a tokenizer name: file -> `bos_token` and the like -> its text, or several.

    Raises:
        ModelError: such a file is damaged.
    """
    named = {}
    for file in NAMED_IN:
        entries = (read_object(folder, file) or {}).items()
        values = {key: value if isinstance(value, list) else [value] for key, value in entries if key.endswith("_token")}
        texts = {key: [one.get("content") if isinstance(one, dict) else one for one in some] for key, some in values.items()}
        named[file] = {key: [text for text in some if isinstance(text, str)] for key, some in texts.items()}
    return named


def spells_itself(tokenizer: Tokenizer, token: int) -> bool:
    """Whether text becomes this token: then it is a part of what is read and told, whatever a file calls it."""
    text = tokenizer.decode([token], skip_special_tokens=False)
    return not text or UNFINISHED in text or tokenizer.encode(text, add_special_tokens=False).ids == [token]


def _is_added(tokenizer: Tokenizer, text: str) -> bool:
    """Whether a token that a file names as special can be one: a `!` that pads, or a full stop that ends, is text, too."""
    token = tokenizer.token_to_id(text)
    if token is None:
        return False
    return token in tokenizer.get_added_tokens_decoder() or not spells_itself(tokenizer, token)


def find_problems(described: dict[str, Any]) -> list[str]:
    """Why a tokenizer, as `tokenizer.json` describes it, does not give text back byte for byte; nothing if it does."""
    model, problems = described["model"], []
    if model["type"] != "BPE":
        return [f"it is of the kind {model['type']}"]
    before, decoders = _flatten(described["pre_tokenizer"], "pretokenizers"), _flatten(described["decoder"], "decoders")
    changes = _flatten(described["normalizer"], "normalizers")
    if model.get("dropout") or model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
        problems.append("its BPE has a dropout, a prefix or a suffix")
    strips = [token["content"] for token in described["added_tokens"] if not token["special"] and _takes_spaces(token)]
    if strips:
        problems.append(f"its added token {strips[0]!r} takes away the spaces beside it")
    if model.get("byte_fallback"):
        return problems + sentencepiece.find_problems(model, normalizers=changes, pre_tokenizers=before, decoders=decoders)
    if lost := [letter for letter, byte in name_bytes().items() if byte in WRITTEN and letter not in model["vocab"]]:
        problems.append(f"it has no token for {len(lost)} of the 256 bytes")
    kinds = [step["type"] for step in before]
    if kinds[-1:] != ["ByteLevel"] or not set(kinds[:-1]) <= {"Split", "Digits", "Punctuation"}:
        problems.append(f"it cuts text by {' and '.join(kinds) or 'nothing'}, not ByteLevel")
    elif len(kinds) > 1 and before[-1]["add_prefix_space"]:
        problems.append("it puts a space in front of every word")
    elif [step["type"] for step in decoders] != ["ByteLevel"]:
        problems.append("its decoder is not ByteLevel")
    return problems + find_changes(described)


def find_changes(described: dict[str, Any]) -> list[str]:
    """What a byte-level tokenizer does to a text before it merges bytes, other than to cut it; nothing if it does nothing."""
    problems = []
    if any(step.get("behavior") == "Removed" for step in _flatten(described["pre_tokenizer"], "pretokenizers")):
        problems.append("it drops a part of the text")
    if others := [step["type"] for step in _flatten(described["normalizer"], "normalizers") if step["type"] != "NFC"]:
        problems.append(f"it changes the text ({', '.join(others)})")
    return problems


def _takes_spaces(token: dict[str, Any]) -> bool:
    return bool(token["lstrip"] or token["rstrip"])


def _flatten(step: dict[str, Any] | None, inside: str) -> list[dict[str, Any]]:
    """The steps of a sequence, one behind the other; a single step is a sequence of itself."""
    if step is None:
        return []
    if step["type"] != "Sequence":
        return [step]
    return [each for part in step[inside] for each in _flatten(part, inside)]

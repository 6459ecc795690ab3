"""The server's tokens: by the tokenizer of a named folder or hub model, else by asking the server."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from story_engine.errors import ModelError, StoryError
from story_engine.model.config import read_object
from story_engine.model.special_tokens import find_special_tokens
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.model.tokenizer_files import load_tokenizer
from story_engine.remote.address import FORM, Address
from story_engine.remote.client import Client
from story_engine.remote.dialects import Dialect
from story_engine.remote.probing import Found

NO_TOKEN = -1  # where a model has no start token
TOKENIZER_FILES = [
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.json",
    "merges.txt",
]
REMEMBERED = 20_000  # texts whose tokens are not asked for again

log = logging.getLogger("story_engine")


class ServerTokenizer(StoryTokenizer):
    """A tokenizer by the server's own `/tokenize` and `/detokenize`. A text is cut sentence by sentence.

    `start` is how the server spells the token that begins a text, where it says so.
    """

    def __init__(self, ask: Callable[[str, dict[str, Any]], Any], dialect: Dialect, start: str = "") -> None:
        self._ask, self._dialect, self._start = ask, dialect, start
        self._encode_once = lru_cache(maxsize=REMEMBERED)(self._fetch_ids)
        self._decode_once = lru_cache(maxsize=REMEMBERED)(self._fetch_text)

    @property
    def size(self) -> int:
        """More than any vocabulary has: the server does not say."""
        return 2**31

    @property
    def special(self) -> frozenset[int]:
        """Unknown here; the server keeps them out of its texts."""
        return frozenset()

    def encode(self, text: str) -> list[int]:
        return list(self._encode_once(text, False)) if text else []

    def find_start(self) -> int:
        """The token that the server puts in front of a text, or has a name for; `NO_TOKEN` where there is none."""
        plain, whole = self._encode_once("a", False), self._encode_once("a", True)
        if len(whole) > len(plain) and whole[0] != plain[0]:
            return whole[0]
        if self._start and len(ids := self._ask("/tokenize", {"content": self._start, "parse_special": True})["tokens"]) == 1:
            return int(ids[0])
        return NO_TOKEN

    def decode(self, ids: Iterable[int]) -> str:
        tokens = tuple(ids)
        return self._decode_once(tokens) if tokens else ""

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Each token by itself; the pieces of a character that has several are lost, so only their number counts."""
        return (self.describe(token) for token in ids)

    def describe(self, token: int) -> str:
        return self.decode([token]) if token != NO_TOKEN else ""

    def encode_parts(self, texts: Sequence[str], *, is_first: bool) -> list[tuple[int, ...]]:
        return [tuple(self.encode(text)) for text in texts]

    def deal_out(self, ids: Sequence[int], texts: Sequence[str]) -> list[tuple[int, ...]]:
        return self.encode_parts(texts, is_first=False)

    def has_word(self, word: str) -> bool:  # type: ignore[override]
        """Raises StoryError: one request for each word of a story would be too many."""
        raise StoryError("How rare a word is cannot be told of a model elsewhere without its tokenizer.")

    def _fetch_ids(self, text: str, add_special: bool) -> tuple[int, ...]:
        assert self._dialect.tokenize
        given, found = self._dialect.tokenize
        name = "add_special" if self._dialect.name == "llama.cpp" else "add_special_tokens"
        answer = self._ask("/tokenize", {given: text, name: add_special})
        ids = answer.get(found) if isinstance(answer, dict) else None
        if not isinstance(ids, list) or not all(type(one) is int for one in ids):
            raise StoryError("The server does not tell the tokens of a text. Whoever runs this page names a tokenizer for it.")
        return tuple(ids)

    def _fetch_text(self, ids: tuple[int, ...]) -> str:
        assert self._dialect.detokenize
        given, found = self._dialect.detokenize
        answer = self._ask("/detokenize", {given: list(ids)})
        text = answer.get(found) if isinstance(answer, dict) else None
        return text if isinstance(text, str) else ""


@dataclass(frozen=True)
class Tokens:
    """A model's tokenizer, the token that begins a window, those that end a story, and its context, as far as known.

    `spelled` is the start token as text, where a server that gets a text would not put it in front by itself.
    """

    tokenizer: StoryTokenizer
    start: int
    ends: frozenset[int]
    context: int | None = None
    spelled: str = ""


def find_tokens(client: Client, address: Address, found: Found) -> Tokens:
    """The tokenizer that the address names, or a folder that the model's name is, or the server's own.

    Raises:
        ModelError: there is none of them, or the named one cannot be used.
    """
    dialect, model = found.dialect, found.model
    if address.tokenizer:
        return _read_folder(_find_folder(address.tokenizer))
    if Path(model).is_dir():
        return _read_folder(Path(model))
    if dialect.tokenize:
        with suppress(StoryError):
            tokenizer = ServerTokenizer(lambda path, body: _ask(client, model, path, body), dialect, found.start)
            start = tokenizer.find_start()
            log.info("No tokenizer was named: the server counts the tokens. With one, a page shows faster.")
            return Tokens(tokenizer, start, frozenset())
    raise ModelError(
        f"{dialect.title} does not tell its tokens. Name a tokenizer, a folder or a hub model, behind the model: {FORM}@FOLDER"
    )


def _ask(client: Client, model: str, path: str, body: dict[str, Any]) -> Any:
    return client.ask_any("", path, {"model": model, **body}, at_root=True)


def _find_folder(name: str) -> Path:
    """A local folder, or the tokenizer's files of a hub model, without its weights."""
    folder = Path(os.path.expanduser(name))
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=TOKENIZER_FILES))
    except Exception as error:  # the hub client raises many unrelated types for no network, no such name, no access
        raise ModelError(
            "The tokenizer {name} cannot be fetched from the hub ({problem}). Name a folder, or check the network.",
            name=name,
            problem=type(error).__name__,
        ) from error


def _read_folder(folder: Path) -> Tokens:
    tokenizer = load_tokenizer(folder)
    special = find_special_tokens(folder, tokenizer, tokenizer.get_vocab_size())
    context = (read_object(folder, "config.json") or {}).get("max_position_embeddings")
    adds_start = tokenizer.encode("a").ids[:1] == [special.start]
    spelled = "" if adds_start else tokenizer.id_to_token(special.start) or ""
    return Tokens(StoryTokenizer(tokenizer), special.start, special.ends, context if type(context) is int else None, spelled)

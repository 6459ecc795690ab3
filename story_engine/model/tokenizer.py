"""Words to tokens and back: plain text in, whole characters out."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.decoders import DecodeStream

from story_engine.model.sentencepiece import Prefix, list_bytes, open_inside
from story_engine.model.spellings import Spellings, list_token_bytes
from story_engine.model.tokenizer_files import load_tokenizer


class StoryTokenizer:
    """A model's tokenizer. Special tokens that a reader types stay plain text."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.encode_special_tokens = True
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._prefix = Prefix()  # of a story, and of nothing within it
        self._bytes: dict[
            int, bytes
        ] = {}  # of SentencePiece's tokens; tokenizers' own stream fails at bytes that make no character
        first = tokenizer.pre_tokenizer
        if tokenizer.model.byte_fallback:
            self._prefix, self._bytes = open_inside(tokenizer), list_bytes(tokenizer)
        elif isinstance(first, pre_tokenizers.ByteLevel) and first.add_prefix_space:
            self._prefix, first.add_prefix_space = Prefix(" "), False
        self.has_word = lru_cache(maxsize=20_000)(self._has_word)

    @classmethod
    def read(cls, folder: Path) -> StoryTokenizer:
        """The tokenizer of a model folder: `tokenizer.json`, or GPT-2's `vocab.json` and `merges.txt`.

        Raises:
            ModelError: there is none, it cannot be read, or it is none of those that `find_problems` knows.
        """
        return cls(load_tokenizer(folder))

    @property
    def size(self) -> int:
        """Entries, special ones included; a model may have more rows, which are never drawn."""
        return self._tokenizer.get_vocab_size()

    @property
    def special(self) -> frozenset[int]:
        """Ids that stand for no text."""
        return frozenset(id for id, token in self._tokenizer.get_added_tokens_decoder().items() if token.special)

    @cached_property
    def spellings(self) -> Spellings:
        """The tokens by their bytes."""
        return Spellings(self._bytes or list_token_bytes(self._tokenizer))

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text that `stream` gives for the same ids; bytes of an unfinished last character are left out."""
        return "".join(self.stream(ids))

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """One piece of text for each id, empty while a character is unfinished."""
        decode = self.start_stream()
        for token in ids:
            yield decode(token)

    def start_stream(self) -> Callable[[int], str]:
        """A function from the next id to the text it completes."""
        if self._bytes:
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            return lambda token: decoder.decode(self._bytes.get(token, b""))
        stream = DecodeStream(skip_special_tokens=True)
        return lambda token: stream.step(self._tokenizer, token) or ""

    def describe(self, token: int) -> str:
        """A single token as text, for showing."""
        return self._tokenizer.decode([token], skip_special_tokens=False)

    def find_forms(self, word: str) -> frozenset[int]:
        """The single tokens that are this word, with a space before it or without."""
        return frozenset(ids[0] for form in (word, f" {word}") if len(ids := self.encode(form)) == 1)

    def _has_word(self, word: str) -> bool:
        """Whether a word, behind a space or at a beginning, is a single entry; a name may be one with its capital alone."""
        return any(len(self.encode(form)) == 1 for form in (f" {word}", f" {word.lower()}", word))

    def encode_parts(self, texts: Sequence[str], *, is_first: bool) -> list[tuple[int, ...]]:
        """The ids of the joined text, dealt out to its parts: apart, they may be encoded otherwise than together.

        `is_first`: the text begins a story.
        """
        text = "".join(texts)
        if not text:
            return []
        prefix = self._prefix.of(text) if is_first else ""
        normalize = self._tokenizer.normalizer.normalize_str if self._tokenizer.normalizer else str
        ids = tuple(self.encode(prefix + text))
        return self.deal_out(ids, [*map(normalize, [prefix + texts[0], *texts[1:]])])

    def deal_out(self, ids: Sequence[int], texts: Sequence[str]) -> list[tuple[int, ...]]:
        """The ids of each of `texts`, which `ids` give together; an id belongs where its text begins."""
        parts: list[list[int]] = [[] for _ in texts]
        number, left = 0, len(texts[0]) if texts else 0
        for token, piece in zip(ids, self.stream(ids), strict=True):
            while left <= 0 and number + 1 < len(texts):
                number += 1
                left += len(texts[number])
            parts[number].append(token)
            left -= len(piece)
        return [tuple(part) for part in parts]

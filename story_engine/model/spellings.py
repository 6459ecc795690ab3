"""Spellings: the bytes of every token, and which tokens begin with given bytes or are the beginning of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping

from tokenizers import Tokenizer


class Spellings:
    """The tokens of a tokenizer by their bytes; special ones have none.

    `inner` are those that go on with a word: they begin with a letter or digit, or within a character. `lower` are those of
    them that begin with a to z.
    """

    def __init__(self, spelt: Mapping[int, bytes]) -> None:
        self._sorted = sorted((spelling, number) for number, spelling in spelt.items() if spelling)
        self._by_bytes = dict(reversed(self._sorted))
        self._spelt = spelt
        self.inner = frozenset(number for spelling, number in self._sorted if spelling[:1].isalnum() or spelling[0] >= 0x80)
        self.lower = frozenset(number for spelling, number in self._sorted if spelling[:1].islower())

    def spell(self, tokens: Iterable[int]) -> bytes:
        """The bytes of these tokens, one after another."""
        return b"".join(self._spelt.get(token, b"") for token in tokens)

    def find_longer(self, beginning: bytes) -> list[int]:
        """The tokens that begin with these bytes, and have more."""
        found, place = [], bisect_left(self._sorted, (beginning, -1))
        while place < len(self._sorted) and self._sorted[place][0].startswith(beginning):
            spelling, number = self._sorted[place]
            if len(spelling) > len(beginning):
                found.append(number)
            place += 1
        return found

    def find_beginnings(self, spelling: bytes) -> list[tuple[int, int]]:
        """The tokens that these bytes begin with, all of the bytes left out, and the number of bytes of each."""
        sizes = range(1, len(spelling))
        return [(self._by_bytes[spelling[:size]], size) for size in sizes if spelling[:size] in self._by_bytes]


def list_token_bytes(tokenizer: Tokenizer) -> dict[int, bytes]:
    """The bytes that each token of a byte-level tokenizer stands for; special tokens stand for none and are left out."""
    added, letters, spelt = tokenizer.get_added_tokens_decoder(), name_bytes(), {}
    for token, number in tokenizer.get_vocab().items():
        if number in added:
            spelt[number] = b"" if added[number].special else token.encode()
        elif all(letter in letters for letter in token):
            spelt[number] = bytes(letters[letter] for letter in token)
    return spelt


def name_bytes() -> dict[str, int]:
    """The letter that stands for each byte in a byte-level tokenizer's entries (GPT-2's): itself where it can be seen."""
    seen = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    unseen = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + place): byte for place, byte in enumerate(unseen)}

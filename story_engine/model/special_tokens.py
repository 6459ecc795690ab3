"""Which tokens begin and end a story: what a folder's files say of it, each held against its tokenizer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from story_engine.errors import ModelError
from story_engine.model.config import read_object
from story_engine.model.tokenizer_files import END_OF_TEXT, read_named_tokens, spells_itself

ITS_OWN = "the tokenizer itself"

log = logging.getLogger("story_engine")


@dataclass(frozen=True)
class SpecialTokens:
    """The token that every window begins with, and those that end a story."""

    start: int
    ends: frozenset[int]


@dataclass(frozen=True)
class Claim:
    """What one of the files says: `key` is bos_token, eos_token_id and the like; `token` is None where no such token exists."""

    file: str
    key: str
    said: str
    token: int | None


def find_special_tokens(folder: Path, tokenizer: Tokenizer, vocab_size: int) -> SpecialTokens:
    """The start token and the end tokens of a model.

    The tokenizer's word counts before a number in a config, since a config may have numbers that nobody ever wrote (1 and 2
    are what a bare LlamaConfig has). A claim counts only where the token is a mark, which no text becomes. Every end token
    that is a mark ends a story; so does the tokenizer's own <|endoftext|>, which transformers would hide and tell on from.
    What was taken is logged, and a claim that was not is a warning.

    Raises:
        ModelError: a file is damaged, or no start or no end token is left.
    """
    starts = list(_list_claims(folder, tokenizer, "bos"))
    ends = list(_list_claims(folder, tokenizer, "eos"))
    own = tokenizer.token_to_id(END_OF_TEXT)
    if own is not None:
        ends.append(Claim(ITS_OWN, "token", END_OF_TEXT, own))
    right = {claim for claim in (*starts, *ends) if is_mark(tokenizer, claim.token, vocab_size)}
    end_tokens = list(dict.fromkeys(claim.token for claim in ends if claim in right and claim.token is not None))
    start_tokens = [claim.token for claim in starts if claim in right and claim.token is not None]
    if not end_tokens:
        raise ModelError(
            f"{folder} names no end token that its tokenizer has ({_list_said(ends)}). "
            "Set eos_token_id in its config.json to the token that ends a text."
        )
    start = [*start_tokens, *end_tokens][0]
    for token in (start, *end_tokens):
        tokenizer.add_special_tokens([tokenizer.id_to_token(token)])  # those of a config alone are never shown, either
    _tell(folder, tokenizer, start, end_tokens, [c for c in (*starts, *ends) if c not in right], set(start_tokens))
    return SpecialTokens(start, frozenset(end_tokens))


def is_mark(tokenizer: Tokenizer, token: int | None, vocab_size: int) -> bool:
    """Whether a number is a token of the model that stands for no text: a special one, or one that its text never becomes."""
    if token is None or not 0 <= token < vocab_size or tokenizer.id_to_token(token) is None:
        return False
    added = tokenizer.get_added_tokens_decoder().get(token)
    if added is not None and added.special:
        return True
    return not spells_itself(tokenizer, token)


def _list_claims(folder: Path, tokenizer: Tokenizer, kind: str) -> Iterator[Claim]:
    """What is said of the `bos` or `eos` token, the most trustworthy first."""
    if kind == "bos":
        whole, plain = (tokenizer.encode("a", add_special_tokens=special).ids for special in (True, False))
        if whole[: len(plain)] != plain:
            yield Claim(ITS_OWN, "beginning", tokenizer.id_to_token(whole[0]) or "", whole[0])
    for file, named in read_named_tokens(folder).items():
        for text in named.get(f"{kind}_token", []):
            yield Claim(file, f"{kind}_token", text, tokenizer.token_to_id(text))
    for file in ("generation_config.json", "config.json"):
        value: Any = (read_object(folder, file) or {}).get(f"{kind}_token_id")
        for said in value if isinstance(value, list) else [] if value is None else [value]:
            yield Claim(file, f"{kind}_token_id", str(said), said if type(said) is int else None)


def _list_said(claims: list[Claim]) -> str:
    return ", ".join(f"{claim.file}: {claim.key} {claim.said}" for claim in claims) or "no file names one"


def _tell(folder: Path, tokenizer: Tokenizer, start: int, ends: list[int], wrong: list[Claim], starts: set[int]) -> None:
    """Log what was taken; as a warning where claims were not, or differ."""
    ending = ", ".join(f"{tokenizer.id_to_token(token)} ({token})" for token in ends)
    taken = f"Stories of {folder} begin with {tokenizer.id_to_token(start)} ({start}) and end with {ending}."
    if wrong:
        log.warning("%s Not taken, since its tokenizer has no such mark: %s.", taken, _list_said(wrong))
    elif len(starts) > 1:
        log.warning("%s Its files name several start tokens.", taken)
    else:
        log.info("%s", taken)

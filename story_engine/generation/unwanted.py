"""Unwanted: words and phrases that a passage never says, however the tokenizer cuts them."""

from __future__ import annotations

import re
from collections.abc import Sequence


class Unwanted:
    """Whether a piece of text would complete one of `words`, as a whole word and in any letter case.

    It looks at text, not at tokens: so a word counts in every way of cutting it, and across the borders of passages too.
    """

    def __init__(self, words: Sequence[str] = ()) -> None:
        patterns = (r"\s+".join(map(re.escape, word.split())) for word in sorted(words, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE) if words else None
        self._reach = 1 + 2 * max(map(len, words), default=0)  # characters back; twice, for more than one space between words

    def __bool__(self) -> bool:
        return self._pattern is not None

    def is_said(self, text: str, piece: str) -> bool:
        """Whether `piece` behind `text` says one of them, or ends one that `text` has begun."""
        if self._pattern is None or not piece:
            return False
        tail = text[-self._reach :]
        return any(found.end() > len(tail) for found in self._pattern.finditer(tail + piece))

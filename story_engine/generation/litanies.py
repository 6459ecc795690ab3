"""Litanies: sentence after sentence with the same beginning ("He wished ... He wished ..."), which a small model falls into.

In long stories it varies their ends, so that nothing is said twice and no penalty on repetition finds them.
"""

from __future__ import annotations

import re

from story_engine.text.sentences import ends_sentence

MOST_WITH_WORD = 8  # sentences in a row that begin with one word; 1.1% of 8,000 real stories have more
MOST_WITH_TWO = 4  # that begin with the same two words; 0.35% have more
REACH = 800  # characters of the end that are looked at
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_FIRST_WORD = re.compile(rf"\W*({_WORD.pattern})\Z")
# Behind a stop or a line's break; simpler than `split_sentences`, which takes ten times as long, at each sentence's end.
_BEGINNING = re.compile(rf"(?:\A|[.!?…][\"'”’)\]]*\s+|\n)[^\w\n]*({_WORD.pattern})(?:[^\w.!?…\n]+({_WORD.pattern}))?")


def find_stale(text: str) -> str:
    """The word that would go on a litany at the end of `text`, as it was written last; "" where there is none."""
    text = text[-REACH:]
    if ends_sentence(text):
        last = _list_beginnings(text, MOST_WITH_WORD)
        return last[-1][0] if _are_alike([words[:1] for words in last], MOST_WITH_WORD) else ""
    *_, tail = re.split(r"[.!?…\n]", text[-40:])
    begun = _FIRST_WORD.fullmatch(tail)
    if begun is None:
        return ""
    last = _list_beginnings(text[: -len(tail)], MOST_WITH_TWO)
    is_litany = _are_alike(last, MOST_WITH_TWO) and last[-1][:1] == [begun.group(1)] and len(last[-1]) == 2
    return last[-1][1] if is_litany else ""


def _list_beginnings(text: str, count: int) -> list[list[str]]:
    """The first two words of each of the last sentences, or the only one; what goes on in small letters begins none."""
    found = (match.groups() for match in _BEGINNING.finditer(text))
    return [[word for word in words if word] for words in found if not words[0].islower()][-count:]


def _are_alike(beginnings: list[list[str]], count: int) -> bool:
    return len(beginnings) == count and all(one and one == beginnings[0] for one in beginnings)

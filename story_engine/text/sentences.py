"""Cutting text into sentences without losing a character: the pieces joined are the text again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from story_engine.text.quotations import find_open_quotations

_SPACE = re.compile(r"\s+")
_STOP = re.compile(r"""[.!?…]["'”’)\]]*$""")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St)\.$")
_DOUBLE = '"“”„«»'
_TAIL = 12  # characters; enough to see a stop, its closing quotes, and a title


def split_sentences(text: str) -> list[str]:
    """Sentences of `text` in order, each with the white space before it; `"".join` gives `text` back.

    A sentence ends at a line break, or behind a stop with its closing quotes, unless the next word goes on in lower
    case ('"Stop!" she said.') or the stop belongs to a short title ("Mr. Fox"). The white space between two sentences
    belongs to the second, as a byte-level tokenizer keeps a space with the word behind it.
    """
    sentences: list[str] = []
    start = 0
    for space in _SPACE.finditer(text):
        cut, resume = space.span()
        is_inside = text[start:cut].strip() and resume < len(text)
        if is_inside and ("\n" in space.group() or _is_stop(text[max(start, cut - _TAIL) : cut], text[resume])):
            sentences.append(text[start:cut])
            start = cut
    if start < len(text):
        sentences.append(text[start:])
    return sentences


def ends_sentence(text: str) -> bool:
    """Whether `text` stops where a sentence does: behind a stop, or at a line break."""
    stripped = text.rstrip()
    return "\n" in text[len(stripped) :] or bool(_STOP.search(stripped[-_TAIL:]))


def is_inside_quote(text: str) -> bool:
    """Whether somebody is still speaking: the last line has opened a double quotation mark and not closed it."""
    return any(mark in _DOUBLE for mark in find_open_quotations(text))


def is_round(text: str) -> bool:
    """Whether `text` may stop here without leaving a sentence or a speech open."""
    return ends_sentence(text) and not is_inside_quote(text)


def match_sentences(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Number of an old sentence -> its number among the new ones, for all whose words are still there.

    White space around a sentence does not count. Sentences that keep their order are matched first, then moved ones.
    """
    before, after = [text.strip() for text in old], [text.strip() for text in new]
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    matched = {block.a + step: block.b + step for block in blocks for step in range(block.size)}
    free = sorted(set(range(len(after))) - set(matched.values()))
    for number in sorted(set(range(len(before))) - set(matched)):
        place = next((place for place in free if after[place] == before[number]), None)
        if place is not None:
            matched[number] = place
            free.remove(place)
    return matched


def _is_stop(before: str, after: str) -> bool:
    return bool(_STOP.search(before)) and not after.islower() and not _TITLE.search(before)

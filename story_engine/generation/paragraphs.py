"""Paragraphs: how a story sets its own, which a passage of it keeps to, and where it says that it is over."""

from __future__ import annotations

import re

from story_engine.text.sentences import ends_sentence

_LOWER_LINE = re.compile(r"(?m)^[a-z]")
_LINE_BREAK, _BLANK_LINE = re.compile(r"(?<!\n)\n(?!\n)"), re.compile(r"\n\n+")

_THE_END = re.compile(r"(?:^|\s)(?:The end|The End|THE END)[.!]$")


def find_the_end(before: str, text: str) -> int | None:
    """The character where `text`, which follows `before`, says "The end." as its last sentence, if it does."""
    said = _THE_END.search(text)
    if said is None:
        return None
    head = (before + text[: said.start()]).rstrip()
    return said.start() if not head or ends_sentence(head) else None


def is_break_foreign(before: str, text: str) -> bool:
    """Whether `text` ends in a blank line, where the story `before` it and it part their paragraphs without."""
    if not text.endswith("\n\n"):
        return False
    whole = (before + text).rstrip()
    return len(_BLANK_LINE.findall(whole)) < len(_LINE_BREAK.findall(whole))


def begins_lines_small(text: str) -> bool:
    """Whether a line of `text` begins with a small letter."""
    return bool(_LOWER_LINE.search(text))


def is_new_line(text: str) -> bool:
    """Whether `text` stops behind a sentence, at the beginning of a line."""
    return text.endswith("\n") and ends_sentence(text.rstrip())

"""The reader's words at the edge: checked once, joined to the story as a person would expect."""

from __future__ import annotations

from collections.abc import Iterable

from story_engine.errors import InputError

MAX_WORDS = 20_000  # characters in one go; about ten windows of the model
AFTER_END = "\n"  # what is told after an end begins a paragraph of its own
MAX_NOTE, MAX_NOTES = 300, 30  # characters of a line, lines
_CLOSING = tuple(",.;:!?)’'…")


def check_words(text: object) -> str:
    """The reader's words without spaces at either end; line breaks stay. Empty words give an empty text.

    Raises:
        InputError: not a text, too long, or with characters that can be neither shown nor saved.
    """
    if text is None:
        return ""
    if not isinstance(text, str):
        raise InputError("Your words must be plain text.")
    if len(text) > MAX_WORDS:
        raise InputError(
            "That is {count:,} characters; at most {most:,} fit in one go. Add it in several parts.",
            count=len(text),
            most=MAX_WORDS,
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError("Your words hold a broken character. Type them again, or copy them anew.") from error
    return text.replace("\r\n", "\n").strip(" \t") if text.strip() else ""


def join_words(before: str, words: str, is_after_end: bool = False) -> str:
    """`words` with the space or line break that sets them off from the story `before`."""
    if not before:
        return words.lstrip()
    if is_after_end:
        return AFTER_END + words.lstrip()
    if before[-1].isspace() or words[0].isspace() or words.startswith(_CLOSING):
        return words
    return " " + words


def keep_joint(old: str, new: str) -> str:
    """`new` words in place of `old` ones, set off from what stands before them by the same white space."""
    return old[: len(old) - len(old.lstrip())] + new.lstrip() if new.strip() else new


def check_notes(text: object) -> list[str]:
    """Lines that the model is always to have in mind, empty ones left out.

    Raises:
        InputError: not a text, or too many or too long lines.
    """
    lines = [" ".join(line.split()) for line in check_words(text).splitlines() if line.strip()]
    if len(lines) > MAX_NOTES or max(map(len, lines), default=0) > MAX_NOTE:
        raise InputError("Notes may be {lines} lines of {most} characters. Shorten them.", lines=MAX_NOTES, most=MAX_NOTE)
    return lines


def write_notes(lines: Iterable[str]) -> list[str]:
    """Notes as the model reads them: sentences of the story, each with the space before it."""
    return [f" {line}" if line.endswith((".", "!", "?", "…", '"', "”")) else f" {line}." for line in lines]

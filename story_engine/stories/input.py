"""The reader's words at the edge: checked and normalized once, joined to the story as a person would expect."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from story_engine.errors import InputError
from story_engine.text.quotations import CLOSERS, find_open_quotations, is_apostrophe

MAX_WORDS = 20_000  # characters in one go; about ten windows of the model
AFTER_END = "\n"  # what is told after an end begins a paragraph of its own
MAX_NOTE, MAX_NOTES = 300, 30  # characters of a line, lines
MAX_WISH = 120  # characters
_CLOSING = tuple(",.;:!?)]}…")
_OPENING = tuple("([{¿¡")

Change = Literal["letters", "line breaks", "spaces", "invisible characters", "control characters"]

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINE_ENDS = re.compile(r"[ \t]+(?=\n)")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# Soft hyphens, zero-width spaces, byte order marks, embedded and isolated directions, fillers, the place of a picture.
_INVISIBLE = re.compile("[\u00ad\u034f\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffc]")
_TAGS = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)|[\U000e0000-\U000e007f]")  # flags are made of them
# Joiners belong into emoji and the scripts of Persia and India; marks of direction into text written from the right.
_OTHER_SCRIPT = "[^\x00-\u02ff\u2000-\u206f]"
_JOINERS = re.compile(f"(?<!{_OTHER_SCRIPT})[\u200c\u200d]|[\u200c\u200d](?!{_OTHER_SCRIPT})")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f]")
_FROM_THE_RIGHT = re.compile("[\u05d0-\u05ea\u0620-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_OUTER_DIRECTIONS = re.compile("^[\u061c\u200e\u200f \t]+|[\u061c\u200e\u200f \t]+$")


class Normalized(NamedTuple):
    """Words as the story keeps them, and the kinds of characters that were not so before."""

    text: str
    changes: tuple[Change, ...]


def normalize_words(text: str) -> Normalized:
    """`text` in Unicode's form C with line feeds for line breaks, plain spaces, and no character that nobody sees.

    Invisible characters that shape a script or an emoji stay. Doing it again changes nothing.
    """
    changes: dict[Change, None] = {}
    before = None
    while text != before:  # one step may leave another something to do
        before = text
        for change, step in _STEPS:
            changed = step(text)
            if changed != text:
                text, changes[change] = changed, None
    return Normalized(text, tuple(changes))


def _drop_invisible(text: str) -> str:
    text = _JOINERS.sub("", _TAGS.sub(r"\1", _INVISIBLE.sub("", text)))
    return _OUTER_DIRECTIONS.sub("", text) if _FROM_THE_RIGHT.search(text) else _DIRECTIONS.sub("", text)


def _compose(text: str) -> str:
    return unicodedata.normalize("NFC", text)


_STEPS: tuple[tuple[Change, Callable[[str], str]], ...] = (
    ("letters", _compose),
    ("line breaks", lambda text: _LINE_BREAKS.sub("\n", text)),
    ("spaces", lambda text: _SPACES.sub(" ", text)),
    ("control characters", lambda text: _CONTROLS.sub("", text)),
    ("invisible characters", _drop_invisible),
    ("spaces", lambda text: _LINE_ENDS.sub("", text)),
)


def check_words(text: object) -> str:
    """The reader's words, normalized, without spaces at either end; line breaks stay. Empty words give an empty text.

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
    words = normalize_words(text).text
    return words.strip(" \t") if words.strip() else ""


def join_words(before: str, words: str, is_after_end: bool = False) -> str:
    """`words` with the space or line break that sets them off from the story `before`."""
    if not before or not words:
        return words.lstrip()
    if is_after_end:
        return AFTER_END + words.lstrip()
    if before[-1].isspace() or words[0].isspace() or _ends_open(before) or _begins_closing(before, words):
        return words
    return " " + words


def keep_joint(old: str, new: str) -> str:
    """`new` words in place of `old` ones, set off from what stands around them by the same white space.

    Of line breaks at the same place the larger number counts, those of the old words or of the new ones. In front of a
    comma and its kin there is no space.
    """
    words = new.strip()
    if not words:
        return new
    lead, tail = old[: len(old) - len(old.lstrip())], old[len(old.rstrip()) :]
    typed_lead, typed_tail = new[: len(new) - len(new.lstrip())], new[len(new.rstrip()) :]
    lead = typed_lead if typed_lead.count("\n") > lead.count("\n") else lead
    tail = typed_tail if typed_tail.count("\n") > tail.count("\n") else tail
    return ("" if words.startswith(_CLOSING) and "\n" not in lead else lead) + words + tail


def _ends_open(before: str) -> bool:
    """Whether the story stops at a bracket or a quotation mark that opens something."""
    if before.endswith(_OPENING):
        return True
    return before[-1] in CLOSERS and len(find_open_quotations(before)) > len(find_open_quotations(before[:-1]))


def _begins_closing(before: str, words: str) -> bool:
    """Whether the words begin with a mark that belongs to the word before it."""
    mark, after = words[0], words[1:2]
    if mark in _CLOSING:
        return True
    if mark in "'’" and before[-1].isalnum() and after.isalnum():
        return bool(re.match(r".(?:s|t|d|m|ll|re|ve)\b", words))  # 's, 'll; but 'Hello' begins a quotation
    if is_apostrophe(words, 0):
        return False
    if any(mark in CLOSERS[opened] for opened in find_open_quotations(before)):
        return mark not in "'’" or not after.isalnum()
    # No quotation is known to be open: a mark with no word behind it can only close one, or stand for a letter.
    ends_word = bool(after) and (after.isspace() or after in _CLOSING)
    return (mark in "\"”»’'" and ends_word) or (mark == "”" and not after)


def check_notes(text: object) -> list[str]:
    """Lines that the model is always to have in mind, empty ones left out.

    Raises:
        InputError: not a text, or too many or too long lines.
    """
    lines = [" ".join(line.split()) for line in check_words(text).splitlines() if line.strip()]
    if len(lines) > MAX_NOTES or max(map(len, lines), default=0) > MAX_NOTE:
        raise InputError("Notes may be {lines} lines of {most} characters. Shorten them.", lines=MAX_NOTES, most=MAX_NOTE)
    return lines


def check_wish(text: object) -> str:
    """A wish for the next passage, normalized, in one line; none gives an empty text.

    Raises:
        InputError: not a text, or too long.
    """
    wish = " ".join(check_words(text).split())
    if len(wish) > MAX_WISH:
        raise InputError("A wish may have {most} characters. Shorten it.", most=MAX_WISH)
    return wish


def write_notes(lines: Iterable[str]) -> list[str]:
    """Notes as the model reads them: sentences of the story, each with the space before it."""
    return [f" {line}" if line.endswith((".", "!", "?", "…", '"', "”")) else f" {line}." for line in lines]

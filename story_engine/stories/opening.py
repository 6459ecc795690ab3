"""Opening a reader's file: a story saved by this playground, or a plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from story_engine.errors import InputError, SaveError
from story_engine.stories.input import MAX_WORDS, normalize_words
from story_engine.stories.savefile import FORMAT_FAMILY, ReadStory, read_story
from story_engine.stories.story import Story, is_round_end, make_title
from story_engine.text.sentences import split_sentences

MAX_FILE_BYTES = 8_000_000  # of a reader's file; the server's own may grow
FEWEST_SENTENCES = 8  # a plain text of fewer is a beginning, not a finished story
_WORD = re.compile(r"\s*\S+")


def open_file(path: Path) -> ReadStory:
    """A story from a reader's file, as a copy with a number of its own.

    Content decides, not the name alone: a saved story may be called `x.story.json.txt`. A plain text has the ending
    `.txt`, in small letters or capitals, and becomes passages of at most `MAX_WORDS` characters.

    Raises:
        SaveError: the file is too large, damaged, holds no story, or is neither a saved story nor plain text in UTF-8.
        InputError: a word of a plain text is longer than a passage.
    """
    is_text = path.suffix.lower() == ".txt"
    try:
        text = _read_upload(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if not is_text:
            raise SaveError("This file is not a story saved by this playground.") from error
        raise SaveError("This file is not plain text in UTF-8. Save it as such, then open it again.") from error
    if is_text and not _is_saved_story(text):
        opened = read_text(text)
    else:
        opened = read_story(_parse(text))
    if not opened.story.passages:
        raise SaveError("There is no story in this file.")
    opened.story.uid = Story().uid
    return opened


def read_text(text: str) -> ReadStory:
    """A plain text as a story: passages of the reader's, and its first words as the title.

    A text of several sentences that ends where a sentence does counts as a finished story; what is told next begins a
    paragraph of its own.

    Raises:
        InputError: a word of it is longer than a passage.
    """
    story, normalized = Story(), normalize_words(text)
    words = normalized.text.strip()
    for part in _cut_text(words):
        story.add(part)
    if is_round_end(words) and len(split_sentences(words)) >= FEWEST_SENTENCES:
        story.mark_finished()
    story.title = make_title(story)
    is_other = {"invisible characters", "control characters"} & {*normalized.changes}
    left_out = SaveError("Characters of this file that nobody can see were left out.")
    return ReadStory(story, (left_out,) if is_other else ())


def read_json(path: Path) -> Any:
    """Plain data of a reader's file.

    Raises:
        SaveError: the file is too large, cannot be read, or is not JSON.
    """
    try:
        return _parse(_read_upload(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SaveError("This file is not a story saved by this playground.") from error


def _read_upload(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            content = handle.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SaveError("This file is not a story saved by this playground.") from error
    if len(content) > MAX_FILE_BYTES:
        raise SaveError("This file is larger than {most} MB; no story of this playground is.", most=MAX_FILE_BYTES // 1_000_000)
    return content


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SaveError("This file is not a story saved by this playground.") from error


def _is_saved_story(text: str) -> bool:
    """Whether a text begins as a save file does, whole or damaged."""
    return bool(re.match(rf'\s*\{{\s*"format"\s*:\s*"{re.escape(FORMAT_FAMILY)}', text))


def _cut_text(text: str) -> Iterator[str]:
    """Parts of at most `MAX_WORDS` characters, cut between sentences, or between words where a sentence is longer."""
    part = ""
    for piece in _find_pieces(text):
        if len(part) + len(piece) > MAX_WORDS:
            yield part
            part = ""
        part += piece
    if part:
        yield part


def _find_pieces(text: str) -> Iterator[str]:
    for sentence in split_sentences(text):
        for piece in [sentence] if len(sentence) <= MAX_WORDS else _WORD.findall(sentence):
            if len(piece) > MAX_WORDS:
                raise InputError(
                    "A word of this text has {count:,} characters; at most {most:,} fit in one go. Break it up.",
                    count=len(piece),
                    most=MAX_WORDS,
                )
            yield piece

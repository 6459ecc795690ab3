"""What can go wrong, in words that a reader of stories understands: each message says what to do next."""

from __future__ import annotations

from typing import Any


class StoryError(Exception):
    """Base of all errors that are shown to a reader as they are.

    `words` may have fields in braces for the `values`, so that a page in another language can say the same in its own
    words. A value may be a list of further errors, which are said one after another.
    """

    def __init__(self, words: str, **values: Any) -> None:
        said = {name: "; ".join(map(str, value)) if isinstance(value, list) else value for name, value in values.items()}
        super().__init__(words.format(**said) if values else words)
        self.words, self.values = words, values


class SettingsError(StoryError):
    """A setting is missing, of the wrong kind or out of its range; the message lists every problem."""


class InputError(StoryError):
    """The words or the request cannot be used: empty, too long, or not possible at this point of the story."""


class ModelError(StoryError):
    """A model cannot be found or loaded."""


class SaveError(StoryError):
    """A saved story cannot be read or written."""

"""The engine's messages to a reader (what went wrong, and why something was forgotten) in the page's languages.

The engine speaks English; each message is its own key, with the same fields in braces.
"""

from __future__ import annotations

from typing import Any

from playground.wording.strings import MESSAGES
from story_engine import StoryError


def find_message(words: str, language: str) -> str:
    """A message in a language; in English where it has no translation."""
    return MESSAGES.get(language, {}).get(words, words)


def say_error(error: StoryError, language: str) -> str:
    """What went wrong, in a language."""
    values: dict[str, Any] = {
        name: "; ".join(say_error(one, language) for one in value) if isinstance(value, list) else value
        for name, value in error.values.items()
    }
    words = find_message(error.words, language)
    return words.format(**values) if values else words

"""All words of the page in its languages, and which of them a browser gets. Stories are in English.

A language is a folder of tables with the same keys, one a topic; `LANGUAGES` is the only list of them. The browser chooses
the language of the fixed parts (`gr.I18n`); `find_texts` chooses that of the rendered parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from playground.wording import english, german, spanish

Texts = Mapping[str, str]

# By the tag that a browser sends, without its region; the first is for whoever asks for none of them.
LANGUAGES: dict[str, ModuleType] = {"en": english, "de": german, "es": spanish}
TABLES: dict[str, dict[str, str]] = {
    tag: {key: words for topic in language.TOPICS for key, words in topic.items()} for tag, language in LANGUAGES.items()
}
MESSAGES: dict[str, dict[str, str]] = {tag: language.MESSAGES for tag, language in LANGUAGES.items()}
ENGLISH: Texts = TABLES["en"]


def find_texts(language: str) -> Texts:
    """The words of a language; English where there is no such table."""
    return TABLES.get(language, ENGLISH)


def choose_language(accepted: str) -> str:
    """The first language of an Accept-Language header that there is a table for; English where there is none."""
    tags = [tag.split(";")[0].strip().split("-")[0].lower() for tag in accepted.split(",")]
    return next((tag for tag in tags if tag in LANGUAGES), "en")

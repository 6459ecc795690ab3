"""The page's words: both languages have all of them, with the same places to fill in."""

import string

import pytest

from playground.render.renderer import Renderer
from playground.wording.strings import ENGLISH, LANGUAGES, TABLES, WORDS, choose_language, find_texts
from story_engine import Settings, Story


@pytest.mark.parametrize("key", WORDS)
def test_every_word_is_there_in_every_language_with_the_same_fields(key):
    fields = [{name for _, name, _, _ in string.Formatter().parse(TABLES[language][key]) if name} for language in LANGUAGES]
    assert all(TABLES[language][key].strip() for language in LANGUAGES)
    assert fields[0] == fields[1]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr-FR, de;q=0.5", "de"), ("en-US", "en"), ("fr", "en"), ("", "en"), ("DE", "de")],
)
def test_the_browsers_first_known_language_is_taken(accepted, language):
    assert choose_language(accepted) == language
    assert find_texts(language) == TABLES[language]


def test_an_unknown_language_is_english():
    assert find_texts("xx") is ENGLISH


def test_what_is_drawn_is_drawn_in_the_language_asked_for(engine):
    story = Story("Tom went out.")
    window = engine.window_of(story, Settings(max_new_tokens=20))
    assert "nichts vergessen" in Renderer(find_texts("de")).render_meter(story, window)
    assert "nothing forgotten" in Renderer().render_meter(story, window)

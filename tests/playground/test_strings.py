"""The page's words: every language has all of them, with the same places to fill in, and none is English by oversight."""

import string
from collections import Counter

import pytest

from playground.render.renderer import Renderer
from playground.wording.strings import ENGLISH, LANGUAGES, TABLES, choose_language, find_texts
from playground.writing import find_foreign
from story_engine import Settings, Story, is_english

OTHERS = [tag for tag in LANGUAGES if tag != "en"]
MAY_BE_EMPTY = {"en": {"in_english"}}
# What is the same in another language as in English: names, signs, and words that both have.
SAME = {
    "de": {"key_forward", "receipt", "PDF", "Markdown", "Wild", "text", "top_p", "top_k", "min_p", "token"},
    "es": {"PDF", "Markdown", "key_command", "top_p", "top_k", "min_p", "token"},
}


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_language_has_every_word_once_with_the_same_fields(tag):
    table, counted = TABLES[tag], Counter(key for topic in LANGUAGES[tag].TOPICS for key in topic)
    assert sorted({*ENGLISH} - {*table}) == [], f"give these words in {tag!r}, in a topic of playground/wording"
    assert sorted({*table} - {*ENGLISH}) == [], f"these words of {tag!r} are in no other language"
    assert [key for key, count in counted.items() if count > 1] == []
    assert [key for key, words in table.items() if not words.strip()] == [*MAY_BE_EMPTY.get(tag, ())]
    assert [key for key, words in table.items() if fields(words) != fields(ENGLISH[key])] == []
    assert table["language"] == tag


@pytest.mark.parametrize("tag", OTHERS)
def test_nothing_is_left_in_english(tag):
    same = {key for key, words in TABLES[tag].items() if words == ENGLISH[key]}
    assert same <= SAME[tag]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR, de;q=0.5", "de"),
        ("en-US", "en"),
        ("fr", "en"),
        ("", "en"),
        ("DE", "de"),
        ("es-MX,es;q=0.9", "es"),
        ("es-419", "es"),
    ],
)
def test_the_browsers_first_known_language_is_taken(accepted, language):
    assert choose_language(accepted) == language
    assert find_texts(language) == TABLES[language]


def test_an_unknown_language_is_english():
    assert find_texts("xx") is ENGLISH


@pytest.mark.parametrize(("tag", "words"), [("en", "nothing forgotten"), ("de", "nichts vergessen"), ("es", "nada olvidado")])
def test_what_is_drawn_is_drawn_in_the_language_asked_for(engine, tag, words):
    story = Story("Tom went out.")
    assert words in Renderer(find_texts(tag)).render_meter(story, engine.window_of(story, Settings(max_new_tokens=20)))


def test_a_story_says_its_own_language_where_the_page_has_another():
    story = Story("Tom went out.")
    story.add(" Der Hund war müde.", "reader")
    for tag in OTHERS:
        book = Renderer(find_texts(tag)).render_book(story, None, writing=True)
        assert '<span lang="en">Tom went out.</span>' in book
        assert '<span lang=""> Der Hund war müde.</span>' in book
        assert 'aria-live="off" lang="en"' in book
    assert Renderer().render_book(story, None, writing=True).count("lang=") == 1  # of what is no English


def test_a_reader_is_told_once_that_the_model_knows_english_only():
    story = Story("Es war einmal ein kleiner Bär.")
    assert find_foreign(story, "Es war einmal ein kleiner Bär.", "de").startswith("Das Modell kann nur Englisch")
    assert find_foreign(story, "Es war einmal ein kleiner Bär.", "es").startswith("El modelo solo sabe inglés")
    story.add(" Er war allein im Wald.")
    assert find_foreign(story, "Er war allein im Wald.", "de") == ""
    assert find_foreign(Story("Tom."), "Tom.", "de") == ""


@pytest.mark.parametrize(
    "words",
    [
        "Tom",
        "Los Angeles",
        "José Peña and Zoë Müller ran.",
        "La La Land",
        "Max und Moritz",
        "Red, blue, green.",
        "Whee!",
        "¡Hola!",
    ],
)
def test_short_words_and_names_count_as_english(words):
    assert is_english(words)


@pytest.mark.parametrize(
    "words",
    [
        "Der Hund schläft.",
        "Tom y su perro fueron al parque.",
        "Érase una vez un gato negro.",
        "C'era una volta un gatto.",
        "Era uma vez uma menina.",
        "Er was eens een kleine beer.",
        "Dawno temu był sobie mały kot.",
        "Olipa kerran pieni karhu joka asui suuressa metsässä yksin.",
        "昔々",
    ],
)
def test_sentences_of_other_languages_do_not(words):
    assert not is_english(words)

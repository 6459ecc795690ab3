"""Words and names that a story takes up of its opening, by rule, and the openings that ship."""

import json
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine.text.words import FUNCTION_WORDS
from train.scorecard.following import count_edits, count_followed, cut_words, find_content_words, find_misspelt, is_named, stem
from train.scorecard.openings import KINDS, PATH, cut_stories, load_openings

LETTERS = st.text("abcdefg", max_size=7)


@pytest.mark.parametrize(
    ("hero", "text", "found"),
    [
        ("Omar", " Od were happy. They went home.", {"Od": "Omar"}),
        ("Captain Ella", " Captiness Elle smiled.", {"Captiness": "Captain", "Elle": "Ella"}),
        ("Zuleika", " One day, Zulea saw Zulei's hat.", {"Zulea": "Zuleika", "Zulei": "Zuleika"}),
        ("Mr. Pettigrew", " Mr. Pettigru sat down.", {"Pettigru": "Pettigrew"}),
        ("Evander", " Vander and Evandre sat down.", {"Vander": "Evander", "Evandre": "Evander"}),
        ("dmitri", " Dmitry ran after it.", {"Dmitry": "dmitri"}),
    ],
)
def test_a_misspelt_hero_is_found(hero, text, found):
    assert find_misspelt([hero], f"{hero} had a plan.", text) == found


@pytest.mark.parametrize(
    ("hero", "text"),
    [
        ("Omar", " Omar went home. Omar's mom was glad, and OMAR laughed."),
        ("Omar", " Oh, no! One day Our Old friend Oliver came. On Monday Or Tuesday?"),
        ("Noor", " Nobody knew. No, not Noah. Nothing. Now Nora came."),
        ("Philomena", " All the Philomenas of the town met Phil."),
        ("Ottoline", " I'm an otter. Otters are nice, and an otters' home is wet."),
        ("Torsten", " Tor"),  # the end of the text may have cut a word that was right
        ("Ingrid", " Ignatius and a girl named Wren."),
        ("Ingrid", ""),
    ],
)
def test_right_names_common_words_and_other_people_misspell_nobody(hero, text):
    assert find_misspelt([hero], f"{hero} and Ignatius had a plan.", text) == {}


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_word_of_the_opening_and_none_of_the_text_in_lower_case_is_misspelt(opening, text):
    found = find_misspelt(["Xiomara", "Od"], opening, text)
    lower = {word for word in cut_words(text) if word[0].islower()}
    assert not {word.lower() for word in found} & ({word.lower() for word in cut_words(opening)} | lower | {"xiomara", "od"})
    assert set(found) <= set(cut_words(text))
    assert 0 <= count_followed(["moon"], ["Od"], text) <= 2


@cache
def count_edits_slowly(first: str, second: str) -> int:
    if not first or not second:
        return len(first) + len(second)
    exchanged = count_edits_slowly(first[1:], second[1:]) + (first[0] != second[0])
    return min(exchanged, count_edits_slowly(first[1:], second) + 1, count_edits_slowly(first, second[1:]) + 1)


@settings(deadline=None)
@given(LETTERS, LETTERS)
def test_edits_are_those_of_the_plain_recursion(first, second):
    assert count_edits(first, second) == count_edits_slowly(first, second)


@pytest.mark.parametrize(
    "forms",
    [
        ("bake", "bakes", "baked", "baking"),
        ("run", "runs", "running"),
        ("carry", "carries", "carried", "carrying"),
        ("fox", "foxes", "Foxes"),
        ("glass", "glasses"),
        ("hop", "hopped", "hopping"),
        ("play", "played", "plays"),
        ("sing", "sings", "singing"),
        ("octopus", "Octopus"),
    ],
)
def test_regular_forms_have_one_stem(forms):
    assert len({stem(form) for form in forms}) == 1


def test_different_words_have_different_stems():
    words = ("ring", "red", "bed", "bee", "is", "bus", "cat", "car", "moon", "mouse", "string", "need", "sea", "seed")
    assert len({stem(word) for word in words}) == len(words)


def test_words_and_heroes_are_followed_in_any_regular_form():
    words = find_content_words("Omar the baker had two foxes and a fox called Pim.", ["Omar", "Pim"])
    assert words == ["baker", "foxes"]
    assert count_followed(words, ["Omar", "Pim"], " Pim's fox met the BAKERS.") == 3
    assert count_followed(words, ["Omar", "Pim"], " Pimlico and the bakery.") == 0
    assert is_named("Captain Ella", " Ella slept.")
    assert not is_named("Captain Ella", " The captain slept.")


def test_sixty_openings_ship_with_words_and_heroes_by_the_rule_for_real_stories():
    openings = load_openings(60)
    assert len({one.text for one in openings}) == len(json.loads(PATH.read_text(encoding="utf-8"))) == 60
    for one in openings:
        assert all(hero in one.text for hero in one.heroes)
        assert list(one.words) == find_content_words(one.text, one.heroes)
        assert one.words
        assert not set(one.words) & FUNCTION_WORDS


def test_every_fact_has_an_opposite_and_is_not_given_away_behind_the_opening():
    facts = [(one, fact) for one in load_openings(60) for fact in one.facts]
    assert {fact.kind for _, fact in facts} == set(KINDS)
    for one, fact in facts:
        own, opposite = fact.make_pair(one.text).contexts
        assert own == one.text + fact.then
        assert opposite != own
        assert opposite.endswith(fact.then)
        assert fact.kept != fact.lost
        assert all(re.search(rf"\b{word}\b", one.text) for word in fact.swap)
        deciding = ({*cut_words(fact.kept)} ^ {*cut_words(fact.lost)}) - {"a"}
        assert not deciding & {word.lower() for word in cut_words(fact.then)}


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 80))
def test_fewer_openings_are_spread_over_all_and_keep_their_seeds(count):
    whole = load_openings(60)
    some = load_openings(count)
    assert len(some) == min(count, 60)
    assert [whole[one.number - 1] for one in some] == some


def test_a_real_story_is_cut_behind_the_sentence_that_names_its_hero():
    story = "It was cold. There was a girl, Mia. Then Mia saw a fox. So Mia ran home."
    (opening, rest), *others = cut_stories(["A cat sat. It slept.", story, story], 2)
    assert len(others) == 1
    assert (opening.text, opening.heroes) == ("It was cold. There was a girl, Mia.", ("Mia",))
    assert opening.text + rest == story
    assert cut_stories([story], 0) == []

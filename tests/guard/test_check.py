"""The guard: it finds themes in many spellings, lets innocent sentences be, and never says the word that it found."""

import re

import pytest

from story_engine import InputError, check_fit, check_story, find_kinds
from story_engine.generation.ending import CLOSERS, KIND_CLOSERS
from story_engine.generation.minding import KIND_ENDS, KIND_SENTENCES
from story_engine.generation.opener import OPENERS
from story_engine.guard.check import NAMES, find_new_kinds
from story_engine.guard.spelling import fold
from story_engine.guard.word_list import inflect, load_list


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("He will kill the bear.", "death"),
        ("HE WILL KILL THE BEAR.", "death"),
        ("\uff2b\uff29\uff2c\uff2c", "death"),  # full width
        ("k1ll him", "death"),
        ("k!ll him", "death"),
        ("k i l l him", "death"),
        ("K.I.L.L.", "death"),
        ("k-i-l-l", "death"),
        ("k*ll him", "death"),
        ("kiiiill him", "death"),
        ("k\u0456ll him", "death"),  # a Cyrillic letter
        ("k\u00ecll him", "death"),
        ("kil\u00adl him", "death"),  # a soft hyphen
        ("He has a g u n.", "weapons"),
        ("He kicked Ben.", "cruelty"),
        ("She slapped the little boy.", "cruelty"),
        ("She hit her, and she cried.", "cruelty"),
        ("His mother was murdered.", "death"),
        ("They were killing each other.", "death"),
        ("s3x", "sex"),
        ("f u c k", "slurs"),
        ("Call me at 555-867-5309.", "personal data"),
        ("Call +49 170 1234567!", "personal data"),
        ("I live at 12 rose street.", "personal data"),
        ("She is at 42 Maple Street.", "personal data"),
        ("tom.smith@example.com", "personal data"),
        ("tom at example dot com", "personal data"),
        ("five five five one two one two", "personal data"),
    ],
)
def test_a_theme_is_found_in_this_spelling(text, kind):
    assert set(find_kinds(text)) == {kind}


@pytest.mark.parametrize(
    "text",
    [
        "They killed time by counting clouds.",
        "He kicked Ben's ball.",
        "Tom hit his head on a branch.",
        "The ball hit him, and he laughed.",
        "She hit her knee.",
        "He had a toy gun.",
        "She did not want to hurt the bird.",
        "He'll be home soon, and she'll see the shell.",
        "The class had to pass the grass in Essex.",
        "One, two, three, four, five, six, seven, eight, nine, ten!",
        "He counted: 1 2 3 4 5 6 7 8 9 10.",
        "In 1999, 1,000,000 stars fell at 10:45.",
        "C-A-T spells cat.",
        "s k i l l",
        "A b c d e f g.",
        "It was sooo good!",
        "The knight had a golden sword.",
        "5 little monkeys and 3d glasses",
    ],
)
def test_an_innocent_sentence_is_let_be(text):
    assert not find_kinds(text)


def test_a_word_of_the_highest_severity_counts_inside_an_innocent_phrase_too():
    assert "death" in find_kinds("It is to die for, and he will hang himself.")
    assert set(find_kinds("They killed time with porn.")) == {"sex"}


def test_an_innocent_phrase_covers_its_own_words_alone():
    assert find_kinds("They killed time, and then they killed him.") == {"death": 1}


def test_a_phrase_does_not_reach_over_the_end_of_a_sentence():
    assert not find_kinds("He hit. Him they saw.")
    assert find_kinds("He hit him.")


def test_a_word_at_the_border_of_two_texts_is_found_and_one_before_it_is_not_counted():
    assert not find_kinds("l him")
    assert find_new_kinds("l him", "They want to kil")
    assert not find_new_kinds(" and went home.", "He saw the gun")
    assert not find_new_kinds(" He went home.", "He saw the gun.")


def test_who_wrote_unfit_words_hears_of_what_kind_they_are_and_none_of_the_words():
    with pytest.raises(InputError) as caught:
        check_fit("He took his gun and wanted to murder them.")
    said = str(caught.value)
    assert str(NAMES["weapons"]) in said
    assert str(NAMES["death"]) in said
    assert "gun" not in said
    assert "murder" not in said
    check_fit("He took his hat and went to the park.")


def test_a_story_is_refused_for_any_of_its_texts():
    check_story(["Tom found a car.", "A title"])
    with pytest.raises(InputError, match="switch off"):
        check_story(["Tom found a car.", "The gun"])


def test_what_the_engine_itself_says_is_fit():
    for words in (*KIND_SENTENCES, *KIND_ENDS, *KIND_CLOSERS, *CLOSERS, *OPENERS):
        assert not find_kinds(words), words
    assert not any(find_kinds(str(name)) for name in NAMES.values())


def test_every_phrase_of_the_list_is_found_where_it_stands_alone():
    """No innocent phrase makes another line of the list useless."""
    missed = set()
    for phrases in load_list().phrases.values():
        for phrase in phrases:
            words = [sorted(element)[-1] for element in phrase.elements if isinstance(element, frozenset)]
            words = ["Ben" if word == "<name>" else word for word in words]
            if not find_kinds(f"so {' '.join(words)}."):
                missed.add(" ".join(words))
    assert len(missed) <= 12, missed  # of the longer ones some are innocent with the word that this test chose


def test_regular_endings_are_those_of_english():
    assert {"kill", "kills", "killed", "killing"} <= inflect("kill")
    assert {"stab", "stabbed", "stabbing"} <= inflect("stab")
    assert {"bury", "buries", "buried", "burying"} <= inflect("bury")
    assert {"punch", "punches"} <= inflect("punch")
    assert {"devour", "devouring"} <= inflect("devour")


def test_folding_keeps_words_apart_and_drops_what_nobody_sees():
    assert fold("Na\u00efve\u200b \u2019tis") == "Naive 'tis"
    assert not re.search("[\u2018\u2019]", fold("\u2018a\u2019"))

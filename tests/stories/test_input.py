"""The reader's words: normalized without a loss that they would see, and joined as a person would join them."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from story_engine import check_words, keep_joint
from story_engine.stories.input import join_words, normalize_words

HARMFUL = "\u00a0\u202f\u3000\u00ad\u200b\u2060\ufeff\u202a\u202e\u2066\u2069\ufffc\x00\x07\x1b\x7f\x9b\r\f\v\x85\u2028\u2029"
SCRIPT = "aeT .,\n\"'\u0301\u200c\u200d\u200e\u200f\u061céकष्‌مشב👩🏽🏴\U000e0067\U000e007f\ufe0f\t"
strange = st.one_of(st.text(st.sampled_from(HARMFUL + SCRIPT), max_size=30), st.text(max_size=30))


@given(strange)
@example("\u0301\u200c\u061c")  # without its last character the joiner joins nothing
@example("a\u200b\u0301\u200c\u0301")  # once the accent is on its letter, too
def test_normalized_words_hold_nothing_that_spoils_the_next_ones(text):
    words, changes = normalize_words(text)
    assert not {*words} & {*HARMFUL}
    assert all(sign in "\n\t" or unicodedata.category(sign) != "Cc" for sign in words)
    assert unicodedata.is_normalized("NFC", words)
    assert normalize_words(words) == (words, ())
    assert bool(changes) == (words != text)


@given(st.text(st.sampled_from("aeT.!?\"'é ñ一"), max_size=30))
def test_plain_words_stay_as_they_are(text):
    assert normalize_words(text) == (text, ())


@given(st.lists(st.sampled_from(["Tom", "ran.", "“Hi”"]), min_size=1), st.sampled_from([*HARMFUL, "", "\u200d", "\u200f"]))
def test_a_sign_at_the_end_that_nobody_sees_is_not_in_the_story(words, sign):
    text = " ".join(words)
    assert check_words(text + sign).rstrip("\n") == text
    assert check_words(sign) == ""


@pytest.mark.parametrize(
    ("text", "words", "changes"),
    [
        ("He\u00a0ran.\u200b", "He ran.", ("spaces", "invisible characters")),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd", ("line breaks",)),
        ("e\u0301", "é", ("letters",)),
        ("a\x1bb", "ab", ("control characters",)),
        ("a \nb", "a\nb", ("spaces",)),
        ("\u202eevil", "evil", ("invisible characters",)),
        ("a\u200db", "ab", ("invisible characters",)),
        ("👩\u200d👧 می\u200cخواهم", "👩\u200d👧 می\u200cخواهم", ()),  # joiners that shape what is seen
        ("שלום!\u200f (a)", "שלום!\u200f (a)", ()),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f", ()),  # a flag
    ],
)
def test_it_is_said_what_was_changed(text, words, changes):
    assert normalize_words(text) == (words, changes)


@pytest.mark.parametrize(
    ("before", "words", "joined"),
    [
        ("The dog barked.", "'Hello,' said Tom.", " 'Hello,' said Tom."),
        ("Tom", "'s ball", "'s ball"),
        ("The boys", "' ball", "' ball"),
        ("He ran.", "'Tis late.", " 'Tis late."),
        ("It's Tom's.", "'Hi.'", " 'Hi.'"),
        ('It was 5" long.', '"Oh!" he said.', ' "Oh!" he said.'),
        ('He said, "', "Hello", "Hello"),
        ('He said, "Hi."', "Tom ran.", " Tom ran."),
        ("Er sagte: „Hallo", "“, und ging.", "“, und ging."),
        ("Il dit : «", "Bonjour", "Bonjour"),
        ('"An old line\nTom ran.', '"Hi," he said.', ' "Hi," he said.'),
        ("He (", "Tom", "Tom"),
        ("Tom ran.", "", ""),
    ],
)
def test_words_are_joined_by_what_is_open(before, words, joined):
    assert join_words(before, words) == joined


PAIRS = [('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’")]
words_of_a_story = st.lists(
    st.sampled_from(["Tom", "ran", "the boys' ball", "Mia's", "don't", "it’s", "went", "home"]), min_size=1, max_size=5
)


@st.composite
def told(draw):
    """A story in parts, between which it may be cut: sentences, and quotations with their marks."""
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        words, (left, right) = " ".join(draw(words_of_a_story)), draw(st.sampled_from(PAIRS))
        if draw(st.booleans()):
            parts += ["" if not parts else " ", left, f"{words},", right, " said Tom."]
        else:
            parts += ["" if not parts else " ", f"{words}."]
    return [part for part in parts if part]


@given(told(), st.data())
def test_a_story_cut_in_two_is_joined_as_it_was(parts, data):
    """Between any two of its words and marks, where the second side has lost its space, as the edge takes it away."""
    place = data.draw(st.integers(1, max(1, len(parts) - 1)))
    before, after = "".join(parts[:place]).rstrip(), "".join(parts[place:]).strip()
    if before and after:
        assert before + join_words(before, after) == "".join(parts)


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ("noise.\n", "noise.", "noise.\n"),
        (" He ran.", "He fell.", " He fell."),
        (" He ran.", "\nHe fell.", "\nHe fell."),
        ("\n\nHe ran.\n", "\nHe fell.", "\n\nHe fell.\n"),
        (" He ran.", "He fell.\n\n", " He fell.\n\n"),
        (" He ran.", ", and fell.", ", and fell."),
        ("He ran. ", "He fell.", "He fell. "),
    ],
)
def test_new_words_keep_the_white_space_around_the_old_ones(old, new, kept):
    assert keep_joint(old, new) == kept


white = st.text(st.sampled_from(" \n"), max_size=3)


@given(white, white, white, white)
def test_an_edit_never_glues_and_never_drops_a_line_break(before, behind, typed_before, typed_behind):
    kept = keep_joint(f"{before}He ran.{behind}", f"{typed_before}He fell.{typed_behind}")
    lead, tail = kept.split("He fell.")
    assert lead.count("\n") == max(before.count("\n"), typed_before.count("\n"))
    assert tail.count("\n") == max(behind.count("\n"), typed_behind.count("\n"))
    assert lead or not before
    assert tail or not behind
    assert keep_joint(kept, kept.strip()) == kept  # as the panel gives it back when nothing was changed

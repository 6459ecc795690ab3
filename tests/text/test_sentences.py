"""Sentences: nothing is lost, and the cuts fall where a reader would put them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.text.quotations import find_open_quotations
from story_engine.text.sentences import ends_sentence, is_inside_quote, match_sentences, split_sentences

prose = st.text(alphabet=st.sampled_from("aA.!? \n\"'”…éM r"), max_size=200)


@given(st.one_of(prose, st.text(max_size=200)))
def test_the_pieces_joined_are_the_text_again(text):
    assert "".join(split_sentences(text)) == text


@given(prose)
def test_no_piece_is_only_white_space_unless_the_text_is(text):
    pieces = split_sentences(text)
    assert len(pieces) <= 1 or all(piece.strip() for piece in pieces)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Tom ran. He fell.", 2),
        ('"Stop!" she said. Tom stopped.', 2),
        ('"Stop!" She ran.', 2),
        ("Mr. Fox came. He sat.", 2),
        ("One line\nAnother line", 2),
        ("It cost 3.50 today.", 1),
        ("Well... he thought. Yes.", 2),
        ("", 0),
    ],
)
def test_cuts_fall_where_a_reader_puts_them(text, count):
    assert len(split_sentences(text)) == count


@pytest.mark.parametrize(
    ("text", "expected"), [("He ran.", True), ('"Go!" ', True), ("He ran", False), ("A line\n", True), ("", False)]
)
def test_an_end_is_known(text, expected):
    assert ends_sentence(text) is expected


def test_an_open_speech_is_known():
    assert is_inside_quote('He said, "Thank you, Tom!')
    assert not is_inside_quote('He said, "Thank you, Tom!"')
    assert not is_inside_quote('"An old line\nand a new one.')


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("He said, 'Tom's dog", "'"),
        ("The boys' ball isn't Tom's", ""),
        ("‘It’s late,’ said Tom. ‘So", "‘"),
        ("“'Hi,' he said", "“"),
        ("„Hallo“, sagte er. „Wie", "„"),
        ("»Hallo«, sagte er. »Wie", "»"),
        ("« Bonjour », dit-il.", ""),
        ("'Twas in the '90s", ""),
        ('It was 5" long', ""),
        ('"An old line\n', '"'),
        ('"An old line\n\nNew', ""),
    ],
)
def test_open_quotations_are_found_and_apostrophes_are_none(text, opened):
    assert find_open_quotations(text) == tuple(opened)


@given(st.lists(st.sampled_from("abcd")), st.lists(st.sampled_from("abcd")))
def test_every_sentence_that_is_still_there_is_found_once(old, new):
    matched = match_sentences(old, new)
    assert all(old[before].strip() == new[after].strip() for before, after in matched.items())
    assert len({*matched.values()}) == len(matched)
    assert len(matched) == sum(min(old.count(text), new.count(text)) for text in "abcd")

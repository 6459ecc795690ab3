"""Sentences: nothing is lost, and the cuts fall where a reader would put them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.context.sentences import ends_sentence, is_inside_quote, split_sentences

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

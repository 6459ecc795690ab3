"""Words to tokens and back: nothing is lost, nothing half is shown, nothing typed is special."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from story_engine import ModelError, Passage
from story_engine.context.cutting import Cutter
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.stories.input import MAX_WORDS, check_words, join_words
from tests.conftest import END_OF_STORY


@pytest.fixture(scope="module")
def story_tokenizer(tokenizer) -> StoryTokenizer:
    return StoryTokenizer(Tokenizer.from_str(tokenizer.to_str()))


texts = st.one_of(st.text(max_size=80), st.text(alphabet=st.sampled_from('aTom .!?\n"é🙂👩‍👧ñ一'), max_size=120))


@given(texts)
@settings(deadline=None)
def test_text_comes_back_as_it_went_in(story_tokenizer, text):
    assert story_tokenizer.decode(story_tokenizer.encode(text)) == text


@given(texts)
@settings(deadline=None)
def test_a_stream_never_shows_half_a_character(story_tokenizer, text):
    shown = ""
    for piece in story_tokenizer.stream(story_tokenizer.encode(text)):
        shown += piece
        assert text.startswith(shown)


@pytest.mark.parametrize("typed", [END_OF_STORY, f"a{END_OF_STORY}b", f"{END_OF_STORY}{END_OF_STORY}"])
def test_special_tokens_that_are_typed_stay_text(story_tokenizer, typed):
    ids = story_tokenizer.encode(typed)
    assert not story_tokenizer.special & set(ids)
    assert story_tokenizer.decode(ids) == typed


@given(texts)
@settings(deadline=None)
def test_sentences_hold_all_tokens_in_order(story_tokenizer, text):
    drawn = tuple(story_tokenizer.encode(text))
    for passage in (Passage(0, None, "reader", text), Passage(1, None, "model", text, tokens=drawn)):
        sentences = Cutter(story_tokenizer, 16).cut_path([passage])
        assert story_tokenizer.decode(token for sentence in sentences for token in sentence.ids) == text
        assert all(0 < len(sentence.ids) <= 16 for sentence in sentences)
    assert tuple(token for sentence in sentences for token in sentence.ids) == drawn


def test_drawn_tokens_are_kept_even_where_the_tokenizer_would_choose_others(story_tokenizer):
    letters = [story_tokenizer.encode(letter)[0] for letter in "Tom"]
    assert letters != story_tokenizer.encode("Tom")
    [sentence] = Cutter(story_tokenizer, 16).cut_path([Passage(0, None, "model", "Tom", tokens=tuple(letters))])
    assert sentence.ids == tuple(letters)


@pytest.mark.parametrize("tokens", [(5, 6), (10**6,), (2**31 - 1, 40)])
def test_tokens_of_a_file_that_do_not_give_its_words_are_not_used(story_tokenizer, tokens):
    [sentence] = Cutter(story_tokenizer, 16).cut_path([Passage(0, None, "model", "Tom", tokens=tokens)])
    assert list(sentence.ids) == story_tokenizer.encode("Tom")


def test_a_folder_without_a_tokenizer_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        StoryTokenizer.read(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        StoryTokenizer.read(tmp_path)


def test_the_older_form_of_a_gpt2_tokenizer_is_read(tmp_path, tokenizer, story_tokenizer):
    tokenizer.model.save(str(tmp_path))
    old = StoryTokenizer.read(tmp_path)
    assert old.encode("Once upon a time, Tom ran.") == story_tokenizer.encode("Once upon a time, Tom ran.")


@pytest.mark.parametrize(
    ("before", "story_tokenizer", "joined"),
    [
        ("", "  Tom ran", "Tom ran"),
        ("Tom ran.", "He fell.", " He fell."),
        ("Tom ran", ", then fell", ", then fell"),
        ("Tom ran.\n", "He fell.", "He fell."),
        ("Tom ran.", "\nHe fell.", "\nHe fell."),
    ],
)
def test_words_are_joined_as_a_person_would(before, story_tokenizer, joined):
    assert join_words(before, story_tokenizer) == joined


def test_after_an_end_words_begin_a_line():
    assert join_words("The end.", "But then", is_after_end=True) == "\nBut then"


@pytest.mark.parametrize("story_tokenizer", ["x" * (MAX_WORDS + 1), "\ud800", 5, ["a"]])
def test_words_that_cannot_be_used_are_refused(story_tokenizer):
    from story_engine import InputError

    with pytest.raises(InputError):
        check_words(story_tokenizer)

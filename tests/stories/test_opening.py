"""Files that a reader opens: whatever can be a story becomes one, and the rest is refused in words."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine import InputError, SaveError, Story
from story_engine.stories.export import export_story
from story_engine.stories.input import MAX_WORDS
from story_engine.stories.opening import MAX_FILE_BYTES, open_file, read_text
from story_engine.stories.savefile import dump_json, dump_story

LONG = "".join(f"It was day {number}. Tom went out again, and he ran.\n" for number in range(700))


def make_story() -> Story:
    story = Story("Once upon a time. ", title="A story")
    story.add("Tom ran.", "model", finish="end")
    return story


@pytest.mark.parametrize("name", ["x.story.json", "x.story.json.txt", "X.JSON", "x"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_saved_story_opens_under_any_name_as_a_copy(tmp_path, name, mark):
    story = make_story()
    (tmp_path / name).write_text(mark + dump_json(dump_story(story)), encoding="utf-8")
    opened = open_file(tmp_path / name).story
    assert (opened.text(), opened.title, opened.last().finish) == (story.text(), story.title, "end")
    assert opened.uid != story.uid


@pytest.mark.parametrize("name", ["x.txt", "X.TXT", "x.Txt"])
def test_a_plain_text_opens_whatever_case_its_ending_has(tmp_path, name):
    (tmp_path / name).write_bytes("\ufeffOnce there was a fox.\r\nIt\u00a0slept.\u200b\r\n".encode())
    story, notices = open_file(tmp_path / name)
    assert story.text() == "Once there was a fox.\nIt slept."
    assert story.title == "Once there was a fox. It slept."
    assert [str(notice) for notice in notices] == ["Characters of this file that nobody can see were left out."]


def test_a_text_that_begins_with_a_brace_is_still_a_text(tmp_path):
    (tmp_path / "x.txt").write_text("{Hello} said Tom.")
    assert open_file(tmp_path / "x.txt").story.text() == "{Hello} said Tom."


def test_the_own_export_of_a_long_story_opens_again(tmp_path):
    assert len(LONG) > 1.5 * MAX_WORDS
    name, _, content = export_story(Story(LONG, title="Long"), "text")
    (tmp_path / name).write_bytes(content)
    story = open_file(tmp_path / name).story
    assert story.text() == LONG.strip()
    assert len(story.passages) == 2
    assert all(len(passage.text) <= MAX_WORDS for passage in story.passages)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["word ", "end. ", "line\n"]), st.integers(1, 6000)), max_size=12))
def test_a_text_of_any_length_is_cut_without_a_loss(runs):
    text = "".join(run * times for run, times in runs)[:90_000]
    story = read_text(text).story
    assert "".join(passage.text for passage in story.passages) == read_text(text).story.text()
    assert story.text().split() == text.split()
    assert all(0 < len(passage.text) <= MAX_WORDS for passage in story.passages)


@pytest.mark.parametrize(
    ("text", "finish"),
    [
        ("Tom ran. " * 12 + "They lived happily.", "end"),
        ("Tom ran. " * 12 + "The End", "end"),
        ("Tom ran. " * 12 + "And then he", ""),
        ("Once upon a time, there was a fox.", ""),  # a beginning
    ],
)
def test_a_plain_text_that_is_a_finished_story_is_at_its_end(text, finish):
    assert read_text(text).story.last().finish == finish


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", b"\xff\xfe\x00", "not plain text"),
        ("x.txt", b"", "no story in this file"),
        ("x.txt", "\u200b\n".encode(), "no story in this file"),
        ("x.story.json.txt", b'{"format":"story-playground/2","uid', "not a story saved"),
        ("x.json", b"\xff\xfe", "not a story saved"),
        ("x.json", b"[" * 100_000, "not a story saved"),
        ("x.json", b"{}", "not a story saved"),
        ("x.pdf", b"%PDF", "not a story saved"),
        ("x.json", b" " * (MAX_FILE_BYTES + 1), "larger than 8 MB"),
        ("missing.txt", None, "not a story saved"),
    ],
)
def test_other_files_are_refused_in_words(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SaveError, match=message):
        open_file(tmp_path / name)


def test_a_word_longer_than_a_passage_is_refused():
    with pytest.raises(InputError, match=r"30,000 characters"):
        read_text("x" * 30_000)


@pytest.mark.parametrize("change", [{"title": "x" * 300}, {"notes": ["x" * 400]}, {"characters": ["x"] * 40}])
def test_files_of_others_have_limits_for_title_and_notes(tmp_path, change):
    (tmp_path / "x.json").write_text(json.dumps(dump_story(make_story()) | change))
    with pytest.raises(SaveError, match="damaged"):
        open_file(tmp_path / "x.json")

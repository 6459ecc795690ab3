"""Files to keep: every form holds the story's words, and none of them can be broken by what a reader types."""

import io
import json
import zipfile
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine import InputError, Story
from story_engine.stories.export import FORMS, export_story
from story_engine.stories.savefile import load_story

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.just("\n"), min_size=1, max_size=60)


def make_story() -> Story:
    story = Story("Once *upon* a <b>time</b> & so.\n\nThere was Tom.", title="Tom & the <car>")
    story.add(' He said "hi".', author="model")
    return story


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_a_name_of_its_title_and_the_same_content_twice(form):
    name, media, content = export_story(make_story(), form)
    assert name == "tom-the-car" + FORMS[form][0]
    assert "/" in media
    assert content
    if form != "all versions":  # that one carries the story's number
        assert export_story(make_story(), form)[2] == content or form == "e-book"


def test_text_is_the_story_and_markdown_marks_the_readers_words():
    assert export_story(make_story(), "text")[2].decode() == make_story().text() + "\n"
    lines = export_story(make_story(), "Markdown")[2].decode().split("\n\n")
    assert lines[0] == "# Tom & the \\<car\\>"
    assert lines[1] == "*Once \\*upon\\* a \\<b\\>time\\</b\\> & so.*"
    assert lines[2] == '*There was Tom.* He said "hi".\n'


def test_a_web_page_escapes_what_a_reader_typed():
    page = export_story(make_story(), "web page")[2].decode()
    assert "&lt;b&gt;time&lt;/b&gt; &amp; so." in page
    assert "<b>" not in page


@given(WORDS, WORDS)
def test_an_e_book_is_well_formed_and_whole_whatever_the_words(opening, words):
    story = Story("A" + opening, title=opening)
    story.add(words, author="model")
    with zipfile.ZipFile(io.BytesIO(export_story(story, "e-book")[2])) as book:
        assert book.namelist()[0] == "mimetype"
        assert book.infolist()[0].compress_type == zipfile.ZIP_STORED
        roots = {
            name: ElementTree.fromstring(book.read(name)) for name in book.namelist() if name.endswith(("xml", "opf", "xhtml"))
        }
    space = "{http://www.w3.org/1999/xhtml}"
    told = ["".join(paragraph.itertext()) for paragraph in roots["story.xhtml"].iter(f"{space}p")]
    # XML parsers read a carriage return and its kin as a line feed; no word is lost.
    assert "\n".join(told).split() == story.text().split()


@given(WORDS)
def test_all_versions_open_again(words):
    story = Story("A" + words)
    story.edit(0, "B" + words)
    again = load_story(json.loads(export_story(story, "all versions")[2]))
    assert [passage.text for passage in again.passages] == ["A" + words, "B" + words]


def test_what_cannot_be_saved_is_said():
    with pytest.raises(InputError, match="no story to save"):
        export_story(Story(), "text")
    with pytest.raises(InputError, match="Choose one of: text"):
        export_story(make_story(), "pdf")

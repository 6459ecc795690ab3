"""Files to keep: every form holds the story's words, and none of them can be broken by what a reader types."""

import io
import json
import re
import uuid
import zipfile
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from story_engine import InputError, Story
from story_engine.stories.export import FORMS, export_story, find_title
from story_engine.stories.savefile import load_story

WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]) | st.sampled_from("\n\f\v\x1b\x00&<>*_#-\"“', "), max_size=60
)
LINES = st.text(st.sampled_from('aé1.)(*_-#+=>~`|&;!\\[]<"“” ,\n😀'), min_size=1, max_size=25)
CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]")


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
    if form != "e-book":  # its identifier is another story's
        assert export_story(make_story(), form)[2] == content


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
    assert "\n".join(told).split() == CONTROLS.sub("", story.text()).split()
    assert roots["story.xhtml"].find(f".//{space}h1").text.strip()
    assert roots["story.xhtml"].find(f".//{space}title").text.strip()


def test_an_e_book_names_the_same_story_the_same_and_does_not_tell_its_number():
    story = make_story()
    with zipfile.ZipFile(io.BytesIO(export_story(story, "e-book")[2])) as book:
        package = ElementTree.fromstring(book.read("story.opf"))
        everything = b"".join(book.read(name) for name in book.namelist())
    identifier = package.find(".//{http://purl.org/dc/elements/1.1/}identifier").text
    assert uuid.UUID(identifier.removeprefix("urn:uuid:")).version == 5
    assert story.uid not in identifier.replace("-", "")
    assert story.uid.encode() not in everything
    assert export_story(story, "e-book")[2] == export_story(story, "e-book")[2]


def test_no_form_gives_away_the_storys_number():
    story = make_story()
    assert all(story.uid.encode() not in export_story(story, form)[2] for form in FORMS)


@pytest.mark.parametrize("title", ["", " \n", "\x00"])
def test_a_story_without_a_title_is_called_by_its_first_words(title):
    story = Story("Once there was a fox.", title=title)
    assert export_story(story, "Markdown")[2].decode().startswith("# Once there was a fox.\n")
    assert b"<h1>Once there was a fox.</h1>" in export_story(story, "web page")[2]


@pytest.mark.parametrize("title", ["हिन्दी की कहानी", "ที่นี่"])
def test_a_files_name_keeps_the_vowel_signs_of_its_title(title):
    assert export_story(Story("Tom", title=title), "text")[0] == title.replace(" ", "-") + ".txt"


@settings(max_examples=300, deadline=None)
@given(LINES, st.lists(st.tuples(LINES, st.sampled_from(["reader", "model"])), max_size=4))
def test_markdown_says_the_storys_words_in_paragraphs_and_nothing_else(title, passages):
    story = Story("A", title=title)
    for text, author in passages:
        story.add(text, author)
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(export_story(story, "Markdown")[2].decode())
    blocks = [(tokens[place].tag, token) for place, token in enumerate(tokens[1:]) if token.type == "inline"]
    assert {token.type for token in tokens} <= {
        f"{kind}_{side}" for kind in ("heading", "paragraph") for side in ("open", "close")
    } | {"inline"}
    assert [tag for tag, _ in blocks] == ["h1"] + ["p"] * (len(blocks) - 1)
    told = ["".join(part.content for part in token.children) for _, token in blocks]
    assert {part.type for _, token in blocks for part in token.children} <= {"text", "text_special", "em_open", "em_close"}
    assert [line.split() for line in told[1:]] == [line.split() for line in story.text().split("\n") if line.strip()]
    assert told[0].split() == (title.split() or find_title(story).split())


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (', "and"', ', "*and"*'),
        ("“Hello", "“*Hello*"),
        (' "Hello."', ' *"Hello."*'),
        ("\n---", "\\---"),
        ("\n- milk", "*- milk*"),
        ("\n1. milk", "*1. milk*"),
    ],
)
def test_italics_begin_where_markdown_takes_them(words, line):
    story = Story("Tom ran", title="Tom")
    story.add(" home", "model")
    story.add(words)
    assert export_story(story, "Markdown")[2].decode().rstrip("\n").endswith(line)


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

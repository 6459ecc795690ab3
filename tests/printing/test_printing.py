"""Stories on paper: every word stands on a page, pages fold into a booklet, and what no font has is said."""

from io import BytesIO

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine import InputError, Pictures, Story, draw_pictures, export_story
from story_engine.printing.document import order_sides
from story_engine.printing.lines import Run, break_lines
from story_engine.printing.pages import PAGE_WIDTH, PICTURE_HEIGHT, SIDE
from story_engine.stories import export

SCALE = 2  # pixels a point
MM = SCALE * 72 / 25.4


def tell(*passages: str, title: str = "Tom and the bear") -> Story:
    story = Story("Tom had a red kite.", title=title)
    for text in passages or (" A big bear came to the house. Tom ran.",):
        story.add(text, author="model")
    return story


def read_pages(content: bytes) -> list[str]:
    with pypdfium2.PdfDocument(BytesIO(content)) as pdf:
        return [" ".join(page.get_textpage().get_text_range().replace("\x02", "").split()) for page in pdf]


def print_story(story: Story, form: str = "PDF", pictures: Pictures = export.NO_PICTURES) -> bytes:
    return export_story(story, form, pictures)[2]


def test_a_book_has_a_title_page_an_imprint_and_every_word_with_page_numbers():
    story = tell(" Then they went home. " + "They ran and ran. " * 300)
    title, imprint, *pages = read_pages(print_story(story))
    assert title.startswith("Tom and the bear")
    assert "words in italics are the reader's own" in imprint
    words = [page.split() for page in pages]
    assert [page[-1] for page in words] == [str(number) for number in range(3, 3 + len(pages))]
    told = [word for page in words for word in page[:-1] if word != "❦"]
    assert told == story.text().split()
    assert len(pages) > 3


def test_the_fonts_are_in_the_file():
    content = print_story(tell(" Ж"))
    assert content.count(b"/FontFile2") == 3


@pytest.mark.parametrize(
    "words",
    [
        "{nb} of **many** __things__",
        "a\u0301 e\u0301 is one letter",
        "Donaudampfschifffahrt" * 9,
        "Ж Ω שלום مرحبا ❤ 😀",
        "(\\) 1 < 2 & 3",
    ],
)
def test_odd_words_stand_as_they_are(words):
    pages = " ".join(read_pages(print_story(tell(f"\n\n{words}\n\nDone."))))
    assert "U+" not in pages
    if words[0] not in "ЖD":  # of letters from right to left a reader of PDFs gives the order in which they are seen
        assert words.replace("a\u0301", "á").replace("e\u0301", "é") in pages


def test_a_line_that_begins_with_spare_letters_leaves_the_next_line_its_font():
    title = "שלום, אמרה מיה. היא ראתה את הים (12"
    assert "12" in read_pages(print_story(tell(title=title)))[0]


def test_characters_that_no_font_has_are_named_and_a_sign_stands_for_each():
    _, imprint, page = read_pages(print_story(tell(" The sign said 中文.")))
    assert "U+4E2D, U+6587" in imprint
    assert "web page" in imprint
    assert "▯▯" in page


@pytest.mark.parametrize("title", ["", "A very long title " * 6, "x" * 90, "\x00"])
def test_any_title_fits_its_page(title):
    [page, *_] = read_pages(print_story(tell(title=title)))
    assert page.replace(" ", "").startswith((title.replace(" ", "").strip("\x00") or "Tomhadaredkite")[:80])


@pytest.mark.parametrize("form", ["PDF", "booklet"])
def test_a_picture_stands_in_its_frame_and_nowhere_else(form):
    story = tell()
    pictures = draw_pictures(story)
    assert len(pictures.by_passage) == 1
    with pypdfium2.PdfDocument(BytesIO(print_story(story, form, pictures))) as pdf:
        image = pdf[0].render(scale=SCALE).to_pil().convert("L")
    left = PAGE_WIDTH if form == "booklet" else 0  # the cover of a booklet is on the right
    top = next(y for y in range(image.height - 1, 0, -1) if image.getpixel((int((left + PAGE_WIDTH / 2) * MM), y)) < 250)
    bottom_middle = (int((left + PAGE_WIDTH / 2) * MM), top - int(PICTURE_HEIGHT / 2 * MM))
    assert image.getpixel(bottom_middle) < 250
    for x in (left + SIDE - 1, left + PAGE_WIDTH - SIDE + 1):  # hills and clouds are wider than the frame
        assert {image.getpixel((int(x * MM), y)) for y in range(image.height)} == {255}


@given(st.integers(1, 90))
def test_folded_sheets_are_read_from_the_first_page_to_the_last(count):
    sides = order_sides(count)
    sheets = [(*sides[place], *sides[place + 1]) for place in range(0, len(sides), 2)]
    # Leaf by leaf: the right half of each front with its back, from the outer sheet to the middle, then the left halves back.
    read = [page for _, front, back, _ in sheets for page in (front, back)]
    read += [page for last, _, _, back in reversed(sheets) for page in (back, last)]
    padding = -count % 4
    assert read == [*range(count)] + [None] * padding


def test_a_booklet_lays_two_pages_on_a_side():
    story = tell(" They ran and ran." * 600)
    pages, sides = read_pages(print_story(story)), read_pages(print_story(story, "booklet"))
    assert len(sides) == 2 * -(-len(pages) // 4)
    assert sides[0].startswith("Tom and the bear") or sides[0].endswith(pages[0])
    assert sides[1].startswith(pages[1])


def test_what_is_too_long_to_print_is_refused_with_a_remedy(monkeypatch):
    story = tell(" A bear came. Tom ran.", " The bear ran. Tom ran.")
    pictures = draw_pictures(story)
    monkeypatch.setattr(export, "MOST_PICTURES", 1)
    with pytest.raises(InputError, match="at most 1 pictures, and this story has 2"):
        print_story(story, "booklet", pictures)
    monkeypatch.setattr(export, "MOST_WORDS", 5)
    with pytest.raises(InputError, match="at most 5 words"):
        print_story(story)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.text("aé \xa0\n ש文\u0301", max_size=30), st.sampled_from(["", "I"])), max_size=5), st.integers(3, 40)
)
def test_lines_keep_every_word_and_stay_within_their_width(runs, width):
    lines = break_lines([Run(*run) for run in runs], lambda text, _, __: len(text.replace("\u0301", "")), width, 1, indent=2)
    told = "".join(run.text for line in lines for run in line.runs)
    plain = "".join(text for text, _ in runs)
    assert told.replace(" ", "") == plain.replace(" ", "").replace("\n", "")
    for line in lines:
        shown = "".join(run.text for run in line.runs)
        assert len(shown.replace("\u0301", "")) + line.indent <= width
        assert shown == shown.strip(" ")

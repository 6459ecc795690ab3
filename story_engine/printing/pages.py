"""Pages: a book laid out on pages of one size: title, imprint, and the story with its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from story_engine.printing.book import Book, Picture, Prose
from story_engine.printing.faces import BLANK, POINT, Faces
from story_engine.printing.lines import Line, Run, break_lines

PAGE_WIDTH, PAGE_HEIGHT = 148.5, 210.0  # mm: two lie on a sheet of A4
SIDE, TOP, BOTTOM = 17.0, 17.0, 24.0  # margins; the page number stands in the lowest
TEXT_WIDTH, TEXT_HEIGHT = PAGE_WIDTH - 2 * SIDE, PAGE_HEIGHT - TOP - BOTTOM
SIZE, LEADING = 12.0, 1.52  # points; the height of a line as a multiple of them
TITLE_SIZES, MOST_TITLE_LINES, TITLE_LEADING = (28.0, 22.0, 17.0), 4, 1.25
SMALL, SMALL_LEADING = 8.5, 1.45
INDENT = 6.0
PICTURE_HEIGHT = TEXT_WIDTH * 340 / 640
GAP = 4.5  # above and below a picture
MOST_NAMED = 24  # missing characters that the imprint names
ORNAMENT = "\N{FLORAL HEART}"
HANDS = "The words in italics are the reader's own. A small language model told the rest."
SYMBOLS = "The pictures are composed from Fluent Emoji by Microsoft (MIT licence)."
LITERATA, WITH_SPARE = "Set in Literata.", "Set in Literata and DejaVu Sans."
MISSING = (
    "The fonts of this book lack some characters of the story, and {blank} stands for each of them: {names}. "
    "Save the story as a web page, a text or an e-book to have them."
)


@dataclass(frozen=True)
class Placed:
    """A line by the left end and the top of its box, or a picture by its corner, in mm; `is_centred` on the page's width."""

    what: Line | Picture
    y: float
    is_centred: bool = False


@dataclass
class Page:
    placed: list[Placed] = field(default_factory=list)
    number: int | None = None


def lay_out(book: Book, faces: Faces) -> list[Page]:
    """The pages of a book: its title, its imprint, and the story from page 3 on."""
    story = _Setting()
    for block in book.blocks:
        if isinstance(block, Picture):
            story.place_picture(block)
        else:
            story.place_lines(_break_paragraph(block, faces, INDENT if story.ends_in_line else 0))
    story.finish()
    faces.make_printable(book.title)  # notes what is missing before the imprint is written
    pages = [_lay_out_title(book, faces), _lay_out_imprint(book, faces), *story.pages]
    for number, page in enumerate(pages[2:], start=3):
        page.number = number
    return pages


def _break_paragraph(paragraph: Prose, faces: Faces, indent: float) -> list[Line]:
    runs = [Run(faces.make_printable(words), "I" if is_reader else "") for words, is_reader in paragraph.runs]
    return break_lines(runs, faces.measure, TEXT_WIDTH, SIZE, indent=indent)


def height_of(line: Line) -> float:
    """In mm, with the space between two lines."""
    leading = SMALL_LEADING if line.size == SMALL else LEADING if line.size == SIZE else TITLE_LEADING
    return line.size * leading * POINT


class _Setting:
    """The story's pages while they are filled. A picture that fits no more waits for the top of the next page."""

    def __init__(self) -> None:
        self.pages = [Page()]
        self._y = 0.0
        self._waiting: Picture | None = None
        self.ends_in_line = False  # whether words were placed last

    def place_picture(self, picture: Picture) -> None:
        if self._waiting:
            self._turn()
        if self._fits(PICTURE_HEIGHT + self._gap):
            self._put_picture(picture)
        else:
            self._waiting = picture

    def place_lines(self, lines: Sequence[Line]) -> None:
        """A paragraph; no first or last line of it stands alone on a page."""
        for number, line in enumerate(lines):
            left = len(lines) - number
            together = 2 if left == 2 or (number == 0 and left > 1) else 1
            together = 3 if left == 3 and number == 0 else together
            if not self._fits(height_of(line) * together):
                self._turn()
            self.pages[-1].placed.append(Placed(line, TOP + self._y))
            self._y += height_of(line)
            self.ends_in_line = True

    def finish(self) -> None:
        """The waiting picture, and a sign that the story is over."""
        if self._waiting:
            self._turn()
        sign = Line((Run(ORNAMENT, ""),), SIZE)
        if self._fits(2 * height_of(sign)):
            self.pages[-1].placed.append(Placed(sign, TOP + self._y + height_of(sign), is_centred=True))

    @property
    def _gap(self) -> float:
        return GAP if self._y else 0

    def _fits(self, height: float) -> bool:
        return self._y + height <= TEXT_HEIGHT + 0.01

    def _turn(self) -> None:
        self.pages.append(Page())
        self._y = 0
        if self._waiting:
            picture, self._waiting = self._waiting, None
            self._put_picture(picture)

    def _put_picture(self, picture: Picture) -> None:
        y = self._y + self._gap
        self.pages[-1].placed.append(Placed(picture, TOP + y))
        self._y = y + PICTURE_HEIGHT + GAP
        self.ends_in_line = False


def _lay_out_title(book: Book, faces: Faces) -> Page:
    """The title in the upper half, and the first picture, or an ornament, below."""
    runs = [Run(faces.make_printable(book.title), "")]
    tries = [_balance(runs, faces, size) for size in TITLE_SIZES]
    lines = next((lines for lines in tries if len(lines) <= MOST_TITLE_LINES), tries[-1])
    height = sum(map(height_of, lines))
    y, page = max(TOP, 0.33 * PAGE_HEIGHT - height / 2), Page()
    for line in lines:
        page.placed.append(Placed(line, y, is_centred=True))
        y += height_of(line)
    picture = next((block for block in book.blocks if isinstance(block, Picture)), None)
    if picture:
        page.placed.append(Placed(picture, max(y + 2 * GAP, 0.52 * PAGE_HEIGHT)))
    else:
        page.placed.append(Placed(Line((Run(ORNAMENT, ""),), TITLE_SIZES[1]), y + 2 * GAP, is_centred=True))
    return page


def _balance(runs: Sequence[Run], faces: Faces, size: float) -> list[Line]:
    """As few lines as possible, of about one length."""
    lines = break_lines(runs, faces.measure, TEXT_WIDTH, size)
    for share in (0.9, 0.8, 0.7, 0.6, 0.5):
        shorter = break_lines(runs, faces.measure, TEXT_WIDTH * share, size)
        if len(shorter) > len(lines):
            break
        lines = shorter
    return lines


def _lay_out_imprint(book: Book, faces: Faces) -> Page:
    """Small lines at the foot of the page behind the title."""
    said = [HANDS] if book.has_both_hands else []
    said += [SYMBOLS] if book.has_pictures else []
    said += [WITH_SPARE if faces.uses_spare else LITERATA]
    if faces.missing:
        names = [f"U+{ord(sign):04X}" for sign in faces.missing]
        more = [f"and {len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
        said.append(MISSING.format(blank=BLANK, names=", ".join(names[:MOST_NAMED] + more)))
    lines = [line for words in said for line in break_lines([Run(words, "")], faces.measure, TEXT_WIDTH, SMALL)]
    top = PAGE_HEIGHT - BOTTOM - sum(map(height_of, lines))
    return Page([Placed(line, top + number * height_of(line)) for number, line in enumerate(lines)])

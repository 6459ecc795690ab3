"""Document: a book as PDF, a page on each sheet, or as a booklet, two pages a side in the order of folded sheets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fpdf import FPDF
from fpdf.prefs import ViewerPreferences

from story_engine.printing.book import Book, Picture
from story_engine.printing.drawings import Drawings
from story_engine.printing.faces import FAMILY, SPARE, Faces
from story_engine.printing.lines import Line, Run
from story_engine.printing.pages import PAGE_HEIGHT, PAGE_WIDTH, SIDE, TEXT_WIDTH, Page, height_of, lay_out

Ink = tuple[int, int, int]

INK, READER_INK, FAINT = (32, 28, 24), (29, 79, 124), (110, 102, 92)
NUMBER_SIZE, NUMBER_Y = 9.0, PAGE_HEIGHT - 15
MADE = datetime(2000, 1, 1, tzinfo=UTC)  # a fixed date, so that the same book gives the same file
A_SHEET = 4  # pages that a folded sheet has


def print_book(book: Book) -> bytes:
    """A PDF with one page behind the other."""
    printer = _Printer(book, PAGE_WIDTH)
    return printer.print([[page] for page in range(len(printer.pages))])


def print_booklet(book: Book) -> bytes:
    """A PDF of landscape sheets: printed on both sides, flipped on the short edge, and folded, they are a booklet."""
    printer = _Printer(book, 2 * PAGE_WIDTH)
    return printer.print(order_sides(len(printer.pages)))


def order_sides(count: int) -> list[list[int | None]]:
    """The pages, from 0, on the left and the right of each side of paper, for saddle stitch; None is an empty page.

    Sheet 0 is the outermost: its front has the last page and the first, its back the second and the last but one.
    """
    padded = -(-count // A_SHEET) * A_SHEET
    sides = []
    for first in range(0, padded // 2, 2):
        last = padded - 1 - first
        sides += [[last, first], [first + 1, last - 1]]
    return [[page if page < count else None for page in side] for side in sides]


class _Printer:
    """One document."""

    def __init__(self, book: Book, width: float) -> None:
        self._pdf = pdf = FPDF(unit="mm", format=(width, PAGE_HEIGHT))
        pdf.set_auto_page_break(False)
        pdf.set_margin(0)
        pdf.c_margin = 0
        pdf.alias_nb_pages("")  # otherwise "{nb}" in a story would become the number of pages
        pdf.set_creation_date(MADE)
        pdf.set_title(book.title)
        pdf.set_lang("en")
        if width > PAGE_WIDTH:
            pdf.viewer_preferences = ViewerPreferences(duplex="DuplexFlipShortEdge")
        self._faces = Faces(pdf)
        self.pages = lay_out(book, self._faces)
        pictures = [block.svg for block in book.blocks if isinstance(block, Picture)]
        self._numbers = {svg: number for number, svg in enumerate(dict.fromkeys(pictures))}
        self._drawings = Drawings(book.symbols, [*self._numbers])

    def print(self, sides: Sequence[Sequence[int | None]]) -> bytes:
        for side in sides:
            self._pdf.add_page()
            for place, number in enumerate(side):
                if number is not None:
                    self._print_page(self.pages[number], place * PAGE_WIDTH)
        return bytes(self._pdf.output())

    def _print_page(self, page: Page, left: float) -> None:
        for placed in page.placed:
            if isinstance(placed.what, Line):
                self._print_line(placed.what, left, placed.y, placed.is_centred)
            else:
                number = self._numbers[placed.what.svg]
                self._pdf.draw_path(self._drawings.place(number, left + SIDE, placed.y, TEXT_WIDTH), copy=False)
        if page.number:
            self._print_line(Line((Run(str(page.number), ""),), NUMBER_SIZE), left, NUMBER_Y, True, FAINT)

    def _print_line(self, line: Line, left: float, y: float, is_centred: bool, ink: Ink = INK) -> None:
        """A line in its own direction; the words of a run are one text, which can be selected and searched."""
        pdf = self._pdf
        pdf.set_text_shaping(True, direction="rtl" if line.is_rtl else "ltr")
        pdf.set_xy(left + SIDE + line.indent, y)
        if is_centred or line.is_rtl:
            free = TEXT_WIDTH - sum(self._measure(run, line.size) for run in line.runs)
            pdf.set_x(left + SIDE + (free / 2 if is_centred else free - line.indent))
        for run in reversed(line.runs) if line.is_rtl else line.runs:
            self._choose(run, line.size)
            pdf.set_text_color(*(READER_INK if run.style else ink))
            pdf.cell(None, height_of(line), run.text)

    def _measure(self, run: Run, size: float) -> float:
        self._choose(run, size)
        return self._pdf.get_string_width(run.text)

    def _choose(self, run: Run, size: float) -> None:
        # The library takes a font for chosen that a line with spare letters has left: a change makes it say its font again.
        self._pdf.set_font(SPARE, "", size)
        self._pdf.set_font(FAMILY, run.style, size)

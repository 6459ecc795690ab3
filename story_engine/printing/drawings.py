"""Drawings: the pictures of a book as paths of a PDF; a symbol that many pictures show is read once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fpdf.drawing import GraphicsContext
from fpdf.drawing_primitives import Transform
from fpdf.svg import SVGObject

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SIZE = (640, 340)  # of a picture in its own units
CORNER = 8
_OUTER = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)
_HEAD = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE[0]} {SIZE[1]}" width="{SIZE[0]}" height="{SIZE[1]}">'
_FRAME = f'<clipPath id="frame"><rect width="{SIZE[0]}" height="{SIZE[1]}" rx="{CORNER}"/></clipPath>'


class Stamp(GraphicsContext):
    """A symbol whose operators are written once: its paths have colours of their own, so nothing around changes them."""

    __slots__ = ("_written",)

    def __init__(self, symbol: GraphicsContext) -> None:
        super().__init__()
        self.add_item(symbol, False)
        self._written = ""

    def render(self, registry: Any, style: Any, last: Any, start: Any, _push_stack: bool = True) -> tuple[str, Any, Any]:
        """The operators, and the place on the page as it was: they leave no path open."""
        self._written = self._written or super().render(registry, style, last, start)[0]
        return self._written, last, start


class Drawings(SVGObject):
    """All pictures of a book, read at once."""

    def __init__(self, symbols: str, pictures: Sequence[str]) -> None:
        """Symbols and pictures are whole SVG elements."""
        groups = "".join(f'<g id="picture-{number}">{_take_inside(svg)}</g>' for number, svg in enumerate(pictures))
        self._stamps: dict[str, Stamp] = {}
        # The frame is set by hand: a group of the library's takes no clip-path from its attributes.
        super().__init__(f"{_HEAD}{_take_inside(symbols)}<defs>{_FRAME}{groups}</defs></svg>")

    def place(self, number: int, x: float, y: float, width: float) -> GraphicsContext:
        """A picture on a page, by its corner and its width in the page's units."""
        picture, placed = self.cross_references[f"#picture-{number}"], GraphicsContext()
        picture.clipping_path = self.cross_references["#frame"]
        placed.add_item(picture, False)
        placed.style.stroke_color = None
        placed.transform = Transform.scaling(width / SIZE[0], width / SIZE[0]).translate(x, y)
        return placed

    def build_xref(self, xref: Element) -> GraphicsContext:
        """A symbol where it is used. It is the same object each time: copies would take most of the time of a book."""
        used, symbol = GraphicsContext(), xref.attrib["href"]
        if symbol not in self._stamps:
            self._stamps[symbol] = Stamp(self.cross_references[symbol])
        used.add_item(self._stamps[symbol], False)
        x, y, width, height = (float(xref.attrib[name]) for name in ("x", "y", "width", "height"))
        used.transform = Transform.scaling(width, height).translate(x, y)  # a symbol is read as one unit wide
        return used


def _take_inside(svg: str) -> str:
    found = _OUTER.search(svg)
    return found[1] if found else ""

"""Faces: the fonts of a printed book, how wide words are in them, and which characters none of them has."""

from __future__ import annotations

import unicodedata

from fpdf import FPDF
from fpdf.fonts import TTFFont

from story_engine.printing.book import FONTS

FAMILY, SPARE = "literata", "dejavu"
FILES = {"": "literata.woff2", "I": "literata-italic.woff2"}
SPARE_FILE = "dejavu-sans.ttf"  # Greek, Cyrillic, Hebrew, Arabic, signs and plain faces
BLANK = "\N{WHITE VERTICAL RECTANGLE}"  # stands for a character that no font has
POINT = 25.4 / 72  # mm


class Faces:
    """The fonts in one document. `missing` are the characters, in their order, for which a sign had to stand."""

    def __init__(self, pdf: FPDF) -> None:
        for style, name in FILES.items():
            pdf.add_font(FAMILY, style, FONTS / name)
        pdf.add_font(SPARE, "", FONTS / SPARE_FILE)
        pdf.set_fallback_fonts([SPARE], exact_match=False)
        fonts = {name: font for name, font in pdf.fonts.items() if isinstance(font, TTFFont)}
        self._fonts = {style: fonts[FAMILY + style] for style in FILES}
        self._spare = fonts[SPARE]
        self._widths: dict[tuple[str, str], float] = {}
        self.missing: dict[str, None] = {}
        self.uses_spare = False

    def make_printable(self, text: str) -> str:
        """`text` with a sign for each character that no font has; marks that nobody sees go where no font has them."""
        return "".join(map(self._find_sign, unicodedata.normalize("NFC", text)))

    def _find_sign(self, sign: str) -> str:
        if all(ord(sign) in font.cmap for font in self._fonts.values()) or sign.isspace():
            return sign
        if ord(sign) in self._spare.cmap:
            self.uses_spare = True
            return sign
        if unicodedata.category(sign) == "Cf" or "VARIATION SELECTOR" in unicodedata.name(sign, ""):
            return ""
        self.missing.setdefault(sign)
        return BLANK

    def measure(self, text: str, style: str, size: float) -> float:
        """The width of `text` in mm at `size` points, without kerning, which could only make it narrower."""
        return sum(self._measure_sign(sign, style) for sign in text) * size * POINT / 1000

    def _measure_sign(self, sign: str, style: str) -> float:
        if (sign, style) not in self._widths:
            font = self._fonts[style] if ord(sign) in self._fonts[style].cmap else self._spare
            self._widths[sign, style] = font.get_text_width(sign, 1000, None)[1]
        return self._widths[sign, style]

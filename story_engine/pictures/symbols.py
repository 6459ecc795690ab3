"""Symbols: the drawn things that ship with the engine, as SVG, also in another colour. `symbols.json` names their licence."""

from __future__ import annotations

import colorsys
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

SIZE = 32  # every symbol is drawn for a box of 32 by 32
_FILL = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
# Hue in turns, most saturation, and the lightness to move halfway to.
_TARGETS = {
    "red": (0.985, 0.85, 0.50),
    "orange": (0.075, 0.95, 0.55),
    "yellow": (0.13, 0.95, 0.58),
    "gold": (0.12, 0.85, 0.52),
    "green": (0.36, 0.60, 0.42),
    "blue": (0.575, 0.75, 0.52),
    "purple": (0.76, 0.45, 0.52),
    "pink": (0.93, 0.85, 0.74),
    "brown": (0.055, 0.38, 0.38),
    "black": (0.70, 0.08, 0.22),
    "white": (0.12, 0.12, 0.96),
    "gray": (0.62, 0.06, 0.62),
}
# The light that lies on a whole drawing: a colour, and how much of it.
_LIGHTS = {"night": ("#141c3c", 0.58), "snow": ("#f4f8fa", 0.4)}
_NEAR = 0.09  # turns of hue around the main one that take another colour


@cache
def read_symbols() -> dict[str, str]:
    """Name -> the inside of an SVG."""
    text = (Path(__file__).parent / "symbols.json").read_text(encoding="utf-8")
    symbols: dict[str, str] = json.loads(text)["symbols"]
    return symbols


def split_name(name: str) -> tuple[str, str]:
    """A symbol, and the colour that stands behind a colon; "" where none does."""
    symbol, _, colour = name.partition(":")
    return symbol, colour


def render_symbol(name: str) -> str:
    """A `<symbol>` to be used by its id; `automobile:blue` is one in another colour."""
    symbol, colour = split_name(name)
    body = read_symbols()[symbol]
    return f'<symbol id="{make_id(name)}" viewBox="0 0 {SIZE} {SIZE}">{paint(body, colour) if colour else body}</symbol>'


def make_id(name: str) -> str:
    """The id of a symbol; a colon would be no plain name in CSS."""
    return f"drawn-{name.replace(':', '-in-')}"


@cache
def paint(body: str, colour: str) -> str:
    """The same drawing with its main colour, and its shades, in another one."""
    if colour in _LIGHTS:
        return _FILL.sub(lambda match: _mix(match.group(), *_LIGHTS[colour]), body)
    fills = Counter(found.lower() for found in _FILL.findall(body))
    main = _find_main(fills)
    if main is None:
        return body
    hue, saturation, lightness = _TARGETS[colour]

    def change(match: re.Match[str]) -> str:
        own_hue, light, own_saturation = _to_hls(match.group())
        if not _is_shade(own_hue, light, own_saturation, main):
            return match.group()
        moved = lightness + (light - main[1]) * 0.6
        deep = max(min(own_saturation, saturation), 0.8 * saturation) if own_saturation > 0.2 else saturation
        return _to_hex(hue, min(0.98, max(0.06, moved)), deep)

    return _FILL.sub(change, body)


def _find_main(fills: Counter[str]) -> tuple[float, float, float] | None:
    """Hue, lightness and saturation of the colour that most of a drawing has, bright ones first."""
    hls = {fill: _to_hls(fill) for fill in fills}
    for least in (0.25, 0.0):
        bright = {fill: count for fill, count in fills.items() if 0.2 < hls[fill][1] < 0.93 and hls[fill][2] >= least}
        if bright:
            return hls[max(bright, key=lambda fill: sum(_is_near(hls[fill], hls[other]) * bright[other] for other in bright))]
    return None


def _is_near(one: tuple[float, float, float], other: tuple[float, float, float]) -> bool:
    apart = abs(one[0] - other[0])
    return min(apart, 1 - apart) < _NEAR and (one[2] >= 0.2) == (other[2] >= 0.2)


def _is_shade(hue: float, light: float, saturation: float, main: tuple[float, float, float]) -> bool:
    return 0.12 < light < 0.97 and _is_near((hue, light, saturation), main)


def _mix(fill: str, light: str, share: float) -> str:
    parts = zip(_to_rgb(fill), _to_rgb(light), strict=True)
    return "#" + "".join(f"{round(255 * (own * (1 - share) + other * share)):02x}" for own, other in parts)


def _to_hls(fill: str) -> tuple[float, float, float]:
    return colorsys.rgb_to_hls(*_to_rgb(fill))


def _to_rgb(fill: str) -> tuple[float, float, float]:
    digits = fill[1:] if len(fill) == 7 else "".join(sign * 2 for sign in fill[1:])
    red, green, blue = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    return red, green, blue


def _to_hex(hue: float, light: float, saturation: float) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, light, saturation))

"""Palette: the surfaces of a picture, each with a colour for paper and one for a dark page; symbols keep their own."""

from __future__ import annotations

import re
from collections.abc import Iterable

WIDTH, HEIGHT = 640, 340
HORIZON = 208

# name -> on paper, on a dark page
COLOURS: dict[str, tuple[str, str]] = {
    "sky-day": ("#d6ebf0", "#3b5c6b"),
    "sky-morning": ("#fbe6cf", "#6b5648"),
    "sky-evening": ("#f5c9a4", "#7a4a3c"),
    "sky-night": ("#2c3a63", "#151d38"),
    "sky-storm": ("#a9b8c2", "#36434d"),
    "glow-day": ("#e9f4f2", "#4a6b78"),
    "glow-morning": ("#fff3de", "#836a55"),
    "glow-evening": ("#fbdcb4", "#94604a"),
    "glow-night": ("#3d4d7c", "#212c50"),
    "sun": ("#ffcf5c", "#e8b64a"),
    "moon": ("#fdf0c8", "#e9dcb0"),
    "cloud": ("#ffffff", "#9fb2ba"),
    "hill-far": ("#b7d3bd", "#40594d"),
    "hill-near": ("#9dc39a", "#375244"),
    "grass": ("#84b377", "#2e4a37"),
    "grass-front": ("#6fa365", "#27412f"),
    "wood-far": ("#8fb59a", "#34503f"),
    "wood-near": ("#6c9a78", "#2b4535"),
    "path": ("#e9d9b4", "#6a5f49"),
    "sand": ("#f2deb0", "#7d6b48"),
    "sand-front": ("#e8cf98", "#6d5c3c"),
    "water": ("#8cc8dc", "#2b5a70"),
    "water-front": ("#6db4d0", "#234c60"),
    "deep": ("#4f9fc4", "#1d4763"),
    "deeper": ("#3a86b0", "#173a54"),
    "foam": ("#eaf7f8", "#7fa9b5"),
    "snow": ("#f3f7f8", "#8e9fa8"),
    "snow-front": ("#e4edf1", "#7b8d97"),
    "rock": ("#a9a7b5", "#4b4a5a"),
    "rock-far": ("#c3c6d4", "#5b5d70"),
    "cap": ("#f6f8fa", "#aab4bf"),
    "stone": ("#7b6a62", "#3b332f"),
    "stone-dark": ("#5d4f49", "#2a2421"),
    "dune": ("#f0c98b", "#7d6238"),
    "wall": ("#f6e6cc", "#5b4d3c"),
    "wall-blue": ("#dbe7ec", "#3f4f5a"),
    "wall-rose": ("#f4dcd4", "#5e4640"),
    "wall-green": ("#e0ead4", "#48543f"),
    "wall-line": ("#ffffff", "#d8cdbb"),
    "floor": ("#cfa77a", "#5b4430"),
    "floor-line": ("#b88d60", "#4a3626"),
    "board": ("#fbf4e6", "#7a6a55"),
    "rug": ("#d98b78", "#7a4438"),
    "rug-line": ("#f2d3b8", "#a3705c"),
    "timber": ("#a9764c", "#5e4029"),
    "timber-dark": ("#8a5d3a", "#4a3220"),
    "fence": ("#fdf8ec", "#a89d8c"),
    "pavement": ("#d8d3cb", "#57534d"),
    "street": ("#a7a39e", "#403e3b"),
    "shade": ("#2b2430", "#000000"),
    "dusk": ("#1e2750", "#0c1128"),
    "rain": ("#7fa6c0", "#8fb4cc"),
}


def fill(name: str) -> str:
    """The attributes of a surface: its colour, and the class by which a dark page changes it."""
    return f'class="p-{name}" fill="{COLOURS[name][0]}"'


def stroke(name: str, width: float) -> str:
    """The attributes of a line."""
    return f'class="l-{name}" fill="none" stroke="{COLOURS[name][0]}" stroke-width="{width:g}" stroke-linecap="round"'


def dot(points: Iterable[tuple[float, float]], name: str, width: float, opacity: float = 1) -> str:
    """Round dots as one path."""
    path = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in points)
    return f'<path {stroke(name, width)} stroke-opacity="{opacity:g}" d="{path}"/>'


def write_dark_style(scope: str) -> str:
    """CSS that gives the pictures inside `scope` the colours of a dark page."""
    surfaces = "".join(f"{scope} .p-{name}{{fill:{dark}}}" for name, (_, dark) in COLOURS.items())
    return surfaces + "".join(f"{scope} .l-{name}{{stroke:{dark}}}" for name, (_, dark) in COLOURS.items())


def darken(svg: str) -> str:
    """The same surfaces with their dark colours on every page: a night is dark on paper too."""

    def change(match: re.Match[str]) -> str:
        return f'{match[2]}="{COLOURS[match[1]][1]}"'

    return re.sub(
        r'class="p-([\w-]+)" (fill)="#\w+"',
        change,
        re.sub(r'class="l-([\w-]+)" fill="none" (stroke)="#\w+"', _change_line, svg),
    )


def _change_line(match: re.Match[str]) -> str:
    return f'fill="none" stroke="{COLOURS[match[1]][1]}"'

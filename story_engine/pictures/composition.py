"""Composition: a scene as SVG, from sky to foreground, in sizes by distance, with figures that face each other."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from xml.sax.saxutils import escape

from story_engine.pictures.creatures import KINDS
from story_engine.pictures.elsewhere import draw_cave, draw_space, draw_underwater
from story_engine.pictures.figures import draw_figure, height_of, width_of
from story_engine.pictures.ground import Use
from story_engine.pictures.indoors import draw_room
from story_engine.pictures.lexicon import HEIGHT_OF, IN_AIR
from story_engine.pictures.outdoors import draw_land
from story_engine.pictures.palette import HEIGHT, WIDTH, darken, dot, fill, stroke
from story_engine.pictures.scene import Figure, Scene
from story_engine.pictures.sky import draw_sky
from story_engine.pictures.symbols import make_id, split_name

INDOORS = frozenset(("room", "kitchen", "bedroom", "shop"))
FRONT, BACK = 308, 272  # where the feet of the two rows stand
BACK_SCALE = 0.8  # of the figures in front
ZOOM = {1: 1.6, 2: 1.5, 3: 1.36, 4: 1.24}  # figures and things in front -> how large they are drawn
SHORTEST, TALLEST = 112, 236  # of the tallest in a picture
MARGIN = 46
WATER_AT = {"beach": 244, "river": 274}  # where the water ends in front, and how tall those in it may be
SWIMMER = 64
BOWL = 1.4  # how large those in a bowl of water may be drawn
SIGN = 62  # from the middle of a head to the sign of its mood
HEAD = (250.0, 110.0)  # where the sign of a mood is, if nobody stands in front


@lru_cache(maxsize=2048)
def compose(scene: Scene) -> tuple[str, frozenset[str]]:
    """The inside of an SVG of `WIDTH` by `HEIGHT`, and the names of the symbols that it uses."""
    used: set[str] = set()

    def use(name: str, x: float, y: float, width: float, height: float) -> str:
        used.add(name)
        return f'<use href="#{make_id(name)}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'

    chance = Random(scene.seed)
    backdrop = _draw_backdrop(scene, chance, use)
    figures, head, others = _place_all(scene, chance, use)
    return backdrop + figures + _draw_weather(scene, chance) + _draw_mood(scene, head, others, use), frozenset(used)


def _draw_backdrop(scene: Scene, chance: Random, use: Use) -> str:
    if scene.underwater:
        return draw_underwater(scene, chance, use)
    if scene.place == "space":
        return draw_space(scene, chance, use)
    if scene.place == "cave":
        return draw_cave(scene, chance, use)
    if scene.place in INDOORS:
        dusk = f'<rect {fill("dusk")} width="{WIDTH}" height="{HEIGHT}" fill-opacity=".24"/>' if scene.time == "night" else ""
        return draw_room(scene, chance, use) + dusk
    light = "night" if scene.time == "night" else "snow" if scene.weather == "snow" else ""

    def use_lit(name: str, *box: float) -> str:
        return use(f"{name}:{light}" if light else name, *box)

    land = draw_land(scene, chance, use_lit) + _draw_landmark(scene, use_lit)
    return draw_sky(scene, chance, use) + (darken(land) if scene.time == "night" else land)


def _draw_landmark(scene: Scene, use: Use) -> str:
    """A house or another big thing that the words name, in the distance."""
    if not scene.landmark or scene.place in ("town", "castle", "school", "garden", "farm", "sea"):
        return ""
    if scene.landmark == "tree":
        return use("deciduous-tree", 226, 44, 206, 206)
    return use(scene.landmark, 258 if len(scene.figures) == 2 else 400, 118, 124, 124)


def _place_all(scene: Scene, chance: Random, use: Use) -> tuple[str, tuple[float, float], list[float]]:
    """The two rows: who was named first in front at the sides, the things between them, others behind.

    Returns where the head of the first in front is, too, and where the others stand.
    """
    afloat = [figure for figure in scene.figures if _swims(figure) and scene.place in WATER_AT]
    ashore = [figure for figure in scene.figures if figure not in afloat]
    by_height = sorted(ashore, key=lambda figure: (_flies(figure), height_of(figure))) if len(ashore) > 2 else ashore
    front = [figure for figure in ashore if figure in by_height[:2]]
    back = [figure for figure in ashore if figure not in front]
    things = [thing for thing in scene.things if scene.place != "sea" or not thing.startswith("sailboat")]
    row: list[Figure | str] = [front[0]] if front else []
    row += [*things, *front[1:]]
    room = WIDTH - 2 * MARGIN
    wide = [_width(item) for item in row]
    scale = _choose_scale(row, (WIDTH - 2 * MARGIN) / (sum(wide) + 20 * len(row))) if row else 1.0
    gap = (room - scale * sum(wide)) / (len(row) + 1) if row else 0
    svg, taken, x, head = "", list[float](), MARGIN + gap, HEAD
    for item, width in zip(row, wide, strict=True):
        middle = x + width * scale / 2 + chance.uniform(-0.2, 0.2) * min(gap, 60)
        svg += _place(item, middle, FRONT - chance.uniform(0, 8), scale, scene, chance, use, count=len(row))
        if item == row[0] and isinstance(item, Figure):
            head = middle, FRONT - _tall(item) * scale
        taken += [middle] if isinstance(item, Figure) or HEIGHT_OF[split_name(item)[0]] > 70 else []
        x += width * scale + gap
    behind = ""
    for figure in back:
        far = scale * BACK_SCALE * min(1, 210 / (height_of(figure) * scale * BACK_SCALE))
        middle = max(
            range(90, 560, 10), key=lambda x: min([abs(x - other) for other in taken] + [abs(x - 40) + 60, abs(x - 600) + 60])
        )
        taken.append(middle)
        behind += _place(figure, middle, BACK, far, scene, chance, use)
    others = [middle for middle in taken if middle != head[0]]
    return _draw_afloat(afloat, taken, scene, chance, use) + behind + svg, head, others


def _flies(figure: Figure) -> bool:
    return figure.kind in KINDS and KINDS[figure.kind].build == "flying"


def _swims(figure: Figure) -> bool:
    return figure.kind in KINDS and KINDS[figure.kind].build == "swimming"


def _draw_afloat(afloat: list[Figure], taken: list[float], scene: Scene, chance: Random, use: Use) -> str:
    """Those who live in water, in the water behind the shore, where nobody stands before them."""
    svg = ""
    for figure in afloat:
        middle = max(range(120, 530, 10), key=lambda x: min([abs(x - other) for other in taken] + [200]))
        taken.append(middle)
        size = min(SWIMMER, height_of(figure) * 1.2) / height_of(figure)
        svg += _place(figure, middle, WATER_AT[scene.place] + chance.uniform(-4, 4), size, scene, chance, use)
    return svg


def _choose_scale(row: list[Figure | str], most: float) -> float:
    """How large a row is drawn: fewer are larger, small ones so large that they can be seen, giants so that they fit."""
    tallest = max(map(_tall, row))
    wanted = max(ZOOM[min(len(row), 4)], min(SHORTEST / tallest, 2.4))
    return min(wanted, most, TALLEST / tallest)


def _tall(item: Figure | str) -> float:
    return height_of(item) if isinstance(item, Figure) else HEIGHT_OF[split_name(item)[0]]


def _width(item: Figure | str) -> float:
    return width_of(item) if isinstance(item, Figure) else HEIGHT_OF[split_name(item)[0]] * 1.05


def _place(
    item: Figure | str, x: float, foot: float, scale: float, scene: Scene, chance: Random, use: Use, count: int = 2
) -> str:
    """One figure or thing, with its shade, looking to the middle."""
    flip = "-" if x < WIDTH / 2 or count == 1 else ""
    if isinstance(item, str):
        size = HEIGHT_OF[split_name(item)[0]]
        foot += 10 if size < 60 else 0
        y = 110 if split_name(item)[0] in IN_AIR else foot
        y = 258 if item.startswith("sailboat") and scene.place in ("river", "beach", "sea") else y
        return _shade(x, y, size * 0.42 * scale, scene) + use(
            item, x - size * scale / 2, y - size * scale * 0.96, size * scale, size * scale
        )
    scale = min(scale, BOWL) if _swims(item) and not scene.underwater and scene.place != "sea" else scale
    tall = height_of(item) * scale
    build = KINDS[item.kind].build if item.kind in KINDS else "whole"
    stand = ""
    if scene.underwater or scene.place == "sea":
        foot, stand = _float(item, build, foot, tall, x, scene, chance)
    elif build == "flying":
        foot -= chance.uniform(70, 120)
    elif build == "swimming" and scene.place not in WATER_AT:
        foot -= 14
        stand = (
            f'<circle cx="{x:.0f}" cy="{foot - tall * 0.5:.0f}" r="{tall * 0.78:.0f}" fill="#bfe6f2" fill-opacity=".75" stroke="#fff" stroke-width="4" '
            'stroke-opacity=".9"/>'
        )
    elif build != "swimming":
        stand = _shade(x, foot, tall * (0.24 if item.kind not in KINDS else 0.4), scene)
    key = escape(item.key, {'"': "&quot;"})
    drawn = draw_figure(item, use)
    return (
        f'{stand}<g class="figure" data-figure="{key}" transform="translate({x:.1f} {foot:.1f}) scale({flip}{scale:.3f} {scale:.3f})">{drawn}</g>'
        + (
            _draw_bow(x, foot, tall, scene)
            if scene.place == "sea" and not scene.underwater and build not in ("flying", "swimming")
            else ""
        )
    )


def _float(item: Figure, build: str, foot: float, tall: float, x: float, scene: Scene, chance: Random) -> tuple[float, str]:
    """Where somebody is in water: afloat below it, in a boat on it, or over it."""
    if scene.underwater:
        return (foot, "") if item.kind == "crab" else (foot - chance.uniform(20, 110), "")
    if build == "flying":
        return foot - 110, ""
    if build == "swimming":
        return 272 + tall * 0.2, ""
    return 276, ""


def _draw_bow(x: float, foot: float, tall: float, scene: Scene) -> str:
    """The boat in which somebody stands, up to their knees."""
    half = max(54, tall * 0.42)
    return (
        f'<path {fill("timber")} d="M{x - half:.0f} {foot - 24:.0f}H{x + half:.0f}Q{x + half * 0.86:.0f} {foot + 18:.0f} {x:.0f} {foot + 18:.0f}T{x - half:.0f} {foot - 24:.0f}z"/>'
        f'<path {stroke("timber-dark", 5)} d="M{x - half + 2:.0f} {foot - 22:.0f}H{x + half - 2:.0f}"/>'
        f'<path {fill("water-front")} d="M{x - half - 12:.0f} {foot + 12:.0f}q12-9 24 0t24 0t24 0t24 0t24 0t24 0V{foot + 34:.0f}H{x - half - 12:.0f}z"/>'
    )


def _shade(x: float, foot: float, half: float, scene: Scene) -> str:
    return f'<ellipse {fill("shade")} fill-opacity=".16" cx="{x:.1f}" cy="{foot:.1f}" rx="{half:.1f}" ry="{max(3.0, half * 0.16):.1f}"/>'


def _draw_weather(scene: Scene, chance: Random) -> str:
    if scene.place in INDOORS or scene.underwater or scene.place in ("space", "cave"):
        return ""
    if scene.weather in ("rain", "storm"):
        drops = ((chance.uniform(0, 640), chance.uniform(0, 320)) for _ in range(54))
        path = "".join(f"M{x:.0f} {y:.0f}l-5 15" for x, y in drops)
        return f'<path {stroke("rain", 1.8)} stroke-opacity=".75" d="{path}"/>'
    if scene.weather == "snow":
        flakes = [(chance.uniform(0, 640), chance.uniform(0, 330)) for _ in range(60)]
        return dot(flakes[:35], "cap", 4.5, 0.95) + dot(flakes[35:], "cap", 7.5, 0.95)
    if scene.weather == "wind":
        return "".join(
            f'<path {stroke("cloud", 3)} stroke-opacity=".9" d="M{x} {y}h{w}q16 0 14-12t-14-8"/>'
            for x, y, w in ((60, 120, 110), (380, 96, 130), (250, 160, 84))
        )
    return ""


def _draw_mood(scene: Scene, head: tuple[float, float], others: list[float], use: Use) -> str:
    """A small sign in the air beside the head of who stands in front, where nobody else's is."""
    if not scene.mood or not scene.figures:
        return ""

    def find_room(side: int) -> float:
        return min((abs(head[0] + side * SIGN - other) for other in others), default=WIDTH)

    inner = 1 if head[0] < WIDTH / 2 else -1
    side = inner if find_room(inner) >= min(SIGN, find_room(-inner)) else -inner
    x, y = head[0] + side * SIGN - 17, max(30, head[1] - 14)
    sign = f"{scene.mood}:gold" if scene.mood == "musical-notes" else scene.mood  # dark ones would be lost in a dark sky
    return use(sign, x, y, 34, 34) + use(sign, x + 33 * side + (0 if side > 0 else 12), y - 18, 22, 22)

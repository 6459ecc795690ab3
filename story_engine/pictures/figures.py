"""Figures: people and creatures of a picture, standing at the origin, each with a body, a colour and something in the hand."""

from __future__ import annotations

from story_engine.pictures.cast import pick_number
from story_engine.pictures.creatures import KINDS, list_symbols
from story_engine.pictures.ground import Use
from story_engine.pictures.lexicon import HEIGHT_OF
from story_engine.pictures.scene import Figure
from story_engine.pictures.symbols import split_name

TONES = ("light", "medium-light", "medium", "medium-dark", "dark")
SKIN = {"light": "#ffd7c2", "medium-light": "#eebfaa", "medium": "#c68d7b", "medium-dark": "#966661", "dark": "#573739"}
CLOTHES = ("#d95d4e", "#3f7fb5", "#e0a63a", "#5b9a68", "#8a6bb0", "#d9799b", "#4a9aa0", "#c9743f")
TROUSERS = ("#4a5a7a", "#6b5648", "#3f6a63", "#7a6a8a")
NAMED = {"red": "#cf4436", "orange": "#e2843b", "yellow": "#ecc04a", "green": "#5b9a58", "blue": "#3f7fc0", "purple": "#8a63b4",
         "pink": "#e48aaa", "brown": "#8a6244", "black": "#3c3a40", "white": "#f4f0e6", "gray": "#9a9a98", "gold": "#dcae3e"}  # fmt: skip
HEIGHTS = {"baby": 74, "boy": 124, "girl": 124, "child": 124, "old-man": 158, "old-woman": 154, "giant": 236, "elf": 96}
ADULT = 168
ROBES = {
    "princess": "#774aa6",
    "prince": "#00a6ed",
    "king": "#f8672a",
    "wizard": "#0074ba",
    "witch": "#0074ba",
    "elf": "#5b4038",
}
ROBED = {
    "princess": "princess-",
    "prince": "prince-",
    "king": "person-with-crown-",
    "wizard": "man-mage-",
    "witch": "woman-mage-",
    "elf": "man-elf-",
}
ROBED_TONES = {"princess": ("light", "medium", "dark"), "prince": ("light", "medium", "dark"), "king": ("light", "medium")}
# Bodies for creatures that are drawn as a head alone: fur, belly, feet.
FURS = {
    "bear": ("#a56953", "#d9a06f", "#8c5543"), "polar-bear": ("#f4f4f4", "#ffffff", "#d3d3d3"), "fox": ("#ff822d", "#ffdea7", "#533566"),
    "wolf": ("#9b9b9b", "#e6e6e6", "#636363"), "lion": ("#ffb02e", "#ffdea7", "#a56953"), "panda": ("#f4f4f4", "#ffffff", "#433b6b"),
    "koala": ("#9b9b9b", "#d3d3d3", "#636363"), "frog": ("#00d26a", "#fcd53f", "#00a85a"), "hamster": ("#f3ad61", "#ffdea7", "#e39d89"),
    "raccoon": ("#9b9b9b", "#d3d3d3", "#636363"), "chicken": ("#f4f4f4", "#ffffff", "#ff822d"), "unicorn": ("#cda1ff", "#efd5ff", "#9f6fd8"),
    "robot": ("#cdc4d6", "#86d8f2", "#636363"), "alien": ("#86d72f", "#c8f08f", "#5a9a1c"),
}  # fmt: skip
HEADWEAR = frozenset(("womans-hat", "billed-cap", "crown"))
HELD = 0.9  # of a thing's usual height, in a hand


def height_of(figure: Figure) -> int:
    """How tall a figure stands in the foreground."""
    return KINDS[figure.kind].height if figure.kind in KINDS else HEIGHTS.get(figure.kind, ADULT)


def width_of(figure: Figure) -> float:
    """About how much room it takes beside others."""
    tall = height_of(figure)
    held = HEIGHT_OF[split_name(figure.carries)[0]] * 0.6 if figure.carries else 0
    return tall * (1.0 if figure.kind in KINDS else 0.6 if figure.kind != "baby" else 0.8) + held


def list_used(figure: Figure) -> list[str]:
    """The symbols that a figure is drawn with."""
    return [_find_head(figure), *([figure.carries] if figure.carries else [])]


def draw_figure(figure: Figure, use: Use) -> str:
    """A figure with its feet at the origin, `use(name, x, y, width, height)` giving the SVG of a symbol. It looks to the left."""
    tall = height_of(figure)
    head = _find_head(figure)
    if figure.kind in KINDS:
        if KINDS[figure.kind].build == "head":
            return _draw_plush(figure, head, tall, use)
        return use(head, -tall / 2, -tall * 0.97, tall, tall)
    return _draw_person(figure, head, tall, use)


def _find_head(figure: Figure) -> str:
    """The symbol of a figure, by its kind, its name, and the reader's clicks."""
    kind, look = figure.kind, figure.look
    if kind in KINDS:
        symbols = list_symbols(kind)
        symbol = symbols[look % len(symbols)]
        return f"{symbol}:{figure.colour}" if figure.colour else symbol
    if kind in ROBED:
        tones = ROBED_TONES.get(kind, ("light",))
        return ROBED[kind] + tones[(pick_number(figure.key, len(tones)) + look) % len(tones)]
    kind = {"child": ("boy", "girl")[pick_number(figure.key, 2)], "giant": "man", "pirate": "man"}.get(kind, kind)
    return f"{kind}-{tone_of(figure)}"


def tone_of(figure: Figure) -> str:
    """The skin of a person; the hero's kin, who are called by what they are, have the hero's."""
    name = figure.key if figure.key[0].isupper() else figure.family
    return TONES[(pick_number(name + "skin", len(TONES)) + figure.look) % len(TONES)]


def _draw_person(figure: Figure, head: str, tall: int, use: Use) -> str:
    is_robed = figure.kind in ROBED
    is_small = figure.kind in ("baby", "boy", "girl", "child", "elf")
    size = {"baby": 0.56, "giant": 0.24}.get(figure.kind, 0.44 if is_small else 0.34) * tall
    skin = SKIN[tone_of(figure)] if not is_robed else SKIN["light"]
    cloth = NAMED.get(figure.colour) or CLOTHES[(pick_number(figure.key + "cloth", len(CLOTHES)) + figure.look) % len(CLOTHES)]
    if is_robed:
        return _draw_robed(figure, head, tall, use)
    chin = -tall + size * 0.93
    unit = -chin / 60  # the body is drawn 60 units high
    wears_dress = figure.kind in ("girl", "woman", "old-woman") or head.startswith("girl")
    parts = _draw_body(figure, skin, cloth, wears_dress)
    body = f'<g transform="translate(0 0) scale({unit:.3f})">{parts}</g>'
    face = use(head, -size / 2, -tall, size, size)
    scarf = _draw_headscarf(tall, size) if figure.kind == "pirate" else ""
    return body + face + scarf + _draw_carried(figure, unit, tall, size, use)


def _draw_headscarf(tall: int, size: float) -> str:
    """A pirate's red scarf around the head, with its knot, and the patch on one eye."""
    low, half = -tall + size * 0.36, size * 0.37
    return (
        f'<path d="M{-half:.1f} {low:.1f}Q{-half:.1f} {-tall + size * 0.02:.1f} 0 {-tall + size * 0.02:.1f}T{half:.1f} {low:.1f}'
        f'Q0 {low - size * 0.12:.1f} {-half:.1f} {low:.1f}z" fill="#cf4436"/>'
        f'<path d="M{half:.1f} {low - 2:.1f}l{size * 0.16:.1f} {size * 0.02:.1f}l{-size * 0.05:.1f} {size * 0.15:.1f}z" fill="#a8342a"/>'
        f'<circle cx="{-size * 0.14:.1f}" cy="{-tall + size * 0.53:.1f}" r="{size * 0.075:.1f}" fill="#2b2430"/>'
        f'<path d="M{-half:.1f} {low + 1:.1f}L{-size * 0.14:.1f} {-tall + size * 0.53:.1f}" stroke="#2b2430" stroke-width="1.500"/>'
    )


def _draw_body(figure: Figure, skin: str, cloth: str, wears_dress: bool) -> str:
    """Sixty units of body below the chin: legs, arms, clothes."""
    is_young = figure.kind in ("boy", "girl", "child", "baby")
    wide = 15 if is_young else 13
    trousers = TROUSERS[pick_number(figure.key + "legs", len(TROUSERS))]
    leg = skin if wears_dress else trousers
    hand_y = -39 if figure.carries and not _is_worn(figure) else -27
    hand_x = -wide - 6 if figure.carries and not _is_worn(figure) else -wide - 3
    legs = (
        f'<path d="M-5.5-24V-4M5.5-24V-4" stroke="{leg}" stroke-width="8" stroke-linecap="butt" fill="none"/>'
        '<path d="M-12-2.5q0-4.5 5-4.5h5.5v6H-10.500q-1.500 0-1.500-1.500z" fill="#4b3a33"/>'
        '<path d="M12-2.5q0-4.5-5-4.5H1.500v6h9q1.500 0 1.500-1.500z" fill="#4b3a33"/>'
    )
    arms = (
        f'<path d="M{-wide + 5}-53L{hand_x} {hand_y}" stroke="{cloth}" stroke-width="7.500" stroke-linecap="round"/>'
        f'<path d="M{wide - 5}-53L{wide + 3}-28" stroke="{cloth}" stroke-width="7.500" stroke-linecap="round"/>'
        f'<circle cx="{hand_x - 0.5}" cy="{hand_y + 1}" r="4.200" fill="{skin}"/>'
        f'<circle cx="{wide + 3.5}" cy="-26" r="4.200" fill="{skin}"/>'
    )
    neck = f'<path d="M-4-64h8v8h-8z" fill="{skin}"/>'
    if wears_dress:
        dress = (
            f'<path d="M{-wide + 3}-57Q0-61 {wide - 3}-57Q{wide - 4}-44 {wide}-36L{wide + 6}-17Q0-12 {-wide - 6}-17L{-wide}-36'
            f'Q{-wide + 4}-44 {-wide + 3}-57z" fill="{cloth}"/>'
        )
        hem = f'<path d="M{-wide - 5}-20Q0-15 {wide + 5}-20" stroke="#fff" stroke-opacity=".55" stroke-width="2" fill="none"/>'
        collar = '<path d="M-6-58Q0-51 6-58" fill="#fff" fill-opacity=".75"/>'
        return legs + neck + arms + dress + hem + collar
    shirt = (
        f'<path d="M{-wide + 3}-57Q0-61 {wide - 3}-57Q{wide}-56 {wide}-50L{wide - 1}-21Q0-19 {-wide + 1}-21L{-wide}-50Q{-wide}-56 '
        f'{-wide + 3}-57z" fill="{cloth}"/>'
    )
    pattern = pick_number(figure.key + "shirt", 3)
    lines = {
        0: f'<path d="M{-wide + 0.5}-46H{wide - 0.5}M{-wide + 0.5}-36H{wide - 0.5}M{-wide + 1}-27H{wide - 1}" stroke="#fff" '
        'stroke-opacity=".6" stroke-width="3.500"/>',
        1: f'<path d="M-8-58V-40H8V-58M{-wide + 1}-21V-40H{wide - 1}V-21z" fill="none"/>'
        f'<path d="M{-wide + 1}-40H{wide - 1}V-21Q0-19 {-wide + 1}-21zM-9-57h4v18h-4zM5-57h4v18H5z" fill="{trousers}"/>',
        2: '<path d="M-5-58Q0-50 5-58" fill="#fff" fill-opacity=".75"/>',
    }[pattern]
    return legs + neck + arms + shirt + lines


def _is_worn(figure: Figure) -> bool:
    return split_name(figure.carries)[0] in HEADWEAR and figure.kind not in ROBED


def _draw_carried(figure: Figure, unit: float, tall: int, size: float, use: Use) -> str:
    if not figure.carries:
        return ""
    symbol = split_name(figure.carries)[0]
    thing = HEIGHT_OF[symbol] * HELD
    if _is_worn(figure):
        wide = size * 0.9
        return use(figure.carries, -wide / 2, -tall - wide * 0.46, wide, wide)
    x, y = -21 * unit, -38 * unit
    if symbol in ("balloon", "kite"):
        big = thing * 1.1
        line = f'<path d="M{x:.1f} {y:.1f}q-6-20-10-{tall * 0.5:.1f}" stroke="#6b5f55" stroke-width="1.500" fill="none"/>'
        return line + use(figure.carries, x - 10 - big / 2, y - tall * 0.5 - big * 0.8, big, big)
    if symbol == "umbrella":
        big = size * 1.5  # over the head, the stick beside it
        stick = f'<path d="M{x:.1f} {y:.1f}V{-tall:.1f}" stroke="#433b6b" stroke-width="3" stroke-linecap="round"/>'
        return stick + use(figure.carries, x - big * 0.5, -tall - big * 0.5, big, big)
    return use(figure.carries, x - thing * 0.72, y - thing * 0.62, thing, thing)


def _draw_robed(figure: Figure, head: str, tall: int, use: Use) -> str:
    """Somebody who is drawn down to the shoulders, in a robe to the floor."""
    size = tall * 0.56
    cloth, shoulder = ROBES[figure.kind], size * 0.36
    top = -tall + size * 0.94
    robe = (
        f'<path d="M{-shoulder:.1f} {top:.1f}H{shoulder:.1f}Q{shoulder * 1.1:.1f} {top / 2:.1f} {shoulder * 1.7:.1f}-5'
        f'Q0 4 {-shoulder * 1.7:.1f}-5Q{-shoulder * 1.1:.1f} {top / 2:.1f} {-shoulder:.1f} {top:.1f}z" fill="{cloth}"/>'
        f'<path d="M{-shoulder * 1.6:.1f}-12Q0-3 {shoulder * 1.6:.1f}-12" stroke="#ffd76a" stroke-width="3" fill="none"/>'
        f'<path d="M0 {top:.1f}V-4" stroke="#000" stroke-opacity=".12" stroke-width="2"/>'
    )
    return robe + use(head, -size / 2, -tall, size, size) + _draw_carried(figure, tall / 110, tall, size, use)


def _draw_plush(figure: Figure, head: str, tall: int, use: Use) -> str:
    """A creature of which there is only a head, sitting like a toy animal."""
    symbol = split_name(head)[0]
    fur, belly, feet = FURS[symbol]
    fur = NAMED.get(figure.colour, fur)
    size = tall * 0.62
    half, low = tall * 0.25, tall * 0.48
    body = (
        f'<ellipse cx="0" cy="{-low / 2:.1f}" rx="{half:.1f}" ry="{low / 2:.1f}" fill="{fur}"/>'
        f'<ellipse cx="0" cy="{-low * 0.44:.1f}" rx="{half * 0.62:.1f}" ry="{low * 0.36:.1f}" fill="{belly}"/>'
        f'<ellipse cx="{-half * 0.95:.1f}" cy="{-low * 0.62:.1f}" rx="{half * 0.3:.1f}" ry="{low * 0.3:.1f}" fill="{fur}" '
        f'transform="rotate(24 {-half * 0.95:.1f} {-low * 0.62:.1f})"/>'
        f'<ellipse cx="{half * 0.95:.1f}" cy="{-low * 0.62:.1f}" rx="{half * 0.3:.1f}" ry="{low * 0.3:.1f}" fill="{fur}" '
        f'transform="rotate(-24 {half * 0.95:.1f} {-low * 0.62:.1f})"/>'
        f'<ellipse cx="{-half * 0.62:.1f}" cy="{-low * 0.08:.1f}" rx="{half * 0.42:.1f}" ry="{low * 0.12:.1f}" fill="{feet}"/>'
        f'<ellipse cx="{half * 0.62:.1f}" cy="{-low * 0.08:.1f}" rx="{half * 0.42:.1f}" ry="{low * 0.12:.1f}" fill="{feet}"/>'
    )
    return body + use(head, -size / 2, -tall, size, size)

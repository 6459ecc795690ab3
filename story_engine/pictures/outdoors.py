"""Outdoors: what lies behind and under the figures of a place, from back to front."""

from __future__ import annotations

from random import Random

from story_engine.pictures.ground import (
    FLOWERS,
    Use,
    draw_crowns,
    draw_ground,
    draw_hills,
    draw_tufts,
    draw_waves,
    plant,
    scatter,
)
from story_engine.pictures.palette import HORIZON, fill, stroke
from story_engine.pictures.scene import Scene


def draw_land(scene: Scene, chance: Random, use: Use) -> str:
    """What lies behind and under the figures of an outdoor place."""
    draw = _LANDS.get(scene.place, _draw_meadow)
    return draw(scene, chance, use)


def _draw_meadow(scene: Scene, chance: Random, use: Use) -> str:
    trees = "".join(
        plant(use, "deciduous-tree", x + chance.uniform(-16, 16), foot, size)
        for x, foot, size in ((58, 242, 118), (596, 238, 96))
    )
    far = "".join(plant(use, "deciduous-tree", chance.uniform(150, 500), 206, 34) for _ in range(3))
    flowers = "" if scene.weather == "snow" else scatter(use, chance, FLOWERS, 4)
    return draw_hills(scene, chance) + far + draw_ground(scene, chance) + draw_tufts(scene, chance) + trees + flowers


def _draw_forest(scene: Scene, chance: Random, use: Use) -> str:
    crowns = f'<path {fill("wood-far")} d="{draw_crowns(chance, -14, 34, 27, (90, 146))}"/>'
    near = f'<path {fill("wood-near")} d="{draw_crowns(chance, 6, 58, 40, (128, 176))}"/>'
    kinds = ("evergreen-tree", "deciduous-tree", "evergreen-tree")
    behind = "".join(
        plant(use, chance.choice(kinds), x + chance.uniform(-18, 18), 244, chance.uniform(96, 130))
        for x in (120, 250, 400, 520)
    )
    front = "".join(
        plant(use, chance.choice(kinds), x + chance.uniform(-14, 14), 276, chance.uniform(170, 210)) for x in (24, 616)
    )
    floor = "" if scene.weather == "snow" else scatter(use, chance, ("mushroom", "herb", "mushroom"), 4)
    return crowns + near + draw_ground(scene, chance) + behind + draw_tufts(scene, chance) + front + floor


def _draw_park(scene: Scene, chance: Random, use: Use) -> str:
    path = f'<path {fill("path")} d="M{300 + chance.randint(-60, 60)} 232Q330 262 190 340H430Q420 270 {330 + chance.randint(-30, 50)} 232z"/>'
    x = chance.choice((108, 470))
    bench = (
        f'<path {stroke("timber-dark", 5)} d="M{x} 246v22M{x + 62} 246v22"/>'
        f'<path {fill("timber")} d="M{x - 8} 222h78v7h-78zM{x - 8} 233h78v7h-78zM{x - 10} 247h82v8h-82z"/>'
    )
    trees = "".join(
        plant(use, "deciduous-tree", at, foot, size)
        for at, foot, size in ((40, 250, 150), (602, 246, 132), (236, 224, 70), (388, 222, 62))
    )
    flowers = "" if scene.weather == "snow" else scatter(use, chance, FLOWERS, 4)
    return draw_hills(scene, chance) + draw_ground(scene, chance) + path + trees + bench + flowers


def _draw_garden(scene: Scene, chance: Random, use: Use) -> str:
    slats = "".join(f'<path {fill("fence")} d="M{x} 246v-38l8-9 8 9v38z"/>' for x in range(-4, 650, 27))
    fence = f'<path {fill("fence")} d="M0 216h640v6H0zM0 233h640v6H0z"/>' + slats
    side = chance.choice((98, 542))
    house = use("house-with-garden", side - 84, 78, 168, 168)
    tree = plant(use, "deciduous-tree", 640 - side + 20, 246, 140)
    flowers = "" if scene.weather == "snow" else scatter(use, chance, (*FLOWERS, "sunflower"), 7)
    return draw_hills(scene, chance) + house + fence + draw_ground(scene, chance) + tree + draw_tufts(scene, chance) + flowers


def _draw_farm(scene: Scene, chance: Random, use: Use) -> str:
    rows = "".join(
        f'<path {stroke("path", 4)} stroke-opacity=".55" d="M{320 + n * 16} {HORIZON - 4}L{320 + n * 66} 246"/>'
        for n in range(-8, 9)
    )
    barn = use("house-with-garden", 40, 94, 150, 150) if chance.random() < 0.5 else use("house", 452, 94, 150, 150)
    rails = f'<path {stroke("timber", 5)} d="M0 250H640M0 264H640"/>' + "".join(
        f'<path {stroke("timber-dark", 7)} d="M{x} 242v32"/>' for x in range(20, 640, 86)
    )
    return draw_hills(scene, chance) + rows + barn + draw_ground(scene, chance) + rails + draw_tufts(scene, chance)


def _draw_town(scene: Scene, chance: Random, use: Use) -> str:
    names = ("house", "house", "houses", "house-with-garden", "church")
    row = "".join(
        use(chance.choice(names), x, 236 - size, size, size)
        for x, size in ((-24, 150), (104, 128), (214, 150), (350, 132), (468, 150), (586, 128))
    )
    street = (
        f'<rect {fill("pavement")} y="232" width="640" height="40"/><rect {fill("street")} y="268" width="640" height="72"/>'
    )
    lines = "".join(f'<rect {fill("foam")} x="{x}" y="322" width="46" height="6" rx="3"/>' for x in range(-10, 640, 92))
    return draw_hills(scene, chance) + row + street + lines


def _draw_road(scene: Scene, chance: Random, use: Use) -> str:
    road = f'<path {fill("path")} d="M392 {HORIZON + 14}Q250 246 330 276T120 340H470Q560 290 440 264T410 {HORIZON + 14}z"/>'
    trees = "".join(
        plant(use, "deciduous-tree", x, foot, size) for x, foot, size in ((52, 248, 140), (590, 244, 120), (220, 222, 54))
    )
    return draw_hills(scene, chance) + draw_ground(scene, chance) + road + trees + draw_tufts(scene, chance)


def _draw_beach(scene: Scene, chance: Random, use: Use) -> str:
    sea = f'<rect {fill("water")} y="176" width="640" height="80"/>' + draw_waves(chance, 188, 226, 9)
    sand = (
        f'<path {fill("foam")} d="M0 240Q160 226 320 240T640 236V340H0z"/><path {fill("sand")} d="M0 248Q160 234 320 248T640 244V340H0z"/>'
        f'<path {fill("sand-front")} d="M0 312Q300 298 640 314V340H0z"/>'
    )
    boat = use("sailboat", chance.uniform(180, 420), 150, 46, 46)
    palm = plant(use, "palm-tree", chance.choice((56, 584)), 276, 190)
    return sea + boat + sand + palm + scatter(use, chance, ("spiral-shell",), 2, 322)


def _draw_river(scene: Scene, chance: Random, use: Use) -> str:
    water = f'<path {fill("water")} d="M0 234Q170 218 330 236T640 230V268Q470 282 320 266T0 270z"/>' + draw_waves(
        chance, 240, 260, 6
    )
    reeds = "".join(
        f'<path {stroke("grass-front", 3)} d="M{x} 276q2-22 {chance.randint(-6, 6)}-34"/>' for x in (30, 40, 52, 596, 610, 620)
    )
    trees = "".join(plant(use, "deciduous-tree", x, foot, size) for x, foot, size in ((70, 232, 104), (566, 230, 118)))
    front = f'<path {fill("snow" if scene.weather == "snow" else "grass")} d="M0 268Q170 260 330 272T640 266V340H0z"/>'
    flowers = "" if scene.weather == "snow" else scatter(use, chance, ("herb", "blossom"), 4)
    return (
        draw_hills(scene, chance)
        + f'<rect {fill("grass")} y="222" width="640" height="40"/>'
        + trees
        + water
        + front
        + reeds
        + flowers
    )


def _draw_sea(scene: Scene, chance: Random, use: Use) -> str:
    island = (
        use("palm-tree", 506, 116, 84, 84) + f'<ellipse {fill("sand")} cx="550" cy="200" rx="76" ry="14"/>'
        if chance.random() < 0.6
        else ""
    )
    return (
        island
        + f'<path {fill("water")} d="M0 196Q160 188 320 196T640 194V340H0z"/><path {fill("water-front")} d="M0 252Q90 240 180 252T360 252T540 252T720 252V340H0z"/>'
        + draw_waves(chance, 206, 330, 14)
    )


def _draw_mountain(scene: Scene, chance: Random, use: Use) -> str:
    peaks = []
    for x, top, wide, rock in ((130, 74, 170, "rock-far"), (520, 62, 190, "rock-far"), (330, 40, 230, "rock")):
        x += chance.randint(-24, 24)
        slope = (HORIZON + 40 - top) / wide
        cap = 34 * (1 if rock == "rock-far" else 1.4)
        peaks.append(
            f'<path {fill(rock)} d="M{x - wide} {HORIZON + 40}L{x} {top}L{x + wide} {HORIZON + 40}z"/>'
            f'<path {fill("cap")} d="M{x} {top}L{x - cap / slope:.0f} {top + cap:.0f}l{cap / slope * 0.5:.0f} -8 {cap / slope * 0.5:.0f} 12 {cap / slope * 0.5:.0f}-12 {cap / slope * 0.5:.0f} 8z"/>'
        )
    trees = "".join(
        plant(use, "evergreen-tree", x, foot, size)
        for x, foot, size in ((46, 248, 120), (98, 240, 84), (556, 242, 92), (604, 250, 130))
    )
    return "".join(peaks) + draw_ground(scene, chance) + trees + draw_tufts(scene, chance)


def _draw_desert(scene: Scene, chance: Random, use: Use) -> str:
    dunes = f'<path {fill("sand-front")} d="M0 206Q160 160 330 210T640 190V340H0z"/><path {fill("dune")} d="M0 244Q220 206 420 250T640 236V340H0z"/>'
    return dunes + "".join(
        plant(use, "cactus", x, foot, size) for x, foot, size in ((70, 260, 90), (572, 270, 124), (420, 226, 44))
    )


def _draw_castle(scene: Scene, chance: Random, use: Use) -> str:
    x = chance.choice((120, 330))
    castle = use("castle", x, 22, 200, 200)
    path = f'<path {fill("path")} d="M{x + 90} 214Q{x + 60} 262 220 340H420Q300 270 {x + 116} 214z"/>'
    trees = "".join(plant(use, "evergreen-tree", at, foot, size) for at, foot, size in ((36, 250, 110), (608, 252, 130)))
    return draw_hills(scene, chance) + castle + draw_ground(scene, chance) + path + trees + draw_tufts(scene, chance)


def _draw_school(scene: Scene, chance: Random, use: Use) -> str:
    yard = f'<path {fill("path")} d="M236 240H404L520 340H120z"/>'
    trees = "".join(plant(use, "deciduous-tree", at, foot, size) for at, foot, size in ((50, 250, 140), (592, 248, 130)))
    return draw_hills(scene, chance) + use("school", 214, 34, 212, 212) + draw_ground(scene, chance) + yard + trees


_LANDS = {
    "forest": _draw_forest, "park": _draw_park, "garden": _draw_garden, "farm": _draw_farm, "town": _draw_town, "road": _draw_road,
    "beach": _draw_beach, "river": _draw_river, "sea": _draw_sea, "mountain": _draw_mountain, "desert": _draw_desert,
    "castle": _draw_castle, "school": _draw_school,
}  # fmt: skip

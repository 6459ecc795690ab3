"""Ground: hills, grass, plants and waves, of which the places of a picture are made."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from story_engine.pictures.palette import HORIZON, WIDTH, fill, stroke
from story_engine.pictures.scene import Scene

Use = Callable[..., str]  # (name, x, y, width, height) -> SVG
FLOWERS = ("blossom", "tulip", "hibiscus")


def draw_hills(scene: Scene, chance: Random) -> str:
    far, near = ("snow-front", "snow") if scene.weather == "snow" else ("hill-far", "hill-near")
    a, b, c, d = (chance.uniform(-22, 22) for _ in range(4))
    return (
        f'<path {fill(far)} d="M0 {HORIZON - 22 + a:.0f}Q110 {HORIZON - 74 + b:.0f} 230 {HORIZON - 24:.0f}T470 {HORIZON - 40 + c:.0f}T640 '
        f'{HORIZON - 34 + d:.0f}V340H0z"/><path {fill(near)} d="M0 {HORIZON + 10 + c / 2:.0f}Q160 {HORIZON - 34 + d / 2:.0f} 340 {HORIZON + 8:.0f}T640 '
        f'{HORIZON - 6 + a / 2:.0f}V340H0z"/>'
    )


def draw_ground(scene: Scene, chance: Random, back: str = "grass", front: str = "grass-front") -> str:
    if scene.weather == "snow" and back in ("grass", "wood-near", "pavement"):
        back, front = "snow", "snow-front"
    tilt = chance.uniform(-8, 8)
    return (
        f'<path {fill(back)} d="M0 {238 + tilt:.0f}Q320 {222 - tilt:.0f} 640 {240 - tilt:.0f}V340H0z"/>'
        f'<path {fill(front)} d="M0 {306 - tilt:.0f}Q300 {292 + tilt:.0f} 640 {310 + tilt:.0f}V340H0z"/>'
    )


def plant(use: Use, name: str, x: float, foot: float, size: float) -> str:
    shade = f'<ellipse {fill("shade")} fill-opacity=".13" cx="{x:.0f}" cy="{foot:.0f}" rx="{size * 0.3:.0f}" ry="{size * 0.05:.0f}"/>'
    return shade + use(name, x - size / 2, foot - size * 0.97, size, size)


def scatter(use: Use, chance: Random, names: tuple[str, ...], count: int, low: int = 316) -> str:
    """Small plants along the front edge."""
    spots = [(place + chance.uniform(0.15, 0.85)) * WIDTH / count for place in range(count)]
    return "".join(plant(use, chance.choice(names), x, chance.uniform(low, 336), chance.uniform(24, 34)) for x in spots)


def draw_tufts(scene: Scene, chance: Random) -> str:
    if scene.weather == "snow":
        return ""
    tufts = []
    for _ in range(9):
        x, y = chance.uniform(10, 630), chance.uniform(248, 330)
        tufts.append(
            f'<path {stroke("grass-front" if y < 296 else "grass", 2.2)} d="M{x - 5:.0f} {y - 7:.0f}q3 3 4 7M{x:.0f} {y - 10:.0f}v10M{x + 6:.0f} {y - 7:.0f}q-4 3-5 7"/>'
        )
    return "".join(tufts)


def draw_waves(chance: Random, top: int, bottom: int, count: int) -> str:
    waves = []
    for _ in range(count):
        x, y = chance.uniform(10, 590), chance.uniform(top, bottom)
        waves.append(f'<path {stroke("foam", 2.4)} stroke-opacity=".8" d="M{x:.0f} {y:.0f}q7-6 14 0t14 0t14 0"/>')
    return "".join(waves)


def draw_crowns(chance: Random, start: int, step: int, half: int, tops: tuple[int, int]) -> str:
    """A row of conifers as one shape, each of three tiers."""
    path = []
    for x in range(start, 680, step):
        top = chance.randint(*tops)
        rise = (250 - top) / 3
        tiers = "".join(
            f"L{x + half * share:.0f} {top + rise * tier:.0f}"
            for share, tier in ((0.6, 1), (0.3, 1), (0.85, 2), (0.5, 2), (1, 3))
        )
        back = "".join(
            f"L{x - half * share:.0f} {top + rise * tier:.0f}"
            for share, tier in ((1, 3), (0.5, 2), (0.85, 2), (0.3, 1), (0.6, 1))
        )
        path.append(f"M{x} {top}{tiers}{back}z")
    return "".join(path)

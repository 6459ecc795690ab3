"""Elsewhere: under water, in space, in a cave; pictures without sky and grass."""

from __future__ import annotations

from random import Random

from story_engine.pictures.ground import Use, plant
from story_engine.pictures.palette import fill, stroke
from story_engine.pictures.scene import Scene
from story_engine.pictures.sky import draw_stars


def draw_underwater(scene: Scene, chance: Random, use: Use) -> str:
    rays = "".join(f'<path d="M{x} 0h54l-60 340h-120z" fill="#fff" fill-opacity=".09"/>' for x in (120, 300, 470, 640))
    weeds = "".join(
        f'<path {stroke("wood-near", 6)} d="M{x} 318q-12-24 0-46t0-{chance.randint(28, 60)}"/>'
        for x in (36, 58, 214, 428, 590, 612)
    )
    bubbles = "".join(
        f'<circle cx="{chance.uniform(20, 620):.0f}" cy="{chance.uniform(20, 260):.0f}" r="{chance.uniform(2.5, 8):.1f}" fill="#fff" fill-opacity=".28"/>'
        for _ in range(18)
    )
    corals = "".join(
        plant(use, name, x, 322, size)
        for name, x, size in (("coral", 96, 74), ("coral", 530, 92), ("rock", 330, 54), ("spiral-shell", 240, 30))
    )
    return (
        f'<rect {fill("water-front")} width="640" height="340"/><path {fill("deep")} d="M0 96Q320 66 640 100V340H0z"/><path {fill("deeper")} d="M0 214Q320 186 640 220V340H0z"/>'
        + rays + bubbles + weeds + f'<path {fill("sand-front")} d="M0 308Q180 290 340 310T640 304V340H0z"/>' + corals
    )  # fmt: skip


def draw_space(scene: Scene, chance: Random, use: Use) -> str:
    planets = (
        use("ringed-planet", chance.uniform(60, 160), 30, 92, 92)
        + f'<circle cx="{chance.uniform(440, 560):.0f}" cy="76" r="24" fill="#7fb7d6"/>'
    )
    moon = f'<path {fill("rock-far")} d="M0 276Q320 214 640 276V340H0z"/>' + "".join(
        f'<ellipse {fill("rock")} cx="{x}" cy="{y}" rx="{r}" ry="{r / 3:.0f}"/>'
        for x, y, r in ((120, 300, 26), (330, 268, 18), (520, 306, 30), (410, 322, 16))
    )
    stars = draw_stars(chance, 60, 250)
    return f'<rect {fill("sky-night")} width="640" height="340"/>' + stars + planets + moon


def draw_cave(scene: Scene, chance: Random, use: Use) -> str:
    mouth = f'<rect {fill("stone-dark")} width="640" height="340"/><path {fill("stone")} d="M40 300Q60 40 320 36T600 300z"/>'
    opening = f'<path {fill("sky-" + scene.time)} d="M246 262Q250 130 330 124T414 262z"/><path {fill("hill-near")} d="M247 240Q330 216 413 244V262H246z"/>'
    spikes = "".join(f'<path {fill("stone-dark")} d="M{x} 0h34l-17 {chance.randint(44, 88)}z"/>' for x in range(60, 600, 84))
    return (
        mouth
        + opening
        + spikes
        + f'<path {fill("stone-dark")} d="M0 268Q320 246 640 270V340H0z" fill-opacity=".75"/>'
        + use("rock", 30, 232, 70, 70)
        + use("rock", 560, 240, 56, 56)
    )

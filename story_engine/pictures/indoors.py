"""Indoors: a wall with a window, a floor, and what stands in such a room."""

from __future__ import annotations

from random import Random

from story_engine.pictures.ground import Use
from story_engine.pictures.palette import dot, fill, stroke
from story_engine.pictures.scene import Scene

FLOOR = 236


def draw_room(scene: Scene, chance: Random, use: Use) -> str:
    """A room, a kitchen, a bedroom or a shop."""
    wall = chance.choice(("wall", "wall-blue", "wall-rose", "wall-green"))
    parts = [f'<rect {fill(wall)} width="640" height="{FLOOR}"/>', _paper(chance, wall)]
    parts.append(f'<rect {fill("floor")} y="{FLOOR}" width="640" height="104"/>')
    parts += [f'<path {stroke("floor-line", 1.5)} d="M0 {y}H640"/>' for y in (258, 286, 318)]
    parts.append(f'<rect {fill("board")} y="{FLOOR - 9}" width="640" height="10"/>')
    side = chance.choice((False, True))
    parts.append(_draw_window(scene, 400 if side else 120, chance))
    parts.append(
        f'<ellipse {fill("rug")} cx="320" cy="298" rx="196" ry="30"/><ellipse {fill("rug-line")} cx="320" cy="298" rx="168" ry="23" fill-opacity=".6"/>'
    )
    parts.append(_FURNITURE[scene.place](use, 100 if side else 540, 540 if side else 100, chance))
    return "".join(parts)


def _paper(chance: Random, wall: str) -> str:
    """A quiet pattern on the wall."""
    if chance.random() < 0.5:
        path = "".join(f"M{x} 0V{FLOOR}" for x in range(16, 640, 32))
        return f'<path {stroke("wall-line", 5)} stroke-opacity=".28" d="{path}"/>'
    spots = ((x + (18 if row % 2 else 0), 16 + row * 30) for row in range(8) for x in range(12, 640, 36))
    return dot(spots, "wall-line", 6, 0.4)


def _draw_window(scene: Scene, x: int, chance: Random) -> str:
    """The window, and through it the hour and the weather."""
    sky = "storm" if scene.weather in ("rain", "storm") and scene.time != "night" else scene.time
    view = f'<rect {fill(f"sky-{sky}")} x="{x}" y="46" width="120" height="104"/>'
    if scene.time == "night":
        view += f'<circle {fill("moon")} cx="{x + 84}" cy="78" r="14"/>' + "".join(
            f'<circle cx="{x + chance.randint(6, 114)}" cy="{chance.randint(52, 120)}" r="1.400" fill="#fdf0c8"/>'
            for _ in range(7)
        )
    elif sky != "storm":
        view += f'<circle {fill("sun")} cx="{x + 88}" cy="76" r="13"/>'
    view += f'<path {fill("snow" if scene.weather == "snow" else "hill-near")} d="M{x} 132q40-22 120-6v24H{x}z"/>'
    if scene.weather in ("rain", "storm"):
        view += "".join(f'<path {stroke("rain", 1.6)} d="M{x + n * 13 + 8} {54 + n * 29 % 60}l-5 14"/>' for n in range(8))
    if scene.weather == "snow":
        view += "".join(f'<circle cx="{x + n * 15 + 8}" cy="{56 + n * 37 % 70}" r="2.200" fill="#fff"/>' for n in range(8))
    frame = f'<path {stroke("board", 7)} d="M{x} 46h120v104H{x}zM{x + 60} 46v104M{x} 98h120"/><rect {fill("board")} x="{x - 10}" y="150" width="140" height="9" rx="3"/>'
    curtains = "".join(
        f'<path {fill("rug")} d="M{x + at} 36h{26 * way}q{8 * way} 60-4 112h{-24 * way}z" fill-opacity=".9"/>'
        for at, way in ((-18, 1), (138, -1))
    )
    return view + frame + curtains + f'<path {stroke("timber-dark", 5)} d="M{x - 26} 35h172"/>'


def _stand(use: Use, name: str, x: float, size: float, foot: float = 252) -> str:
    shade = f'<ellipse {fill("shade")} fill-opacity=".14" cx="{x:.0f}" cy="{foot - 1:.0f}" rx="{size * 0.4:.0f}" ry="{size * 0.05:.0f}"/>'
    return shade + use(name, x - size / 2, foot - size * 0.95, size, size)


def _furnish_room(use: Use, far: int, near: int, chance: Random) -> str:
    picture = use("framed-picture", 296, 52, 62, 62)
    return (
        picture
        + _stand(use, "couch-and-lamp", far, 150)
        + _stand(use, "potted-plant", near + (36 if near < 320 else -36), 74, 250)
    )


def _furnish_bedroom(use: Use, far: int, near: int, chance: Random) -> str:
    return use("framed-picture", 300, 56, 52, 52) + _stand(use, "bed", far, 170, 270) + _stand(use, "books", near, 44, 250)


def _furnish_kitchen(use: Use, far: int, near: int, chance: Random) -> str:
    left = far - 88
    table = f'<path {fill("timber-dark")} d="M{left + 14} 196h9v58h-9zM{left + 153} 196h9v58h-9z"/><rect {fill("timber")} x="{left}" y="186" width="176" height="13" rx="4"/>'
    shelf = (
        f'<rect {fill("timber")} x="{near - 60}" y="104" width="120" height="8" rx="2"/>'
        if abs(near - 120) > 80 and abs(near - 460) > 80
        else ""
    )
    return (
        table
        + use("pot-of-food", left + 26, 138, 52, 52)
        + use("red-apple", left + 96, 160, 28, 28)
        + use("bread", left + 122, 154, 36, 36)
        + shelf
    )


def _furnish_shop(use: Use, far: int, near: int, chance: Random) -> str:
    left = far - 92
    boards = "".join(f'<rect {fill("timber")} x="{left}" y="{y}" width="184" height="8" rx="2"/>' for y in (92, 146, 200))
    goods = ("red-apple", "bread", "candy", "teddy-bear", "soccer-ball", "honey-pot", "pear", "chocolate-bar", "cupcake")
    stock = "".join(use(chance.choice(goods), left + 8 + n % 4 * 44, y - 36, 36, 36) for y in (92, 146, 200) for n in range(4))
    return boards + stock


_FURNITURE = {"room": _furnish_room, "bedroom": _furnish_bedroom, "kitchen": _furnish_kitchen, "shop": _furnish_shop}

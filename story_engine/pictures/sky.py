"""Sky: its colour, its light, its stars and clouds."""

from __future__ import annotations

from random import Random

from story_engine.pictures.ground import Use
from story_engine.pictures.palette import HEIGHT, HORIZON, WIDTH, dot, fill
from story_engine.pictures.scene import Scene


def draw_sky(scene: Scene, chance: Random, use: Use) -> str:
    """Sky, its light and its clouds."""
    sky = "storm" if scene.weather in ("storm", "rain") and scene.time != "night" else scene.time
    parts = [f'<rect {fill(f"sky-{sky}")} width="{WIDTH}" height="{HEIGHT}"/>']
    if sky != "storm":
        parts.append(f'<ellipse {fill(f"glow-{sky}")} cx="320" cy="{HORIZON}" rx="420" ry="96"/>')
    x = chance.choice((92, 130, 510, 548))
    if scene.time == "night":
        parts.append(draw_stars(chance, 26, 165))
        parts.append(
            f'<circle {fill("moon")} cx="{x}" cy="62" r="27"/><circle {fill("sky-night")} cx="{x + 12}" cy="54" r="23"/>'
        )
    elif sky != "storm":
        y = {"day": 58, "morning": 168, "evening": 178}[scene.time]
        parts.append(
            f'<circle {fill("sun")} cx="{x}" cy="{y}" r="32" fill-opacity=".28"/><circle {fill("sun")} cx="{x}" cy="{y}" r="24"/>'
        )
    if scene.weather == "rainbow":
        bows = zip(range(150, 96, -9), ("#e4572e", "#f3a712", "#f6e05e", "#76b852", "#4f9fd4", "#8a63b4"), strict=True)
        parts += [f'<path d="M{320 - r * 1.5:.0f} {HORIZON}A{r * 1.5:.0f} {r} 0 0 1 {320 + r * 1.5:.0f} {HORIZON}" fill="none" stroke="{colour}" '
                  'stroke-width="9" stroke-opacity=".6"/>' for r, colour in bows]  # fmt: skip
    clouds = {"": 2, "sunny": 1, "snow": 3, "rain": 5, "storm": 5, "wind": 3, "rainbow": 2}[scene.weather]
    if scene.time != "night" or clouds > 2:
        parts += [
            _draw_cloud(chance, number, clouds, "" if scene.time != "night" else ' fill-opacity=".35"')
            for number in range(clouds)
        ]
    if scene.weather == "storm":
        parts.append(f'<path d="M{x - 20} 60l-18 44h16l-12 40 40-56h-18l16-28z" fill="#ffd76a"/>')
    return "".join(parts)


def draw_stars(chance: Random, count: int, low: int) -> str:
    spots = [(chance.uniform(8, 632), chance.uniform(8, low)) for _ in range(count)]
    return dot(spots[: count // 3], "moon", 3.6) + dot(spots[count // 3 :], "moon", 2.2)


def _draw_cloud(chance: Random, number: int, clouds: int, faint: str) -> str:
    x = (number + chance.uniform(0.2, 0.8)) * WIDTH / clouds
    y, s = chance.uniform(34, 84), chance.uniform(0.75, 1.25)
    return (
        f'<path {fill("cloud")}{faint} transform="translate({x:.0f} {y:.0f}) scale({s:.2f})" '
        'd="M-44 14a15 15 0 0 1 4-29a24 24 0 0 1 45-7a19 19 0 0 1 30 12a12.500 12.500 0 0 1 3 24z"/>'
    )

"""Tellings of one passage side by side, as cards to choose from: while they are written, and when they stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from playground.render.book import draw_text
from playground.render.tree import mark_current
from playground.wording.strings import ENGLISH, Texts
from story_engine import Passage, Story

_WORD = re.compile(r"\s*\S+")


def draw_ways(story: Story, texts: Texts = ENGLISH) -> str:
    """The tellings of the last passage, the chosen one marked; nothing where there is only one.

    Where they are a strip - one seed at several temperatures - each says its own, and where it leaves the calmest.
    """
    last = story.last()
    versions = [story.passages[number] for number in story.versions(last.id)] if last else []
    if last is None or last.author != "model" or len(versions) < 2:
        return ""
    strip = find_strip(versions)
    cards = "".join(_draw_card(version, version.id == last.id, strip, texts) for version in versions)
    said = texts["same_chances" if strip else "which_way"]
    return f'<section class="ways" aria-label="{texts["tellings"]}"><p>{said}</p>{cards}</section>'


def draw_live_ways(told: Sequence[str], texts: Texts = ENGLISH) -> str:
    """Tellings as far as they have come."""
    cards = "".join(f'<div class="card"><span>{draw_text(text.strip())}</span></div>' for text in told)
    return f'<section class="ways is-live" aria-label="{texts["tellings"]}"><p>{texts["told_at_once"]}</p>{cards}</section>'


def find_strip(versions: Sequence[Passage]) -> list[Passage]:
    """The versions that one seed told at several temperatures, calmest first; none where there is no such set."""
    by_seed: dict[int | None, list[Passage]] = {}
    for version in versions:
        if version.receipt and not version.edited:
            by_seed.setdefault(version.receipt.settings.seed, []).append(version)
    strips = [found for found in by_seed.values() if len({_heat(version) for version in found}) > 1]
    longest = max(map(len, strips), default=0)
    return sorted(next((strip for strip in strips if len(strip) == longest), []), key=_heat)


def _heat(version: Passage) -> float:
    return version.receipt.settings.temperature if version.receipt else 0.0


def _draw_card(version: Passage, is_current: bool, strip: Sequence[Passage], texts: Texts) -> str:
    text = version.text.strip()
    inner, label = draw_text(text), ""
    if version in strip:
        label = texts["heat"].format(heat=f"{_heat(version):g}".replace(".", texts["point"]))
        if version is not strip[0]:
            same, own = part_from(strip[0].text.strip(), text)
            label += "" if own else f", {texts['same_words']}"
            inner = f'{draw_text(same)}<mark title="{texts["parts"]}">{draw_text(own)}</mark>' if own else inner
    return (
        f'<button type="button" class="card" data-act="go" data-passage="{version.id}"{mark_current(is_current)}>'
        f"{f'<small>{label}</small>' if label else ''}<span>{inner}</span></button>"
    )


def part_from(first: str, text: str) -> tuple[str, str]:
    """The words of `text` that also begin `first`, and the rest, each with the white space before it."""
    words = _WORD.findall(text)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(_WORD.findall(first), words, strict=False)))
    return "".join(words[:same]), "".join(words[same:])

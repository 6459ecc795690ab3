"""Serials: stories of one hero laid end to end, so that a model learns to go on after an ending."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

BREAK = "\n\n"
EPISODES = 12  # a TinyStories story has about 200 tokens; a dozen fill a window of 2,048

# A capital in mid-sentence marks a name. These do not name one hero.
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
_NO_HERO = frozenset({"Mom", "Mommy", "Mum", "Mummy", "Mama", "Mother", "Dad", "Daddy", "Papa", "Father", "Grandma", "Grandpa"})


def find_hero(story: str) -> str | None:
    """The name that stands in mid-sentence most often, at least twice; the first of several that do so equally often."""
    names = Counter(name for name in _NAME.findall(story) if name not in _NO_HERO)
    name, count = names.most_common(1)[0] if names else ("", 0)
    return name if count > 1 else None


def join_serials(stories: Sequence[str], episodes: int = EPISODES) -> list[str]:
    """Every story once, in serials of up to `episodes` that share a hero; one without a hero stays alone."""
    by_hero: dict[str | None, list[str]] = defaultdict(list)
    for story in stories:
        by_hero[find_hero(story)].append(story)
    alone = by_hero.pop(None, [])
    serials = [BREAK.join(told[at : at + episodes]) for told in by_hero.values() for at in range(0, len(told), episodes)]
    return serials + alone

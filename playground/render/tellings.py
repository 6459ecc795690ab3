"""Tellings of one passage side by side, as cards to choose from: while they are written, and when they are done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from markupsafe import Markup

from playground.render.texts import NOTHING, TextRenderer, mark_current, render_text
from story_engine import Passage, Story

_WORD = re.compile(r"\s*\S+")

TELLINGS = Markup('<section class="ways{live}" aria-label="{label}"><p>{title}</p>{cards}</section>')
CARD = Markup('<button type="button" class="card" data-act="go" data-passage="{passage}"{current}>{label}{words}</button>')
LIVE_CARD = Markup('<div class="card"><span{lang}>{words}</span></div>')
LABEL, WORDS = Markup("<small>{}</small>"), Markup("<span{lang}>{words}</span>")
PARTED = Markup('{same}<mark title="{title}">{own}</mark>')


class TellingsRenderer(TextRenderer):
    def render_tellings(self, story: Story) -> Markup:
        """The tellings of the last passage, the chosen one marked; nothing where there is only one.

        In a strip (one seed at several temperatures) each card names its temperature, and marks where it leaves the calmest.
        """
        last = story.last()
        versions = [story.passages[number] for number in story.versions(last.id)] if last else []
        if last is None or last.author != "model" or len(versions) < 2:
            return NOTHING
        strip = find_strip(versions)
        cards = NOTHING.join(self._render_card(version, version.id == last.id, strip) for version in versions)
        return self._render_section(self.texts["same_chances" if strip else "which_way"], cards)

    def render_live_tellings(self, told: Sequence[str]) -> Markup:
        """Tellings as far as they have come."""
        lang = self.name_language("")
        cards = NOTHING.join(LIVE_CARD.format(words=render_text(text.strip()), lang=lang) for text in told)
        return self._render_section(self.texts["told_at_once"], cards, " is-live")

    def _render_section(self, title: str, cards: Markup, live: str = "") -> Markup:
        return TELLINGS.format(live=live, label=self.texts["tellings"], title=title, cards=cards)

    def _render_card(self, version: Passage, is_current: bool, strip: Sequence[Passage]) -> Markup:
        text, label = version.text.strip(), ""
        words = render_text(text)
        if version in strip:
            label = self.texts["heat"].format(heat=f"{_temperature_of(version):g}".replace(".", self.texts["point"]))
            same, own = part_from(strip[0].text.strip(), text)
            if version is not strip[0] and own:
                words = PARTED.format(same=render_text(same), title=self.texts["parts"], own=render_text(own))
            elif version is not strip[0]:
                label += f", {self.texts['same_words']}"
        return CARD.format(
            passage=version.id,
            current=mark_current(is_current),
            label=LABEL.format(label) if label else NOTHING,
            words=WORDS.format(words=words, lang=self.name_language(text)),
        )


def find_strip(versions: Sequence[Passage]) -> list[Passage]:
    """The versions that one seed told at several temperatures, calmest first; none where there is no such set."""
    by_seed: dict[int | None, list[Passage]] = {}
    for version in versions:
        if version.receipt and not version.edited:
            by_seed.setdefault(version.receipt.settings.seed, []).append(version)
    strips = [found for found in by_seed.values() if len({_temperature_of(version) for version in found}) > 1]
    longest = max(map(len, strips), default=0)
    return sorted(next((strip for strip in strips if len(strip) == longest), []), key=_temperature_of)


def _temperature_of(version: Passage) -> float:
    return version.receipt.settings.temperature if version.receipt else 0.0


def part_from(first: str, text: str) -> tuple[str, str]:
    """The words of `text` that also begin `first`, and the rest, each with the white space before it."""
    words = _WORD.findall(text)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(_WORD.findall(first), words, strict=False)))
    return "".join(words[:same]), "".join(words[same:])

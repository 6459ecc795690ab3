"""The line under the story: how full the model's window is, and what the model forgot."""

from __future__ import annotations

from markupsafe import Markup

from playground.render.texts import NOTHING, TextRenderer
from playground.wording.messages import find_message
from story_engine import LedgerEntry, Reading, Sentence, Story, Window, find_named

REASONS_SHOWN = 20

METER = Markup(
    '<details class="meter"><summary><span class="bar" role="img" aria-label="{label}">'
    '<i style="width:{used:.1f}%"></i><b style="width:{answer:.1f}%"></b></span>'
    "<span>{summary}</span></summary>{next}{ledger}{level}</details>"
)
KEPT = Markup(
    '<q{lang}>{words}</q> <button type="button" data-act="pin" data-passage="{passage}" data-place="{place}">{act}</button>'
)
LINE, LIST, ITEM = Markup("<p>{}</p>"), Markup("<ul>{}</ul>"), Markup("<li>{}</li>")
MIND = Markup("<li><q{lang}>{words}</q> <small>{why}</small></li>")
ENTRY = Markup("<li>{change}: {reason}.</li>")


class MeterRenderer(TextRenderer):
    def render_meter(self, story: Story, window: Window | None, reading: Reading | None = None) -> Markup:
        """How full the window is, what was forgotten and why, what goes next, and how hard the story is to read."""
        if window is None:
            return NOTHING
        texts, used = self.texts, 100 * len(window.ids) / window.context_length
        entries = NOTHING.join(map(self._render_entry, reversed(story.memory.ledger[-REASONS_SHOWN:])))
        level = texts["reading"].format(words=reading.words, rare=reading.rare) if reading else ""
        return METER.format(
            label=texts["meter_label"].format(share=used),
            used=used,
            answer=100 * (window.context_length - window.limit) / window.context_length,
            summary=self._summarize(window),
            next=self._render_pins(story, window) + self._render_mind(story, window),
            ledger=LIST.format(entries) if entries else LINE.format(texts["will_forget"]),
            level=LINE.format(level) if level else NOTHING,
        )

    def _summarize(self, window: Window) -> str:
        texts, count = self.texts, len(window.forgotten)
        gone = texts["gone_none" if not count else "gone_one" if count == 1 else "gone"].format(count=count)
        summary = texts["meter"].format(used=len(window.ids), context=window.context_length, said=gone)
        troubles = {"unpinned": window.unpinned, "unnoted": window.unnoted, "long_opening": window.is_opening_cut}
        return " ".join([summary, *(texts[key] for key, is_so in troubles.items() if is_so)])

    def _render_pins(self, story: Story, window: Window) -> Markup:
        """The next sentence to go, and the pinned ones, each with its button."""
        coming = [self._render_kept(s, self.texts["keep_it"]) for s in window.kept if s.key == window.next_forgotten]
        pinned = [self._render_kept(s, self.texts["let_go"]) for s in window.kept if s.key in story.pins]
        html = LINE.format(Markup("{} {}").format(self.texts["going"], NOTHING.join(coming))) if coming else NOTHING
        if pinned:
            html += LINE.format(self.texts["kept_ones"]) + LIST.format(NOTHING.join(map(ITEM.format, pinned)))
        return html

    def _render_mind(self, story: Story, window: Window) -> Markup:
        """The reader's notes and lore that the model has in mind, each with the reason, and how much lore waits."""
        named = find_named(story.lore, [passage.text for passage in story.path()])
        notes = [s for s in window.kept if s.key in window.notes][: len(window.notes) - len(window.lore)]
        items = [self._render_line(note.text.strip(), self.texts["lore_always"]) for note in notes]
        for number, name in named:
            why = self.texts["lore_named" if number in window.lore else "lore_crowded"].format(name=name)
            items.append(self._render_line(story.lore[number].text, why))
        waiting = len(story.lore) - len(named)
        said = self.texts["lore_waits" if waiting > 1 else "lore_waits_one"].format(count=waiting)
        html = LINE.format(self.texts["lore_title"]) + LIST.format(NOTHING.join(items)) if items else NOTHING
        return html + (LINE.format(said) if waiting else NOTHING)

    def _render_line(self, words: str, why: str) -> Markup:
        return MIND.format(words=words, lang=self.name_language(words), why=why)

    def _render_kept(self, sentence: Sentence, act: str) -> Markup:
        """A sentence, and a button that pins it or lets it go."""
        passage, place = sentence.key
        words, lang = sentence.text.strip(), self.name_language(sentence.text)
        return KEPT.format(words=words, lang=lang, passage=passage, place=place, act=act)

    def _render_entry(self, entry: LedgerEntry) -> Markup:
        count = len(entry.sentences)
        change = self.texts[f"ledger_{entry.kind}" + ("_one" if count == 1 else "")].format(count=count, tokens=entry.tokens)
        return ENTRY.format(change=change, reason=find_message(entry.reason, self.texts["language"]))

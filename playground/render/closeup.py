"""A closer look at a passage: its alternatives, its influences, its receipt, and the model's window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp

from markupsafe import Markup

from playground.render.texts import NOTHING, TextRenderer, render_text
from story_engine import READING_LEVELS, Choice, Influence, Receipt, Replay, Sentence, Window, Word

SHOWN_BEFORE = 60  # characters shown on either side of the place where two tellings part
MOST_INFLUENCE = 20  # nats
SMALL_INFLUENCE = 0.1  # nats; less than a tenth likelier is called no difference

WORDS = Markup('<div class="words" role="group" aria-label="{label}">{words}</div>')
WORD = Markup(
    '<details class="word" name="words" style="--doubt:{doubt:.2f}">'
    '<summary title="{title}">{token}</summary><ul>{others}</ul></details>{line_break}'
)
OTHER = Markup(
    '<li><button type="button" data-act="from" data-passage="{passage}" data-place="{place}" data-token="{number}">'
    "{token} <small>{chance:.1%}</small></button></li>"
)
CONTEXT = Markup('<section class="context" aria-label="{label}">{parts}</section>')
PART = Markup('<div class="part"><small>{title}</small>{inner}</div>')
FIRST_TOKEN, TOKEN = Markup('<span class="token">{}</span>'), Markup('<span class="token" title="{title}">{token}</span>')
WISHED = Markup('<p class="hint wished">{}</p>')
RECEIPT = Markup('<details class="hint receipt"><summary>{title}</summary>{words}</details>')
INFLUENCES = Markup('<ol class="influences">{}</ol>')
INFLUENCE = Markup('<li style="--share:{share:.2f}"><span{lang}>{text}</span><small>{words}</small></li>')
SAME = Markup('<p class="hint">{}</p>')
OTHERWISE = Markup('<p class="hint">{title} <q{lang}>…{common}</q>: <q{lang}>{rest}…</q></p>')


class CloseupRenderer(TextRenderer):
    def render_words(self, words: Sequence[Word], passage: int) -> Markup:
        """A passage token by token, the unlikely ones darker; each opens to a list of its alternatives."""
        items = (self._render_word(word, passage, place) for place, word in enumerate(words))
        return WORDS.format(label=self.texts["look_words"], words=NOTHING.join(items))

    def _render_word(self, word: Word, passage: int, place: int) -> Markup:
        others = [choice for choice in word.others if choice.token != word.said.token]
        also = ", ".join(f"{choice.text.strip() or '␣'} {choice.chance:.0%}" for choice in others)
        buttons = (
            OTHER.format(passage=passage, place=place, number=one.token, token=show_token(one), chance=one.chance)
            for one in others
        )
        return WORD.format(
            doubt=1 - word.said.chance,
            title=self.texts["sure"].format(chance=word.said.chance, others=also),
            token=show_token(word.said),
            others=NOTHING.join(buttons),
            line_break=Markup("<br>") if word.said.text.endswith("\n") else NOTHING,
        )

    def render_context(self, window: Window, name_token: Callable[[int], str], by_token: bool) -> Markup:
        """The window that the model reads for the next passage, in its order; token by token if asked."""
        parts = [PART.format(title=self.texts["every_beginning"], inner=FIRST_TOKEN.format(name_token(window.ids[0])))]
        for key, sentences in divide(window).items():
            if sentences:
                inner = (self._render_tokens(s, name_token) if by_token else self.tell(s.text) for s in sentences)
                tokens = sum(len(sentence.ids) for sentence in sentences)
                title = self.texts["part"].format(name=self.texts[key], tokens=tokens)
                parts.append(PART.format(title=title, inner=NOTHING.join(inner)))
        return CONTEXT.format(label=self.texts["reads"], parts=NOTHING.join(parts))

    def _render_tokens(self, sentence: Sentence, name_token: Callable[[int], str]) -> Markup:
        tokens = (
            TOKEN.format(title=self.texts["token"].format(number=token), token=name_token(token).replace("\n", "↵"))
            for token in sentence.ids
        )
        return NOTHING.join(tokens)

    def render_receipt(self, receipt: Receipt | None) -> Markup:
        """What was wished for, and the model, the window and the settings that a passage came from."""
        if receipt is None:
            return NOTHING
        wished = WISHED.format(self.texts["wished_for"].format(wish=receipt.wish)) if receipt.wish else NOTHING
        settings = [
            f"{self.texts[name]} {value}".replace(".", self.texts["point"])
            for name, value in receipt.settings.to_dict().items()
            if value is not None and name not in ("unwanted", "reading_level")
        ]
        if (level := receipt.settings.reading_level) != READING_LEVELS[-1]:
            settings.append(f"{self.texts['reading_level']}: {self.texts[f'reading_level_{level}']}")
        if receipt.settings.unwanted:
            settings.append(f"{self.texts['unwanted']}: {', '.join(receipt.settings.unwanted)}")
        more = {"receipt_forgotten": receipt.forgotten, "receipt_ending": receipt.ending, "receipt_loops": receipt.loops}
        facts = [self.texts["told_by"].format(model=receipt.model, tokens=receipt.window_tokens)]
        facts += [self.texts[key].format(count=count) for key, count in more.items() if count]
        return wished + RECEIPT.format(title=self.texts["receipt"], words=f"{', '.join(facts)}. {', '.join(settings)}.")

    def render_influences(self, influences: Sequence[Influence]) -> Markup:
        """Earlier paragraphs, tinted by how much likelier they made a sentence; each says so in words, too."""
        most = max((one.nats for one in influences), default=0)
        items = (
            INFLUENCE.format(
                share=max(0, one.nats) / max(most, 1),
                text=render_text(one.text),
                lang=self.name_language(one.text),
                words=self._describe_influence(one.nats),
            )
            for one in influences
        )
        return INFLUENCES.format(NOTHING.join(items))

    def _describe_influence(self, nats: float) -> str:
        if abs(nats) < SMALL_INFLUENCE:
            return self.texts["no_difference"]
        times = exp(min(abs(nats), MOST_INFLUENCE))
        number = f"{times:.{0 if times >= 10 else 1}f}".replace(".", self.texts["point"])
        return self.texts["likelier" if nats > 0 else "less_likely"].format(times=number)

    def render_replay(self, replay: Replay) -> Markup:
        """Whether a passage came out the same, and if not, where the tellings part."""
        if replay.is_identical:
            return SAME.format(self.texts["told_same"])
        start, end = max(0, replay.same - SHOWN_BEFORE), replay.same + SHOWN_BEFORE
        common, rest = replay.text[start : replay.same], replay.text[replay.same : end]
        return OTHERWISE.format(title=self.texts["told_other"], common=common, rest=rest, lang=self.name_language(replay.text))


def show_token(choice: Choice) -> str:
    """A token that can be seen: line breaks as a sign, nothing as an open box."""
    return choice.text.replace("\n", "↵") or "␣"


def divide(window: Window) -> dict[str, list[Sentence]]:
    """Opening, notes, and the rest, by the key of their title."""
    opening = [s for s in window.kept if s.key in window.opening]
    notes = [s for s in window.kept if s.key in window.notes]
    rest = [s for s in window.kept if s.key not in window.opening | window.notes]
    return {"the_opening": opening, "in_mind": notes, "remembered": rest}

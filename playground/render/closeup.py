"""A closer look, drawn: what else a passage might have said, what mattered for it, how it came about, what the model reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import exp

from playground.render.book import draw_text
from playground.wording.strings import ENGLISH, Texts
from story_engine import Choice, Influence, Receipt, Replay, Sentence, Window, Word

SHOWN_BEFORE = 60  # characters around the place where two tellings part
MOST_INFLUENCE = 20  # nats
SMALL_INFLUENCE = 0.1  # nats: a tenth likelier or less is not worth a word


def draw_words(words: Sequence[Word], passage: int, texts: Texts = ENGLISH) -> str:
    """A passage token by token, the unlikely ones darker; each opens to what else might stand there."""
    drawn = "".join(_draw_word(word, passage, place, texts) for place, word in enumerate(words))
    return f'<div class="words" role="group" aria-label="{texts["look_words"]}">{drawn}</div>'


def _draw_word(word: Word, passage: int, place: int, texts: Texts) -> str:
    others = [choice for choice in word.others if choice.token != word.said.token]
    also = ", ".join(f"{choice.text.strip() or '␣'} {choice.chance:.0%}" for choice in others)
    buttons = "".join(
        f'<li><button type="button" data-act="from" data-passage="{passage}" data-place="{place}" data-token="{choice.token}">'
        f"{_draw_token(choice)} <small>{choice.chance:.1%}</small></button></li>"
        for choice in others
    )
    hint = escape(texts["sure"].format(chance=word.said.chance, others=also))
    return (
        f'<details class="word" name="words" style="--doubt:{1 - word.said.chance:.2f}">'
        f'<summary title="{hint}">{_draw_token(word.said)}</summary>'
        f"<ul>{buttons}</ul></details>{'<br>' if word.said.text.endswith(chr(10)) else ''}"
    )


def _draw_token(choice: Choice) -> str:
    return escape(choice.text).replace("\n", "↵") or "␣"


def draw_context(window: Window, name_token: Callable[[int], str], by_token: bool, texts: Texts = ENGLISH) -> str:
    """Exactly what the model reads for the next passage, in its order; token by token if asked."""
    first = f'<span class="token">{escape(name_token(window.ids[0]))}</span>'
    parts = [f'<div class="part"><small>{texts["every_beginning"]}</small>{first}</div>']
    for key, sentences in _divide(window).items():
        if sentences:
            inner = "".join(
                _draw_read(sentence, name_token, texts) if by_token else draw_text(sentence.text) for sentence in sentences
            )
            tokens = sum(len(sentence.ids) for sentence in sentences)
            parts.append(
                f'<div class="part"><small>{texts["part"].format(name=texts[key], tokens=tokens)}</small>{inner}</div>'
            )
    return f'<section class="context" aria-label="{texts["reads"]}">{"".join(parts)}</section>'


def _divide(window: Window) -> dict[str, list[Sentence]]:
    """Opening, notes, and the rest, by the key of their title."""
    opening = [s for s in window.kept if s.key in window.opening]
    notes = [s for s in window.kept if s.key in window.notes]
    rest = [s for s in window.kept if s.key not in window.opening | window.notes]
    return {"the_opening": opening, "in_mind": notes, "remembered": rest}


def _draw_read(sentence: Sentence, name_token: Callable[[int], str], texts: Texts) -> str:
    return "".join(
        f'<span class="token" title="{texts["token"].format(number=token)}">'
        f"{escape(name_token(token)).replace(chr(10), '↵')}</span>"
        for token in sentence.ids
    )


def draw_receipt(receipt: Receipt | None, texts: Texts = ENGLISH) -> str:
    """How a passage came about, for whoever wants to tell it again."""
    if receipt is None:
        return ""
    settings = [
        f"{texts[name]} {value}".replace(".", texts["point"])
        for name, value in receipt.settings.to_dict().items()
        if value is not None
    ]
    more = {"receipt_forgotten": receipt.forgotten, "receipt_ending": receipt.ending, "receipt_loops": receipt.loops}
    facts = [texts["told_by"].format(model=receipt.model, tokens=receipt.window_tokens)]
    facts += [texts[key].format(count=count) for key, count in more.items() if count]
    words = escape(f"{', '.join(facts)}. {', '.join(settings)}.")
    return f'<details class="hint receipt"><summary>{texts["receipt"]}</summary>{words}</details>'


def draw_influences(influences: list[Influence], texts: Texts = ENGLISH) -> str:
    """Earlier paragraphs, tinted by how much likelier they made a sentence; each says it in words, too."""
    most = max((one.nats for one in influences), default=0)
    items = "".join(
        f'<li style="--share:{max(0, one.nats) / max(most, 1):.2f}"><span>{draw_text(one.text)}</span>'
        f"<small>{_say_influence(one.nats, texts)}</small></li>"
        for one in influences
    )
    return f'<ol class="influences">{items}</ol>'


def _say_influence(nats: float, texts: Texts) -> str:
    if abs(nats) < SMALL_INFLUENCE:
        return texts["no_difference"]
    times = exp(min(abs(nats), MOST_INFLUENCE))
    said = f"{times:.{0 if times >= 10 else 1}f}".replace(".", texts["point"])
    return texts["likelier" if nats > 0 else "less_likely"].format(times=said)


def draw_replay(replay: Replay, texts: Texts = ENGLISH) -> str:
    """Whether a passage came out the same, and if not, where the tellings part."""
    if replay.is_identical:
        return f'<p class="hint">{texts["told_same"]}</p>'
    common = escape(replay.text[max(0, replay.same - SHOWN_BEFORE) : replay.same])
    rest = escape(replay.text[replay.same : replay.same + SHOWN_BEFORE])
    return f'<p class="hint">{texts["told_other"]} <q>…{common}</q>: <q>{rest}…</q></p>'

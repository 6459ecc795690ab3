"""Pure functions from a story to what the page shows. All text is escaped here, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from playground.wording.messages import find_message
from playground.wording.strings import ENGLISH, Texts
from story_engine import Doubt, Key, LedgerEntry, Passage, Reading, Sentence, Story, Window

AROUND = 4  # words around a place that is doubted
BREAK = '<span class="break"></span>'
REASONS_SHOWN = 20
SHOW_LINE = 0.5  # how full the memory is when the page begins to show what will be forgotten next


def draw_book(
    story: Story,
    window: Window | None,
    writing: bool,
    doubts: Sequence[Doubt] = (),
    texts: Texts = ENGLISH,
    pinning: bool = False,
) -> str:
    """The story as one book page: every passage a span that can be clicked, what the model has forgotten paler.

    With `pinning`, it is every sentence that can be clicked, to be remembered always; the opening is so anyway.

    Pinned sentences are marked, and a line stands where the model will forget next, once its memory is half full.
    `doubts` are places in the last passage that do not go with the story.
    """
    marks = mark_sentences(window)
    for key in story.pins:
        marks[key] = f"{marks.get(key, '')} pinned".strip()
    drawn: dict[Key, tuple[str, str]] = {}
    for sentence in (*window.forgotten, *window.kept) if window else ():
        can_be_pinned = pinning and window is not None and sentence.key not in window.opening
        html = _draw_sentence(sentence, marks.get(sentence.key, ""), texts, can_be_pinned)
        drawn[sentence.key] = sentence.text, html
    passages = [_draw_passage(story, passage, drawn, texts, pinning) for passage in story.path()]
    live = '<span class="live by-model" aria-live="off"></span>' if writing else ""
    last = story.last()
    end = f'<div class="the-end" role="note">{texts["end"]}</div>' if last and last.finish == "end" and not writing else ""
    facts = f'aria-label="{texts["the_story"]}" data-voiceless="{texts["voiceless"]}"'
    book = f'<article class="book" {facts}>{"".join(passages)}{live}{end}</article>'
    return book + _draw_doubts(last.text, doubts, texts) if last and doubts else book


def mark_sentences(window: Window | None) -> dict[Key, str]:
    """What is to be seen of single sentences, as classes: `forgotten`, or `next-forgotten` for the next to go."""
    if window is None:
        return {}
    marks = {sentence.key: "forgotten" for sentence in window.forgotten}
    if window.next_forgotten and len(window.ids) > SHOW_LINE * window.limit:
        marks[window.next_forgotten] = "next-forgotten"
    return marks


def _draw_doubts(text: str, doubts: Sequence[Doubt], texts: Texts) -> str:
    """What does not go with the story, in words, and a way to hear it told otherwise."""
    items = "".join(
        f"<li>{escape(texts['doubt_' + doubt.kind].format(name=doubt.name))} <q>{escape(_quote(text, doubt))}</q></li>"
        for doubt in doubts
    )
    again = f'<button type="button" data-act="retry">{texts["otherwise"]}</button>'
    return f'<aside class="doubts" aria-label="{texts["doubts"]}"><ul>{items}</ul>{again}</aside>'


def _quote(text: str, doubt: Doubt) -> str:
    """The place with a few words around it."""
    before, after = text[: doubt.start].split()[-AROUND:], text[doubt.end :].split()[:AROUND]
    inside = text[doubt.start : doubt.end] + (
        "" if text[doubt.end : doubt.end + 1].isspace() else after.pop(0) if after else ""
    )
    return " ".join(["…", *before, inside, *after, "…"])


def draw_text(text: str) -> str:
    """Plain text as safe HTML, line breaks as small gaps."""
    return escape(text).replace("\n", BREAK)


def _draw_passage(story: Story, passage: Passage, drawn: dict[Key, tuple[str, str]], texts: Texts, pinning: bool) -> str:
    """A passage by its sentences, text and HTML each, where they give its words."""
    sentences = [drawn[key] for key in sorted(key for key in drawn if key[0] == passage.id)]
    is_whole = "".join(text for text, _ in sentences) == passage.text
    inner = "".join(html for _, html in sentences) if is_whole else draw_text(passage.text)
    classes = f"passage by-{passage.author}{' edited' if passage.edited else ''}"
    change = (
        f'data-act="edit" data-passage="{passage.id}" tabindex="0" role="button" title="{texts["change_" + passage.author]}"'
    )
    words = f'<span class="{classes}" {"" if pinning else change}>{inner}</span>' if passage.text else ""
    is_retold = passage.receipt and passage.receipt.loops and not passage.edited
    retold = f'<span class="retold" title="{texts["retold_hint"]}">{texts["retold"]}</span>' if is_retold else ""
    return words + retold + _draw_versions(story, passage, texts)


def _draw_sentence(sentence: Sentence, mark: str, texts: Texts, can_be_pinned: bool) -> str:
    text, words = sentence.text, sentence.text.lstrip()
    if not words or not (mark or can_be_pinned):
        return draw_text(text)
    titles = " ".join(texts[name] for name in [*mark.split(), *(["pin"] if can_be_pinned and "pinned" not in mark else [])])
    passage, place = sentence.key
    check = (
        f' data-act="pin" data-passage="{passage}" data-place="{place}" tabindex="0" role="checkbox" '
        f'aria-checked="{"true" if "pinned" in mark else "false"}"'
    )
    line = f' data-line="{texts["line"]}"' if "next-forgotten" in mark else ""
    tag = f'<span class="{mark}" title="{titles}"{line}{check if can_be_pinned else ""}>'
    return f"{draw_text(text[: len(text) - len(words)])}{tag}{draw_text(words)}</span>"


def _draw_versions(story: Story, passage: Passage, texts: Texts) -> str:
    """'2 of 4' with arrows, where a passage has been told more than once."""
    versions = story.versions(passage.id)
    if len(versions) < 2:
        return ""
    place = texts["place"].format(place=versions.index(passage.id) + 1, count=len(versions))

    def arrow(act: str, sign: str, label: str) -> str:
        return f'<button type="button" data-act="{act}" data-passage="{passage.id}" aria-label="{label}">{sign}</button>'

    return (
        f'<span class="versions">{arrow("back", "‹", texts["previous"])}'
        f"<span>{place}</span>{arrow('forward', '›', texts['following'])}</span>"
    )


def draw_meter(story: Story, window: Window | None, reading: Reading | None = None, texts: Texts = ENGLISH) -> str:
    """How full the model's memory is, what it has forgotten, and how hard the story is to read, in plain words."""
    if window is None:
        return ""
    share, count = 100 * len(window.ids) / window.context, len(window.forgotten)
    answer = 100 * (window.context - window.limit) / window.context
    gone = texts["gone_none" if not count else "gone_one" if count == 1 else "gone"].format(count=count)
    said = texts["meter"].format(used=len(window.ids), context=window.context, said=gone)
    troubles = {"unpinned": window.unpinned, "unnoted": window.unnoted, "long_opening": window.is_opening_cut}
    notes = "".join(f" {texts[key]}" for key, is_so in troubles.items() if is_so)
    coming = "".join(_draw_kept(s, texts["keep_it"]) for s in window.kept if s.key == window.next_forgotten)
    pinned = "".join(f"<li>{_draw_kept(s, texts['let_go'])}</li>" for s in window.kept if s.key in story.pins)
    next_line = f"<p>{texts['going']} {coming}</p>" if coming else ""
    next_line += f"<p>{texts['kept_ones']}</p><ul>{pinned}</ul>" if pinned else ""
    entries = "".join(_draw_entry(entry, texts) for entry in reversed(story.memory.ledger[-REASONS_SHOWN:]))
    ledger = f"<ul>{entries}</ul>" if entries else f"<p>{texts['will_forget']}</p>"
    level = f"<p>{texts['reading'].format(words=reading.words, rare=reading.rare)}</p>" if reading else ""
    return (
        '<details class="meter"><summary>'
        f'<span class="bar" role="img" aria-label="{texts["meter_label"].format(share=share)}">'
        f'<i style="width:{share:.1f}%"></i><b style="width:{answer:.1f}%"></b></span>'
        f"<span>{said}{notes}</span></summary>{next_line}{ledger}{level}</details>"
    )


def _draw_kept(sentence: Sentence, act: str) -> str:
    """A sentence, and a button that pins it or lets it go."""
    passage, place = sentence.key
    button = f'<button type="button" data-act="pin" data-passage="{passage}" data-place="{place}">{act}</button>'
    return f"<q>{escape(sentence.text.strip())}</q> {button}"


def _draw_entry(entry: LedgerEntry, texts: Texts) -> str:
    count = len(entry.sentences)
    said = texts[f"ledger_{entry.kind}" + ("_one" if count == 1 else "")].format(count=count, tokens=entry.tokens)
    return f"<li>{said}: {escape(find_message(entry.reason, texts['language']))}.</li>"

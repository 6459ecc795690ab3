"""Pure functions from a story to what the page shows. All text is escaped here, and nowhere else."""

from __future__ import annotations

from html import escape
from math import exp

from story_engine import Influence, Key, LedgerEntry, Passage, Receipt, Replay, Story, Window

BREAK = '<span class="break"></span>'
REASONS_SHOWN = 20
SHOWN_BEFORE = 60  # characters around the place where two tellings part
SHOW_LINE = 0.5  # how full the memory is when the page begins to show what will be forgotten next
SMALL_INFLUENCE = 0.1  # nats: a tenth likelier or less is not worth a word
HINTS = {
    "forgotten": "The model no longer remembers this.",
    "next-forgotten": "This will be forgotten next.",
    "pinned": "Always remembered.",
}


def draw_book(story: Story, window: Window | None, writing: bool) -> str:
    """The story as one book page: every passage a span that can be clicked, what the model has forgotten paler.

    Pinned sentences are marked, and a line stands where the model will forget next, once its memory is half full.
    """
    marks, texts = mark_sentences(window), {}
    for sentence in (*window.forgotten, *window.kept) if window else ():
        texts[sentence.key] = sentence.text
    for key in story.pins:
        marks[key] = f"{marks.get(key, '')} pinned".strip()
    passages = [_draw_passage(story, passage, texts, marks) for passage in story.path()]
    live = '<span class="live by-model" aria-live="off"></span>' if writing else ""
    last = story.last()
    end = '<div class="the-end" role="note">The End</div>' if last and last.finish == "end" and not writing else ""
    return f'<article class="book" aria-label="The story">{"".join(passages)}{live}{end}</article>'


def mark_sentences(window: Window | None) -> dict[Key, str]:
    """What is to be seen of single sentences, as classes: `forgotten`, or `next-forgotten` for the next to go."""
    if window is None:
        return {}
    marks = {sentence.key: "forgotten" for sentence in window.forgotten}
    if window.next_forgotten and len(window.ids) > SHOW_LINE * window.limit:
        marks[window.next_forgotten] = "next-forgotten"
    return marks


def draw_text(text: str) -> str:
    """Plain text as safe HTML, line breaks as small gaps."""
    return escape(text).replace("\n", BREAK)


def _draw_passage(story: Story, passage: Passage, texts: dict[Key, str], marks: dict[Key, str]) -> str:
    keys = sorted(key for key in texts if key[0] == passage.id)
    if "".join(texts[key] for key in keys) == passage.text:
        inner = "".join(_draw_sentence(texts[key], marks.get(key, "")) for key in keys)
    else:
        inner = draw_text(passage.text)
    who = "reader" if passage.author == "reader" else "model"
    label = "your words" if who == "reader" else "the model's words"
    edited = " edited" if passage.edited else ""
    words = (
        f'<span class="passage by-{who}{edited}" data-act="edit" data-passage="{passage.id}" tabindex="0" role="button" '
        f'title="Change {label}">{inner}</span>'
        if passage.text
        else ""
    )
    return words + _draw_versions(story, passage)


def _draw_sentence(text: str, mark: str) -> str:
    if not mark:
        return draw_text(text)
    titles = " ".join(HINTS[name] for name in mark.split() if name in HINTS)
    words = text.lstrip()
    return f'{draw_text(text[: len(text) - len(words)])}<span class="{mark}" title="{titles}">{draw_text(words)}</span>'


def _draw_versions(story: Story, passage: Passage) -> str:
    """'2 of 4' with arrows, where a passage has been told more than once."""
    versions = story.versions(passage.id)
    if len(versions) < 2:
        return ""
    place = versions.index(passage.id) + 1

    def arrow(act: str, sign: str, label: str) -> str:
        return f'<button type="button" data-act="{act}" data-passage="{passage.id}" aria-label="{label}">{sign}</button>'

    return (
        f'<span class="versions">{arrow("back", "‹", "Previous version")}'
        f"<span>{place} of {len(versions)}</span>{arrow('forward', '›', 'Next version')}</span>"
    )


def draw_meter(story: Story, window: Window | None) -> str:
    """How full the model's memory is, and what it has forgotten, in plain words."""
    if window is None:
        return ""
    used, share = len(window.ids), 100 * len(window.ids) / window.context
    answer = 100 * (window.context - window.limit) / window.context
    count = len(window.forgotten)
    said = f"{count} sentence{'s' if count != 1 else ''} forgotten" if count else "nothing forgotten"
    notes = " Not every pin fits." * bool(window.unpinned)
    notes += " The opening is long: only its first sentences are always remembered." * window.is_opening_cut
    coming = next((s.text.strip() for s in window.kept if s.key == window.next_forgotten), "")
    next_line = f"<p>The next sentence to be forgotten: <q>{escape(coming)}</q></p>" if coming else ""
    entries = "".join(_draw_entry(entry) for entry in reversed(story.memory.ledger[-REASONS_SHOWN:]))
    ledger = (
        f"<ul>{entries}</ul>"
        if entries
        else "<p>As the story grows past the model's memory, its oldest sentences are forgotten, but never its opening.</p>"
    )
    return (
        '<details class="meter"><summary>'
        f'<span class="bar" role="img" aria-label="The model\'s memory is {share:.0f} percent full">'
        f'<i style="width:{share:.1f}%"></i><b style="width:{answer:.1f}%"></b></span>'
        f"<span>The model remembers {used:,} of {window.context:,} tokens · {said}.{notes}</span></summary>"
        f"{next_line}{ledger}</details>"
    )


def _draw_entry(entry: LedgerEntry) -> str:
    count = len(entry.sentences)
    return f"<li>{count} sentence{'s' if count != 1 else ''} ({entry.tokens} tokens) {entry.kind}: {escape(entry.reason)}.</li>"


def draw_receipt(receipt: Receipt | None) -> str:
    """How a passage came about, for whoever wants to tell it again."""
    if receipt is None:
        return ""
    settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in receipt.settings.to_dict().items())
    forgotten = f", {receipt.forgotten} sentences forgotten" if receipt.forgotten else ""
    ending = f", to an end in about {receipt.ending} sentences" if receipt.ending else ""
    return (
        f'<details class="hint receipt"><summary>How this passage came about</summary>Told by model {escape(receipt.model)} '
        f"from {receipt.window_tokens:,} tokens{forgotten}{ending}: {escape(settings)}.</details>"
    )


def draw_influences(influences: list[Influence]) -> str:
    """Earlier paragraphs, tinted by how much likelier they made a sentence; each says it in words, too."""
    most = max((one.nats for one in influences), default=0)
    items = "".join(
        f'<li style="--share:{max(0, one.nats) / max(most, 1):.2f}"><span>{draw_text(one.text)}</span>'
        f"<small>{_say_influence(one.nats)}</small></li>"
        for one in influences
    )
    return f'<ol class="influences">{items}</ol>'


def _say_influence(nats: float) -> str:
    if abs(nats) < SMALL_INFLUENCE:
        return "made no difference"
    times = exp(min(abs(nats), 20))
    return f"made it {times:,.{0 if times >= 10 else 1}f} times {'likelier' if nats > 0 else 'less likely'}"


def draw_replay(replay: Replay) -> str:
    """Whether a passage came out the same, and if not, where the tellings part."""
    if replay.is_identical:
        return '<p class="hint">Told again, word for word the same.</p>'
    common = escape(replay.text[max(0, replay.same - SHOWN_BEFORE) : replay.same])
    rest = escape(replay.text[replay.same : replay.same + SHOWN_BEFORE])
    return f'<p class="hint">Told again, it goes another way after <q>…{common}</q>: <q>{rest}…</q></p>'

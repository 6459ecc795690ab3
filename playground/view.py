"""Pure functions from a story to what the page shows. All text is escaped here, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from story_engine import Doubt, Key, LedgerEntry, Passage, Reading, Story, Window

AROUND = 4  # words around a place that is doubted
RETOLD = '<span class="retold" title="This went round in circles, and was told anew from an earlier place.">↺ told anew</span>'
BREAK = '<span class="break"></span>'
REASONS_SHOWN = 20
SHOW_LINE = 0.5  # how full the memory is when the page begins to show what will be forgotten next
HINTS = {
    "forgotten": "The model no longer remembers this.",
    "next-forgotten": "This will be forgotten next.",
    "pinned": "Always remembered.",
}
DOUBTS = {
    "name": "Who is {name}? The story has not told of {name} so far.",
    "pronoun": "The story called {name} something else so far.",
}


def draw_book(story: Story, window: Window | None, writing: bool, doubts: Sequence[Doubt] = ()) -> str:
    """The story as one book page: every passage a span that can be clicked, what the model has forgotten paler.

    Pinned sentences are marked, and a line stands where the model will forget next, once its memory is half full.
    `doubts` are places in the last passage that do not go with the story.
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
    book = f'<article class="book" aria-label="The story">{"".join(passages)}{live}{end}</article>'
    return book + _draw_doubts(last.text, doubts) if last and doubts else book


def mark_sentences(window: Window | None) -> dict[Key, str]:
    """What is to be seen of single sentences, as classes: `forgotten`, or `next-forgotten` for the next to go."""
    if window is None:
        return {}
    marks = {sentence.key: "forgotten" for sentence in window.forgotten}
    if window.next_forgotten and len(window.ids) > SHOW_LINE * window.limit:
        marks[window.next_forgotten] = "next-forgotten"
    return marks


def _draw_doubts(text: str, doubts: Sequence[Doubt]) -> str:
    """What does not go with the story, in words, and a way to hear it told otherwise."""
    items = "".join(
        f"<li>{escape(DOUBTS[doubt.kind].format(name=doubt.name))} <q>{escape(_quote(text, doubt))}</q></li>"
        for doubt in doubts
    )
    again = '<button type="button" data-act="retry">Tell it another way</button>'
    return f'<aside class="doubts" aria-label="Does this go with the story?"><ul>{items}</ul>{again}</aside>'


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
    retold = RETOLD if passage.receipt and passage.receipt.loops and not passage.edited else ""
    return words + retold + _draw_versions(story, passage)


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


def draw_meter(story: Story, window: Window | None, reading: Reading | None = None) -> str:
    """How full the model's memory is, what it has forgotten, and how hard the story is to read, in plain words."""
    if window is None:
        return ""
    used, share = len(window.ids), 100 * len(window.ids) / window.context
    answer = 100 * (window.context - window.limit) / window.context
    count = len(window.forgotten)
    said = f"{count} sentence{'s' if count != 1 else ''} forgotten" if count else "nothing forgotten"
    notes = " Not every pin fits." * bool(window.unpinned)
    notes += " Not every note fits." * bool(window.unnoted)
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
        f"{next_line}{ledger}{_draw_reading(reading)}</details>"
    )


def _draw_reading(reading: Reading | None) -> str:
    if reading is None:
        return ""
    rare = f"{reading.rare:.0%} of the words are rare to this model"
    return f"<p>Half of the sentences have {reading.words:.0f} words or fewer; {rare}.</p>"


def _draw_entry(entry: LedgerEntry) -> str:
    count = len(entry.sentences)
    return f"<li>{count} sentence{'s' if count != 1 else ''} ({entry.tokens} tokens) {entry.kind}: {escape(entry.reason)}.</li>"

"""The book: a story as one page, with its versions, pins, forgotten sentences and doubts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from playground.render.pictures import render_picture
from playground.render.texts import NOTHING, TextRenderer, render_text
from story_engine import NO_PICTURES, Doubt, Key, Passage, Pictures, Sentence, Story, Window

QUOTED_WORDS = 4  # words shown on either side of a doubtful place
SHOW_LINE = 0.5  # fraction of the window that is in use when the page begins to show the next sentence to go

BOOK = Markup('<article class="book" aria-label="{label}"{spoken}>{passages}{live}{end}{symbols}</article>')
SPOKEN = Markup(' data-{name}="{words}"')
# What the script that reads aloud says, by its name in the book's data.
SAID_ALOUD = {
    "voiceless": "voiceless",
    "reading": "read",
    "speed": "speed",
    "voice": "voice",
    "usual-voice": "usual_voice",
    "silence": "stop_reading",
}
LIVE = Markup('<span class="live by-model" aria-live="off"{lang}></span>')
END = Markup('<div class="the-end" role="note">{}</div>')
PASSAGE = Markup('<span class="passage by-{author}{edited}"{change}>{words}</span>')
CHANGE = Markup(' data-act="edit" data-passage="{passage}" tabindex="0" role="button" title="{title}"')
RETOLD = Markup('<span class="retold" title="{title}">{words}</span>')
SENTENCE = Markup('{space}<span class="{mark}" title="{title}"{line}{check}>{words}</span>')
LINE = Markup(' data-line="{}"')
CHECK = Markup(
    ' data-act="pin" data-passage="{passage}" data-place="{place}" tabindex="0" role="checkbox" aria-checked="{checked}"'
)
VERSIONS = Markup('<span class="versions">{back}<span>{place}</span>{forward}</span>')
ARROW = Markup('<button type="button" data-act="{act}" data-passage="{passage}" aria-label="{label}">{sign}</button>')
DOUBTS = Markup('<aside class="doubts" aria-label="{label}"><ul>{items}</ul>{again}</aside>')
DOUBT = Markup("<li>{words} <q{lang}>{quote}</q></li>")
AGAIN = Markup('<button type="button" data-act="retry">{}</button>')


class BookRenderer(TextRenderer):
    def render_book(
        self,
        story: Story,
        window: Window | None,
        *,
        writing: bool,
        doubts: Sequence[Doubt] = (),
        pinning: bool = False,
        pictures: Pictures = NO_PICTURES,
    ) -> Markup:
        """The story as one book page: a click on a passage opens it, and forgotten sentences are paler.

        With `pinning`, a click on a sentence pins it; the sentences of the opening need no pin.

        Pinned sentences are marked. A line shows where the model will forget next, once its window is half full.
        `doubts` are places in the last passage that do not go with the story. `pictures` stand beneath their passages.
        """
        marks = mark_sentences(window)
        for key in story.pins:
            marks[key] = f"{marks.get(key, '')} pinned".strip()
        rendered: dict[Key, tuple[str, Markup]] = {}
        for sentence in (*window.forgotten, *window.kept) if window else ():
            can_be_pinned = pinning and window is not None and sentence.key not in window.opening
            html = self._render_sentence(sentence, marks.get(sentence.key, ""), can_be_pinned)
            rendered[sentence.key] = sentence.text, html
        last = story.last()
        has_ended = last is not None and last.finish == "end" and not writing
        book = BOOK.format(
            label=self.texts["the_story"],
            spoken=NOTHING.join(SPOKEN.format(name=name, words=self.texts[key]) for name, key in SAID_ALOUD.items()),
            passages=NOTHING.join(
                self._render_passage(story, passage, rendered, pinning) + render_picture(pictures, passage.id)
                for passage in story.path()
            ),
            live=LIVE.format(lang=self.name_language("")) if writing else NOTHING,
            end=END.format(self.texts["end"]) if has_ended else NOTHING,
            symbols=Markup(pictures.symbols),  # behind the words: the first letter of the book is a large one
        )
        return book + self._render_doubts(last.text, doubts) if last and doubts else book

    def _render_doubts(self, text: str, doubts: Sequence[Doubt]) -> Markup:
        """What does not go with the story, in words, and a button that tells the passage another way."""
        lang = self.name_language(text)
        items = (
            DOUBT.format(words=self.texts["doubt_" + doubt.kind].format(name=doubt.name), quote=quote(text, doubt), lang=lang)
            for doubt in doubts
        )
        return DOUBTS.format(label=self.texts["doubts"], items=NOTHING.join(items), again=AGAIN.format(self.texts["otherwise"]))

    def _render_passage(
        self, story: Story, passage: Passage, rendered: Mapping[Key, tuple[str, Markup]], pinning: bool
    ) -> Markup:
        """A passage by its sentences (text and HTML of each) where they add up to its words."""
        sentences = [rendered[key] for key in sorted(key for key in rendered if key[0] == passage.id)]
        is_whole = "".join(text for text, _ in sentences) == passage.text
        inner = NOTHING.join(html for _, html in sentences) if is_whole else render_text(passage.text)
        words = PASSAGE.format(
            author=passage.author,
            edited=" edited" if passage.edited else "",
            change=NOTHING if pinning else CHANGE.format(passage=passage.id, title=self.texts["change_" + passage.author]),
            words=self.keep_language(inner, passage.text),
        )
        is_retold = passage.receipt and passage.receipt.loops and not passage.edited
        retold = RETOLD.format(title=self.texts["retold_hint"], words=self.texts["retold"]) if is_retold else NOTHING
        return (words if passage.text else NOTHING) + retold + self._render_versions(story, passage)

    def _render_sentence(self, sentence: Sentence, mark: str, can_be_pinned: bool) -> Markup:
        text, words = sentence.text, sentence.text.lstrip()
        if not words or not (mark or can_be_pinned):
            return render_text(text)
        names = [*mark.split(), *(["pin"] if can_be_pinned and "pinned" not in mark else [])]
        passage, place = sentence.key
        check = CHECK.format(passage=passage, place=place, checked="true" if "pinned" in mark else "false")
        return SENTENCE.format(
            space=render_text(text[: len(text) - len(words)]),
            mark=mark,
            title=" ".join(self.texts[name] for name in names),
            line=LINE.format(self.texts["line"]) if "next-forgotten" in mark else NOTHING,
            check=check if can_be_pinned else NOTHING,
            words=render_text(words),
        )

    def _render_versions(self, story: Story, passage: Passage) -> Markup:
        """'2 of 4' with arrows, where a passage has several versions."""
        versions = story.versions(passage.id)
        if len(versions) < 2:
            return NOTHING
        return VERSIONS.format(
            back=ARROW.format(act="back", sign="‹", label=self.texts["previous"], passage=passage.id),
            place=self.texts["place"].format(place=versions.index(passage.id) + 1, count=len(versions)),
            forward=ARROW.format(act="forward", sign="›", label=self.texts["following"], passage=passage.id),
        )


def mark_sentences(window: Window | None) -> dict[Key, str]:
    """The CSS class of single sentences: `forgotten`, or `next-forgotten` for the next one to go."""
    if window is None:
        return {}
    marks = {sentence.key: "forgotten" for sentence in window.forgotten}
    if window.next_forgotten and len(window.ids) > SHOW_LINE * window.limit:
        marks[window.next_forgotten] = "next-forgotten"
    return marks


def quote(text: str, doubt: Doubt) -> str:
    """The doubtful place with a few words around it."""
    before, after = text[: doubt.start].split()[-QUOTED_WORDS:], text[doubt.end :].split()[:QUOTED_WORDS]
    inside = text[doubt.start : doubt.end]
    if after and not text[doubt.end : doubt.end + 1].isspace():
        inside += after.pop(0)
    return " ".join(["…", *before, inside, *after, "…"])

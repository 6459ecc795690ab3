"""A story as a file to keep or print: plain text, Markdown, HTML, EPUB, PDF, or the whole tree as JSON."""

from __future__ import annotations

import io
import re
import unicodedata
import uuid
import zipfile
from collections.abc import Callable, Mapping
from html import escape
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from story_engine.errors import InputError
from story_engine.printing.book import Book, Picture, Prose
from story_engine.stories.savefile import dump_json, dump_story
from story_engine.stories.story import Story, make_title

STYLE = (
    "body { max-width: 36rem; margin: 3rem auto; padding: 0 1rem; font: 1.1rem/1.7 Charter, Palatino, Georgia, serif; }\n"
    ".reader { font-style: italic; }\n"
)
# On paper: a title page, page numbers, and pages of half the usual size, which a printer lays two on a sheet to fold.
PRINT = (
    "@page { size: A5; margin: 18mm 16mm; @bottom-center { content: counter(page); font: 9pt serif; } }\n"
    "@page :first { @bottom-center { content: none; } }\n"
    "@media print {\n"
    "  :root { color-scheme: light; }\n"
    "  body { margin: 0; padding: 0; max-width: none; font-size: 11.5pt; }\n"
    "  h1 { height: 150mm; display: flex; align-items: center; justify-content: center; text-align: center; margin: 0; "
    "font-size: 26pt; break-after: page; }\n"
    "  p { orphans: 3; widows: 3; }\n"
    "}\n"
)
MOST_IN_NAME = 40
UNTITLED = "A story"
MOST_WORDS, MOST_PICTURES = 100_000, 400  # of a PDF: its pages are made while a reader waits
_DEVICE = re.compile(r"con|prn|aux|nul|(?:com|lpt)\d")  # Windows takes these for no file, whatever their ending
_SPACING = re.compile("[\r\v\f\x1c-\x1f\x85]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x9f\ufffe\uffff]")  # XML forbids them, or advises against them
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~]|&(?=#?\w+;))")
_BLOCK = re.compile(r"^([-+=]|\d{1,9}(?=[.)]))")  # begins a rule, a heading or a list


class Pictures(NamedTuple):
    """The pictures of a story as SVG: what all of them use, and those of single passages, which stand behind their words."""

    symbols: str = ""
    by_passage: Mapping[int, str] = MappingProxyType({})
    style: str = ""


NO_PICTURES = Pictures()


def export_story(story: Story, form: str, pictures: Pictures = NO_PICTURES) -> tuple[str, str, bytes]:
    """File name, media type and content of the story in view, in one of `FORMS`; web pages and e-books show the pictures.

    Raises:
        InputError: the story is blank, or the form is none of these.
    """
    if form not in FORMS:
        raise InputError("A story cannot be saved as {form!r}. Choose one of: {forms}.", form=form, forms=", ".join(FORMS))
    if story.last() is None:
        raise InputError("There is no story to save yet.")
    suffix, media, write = FORMS[form]
    return f"{_make_name(story.title)}{suffix}", media, write(story, pictures)


def _make_name(title: str) -> str:
    """A file's name: letters, digits and the marks that belong to them, as the vowels of Hindi and Thai."""
    kept = (sign if sign == "_" or unicodedata.category(sign)[0] in "LNM" else " " for sign in title.lower())
    name = "-".join("".join(kept).split())[:MOST_IN_NAME].strip("-") or "story"
    return f"{name}-story" if _DEVICE.fullmatch(name) else name


class Paragraph(NamedTuple):
    """Its words as `(author, words)`, and the passages that end in it."""

    parts: list[tuple[str, str]]
    ending: list[int]


def split_paragraphs(story: Story) -> list[Paragraph]:
    """The story in view as paragraphs; line breaks separate them, wherever they stand.

    The words have no control characters, which no form but plain text can hold.
    """
    paragraphs = [Paragraph([], [])]
    for passage in story.path():
        for number, line in enumerate(_drop_controls(passage.text).split("\n")):
            if number:
                paragraphs.append(Paragraph([], []))
            if line:
                paragraphs[-1].parts.append((passage.author, line))
        last = next((one for one in reversed(paragraphs) if _has_words(one)), paragraphs[-1])
        last.ending.append(passage.id)
    return [paragraph for paragraph in paragraphs if _has_words(paragraph)]


def _has_words(paragraph: Paragraph) -> bool:
    return any(words.strip() for _, words in paragraph.parts)


def find_title(story: Story) -> str:
    """The story's title on one line, or its first words where it has none."""
    return " ".join(_drop_controls(story.title).split()) or " ".join(_drop_controls(make_title(story)).split()) or UNTITLED


def _drop_controls(text: str) -> str:
    return _UNPRINTABLE.sub("", _SPACING.sub(" ", text))


def _write_text(story: Story, _: Pictures) -> bytes:
    return (story.text().strip() + "\n").encode()


def _write_markdown(story: Story, _: Pictures) -> bytes:
    """The reader's words in italics. Signs that Markdown would take for its own are escaped."""
    lines = [f"# {_escape_markdown(find_title(story))}"]
    for paragraph in split_paragraphs(story):
        parts, line = _join_parts(paragraph.parts), ""
        around = ["", *(words for _, words in parts), ""]
        for number, (author, words) in enumerate(parts):
            before, after = around[number][-1:], around[number + 2][:1]
            line += _emphasize(words, before, after) if author == "reader" else _escape_markdown(words)
        lines.append(_escape_block(line.strip()))
    return ("\n\n".join(lines) + "\n").encode()


def _join_parts(paragraph: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbouring words of one author as one part: two emphases that touch would read as a strong one."""
    return [(author, "".join(words for _, words in parts)) for author, parts in groupby(paragraph, key=lambda part: part[0])]


def _emphasize(words: str, before: str, after: str) -> str:
    """Asterisks around the words; `before` and `after` are the characters that stand next to them.

    Markdown takes no asterisk between a letter outside and a mark inside (CommonMark 0.31, section 6.2): there it stands
    behind the mark.
    """
    letters = [place for place, sign in enumerate(words) if unicodedata.category(sign)[0] in "LNM"]
    if not letters:
        return _escape_markdown(words)
    start, end = len(words) - len(words.lstrip()), len(words.rstrip())
    start = start if _may_touch((before + words[:start])[-1:]) else letters[0]
    end = end if _may_touch((words[end:] + after)[:1]) else letters[-1] + 1
    return f"{_escape_markdown(words[:start])}*{_escape_markdown(words[start:end])}*{_escape_markdown(words[end:])}"


def _may_touch(sign: str) -> bool:
    """Whether an asterisk that has a mark on its other side may stand next to this sign, or to none."""
    return not sign or unicodedata.category(sign) == "Zs" or unicodedata.category(sign)[0] in "PS"


def _escape_markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _escape_block(line: str) -> str:
    """`line` with a backslash where its beginning would make a rule, a heading or a list of it."""
    return _BLOCK.sub(lambda found: found[1] + "\\" if found[1].isdigit() else "\\" + found[1], line)


def _write_html(story: Story, pictures: Pictures) -> bytes:
    title = escape(find_title(story))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<style>\n{STYLE}{PRINT}{pictures.style}</style></head>\n"
        f"<body>\n<h1>{title}</h1>\n{_render_paragraphs(story, pictures)}\n</body></html>\n"
    ).encode()


def _render_paragraphs(story: Story, pictures: Pictures) -> str:
    """Paragraphs as HTML that is XML too; a picture stands behind the paragraph in which its passage ends."""
    blocks = [pictures.symbols] if pictures.by_passage else []
    for paragraph in split_paragraphs(story):
        spans = (f'<span class="{author}">{escape(words)}</span>' for author, words in paragraph.parts)
        blocks.append(f"<p>{''.join(spans)}</p>")
        blocks += [pictures.by_passage[number] for number in paragraph.ending if number in pictures.by_passage]
    return "\n".join(blocks)


def _write_epub(story: Story, pictures: Pictures) -> bytes:
    """EPUB 3 with one chapter; the type comes first and unpacked, as the standard (OCF 3.3) wants it.

    The identifier is the same for the same story, and does not tell its number, which is the key to it.
    """
    title, identifier = escape(find_title(story)), uuid.uuid5(uuid.NAMESPACE_URL, f"story-playground:{story.uid}")
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    spaces = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
    drawn = ' properties="svg"' if pictures.by_passage else ""
    page = f'{head}<html {spaces} lang="en" xml:lang="en">'
    files = {
        "META-INF/container.xml": head
        + '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="story.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "story.opf": head + '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">urn:uuid:{identifier}</dc:identifier>'
        f"<dc:title>{title}</dc:title><dc:language>en</dc:language>"
        '<meta property="dcterms:modified">2000-01-01T00:00:00Z</meta></metadata><manifest>'
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        '<item id="story" href="story.xhtml" media-type="application/xhtml+xml"' + drawn + "/>"
        '<item id="style" href="style.css" media-type="text/css"/></manifest>'
        '<spine><itemref idref="story"/></spine></package>',
        "nav.xhtml": f"{page}<head><title>{title}</title></head><body>"
        f'<nav epub:type="toc"><ol><li><a href="story.xhtml">{title}</a></li></ol></nav></body></html>',
        "story.xhtml": f'{page}<head><title>{title}</title><link rel="stylesheet" href="style.css"/></head>'
        f"<body><h1>{title}</h1>\n{_render_paragraphs(story, pictures)}</body></html>",
        "style.css": STYLE + pictures.style,
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        # A fixed date, so that the same story gives the same file.
        book.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip", zipfile.ZIP_STORED)
        for name, text in files.items():
            book.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _write_pdf(story: Story, pictures: Pictures) -> bytes:
    from story_engine.printing.document import print_book  # it takes half a second to import

    return print_book(_make_book(story, pictures))


def _write_booklet(story: Story, pictures: Pictures) -> bytes:
    from story_engine.printing.document import print_booklet

    return print_booklet(_make_book(story, pictures))


def _make_book(story: Story, pictures: Pictures) -> Book:
    """The story in view as a book to print. A paragraph ends where its passage has a picture.

    Raises:
        InputError: it has more words or pictures than a PDF takes.
    """
    if len(story.text().split()) > MOST_WORDS:
        raise InputError("A PDF holds at most {most:,} words. Save this story as an e-book or a text.", most=MOST_WORDS)
    if len(pictures.by_passage) > MOST_PICTURES:
        raise InputError(
            "A PDF holds at most {most} pictures, and this story has {count}. Choose fewer pictures among the settings, or "
            "save an e-book.",
            most=MOST_PICTURES,
            count=len(pictures.by_passage),
        )
    blocks: list[Prose | Picture] = []
    runs: list[tuple[str, bool]] = []

    def end_paragraph() -> None:
        if any(words.strip() for words, _ in runs):
            blocks.append(Prose(tuple(runs)))
        runs.clear()

    for passage in story.path():
        for number, line in enumerate(_drop_controls(passage.text).split("\n")):
            if number:
                end_paragraph()
            runs.append((line, passage.author == "reader"))
        if passage.id in pictures.by_passage:
            end_paragraph()
            blocks.append(Picture(pictures.by_passage[passage.id]))
    end_paragraph()
    return Book(find_title(story), tuple(blocks), pictures.symbols)


def _write_tree(story: Story, _: Pictures) -> bytes:
    """The tree without the story's number, which is the key to it."""
    return dump_json({name: value for name, value in dump_story(story).items() if name != "uid"}).encode()


FORMS: dict[str, tuple[str, str, Callable[[Story, Pictures], bytes]]] = {
    "text": (".txt", "text/plain", _write_text),
    "Markdown": (".md", "text/markdown", _write_markdown),
    "web page": (".html", "text/html", _write_html),
    "e-book": (".epub", "application/epub+zip", _write_epub),
    "PDF": (".pdf", "application/pdf", _write_pdf),
    "booklet": ("-booklet.pdf", "application/pdf", _write_booklet),
    "all versions": (".story.json", "application/json", _write_tree),
}

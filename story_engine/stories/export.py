"""A story as a file to keep or print: plain text, Markdown, HTML, EPUB, or the whole tree as JSON."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from html import escape

from story_engine.errors import InputError
from story_engine.stories.savefile import dump_json, dump_story
from story_engine.stories.story import Story

STYLE = (
    "body { max-width: 36rem; margin: 3rem auto; padding: 0 1rem; font: 1.1rem/1.7 Charter, Palatino, Georgia, serif; }\n"
    ".reader { font-style: italic; }\n"
)
MOST_IN_NAME = 40


def export_story(story: Story, form: str) -> tuple[str, str, bytes]:
    """File name, media type and content of the story in view, in one of `FORMS`.

    Raises:
        InputError: the story is blank, or the form is none of these.
    """
    if form not in FORMS:
        raise InputError("A story cannot be saved as {form!r}. Choose one of: {forms}.", form=form, forms=", ".join(FORMS))
    if story.last() is None:
        raise InputError("There is no story to save yet.")
    suffix, media, write = FORMS[form]
    name = "-".join(re.findall(r"\w+", story.title.lower()))[:MOST_IN_NAME].strip("-")
    return f"{name or 'story'}{suffix}", media, write(story)


def split_paragraphs(story: Story) -> list[list[tuple[str, str]]]:
    """The story in view as paragraphs of `(author, words)`; line breaks separate paragraphs, wherever they stand."""
    paragraphs: list[list[tuple[str, str]]] = [[]]
    for passage in story.path():
        for number, line in enumerate(passage.text.split("\n")):
            if number:
                paragraphs.append([])
            if line:
                paragraphs[-1].append((passage.author, line))
    return [paragraph for paragraph in paragraphs if "".join(words for _, words in paragraph).strip()]


def _write_text(story: Story) -> bytes:
    return (story.text().strip() + "\n").encode()


def _write_markdown(story: Story) -> bytes:
    """The reader's words in italics. Signs that Markdown would take for its own are escaped."""
    lines = [f"# {_mark(story.title)}"]
    for paragraph in split_paragraphs(story):
        words = ((author, re.fullmatch(r"(\s*)(.*?)(\s*)", text, re.DOTALL)) for author, text in paragraph)
        parts = [(author, found.groups()) for author, found in words if found]
        lines.append(
            "".join(
                f"{before}*{_mark(text)}*{after}" if author == "reader" and text else before + _mark(text) + after
                for author, (before, text, after) in parts
            ).strip()
        )
    return ("\n\n".join(lines) + "\n").encode()


def _mark(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", text)


def _write_html(story: Story) -> bytes:
    title = escape(story.title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        f"<style>\n{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{_draw_paragraphs(story)}\n</body></html>\n"
    ).encode()


def _draw_paragraphs(story: Story) -> str:
    return "\n".join(
        "<p>" + "".join(f'<span class="{author}">{escape(words)}</span>' for author, words in paragraph) + "</p>"
        for paragraph in split_paragraphs(story)
    )


def _write_epub(story: Story) -> bytes:
    """EPUB 3 with one chapter; the type comes first and unpacked, as the standard (OCF 3.3) wants it."""
    title, uid = escape(story.title), escape(story.uid)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    spaces = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
    page = f'{head}<html {spaces} lang="en" xml:lang="en">'
    files = {
        "META-INF/container.xml": head
        + '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="story.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "story.opf": head + '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">urn:uuid:{uid}</dc:identifier>'
        f"<dc:title>{title}</dc:title><dc:language>en</dc:language>"
        '<meta property="dcterms:modified">2000-01-01T00:00:00Z</meta></metadata><manifest>'
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        '<item id="story" href="story.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="style" href="style.css" media-type="text/css"/></manifest>'
        '<spine><itemref idref="story"/></spine></package>',
        "nav.xhtml": f"{page}<head><title>{title}</title></head><body>"
        f'<nav epub:type="toc"><ol><li><a href="story.xhtml">{title}</a></li></ol></nav></body></html>',
        "story.xhtml": f'{page}<head><title>{title}</title><link rel="stylesheet" href="style.css"/></head>'
        f"<body><h1>{title}</h1>\n{_draw_paragraphs(story)}</body></html>",
        "style.css": STYLE,
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        # A fixed date, so that the same story gives the same file.
        book.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip", zipfile.ZIP_STORED)
        for name, text in files.items():
            book.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _write_tree(story: Story) -> bytes:
    return dump_json(dump_story(story)).encode()


FORMS: dict[str, tuple[str, str, Callable[[Story], bytes]]] = {
    "text": (".txt", "text/plain", _write_text),
    "Markdown": (".md", "text/markdown", _write_markdown),
    "web page": (".html", "text/html", _write_html),
    "e-book": (".epub", "application/epub+zip", _write_epub),
    "all versions": (".story.json", "application/json", _write_tree),
}

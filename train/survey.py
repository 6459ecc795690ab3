"""What a text is like before it is trained on: how many stories, how long, and what looks odd in them."""

from __future__ import annotations

import hashlib
import re
import statistics
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator

# UTF-8 that was read as cp1252 or Latin-1: a lead byte as a letter, and what its continuation bytes become.
# So was a byte order mark or U+FFFD; Cyrillic letters; or, as Mac Roman, an apostrophe.
_MOJIBAKE = re.compile(
    "â€|Ã[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u2013-\u2122]|Â[\u00a0-\u00bf]|ï¿½|ï»¿|‚Ä[ôúùòîì]"
    "|(?:[ÐÑ][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u0192\u02c6\u2013-\u2122]){2}"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP = re.compile(r"<\|[a-z_]+\|>|</?(?:s|p|br|div)\s*/?>|&(?:quot|amp|lt|gt|nbsp|#\d+|#x[0-9a-f]+);")
_NUMBERED = re.compile(r"\d+[.):]?\s")
LONG = 20_000  # characters: far longer than a window


class Survey:
    """Counts stories as they pass by; `held_out` are those that should not be among them."""

    def __init__(self, held_out: Iterable[str] = ()) -> None:
        self._held_out = {_hash(story) for story in held_out}
        self._lengths = array("I")
        self._odd: Counter[str] = Counter()

    def watch(self, stories: Iterable[str]) -> Iterator[str]:
        """The same stories, counted."""
        for story in stories:
            self._lengths.append(len(story))
            self._odd.update(self.find_oddities(story))
            yield story

    def find_oddities(self, story: str) -> list[str]:
        """What looks odd in one story, in words."""
        found = []
        if _MOJIBAKE.search(story) or "\ufffd" in story:
            found.append("broken characters, such as â€™ for an apostrophe: text that was read in a wrong encoding")
        if "\ufeff" in story:
            found.append("a byte order mark in mid-text")
        if "\0" in story:
            found.append("NUL characters")
        elif _CONTROL.search(story):
            found.append("control characters")
        if _MARKUP.search(story):
            found.append("markup, such as <|...|>, </s> or &quot;")
        if "\t" in story:
            found.append("tabs: columns of a table?")
        if _NUMBERED.match(story):
            found.append("begins with a number: the place in a list?")
        if len(story) > LONG:
            found.append(f"more than {LONG:,} characters: several stories without a mark between?")
        if self._held_out and _hash(story) in self._held_out:
            found.append("is in the held-out text too, whose loss will look better than it is")
        return found

    def describe(self) -> list[str]:
        """What was seen, a line a fact."""
        if not self._lengths:
            return []
        lines = [f"{len(self._lengths):,} stories of {statistics.median_low(self._lengths):,} characters (median)"]
        return lines + [f"odd: {count:,} {'story' if count == 1 else 'stories'}: {what}" for what, count in self._odd.items()]


def _hash(story: str) -> bytes:
    """The same for stories that differ in white space and capitals alone."""
    return hashlib.blake2b(" ".join(story.lower().split()).encode("utf-8", "surrogatepass"), digest_size=12).digest()

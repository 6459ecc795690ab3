"""Personal data: addresses, telephone numbers and e-mail addresses in a text, by rule."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

_MAIL = re.compile(
    r"[\w.+-]+\s?@\s?[\w-]+(?:\s?\.\s?[\w-]+)*\s?\.\s?[a-z]{2,}\b"
    r"|\b[\w.+-]+ ?[(\[]? ?at ?[)\]]? ?[\w-]+ ?[(\[]? ?dot ?[)\]]? ?(?:com|org|net|edu|de|co|uk|io|info)\b",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(?<![\w.,$€£])\+?\(?\d(?:[\s().\-/]{0,3}\d){6,15}(?!\w|[.,]\d)")
_WAYS = (
    "Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Way|Court|Ct|Boulevard|Blvd|Square|Place|Pl|Terrace|Close|Crescent|"
    "Highway|Parkway|Circle|Alley|Row"
)
_ADDRESS = re.compile(
    rf"\b\d{{1,5}}[a-z]?,? (?:[NSEW]\.? )?(?:[A-Z][\w'.-]+ ){{1,3}}(?:{_WAYS})\b"
    rf"|\b[A-Z][a-zäöüß]+(?:straße|strasse|weg|platz|allee|gasse) \d{{1,4}}\b"
)
_LOWER_ADDRESS = re.compile(
    rf"\b(?:live|lives|living|address is|home is|house is|stay|send it to|come to) (?:at |in )?(?:number )?\d{{1,5}}[a-z]?,? "
    rf"(?:[\w'.-]+ ){{1,3}}(?:{_WAYS})\b",
    re.IGNORECASE,
)
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh")
_SPOKEN = re.compile(rf"\b(?:(?:{'|'.join(_NUMBERS)})[\s,.\-–]+){{6,}}(?:{'|'.join(_NUMBERS)})\b", re.IGNORECASE)


def has_personal_data(text: str) -> bool:
    """Whether a folded text holds an e-mail address, a telephone number, or a street with a house's number."""
    if _MAIL.search(text) or _ADDRESS.search(text) or _LOWER_ADDRESS.search(text):
        return True
    digits = ([int(digit) for digit in re.findall(r"\d", found)] for found in _DIGITS.findall(text))
    spoken = (
        [_NUMBERS.index(word) % 10 for word in re.findall(r"[a-z]+", found.group().lower())] for found in _SPOKEN.finditer(text)
    )
    return any(not _is_counting(numbers) for numbers in (*digits, *spoken))


def _is_counting(numbers: Sequence[int]) -> bool:
    """Whether somebody counts, up or down: most steps are by one."""
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    return max(steps.count(1), steps.count(-1)) >= len(steps) - 2

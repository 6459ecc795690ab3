"""Stories of several models side by side, without names, so that a person can say blindly which to read on with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase

import numpy as np

from train.scorecard.openings import Opening
from train.scorecard.subjects import Subject

COUNT = 30
ASKED = (
    "Thirty beginnings at most, each gone on with by every model, in random order. Write behind `Choice:` the letter of the "
    "one that you would read on with, or `=`, and behind `Why:` a word or two. The key lies in another file: do not look."
)


def find_key_path(path: Path) -> Path:
    """Where the key of a file of stories lies: beside it."""
    return path.with_name(path.stem + ".key.json")


def write_side_by_side(path: Path, openings: Sequence[Opening], subjects: Sequence[Subject], seed: int) -> None:
    """Thirty of the openings with the stories of all subjects in a random order each, and the key in a second file."""
    generator = np.random.default_rng(seed)
    pages, key = [f"# Which would you read on with?\n\n{ASKED}"], []
    count = min(COUNT, len(openings))
    for number, place in enumerate((place * len(openings) // count for place in range(count)), 1):
        order = [subjects[one] for one in generator.permutation(len(subjects))]
        letters = dict(zip(ascii_uppercase, order, strict=False))
        page = [f"## {number}", f"> {openings[place].text}"]
        page += [f"**{letter}** …{_join_lines(subject.told[place].text)}" for letter, subject in letters.items()]
        pages.append("\n\n".join([*page, "Choice:", "Why:"]))
        key.append({"number": number, **{letter: subject.name for letter, subject in letters.items()}})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n".join(pages) + "\n", encoding="utf-8")
    find_key_path(path).write_text(json.dumps(key, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _join_lines(text: str) -> str:
    """One paragraph: how a model breaks lines would tell which it is."""
    return " " + " ".join(text.split())

"""How far two words are apart."""

from __future__ import annotations


def count_edits(first: str, second: str) -> int:
    """Letters to insert, delete or exchange (Levenshtein, 1966)."""
    row = list(range(len(second) + 1))
    for number, one in enumerate(first, 1):
        above, row[0] = row[0], number
        for place, other in enumerate(second, 1):
            above, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, above + (one != other))
    return row[-1]

"""Names in a story, found by rule: its hero, and who appears without having been told of. A rule can be wrong."""

from __future__ import annotations

import re
from collections import Counter

# A capital in mid-sentence marks a name; a name is explained where a word of kin or naming stands just before it.
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
CAPITAL = re.compile(r"[A-Z][a-z]{2,}\b")
_EXPLAINED = re.compile(
    r"(?:named|called|name (?:is|was)|I am|I'm|friend|friends|brother|sister|neighbor|cousin|teacher|Mr\.|Mrs\.|Miss|"
    r"boy|girl|dog|cat|bird|rabbit|bear|frog|fox|mouse|man|woman|lady|Aunt|Uncle|Grandma|Grandpa),? $"
)
NO_NAME = frozenset(
    {"Mom", "Mommy", "Mum", "Mummy", "Mama", "Mother", "Dad", "Daddy", "Papa", "Father", "Grandma", "Grandpa", "Yes", "The"}
    | {"End", "Let", "You", "What", "Why", "Can", "But", "And", "Thank", "Please", "Look", "They", "She", "This", "That", "How"}
)


def find_new_names(whole: str, start: int) -> list[re.Match[str]]:
    """Names from `start` on that nothing before has told, and that nothing explains there; each once."""
    known = {*CAPITAL.findall(whole[:start])} | NO_NAME
    found = []
    for name in NAME.finditer(whole, start):
        if name.group() not in known and not _EXPLAINED.search(whole[: name.start()]):
            found.append(name)
        known.add(name.group())
    return found


def find_hero(text: str) -> str:
    """The first name in mid-sentence that a story says more than once; "" where there is none."""
    said = Counter(CAPITAL.findall(text))
    names = (match.group() for match in NAME.finditer(text))
    return next((name for name in names if name not in NO_NAME and said[name] > 1), "")

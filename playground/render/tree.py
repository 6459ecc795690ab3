"""The story as a tree of all its versions."""

from __future__ import annotations

from collections import defaultdict
from html import escape

from playground.wording.strings import ENGLISH, Texts
from story_engine import Passage, Story

SHOWN = 60  # characters of a passage


def draw_tree(story: Story, texts: Texts = ENGLISH) -> str:
    """Nested lists of buttons, the way to the pointer marked; a run of passages without a choice stays in one list."""
    children: dict[int | None, list[Passage]] = defaultdict(list)
    for passage in story.passages:
        children[passage.parent].append(passage)
    if not story.passages:
        return ""
    on_path = {passage.id for passage in story.path()}
    drawn: list[str] = []
    # A walk with a stack of its own: a story can be deeper than Python recurses.
    stack = _wrap(children[None])
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            drawn.append(item)
            continue
        drawn.append(_draw_passage(item, item.id in on_path, item.id == story.current, texts))
        stack += _wrap(children[item.id])
    return f'<nav class="tree" aria-label="{texts["versions"]}"><ol>{"".join(drawn)}</ol></nav>'


def mark_current(is_current: bool) -> str:
    return ' aria-current="true"' if is_current else ""


def _wrap(versions: list[Passage]) -> list[Passage | str]:
    """What to draw for these versions, last first, as a stack wants it: one stays in its list, several get one each."""
    if len(versions) < 2:
        return list(versions)
    items: list[Passage | str] = []
    for version in reversed(versions):
        items += ["</ol></li>", version, "<li><ol>"]
    return items


def _draw_passage(passage: Passage, is_on_path: bool, is_current: bool, texts: Texts) -> str:
    text = " ".join(passage.text.split())
    words = escape(text[:SHOWN] + "…" * (len(text) > SHOWN)) or f"<i>{texts['end']}</i>"
    classes = f"by-{passage.author}{' on-path' if is_on_path else ''}"
    attributes = f'class="{classes}" data-act="go" data-passage="{passage.id}"{mark_current(is_current)}'
    return f'<li><button type="button" {attributes}>{words}</button></li>'

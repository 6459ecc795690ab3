"""The story as a tree of all its versions."""

from __future__ import annotations

from collections import defaultdict

from markupsafe import Markup

from playground.render.texts import NOTHING, TextRenderer, mark_current
from story_engine import Passage, Story

SHOWN = 60  # characters of a passage

TREE = Markup('<nav class="tree" aria-label="{label}"><ol>{items}</ol></nav>')
ITEM = Markup(
    '<li><button type="button" class="by-{author}{on_path}" data-act="go" data-passage="{passage}"{current}>'
    "{words}</button></li>"
)
END = Markup("<i>{}</i>")
OPEN, CLOSE = Markup("<li><ol>"), Markup("</ol></li>")


class TreeRenderer(TextRenderer):
    def render_tree(self, story: Story) -> Markup:
        """Nested lists of buttons, the path to the pointer marked; passages without a choice share one list."""
        children: dict[int | None, list[Passage]] = defaultdict(list)
        for passage in story.passages:
            children[passage.parent].append(passage)
        if not story.passages:
            return NOTHING
        on_path = {passage.id for passage in story.path()}
        items: list[Markup] = []
        # A stack, not recursion: a story can be deeper than Python recurses.
        stack = _wrap(children[None])
        while stack:
            item = stack.pop()
            if isinstance(item, Markup):
                items.append(item)
                continue
            items.append(self._render_item(item, item.id in on_path, item.id == story.current))
            stack += _wrap(children[item.id])
        return TREE.format(label=self.texts["versions"], items=NOTHING.join(items))

    def _render_item(self, passage: Passage, is_on_path: bool, is_current: bool) -> Markup:
        text = " ".join(passage.text.split())
        return ITEM.format(
            author=passage.author,
            on_path=" on-path" if is_on_path else "",
            passage=passage.id,
            current=mark_current(is_current),
            words=self.tell(text[:SHOWN] + "…" * (len(text) > SHOWN)) if text else END.format(self.texts["end"]),
        )


def _wrap(versions: list[Passage]) -> list[Passage | Markup]:
    """These versions in reverse, as a stack needs them: one stays in its list, several get a list each."""
    if len(versions) < 2:
        return list(versions)
    items: list[Passage | Markup] = []
    for version in reversed(versions):
        items += [CLOSE, version, OPEN]
    return items

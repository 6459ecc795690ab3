"""The pictures of a story: which passages have one, and what all of them are drawn with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr, unescape

from story_engine.pictures.composition import compose
from story_engine.pictures.palette import HEIGHT, WIDTH, write_dark_style
from story_engine.pictures.progress import PROGRESS
from story_engine.pictures.scene import Scene
from story_engine.pictures.symbols import render_symbol
from story_engine.stories.export import Pictures
from story_engine.stories.story import Story
from story_engine.text.sentences import ends_sentence

WHEN = ("off", "all", "ends")  # no pictures; one behind each passage of the model's; only where a chapter ends
LABEL = "Picture: {who}"
STYLE = (
    ".picture { display: block; width: 100%; height: auto; border-radius: 10px; margin: 1.4rem 0; break-inside: avoid; }\n"
    f"@media (prefers-color-scheme: dark) {{ {write_dark_style('.picture')} }}\n"
)
_FIGURE = re.compile(r'class="figure" data-figure="([^"]*)" ')


def read_scenes(story: Story, when: str = "all") -> dict[int, Scene]:
    """Passage -> the scene to draw behind it. A passage that stops in mid-sentence leaves its picture to the next one."""
    pieces: dict[int, str] = {}
    text = ""
    for passage in story.path() if when != "off" else ():
        text += passage.text
        if passage.author == "model" and (passage.finish == "end" or ends_sentence(text)):
            pieces[passage.id], text = text, ""
    scenes = PROGRESS.read(tuple(pieces.values()), story.figures)
    return {
        number: scene
        for number, scene in zip(pieces, scenes, strict=True)
        if scene.figures and (when == "all" or story.passages[number].finish == "end")
    }


def draw_pictures(story: Story, when: str = "all", *, label: str = LABEL, change: str = "") -> Pictures:
    """The pictures of the story in view; `label` says in words what one shows, and has the field `who`.

    With `change`, words with the same field, each figure is a button that a page can listen to (`data-act="figure"`).
    """
    used: set[str] = set()
    drawn = {}
    for number, scene in read_scenes(story, when).items():
        inside, symbols = compose(scene)
        used |= symbols
        drawn[number] = _frame(_FIGURE.sub(lambda match: _mark_figure(match[1], change), inside), label, scene, bool(change))
    return Pictures(_define(sorted(used)), drawn, STYLE)


def _mark_figure(key: str, change: str) -> str:
    """The attributes of a figure: a button, or nothing that a reader of a file needs."""
    if not change:
        return ""
    label = quoteattr(change.format(who=unescape(key)))
    return f'class="figure" data-act="figure" data-figure="{key}" tabindex="0" role="button" aria-label={label} '


def list_figures(scene: Scene) -> str:
    """Who is in a picture, in the story's own words."""
    return ", ".join(figure.key for figure in scene.figures if not figure.key.endswith(" 2"))


def _frame(inside: str, label: str, scene: Scene, has_buttons: bool) -> str:
    said, role = quoteattr(label.format(who=list_figures(scene))), "group" if has_buttons else "img"
    return (
        f'<svg class="picture" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="{role}" aria-label={said}>'
        f"{inside}</svg>"
    )


def _define(names: Sequence[str]) -> str:
    """The symbols of all pictures, once."""
    if not names:
        return ""
    symbols = "".join(map(render_symbol, names))
    return f'<svg class="symbols" xmlns="http://www.w3.org/2000/svg" width="0" height="0" aria-hidden="true" style="position:absolute"><defs>{symbols}</defs></svg>'

"""The pictures of a story on the page: with words for screen readers, and figures that a click changes."""

from __future__ import annotations

from markupsafe import Markup

from playground.render.texts import NOTHING
from playground.wording.strings import Texts
from story_engine import InputError, Pictures, Story, draw_pictures, read_scenes

PICTURE = Markup('<div class="drawn">{}</div>')


def draw_for_page(story: Story, when: str, texts: Texts, *, writing: bool) -> Pictures:
    """The pictures of the story in view; while a passage is written, a click on them does nothing: it would stop the passage.

    The engine keeps what it has drawn, so a passage more costs its own picture only.
    """
    return draw_pictures(story, when, label=texts["picture"], change="" if writing else texts["change_figure"])


def render_picture(pictures: Pictures, passage: int) -> Markup:
    """The picture of a passage, if it has one; the engine has escaped all words in it."""
    drawn = pictures.by_passage.get(passage)
    return PICTURE.format(Markup(drawn)) if drawn else NOTHING


def check_figure(story: Story, figure: object) -> str:
    """The key of a figure in the pictures of a story.

    Raises:
        InputError: nobody in them has it.
    """
    keys = {one.key for scene in read_scenes(story).values() for one in scene.figures}
    if not isinstance(figure, str) or figure not in keys:
        raise InputError("Nobody in these pictures has this name. Click somebody in a picture.")
    return figure

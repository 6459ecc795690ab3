"""All renderers as one: a story in, the HTML of the page out, in one language."""

from __future__ import annotations

from playground.render.book import BookRenderer
from playground.render.closeup import CloseupRenderer
from playground.render.meter import MeterRenderer
from playground.render.tellings import TellingsRenderer
from playground.render.tree import TreeRenderer


class Renderer(BookRenderer, MeterRenderer, TellingsRenderer, TreeRenderer, CloseupRenderer):
    """Pure functions from a story to what the page shows."""

"""A story as a resource for assistants, beside the tools that the functions for scripts become."""

from __future__ import annotations

import gradio as gr

from playground.actions import Actions
from playground.visit import Visit
from story_engine import StoryError


def publish_story(blocks: gr.Blocks, actions: Actions) -> None:
    """Offer stories by their numbers; whoever knows a number may read its story, as on the page."""

    @gr.mcp.resource("story://{story}", description="The whole text of a story, by its number", mime_type="text/plain")  # type: ignore[untyped-decorator]
    def read_story(story: str) -> str:
        """The whole text of a story, by its number."""
        try:
            return actions.find_shown(Visit(story)).story.text()
        except StoryError as error:
            raise gr.Error(str(error), print_exception=False) from error

    with blocks:
        gr.api(read_story, api_name="story")  # type: ignore[attr-defined]

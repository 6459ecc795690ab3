"""A closer look at a story: alternatives, influences, replay, the model's window, and notes that stay in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from playground.actions import Actions
from playground.render.renderer import Renderer
from playground.visit import Live, View, Visit
from playground.wording.strings import find_texts
from story_engine import (
    Influence,
    InputError,
    Replay,
    Settings,
    Story,
    Word,
    branch_at,
    check_lore,
    check_notes,
    find_alternatives,
    find_influences,
    find_kinds,
    replay_passage,
)


class Insight:
    """The buttons that ask; only `keep_in_mind` and `go_on_from` change a story. Many threads call it at once."""

    def __init__(self, actions: Actions) -> None:
        self.actions = actions

    def find_influences(self, visit: Visit, passage: object, sentence: object) -> list[Influence]:
        """How much each earlier paragraph mattered for one sentence of a passage."""
        number, entry = self.actions.passage(visit, passage).id, self.actions.find(visit)
        if type(sentence) is not int:
            raise InputError("Choose a sentence first.")
        return find_influences(self.actions.engine(visit), entry.story, (number, sentence))

    def replay(self, visit: Visit, passage: object) -> Replay:
        """A passage told again by its receipt; the story stays as it is."""
        number, entry = self.actions.passage(visit, passage).id, self.actions.find(visit)
        return replay_passage(self.actions.engine(visit), entry.story, number)

    def find_words(self, visit: Visit, passage: object) -> list[Word]:
        """The tokens of a passage, each with its alternatives."""
        number, entry = self.actions.passage(visit, passage).id, self.actions.find(visit)
        words = find_alternatives(self.actions.engine(visit), entry.story, number)
        if not self.actions.is_for_children(visit):
            return words
        return [replace(word, others=tuple(one for one in word.others if not find_kinds(one.text))) for word in words]

    def go_on_from(
        self, visit: Visit, passage: object, place: object, token: object, settings: Settings
    ) -> Iterator[View | Live]:
        """Another version of a passage: its tokens before number `place`, then `token`, then what the model makes of it."""
        old, engine = self.actions.passage(visit, passage), self.actions.engine(visit)
        how: dict[str, Any] = {"place": place, "token": token, "for_children": self.actions.is_for_children(visit)}
        self.actions.change(visit, lambda story: branch_at(engine, story, old.id, **how))
        yield from self.actions.go_on(visit, "", settings, old.receipt.wish if old.receipt else "")

    def render_context(self, visit: Visit, by_token: bool) -> str:
        """The window that the model would read for the next passage."""
        entry, engine = self.actions.find(visit), self.actions.engine(visit)
        length = visit.settings.get("max_new_tokens", engine.recommended.max_new_tokens)
        window = engine.window_of(entry.story, Settings(max_new_tokens=length))
        return Renderer(find_texts(visit.language)).render_context(window, engine.tokenizer.describe, by_token)

    def keep_in_mind(self, visit: Visit, characters: str, notes: str, lore: str) -> View:
        """Lines for the model's window: the characters and other notes, which stay, and the lore, which comes when named."""
        people, lines, entries = check_notes(characters), check_notes(notes), check_lore(lore)
        self.actions.check_written("\n".join([characters, notes, lore]), visit)

        def write_down(story: Story) -> None:
            story.characters, story.notes, story.lore = people, lines, entries

        return self.actions.change(visit, write_down, is_other_way=True)

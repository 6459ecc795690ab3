"""Replay: a passage told again by its receipt, and whether it comes out the same."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from story_engine.engine import StoryEngine
from story_engine.errors import InputError
from story_engine.guard.check import name_guard
from story_engine.stories.savefile import dump_story, read_story
from story_engine.stories.story import Key, Memory, Passage, Story


@dataclass(frozen=True)
class Replay:
    """`text` is what the model says this time; `same` counts the characters up to which it is the first telling."""

    text: str
    is_identical: bool
    same: int


def replay_passage(engine: StoryEngine, story: Story, number: int) -> Replay:
    """Tell passage `number` again with the model, settings, seed and window of its receipt; the story stays as it is.

    A passage that was stopped is told as far as it went: what was shown by then may have been taken back a word later.

    Raises:
        InputError: the passage has no receipt, another model told it, or its window cannot be had again.
    """
    passage = story.passages[number]
    receipt = passage.receipt
    if receipt is None or passage.edited:
        raise InputError("Only a passage as the model told it can be told again.")
    if receipt.model != engine.fingerprint:
        raise InputError("Another model told this passage, or this one with other rounding. Choose that one first.")
    if receipt.guard and receipt.guard != name_guard():
        raise InputError("This passage was told for children, and the list that checked it has changed since.")
    copy = copy_before(story, passage)
    window = engine.window_of(copy, receipt.settings, receipt.wish)
    if (len(window.ids), len(window.forgotten)) != (receipt.window_tokens, receipt.forgotten):
        raise InputError("What the model remembered then cannot be restored: pins or words have changed since.")
    text = ""
    how: dict[str, Any] = {"ending": receipt.ending, "heals": bool(receipt.healed), "wish": receipt.wish}
    with closing(engine.stream(copy, receipt.settings, **how)) as stream:
        for piece in stream:
            text = piece.follow(text)
            if passage.finish == "stopped" and text == passage.text:
                break
    told = text[: len(passage.text)] if passage.finish == "stopped" else text  # words may come several at once
    same = next((at for at, (a, b) in enumerate(zip(text, passage.text, strict=False)) if a != b), None)
    return Replay(text, told == passage.text, min(len(text), len(passage.text)) if same is None else same)


def copy_before(story: Story, passage: Passage) -> Story:
    """A copy that stands where the passage was begun, in the wordings and with what was forgotten by then."""
    copy = read_story(dump_story(story), is_own=True).story
    copy.uid, copy.current = Story().uid, None
    copy.wordings = {old.rewords: old.id for old in copy.passages[: passage.id] if old.rewords is not None}
    if passage.parent is not None:
        copy.go_to(passage.parent)
    forgotten: set[Key] = set()
    for entry in story.memory.ledger:
        if entry.passage < passage.id:
            forgotten = forgotten | {*entry.sentences} if entry.kind == "forgotten" else forgotten - {*entry.sentences}
    copy.memory = Memory(passage.receipt.model if passage.receipt else "", frozenset(forgotten))
    return copy

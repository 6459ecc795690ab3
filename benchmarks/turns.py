"""The wait before the first word, turn after turn, with a full window and a reader who pauses between turns."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from story_engine import Settings, Story, StoryEngine

WORDS = "Then the next morning they all went out again to look for the little red kite in the big green park."
LENGTH = 100  # tokens written a turn


@dataclass(frozen=True)
class Turn:
    """One turn: seconds to the first word, and whether sentences were forgotten since the turn before."""

    wait: float
    forgot: bool


def play(folder: Path, turns: int, pause: float) -> list[Turn]:
    """`turns` turns behind a story that fills the window; `pause` is the seconds a reader takes for each passage."""
    engine = StoryEngine.load(str(folder))
    # The words do not matter here: random weights babble, and an end would only shorten the passage.
    engine.end_tokens = frozenset()
    engine.speculates = False
    story = Story("Once upon a time, there was a little girl named Lily. She had a red kite.")
    room = engine.window.context_length - LENGTH - 200
    while len(engine.window_of(story, Settings(max_new_tokens=LENGTH)).ids) < room:
        story.add(" " + WORDS)
    list(engine.stream(story, Settings(max_new_tokens=LENGTH, seed=0)))
    played: list[Turn] = []
    forgot = False
    for turn in range(turns):
        entries = len(story.memory.ledger)
        time.sleep(pause)
        begun = time.perf_counter()
        stream = engine.stream(story, Settings(max_new_tokens=LENGTH, seed=turn + 1), text=WORDS)
        next(piece for piece in stream if piece.text)
        played.append(Turn(time.perf_counter() - begun, forgot))
        list(stream)
        forgot = len(story.memory.ledger) > entries
    return played


def print_turns(turns: list[Turn]) -> None:
    """Markdown, as the README shows it."""
    print("| turns | count | mean wait, ms | worst, ms |")
    print("|---|---|---|---|")
    for label, chosen in (
        ("nothing forgotten before", [turn.wait for turn in turns if not turn.forgot]),
        ("sentences forgotten just before", [turn.wait for turn in turns if turn.forgot]),
        ("all", [turn.wait for turn in turns]),
    ):
        if chosen:
            print(f"| {label} | {len(chosen)} | {1000 * statistics.mean(chosen):.0f} | {1000 * max(chosen):.0f} |")

"""A server elsewhere against our own engine in float32, greedy: python -m benchmarks.remote openai:https://host/v1#NAME@FOLDER.

For each opening: how many of the first tokens are the same, and where they part, how likely our engine found either token.
Then what a server must do besides: three ways, a stop, an end, a replay.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from threading import Event

from playground.ideas import IDEAS
from story_engine import EMBEDDED, Settings, Story, StoryEngine, replay_passage
from story_engine.insight.alternatives import score_tokens

TOKENS = 60
MORE = ("Once upon a time", "Tom had a ball.", "The sun was hot.", "Mia was sad.", "It was night.", "A cat sat on a mat.")
# A passage stops at a sentence's end from four fifths of its length: all of its first tokens are compared.
GREEDY = Settings(temperature=0, top_p=1, repetition_penalty=1, max_new_tokens=TOKENS * 5 // 4 + 1, seed=0)


def tell(engine: StoryEngine, opening: str) -> tuple[list[int], list[int]]:
    """The window's tokens, and the first ones that are told behind them."""
    story = Story(opening)
    window = engine.window_of(story, GREEDY)
    list(engine.stream(story, GREEDY))
    return list(window.ids), engine.tokenizer.encode(story.passages[1].text)[:TOKENS]


def compare(theirs: StoryEngine, ours: StoryEngine, openings: Sequence[str]) -> None:
    """Print for each opening how many tokens are the same."""
    whole = 0
    for opening in openings:
        window, told = tell(ours, opening)
        _, heard = tell(theirs, opening)
        same = next((at for at, pair in enumerate(zip(told, heard, strict=False)) if pair[0] != pair[1]), None)
        whole += same is None and len(told) == len(heard)
        print(f"{opening[:40]:40}  {len(told) if same is None else same:3} of {len(told)}", end="")
        if same is not None:
            [word] = score_tokens(ours, [*window, *told[:same]], [heard[same]])
            print(
                f"  ours {word.others[0].text!r} {word.others[0].chance:.4f}, theirs {word.said.text!r} {word.said.chance:.4f}",
                end="",
            )
        elif len(told) != len(heard):
            print(f"  theirs has {len(heard)} tokens", end="")
        print(flush=True)
    print(f"{whole} of {len(openings)} openings: all of the first {TOKENS} tokens, or up to the end, are the same.")


def play(engine: StoryEngine) -> None:
    """What a reader does, and what comes of it."""
    story, settings = Story("Once upon a time, Tom found a little blue car."), Settings(max_new_tokens=60, seed=1)
    list(engine.stream(story, settings))
    print(f"begun: {story.last().text!r}")  # type: ignore[union-attr]
    list(engine.stream(story, settings, text="Then Mia came to the park."))
    print(f"continued: {story.last().text!r}")  # type: ignore[union-attr]
    replay = replay_passage(engine, story, story.last().id)  # type: ignore[union-attr]
    print(f"replayed: {'the same' if replay.is_identical else f'the same up to character {replay.same}'}")
    list(engine.stream_tellings(story, [Settings(max_new_tokens=40, seed=seed) for seed in (1, 2, 3)]))
    print(f"three ways: {[story.passages[number].text[:40] for number in story.versions(story.current)]}")  # type: ignore[arg-type]
    cancel = Event()
    for _ in engine.stream(story, Settings(max_new_tokens=200, seed=1), cancel=cancel):
        if not cancel.is_set():
            cancel.set()
            begun = time.perf_counter()
    print(f"stopped: {story.last().finish}, {time.perf_counter() - begun:.2f} s after the stop sign")  # type: ignore[union-attr]
    list(engine.stream(story, Settings(max_new_tokens=200, seed=1), ending=3))
    print(f"ended: {story.last().finish}, {story.last().text!r}")  # type: ignore[union-attr]
    print(f"without effect: {[str(notice) for notice in engine.take_notices(story)]}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remote", description=__doc__)
    parser.add_argument("address", help="openai:https://host/v1#NAME@FOLDER")
    parser.add_argument("--model", default=EMBEDDED, help="our own engine's")
    parser.add_argument("--openings", type=int, default=30, help="how many are compared")
    options = parser.parse_args()
    theirs = StoryEngine.load(options.address)
    ours = StoryEngine.load(options.model, precision="float32")
    compare(theirs, ours, [*IDEAS.values(), *MORE][: options.openings])
    play(theirs)
    theirs.close()
    ours.close()


if __name__ == "__main__":
    main()

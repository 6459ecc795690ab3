"""The terminal: python -m story_engine "Once upon a time" streams a passage to standard output."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from threading import Event

from story_engine.engine import StoryEngine
from story_engine.errors import StoryError
from story_engine.model.autotune import KERNEL_CHOICES
from story_engine.model.hub import HUB_MODELS
from story_engine.model.quantize import PRECISIONS
from story_engine.settings import (
    FOR_CHILDREN,
    RANGES,
    READING_LEVEL,
    READING_LEVELS,
    UNWANTED,
    WHOLE_NUMBERS,
    Settings,
    read_unwanted,
)
from story_engine.stories.story import Story

SAID = {"seed": "a new one", "guidance": "what suits the model"}  # defaults that are no fixed number
SHOWN_AGAIN = 60  # characters before the place to which a story went back


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m story_engine", description="Tell a story from its first words.")
    parser.add_argument("opening", help="how the story begins; - reads it from standard input")
    parser.add_argument(
        "--model",
        default="embedded",
        help=f"embedded, a folder, a hub name ({', '.join(HUB_MODELS)}), or openai:https://host/v1#NAME",
    )
    parser.add_argument("--revision", help="the commit of a hub model")
    parser.add_argument("--precision", default="auto", choices=PRECISIONS, help="auto is int8 on the CPU, with the kernel")
    parser.add_argument(
        "--kernel", default="auto", choices=KERNEL_CHOICES, help="the compiled kernel on the CPU (default: if possible)"
    )
    parser.add_argument("--wish", default="", metavar="WORDS", help="what is to come up in the passage: it begins to snow")
    add_settings(parser)
    return parser


def add_settings(parser: argparse.ArgumentParser) -> None:
    """One flag for each setting, spelled the same; one that is not given is None."""
    defaults = Settings()
    for name, (low, high, meaning) in RANGES.items():
        default = getattr(defaults, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=int if name in WHOLE_NUMBERS else float,
            metavar="N",
            help=f"{meaning} ({low:g} to {high:g}, default {SAID.get(name, default)})",
        )
    parser.add_argument("--for-children", action="store_true", help=FOR_CHILDREN)
    parser.add_argument("--reading-level", default=READING_LEVELS[-1], choices=READING_LEVELS, help=READING_LEVEL)
    parser.add_argument("--unwanted", default="", metavar="WORDS", help=f"{UNWANTED}, with commas between them")


def main(arguments: Sequence[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    opening = sys.stdin.read() if options.opening == "-" else options.opening
    cancel = Event()
    try:
        numbers = {name: value for name in RANGES if (value := getattr(options, name)) is not None}
        given = Settings(**numbers, unwanted=read_unwanted(options.unwanted))  # a wrong one is said before a model is loaded
        engine = StoryEngine.load(options.model, options.revision, precision=options.precision, kernel=options.kernel)
        settings = replace(engine.recommended, **numbers, unwanted=given.unwanted, for_children=options.for_children)
        settings = replace(settings, reading_level=options.reading_level)
        story, told = Story(), ""
        stream = engine.stream(story, settings, text=opening, cancel=cancel, wish=options.wish)
        print(story.text(), end="", flush=True)
        for piece in stream:
            told = piece.follow(told)
            if piece.back:
                print(f"\n[This went round in circles. The story goes on from here:]\n…{told[-SHOWN_AGAIN:]}", end="")
            print(piece.text, end="", flush=True)
    except StoryError as error:
        print(f"\nstory_engine: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        cancel.set()
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())

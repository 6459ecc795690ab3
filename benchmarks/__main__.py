"""The command line: python -m benchmarks decode | turns [--model embedded | published | FOLDER]."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.decode import ROUNDS, make_published_model, measure, print_table
from benchmarks.turns import play, print_turns
from story_engine.model import EMBEDDED, EMBEDDED_FOLDER
from train.hardware import describe_machine


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed against peers, in one run.")
    parser.add_argument("what", choices=["decode", "turns"])
    parser.add_argument("--model", default=EMBEDDED, help="embedded, published (its shape, random weights), or a folder")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="decode: how often each length is measured")
    parser.add_argument("--turns", type=int, default=50, help="turns: how many")
    parser.add_argument("--pause", type=float, default=10.0, help="turns: seconds the reader takes for a passage")
    options = parser.parse_args()
    print(f"{options.what}, model {options.model}, float32, {describe_machine()}")
    with tempfile.TemporaryDirectory() as place:
        if options.model == "published":
            folder = make_published_model(Path(place), EMBEDDED_FOLDER)
        else:
            folder = EMBEDDED_FOLDER if options.model == EMBEDDED else Path(options.model)
        if options.what == "decode":
            print_table(measure(folder, options.rounds))
        else:
            print_turns(play(folder, options.turns, options.pause))


if __name__ == "__main__":
    main()

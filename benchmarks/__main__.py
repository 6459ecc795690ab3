"""The command line: python -m benchmarks, with what is to be measured; `--help` lists it."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks import batch as many
from benchmarks import (
    children,
    crowd,
    fleet,
    launch,
    load,
    long_story,
    matrix,
    reading_level,
    rounding,
    soak,
    speculation,
    visits,
    wish,
)
from benchmarks import page as book
from benchmarks.decode import ROUNDS, make_published_model, measure, print_table
from benchmarks.training import compare_with_plain_loop, print_pair, print_trials, profile, sweep, try_out
from benchmarks.turns import play, print_turns
from story_engine import EMBEDDED, EMBEDDED_FOLDER, PRECISIONS
from train.hardware import describe_machine, find_hardware
from train.overrides import read_preset
from train.presets import LOSSES, PRESETS
from train.scorecard.readers import Variant, read_variant


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed against peers, in one run.")
    commands = parser.add_subparsers(dest="what", required=True)
    decode = commands.add_parser("decode", help="tokens a second against transformers' generate")
    turns = commands.add_parser("turns", help="the wait before the first word, turn after turn")
    batch = commands.add_parser("batch", help="many stories at once over one")
    proposals = commands.add_parser("speculation", help="stories told with speculative decoding and without")
    start = commands.add_parser("launch", help="from a process's start to the first token, and its memory")
    commands.add_parser("page", help="how smoothly the page writes, in a Chromium, up to a book of 20,000 words")
    soaked = commands.add_parser("soak", help="fifty readers at once, of whom some stop and some vanish")
    soaked.add_argument("--readers", type=int, default=50, help="how many; two of five vanish")
    soaked.add_argument("--model", default=EMBEDDED, help="embedded, or a folder")
    visited = commands.add_parser("visits", help="the server's memory while readers come, begin a short story and leave")
    visited.add_argument("--counts", type=int, nargs="+", default=[*visits.COUNTS], help="after how many it is looked at")
    visited.add_argument("--model", default=EMBEDDED, help="embedded, or a folder")
    readers = commands.add_parser("load", help="readers at once through our own /v1 and our page, beside llama.cpp's server")
    readers.add_argument("--readers", type=int, nargs="+", default=[*load.READERS], help="how many at once")
    clients = commands.add_parser("crowd", help="Gradio's published load test on the page")
    clients.add_argument("--clients", type=int, nargs="+", default=[*crowd.CLIENTS], help="how many at once")
    commands.add_parser("fleet", help="a hundred replicas and a million readers a day, simulated")
    versions = commands.add_parser("matrix", help="folders in the quick start of several versions of transformers")
    versions.add_argument("--pythons", nargs="*", default=[], help="interpreters of other environments, beside this one")
    cost = commands.add_parser("rounding", help="what int8 costs in nats and likeliest tokens, on every path of the kernel")
    cost.add_argument("--model", default=EMBEDDED, help="embedded, or a folder")
    cost.add_argument("--stories", type=Path, required=True, help="a file of held-out stories")
    cost.add_argument("--tokens", type=int, default=rounding.TOKENS, help="so many of them, about")
    for command in (batch, proposals, start, readers, clients):
        command.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    batch.add_argument("--counts", type=int, nargs="+", default=[*many.COUNTS], help="how many stories at once")
    batch.add_argument("--transformers", action="store_true", help="also its generate and its continuous batching")
    for command in (decode, turns, batch, proposals, start, readers):
        command.add_argument("--model", default=EMBEDDED, help="embedded, published (its shape, random weights), or a folder")
    decode.add_argument("--precision", default="auto", choices=PRECISIONS, help="the engine's (default: auto)")
    decode.add_argument("--rounds", type=int, default=ROUNDS, help="how often each length is measured")
    turns.add_argument("--turns", type=int, default=50, help="how many")
    turns.add_argument("--pause", type=float, default=10.0, help="seconds the reader takes for a passage")
    guard = commands.add_parser("children", help="how much the guard for children finds, and how often it is wrong")
    guard.add_argument("stories", type=Path, nargs="*", help=f"text files of stories, each followed by {children.END_OF_STORY}")
    guard.add_argument("--most", type=int, default=0, help="stories of each file (default: all)")
    guard.add_argument("--show", action="store_true", help="print each sentence that is stopped")
    wishes = commands.add_parser("wish", help="how often a wish comes up in the passage that it guides")
    wishes.add_argument("--model", default=EMBEDDED, help="embedded, or a folder")
    wishes.add_argument("--show", action="store_true", help="print each passage")
    level = commands.add_parser("reading_level", help="what a reading level changes, and how well its passages follow")
    level.add_argument("--model", default=EMBEDDED, help="embedded, or a folder")
    level.add_argument("--stories", type=Path, required=True, help="a file of held-out stories")
    level.add_argument("--openings", type=int, default=reading_level.OPENINGS, help="of the scorecard's sixty")
    level.add_argument("--tokens", type=int, default=reading_level.TOKENS, help="of each passage")
    level.add_argument("--show", action="store_true", help="print all passages")
    long = commands.add_parser("long_story", help="how far stories of twelve turns go round in circles")
    long.add_argument("--model", default=EMBEDDED, help="embedded, or a folder")
    long.add_argument("--beside", action="append", default=[], metavar="[MODEL]:SETTINGS", help="as the scorecard takes it")
    long.add_argument("--tokens", type=int, default=6000, help="of each story, about")
    long.add_argument("--show", action="store_true", help="print all stories")
    train = commands.add_parser("train", help="a training step against a plain loop over the same model")
    train.add_argument("--rounds", type=int, default=ROUNDS, help="how many steps of each are timed, in turn")
    trials = commands.add_parser("train-sweep", help="loss kernels, micro-batches and a profile of one preset")
    trials.add_argument("--micro-batches", type=int, nargs="+", default=[16_384, 32_768, 65_536, 131_072], metavar="TOKENS")
    trials.add_argument("--losses", nargs="+", default=[*LOSSES], choices=LOSSES)
    trials.add_argument("--steps", type=int, default=8, help="how many steps are timed in each trial")
    trials.add_argument("--long-steps", type=int, default=60, help="how many of the fastest trial, at the end")
    for command in (train, trials):
        command.add_argument("--preset", default="test-1-3000", choices=PRESETS)
        command.add_argument("--data", type=Path, required=True, help="the folder that train's prepare made")
        command.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE", help="override fields of the preset")
    return parser


def run_training(options: argparse.Namespace) -> None:
    """The two commands about training speed."""
    preset = read_preset(options.preset, options.set)
    hardware = find_hardware(preset.precision)
    print(f"{options.what}, preset {preset.name}, {hardware.name}: {hardware.peak_flops / 1e12:.2f} TFLOP/s ({hardware.basis})")
    if options.what == "train":
        print_pair(compare_with_plain_loop(preset, options.data, options.rounds), preset, hardware)
        return
    trials = sweep(preset, options.data, tuple(options.losses), tuple(options.micro_batches), options.steps)
    print_trials(trials, preset, hardware)
    fastest = max(trials, key=lambda trial: trial.rate)
    print(f"\nThe fastest of them for {options.long_steps} steps, and where the time of one goes:\n")
    long = try_out(preset, options.data, fastest.loss, fastest.micro_batch_tokens, options.long_steps)
    print_trials([long], preset, hardware)
    print(profile(replace(preset, loss=fastest.loss, micro_batch_tokens=fastest.micro_batch_tokens), options.data))


def main() -> None:
    options = build_parser().parse_args()
    if options.what.startswith("train"):
        run_training(options)
        return
    if options.what == "children":
        children.print_figures(options.stories, most=options.most, shows=options.show)
        return
    if options.what == "page":
        book.print_table(book.measure())
        return
    if options.what == "fleet":
        fleet.print_table(fleet.measure())
        return
    if options.what == "crowd":
        crowd.print_table(crowd.measure(options.clients, options.rounds))
        return
    print(f"{options.what}, model {getattr(options, 'model', 'of several forms')}, {describe_machine()}")
    if options.what == "soak":
        soak.print_figures(soak.measure(options.model, options.readers))
        return
    if options.what == "visits":
        visits.print_looks(visits.measure(options.model, options.counts))
        return
    if options.what == "wish":
        wish.print_table(wish.measure(options.model, options.show))
        return
    if options.what == "long_story":
        variants = [Variant("its own", options.model), *(read_variant(one, options.model) for one in options.beside)]
        long_story.print_table(long_story.measure(variants, options.tokens), options.show)
        return
    if options.what == "load":
        load.print_table(load.measure(options.model, options.readers, options.rounds))
        return
    if options.what == "rounding":
        folder = EMBEDDED_FOLDER if options.model == EMBEDDED else Path(options.model)
        rounding.print_table(rounding.measure(folder, options.stories, options.tokens))
        return
    if options.what == "reading_level":
        folder = EMBEDDED_FOLDER if options.model == EMBEDDED else Path(options.model)
        rows = reading_level.print_table(reading_level.measure(folder, options.stories, options.openings, options.tokens))
        if options.show:
            reading_level.print_stories(rows)
        return
    with tempfile.TemporaryDirectory() as place:
        if options.what == "matrix":
            matrix.print_table(matrix.measure(Path(place), options.pythons))
            return
        if options.model == "published":
            folder = make_published_model(Path(place), EMBEDDED_FOLDER)
        else:
            folder = EMBEDDED_FOLDER if options.model == EMBEDDED else Path(options.model)
        if options.what == "decode":
            print_table(measure(folder, options.rounds, options.precision))
        elif options.what == "batch":
            many.print_table(many.measure(folder, options.rounds, options.counts, options.transformers))
        elif options.what == "speculation":
            speculation.print_table(speculation.measure(folder, options.rounds))
        elif options.what == "launch":
            launch.print_table(launch.measure(folder, options.rounds))
        else:
            print_turns(play(folder, options.turns, options.pause))


if __name__ == "__main__":
    main()

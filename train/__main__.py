"""The command line: python -m train prepare | trim | run | join | evaluate | report."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from story_engine import PRECISIONS, ModelError
from train.errors import TrainError
from train.presets import PRESETS, find_preset


def parse_overrides(pairs: list[str]) -> dict[str, object]:
    """`field=value` words as numbers, truth values or text."""
    overrides: dict[str, object] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator:
            raise TrainError(f"{pair!r} is no setting. Write it as field=value, for example max_lr=0.001.")
        overrides[key] = parse_value(value)
    return overrides


def parse_value(text: str) -> object:
    """A whole number, a number, true or false, or the text itself."""
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train", description="Prepare data and train story models.")
    commands = parser.add_subparsers(dest="command", required=True)
    prepare = commands.add_parser("prepare", help="stories to token shards")
    prepare.add_argument("--data", nargs="+", help="text files, or one data set of the hub (default: the preset's)")
    prepare.add_argument("--held-out", nargs="+", help="files of held-out stories")
    prepare.add_argument("--start", type=Path, metavar="MODEL", help="the folder of the model to start with, for its tokenizer")
    trim = commands.add_parser("trim", help="a pretrained model, cut to the tokens that the texts need")
    trim.add_argument("--start", required=True, metavar="MODEL", help="a folder or hub name of a Llama model")
    trim.add_argument("--data", nargs="+", required=True, help="text files, or one data set of the hub")
    trim.add_argument("--context", type=int, default=2048, help="tokens of its window, at most (default: 2048)")
    trim.add_argument("--out", type=Path, required=True, help="the folder to write")
    run = commands.add_parser("run", help="train a model")
    run.add_argument("--data", type=Path, help="the folder that prepare made")
    run.add_argument("--dry-run", action="store_true", help="say what would be run, and on what, and leave")
    run.add_argument("--shard", action="store_true", help="spread the weights over all processes (FSDP2)")
    run.add_argument("--tensorboard", action="store_true", help="write the figures for TensorBoard too, into the run's folder")
    run.add_argument("--steps", type=int, help="so many steps in place of the preset's")
    run.add_argument("--resume", action="store_true", help="go on from the newest checkpoint")
    run.add_argument("--until", type=int, help="stop at this step of the schedule, resumable")
    run.add_argument("--start", type=Path, metavar="MODEL", help="a folder of a model whose weights the run starts with")
    run.add_argument("--teachers", type=Path, nargs="+", default=[], metavar="MODEL", help="folders of models to learn from")
    join = commands.add_parser("join", help="two models side by side in one of twice the width, to start a run with")
    join.add_argument("models", type=Path, nargs=2, metavar="MODEL", help="the folders of two models of one shape")
    join.add_argument("--data", type=Path, required=True, help="the folder that prepare made")
    join.add_argument("--intermediate", type=int, required=True, help="neurons a layer keeps, of both together")
    join.add_argument("--out", type=Path, required=True, help="the folder to write")
    card = commands.add_parser("evaluate", help="the scorecard: what a model can be shown to do")
    card.add_argument("--model", default="embedded", help="embedded, a folder, or a hub name (default: embedded)")
    card.add_argument("--stories", type=Path, help="a file of held-out stories")
    card.add_argument("--out", type=Path, required=True, help="the folder to write")
    card.add_argument(
        "--train", type=Path, nargs="*", default=[], help="the training text, for its words, copies and a trigram"
    )
    card.add_argument("--phases", type=Path, help="the folder of a run whose kept phases are scored, too")
    card.add_argument("--quick", action="store_true", help="fewer items: under five minutes for the embedded model")
    card.add_argument("--only", choices=("claims", "readers"), help="one part: what is claimed, or what a reader meets")
    card.add_argument("--beside", action="append", default=[], metavar="MODEL", help="a model to compare with, for readers")
    card.add_argument("--scorer", metavar="MODEL", help="an independent model that transformers reads, for the fit")
    card.add_argument(
        "--side-by-side", type=Path, metavar="FILE", help="thirty openings told by all models, to be read blindly"
    )
    card.add_argument("--seed", type=int, default=0)
    card.add_argument("--precision", default="auto", choices=PRECISIONS)
    report = commands.add_parser("report", help="write the model card of a finished run")
    report.add_argument("run", type=Path, help="the folder that run --out named")
    report.add_argument("--data", type=Path, help="the folder that prepare made, where it is no longer where the run had it")
    report.add_argument("--notes", type=Path, help="a text that the card opens with")
    report.add_argument("--before", type=Path, metavar="RUN", help="the run whose model this one started from, for the stages")
    for command in (prepare, run):
        command.add_argument("--preset", default="test-1-3000", choices=PRESETS)
        command.add_argument("--out", type=Path, help="the folder to write")
        command.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE", help="override fields of the preset")
    return parser


def check_folders(options: argparse.Namespace) -> None:
    """A dry run needs no folder; everything else does."""
    missing = [
        flag
        for flag, value in (("--data DIR", options.data or options.command == "prepare"), ("--out DIR", options.out))
        if not value
    ]
    if missing:
        raise TrainError(f"{options.command} needs {' and '.join(missing)}.")


def main(arguments: list[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    try:
        if options.command == "report":
            from train.report import write_report

            print(write_report(options.run, options.data, options.notes, options.before))
            return 0
        if options.command == "trim":
            from train.trim import trim_folder

            config = trim_folder(options.start, options.data, options.out, options.context)
            print(f"{options.out}: {config.vocab_size:,} tokens")
            return 0
        if options.command == "join":
            from train.joining import join_folders

            first, second = options.models
            joined = join_folders(first, second, options.intermediate, options.data, options.out)
            print(f"{options.out}: {sum(weight.numel() for weight in joined.parameters()):,} parameters")
            return 0
        if options.command == "evaluate":
            from train.scorecard import Options, evaluate

            names = ("model", "stories", "out", "phases", "quick", "seed", "precision", "only", "scorer", "side_by_side")
            chosen = {name: getattr(options, name) for name in names}
            wanted = Options(training=tuple(options.train), beside=tuple(options.beside), **chosen)
            print(evaluate(wanted, lambda words: print(words, file=sys.stderr, flush=True)))
            return 0
        steps = {"steps": options.steps} if options.command == "run" and options.steps is not None else {}
        preset = find_preset(options.preset, **(parse_overrides(options.set) | steps))
        if preset.adopts_shape:
            from train.lineage import read_shape

            if not options.start:
                raise TrainError(f"Preset {preset.name!r} starts with a model. Add --start FOLDER; `trim` makes one.")
            preset = replace(preset, shape=read_shape(options.start, preset.shape.context))
        if options.command == "run" and options.dry_run:
            from train.data import Meta
            from train.hardware import find_hardware
            from train.spec import describe_run

            print(describe_run(preset, find_hardware(preset.precision), Meta.read(options.data) if options.data else None))
            return 0
        check_folders(options)
        if options.command == "prepare":
            from train.prepare import prepare

            meta = prepare(preset, options.data or [preset.dataset], options.held_out, options.out, start=options.start)
            print(f"{meta.stories:,} stories, {meta.tokens:,} tokens, {meta.text_bytes / meta.tokens:.2f} bytes a token")
        else:
            from train.lineage import Lineage
            from train.loop import Run

            lineage = Lineage(options.start, tuple(options.teachers))
            run = Run(preset, options.data, options.out, options.tensorboard, options.shard, lineage)
            run.train(options.resume, options.until)
    except (TrainError, ModelError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The command line: python -m train prepare | trim | run | average | drop | export | evaluate | report."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from story_engine import PRECISIONS, ModelError
from story_engine.model.hub import find_folder
from train.errors import TrainError
from train.overrides import read_preset
from train.presets import PRESETS, Preset

NAMED = "a folder, or a name on the hub"


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train", description="Prepare data and train story models.")
    commands = parser.add_subparsers(dest="command", required=True)
    prepare = commands.add_parser("prepare", help="stories to token shards")
    prepare.set_defaults(handle=run_prepare)
    prepare.add_argument("--data", nargs="+", help="text files, or one data set of the hub (default: the preset's)")
    prepare.add_argument("--held-out", nargs="+", help="files of held-out stories")
    prepare.add_argument("--start", metavar="MODEL", help=f"the model to start with, for its tokenizer: {NAMED}")
    trim = commands.add_parser("trim", help="a pretrained model, cut to the tokens that the texts need")
    trim.set_defaults(handle=run_trim)
    trim.add_argument("--start", required=True, metavar="MODEL", help=f"a Llama model: {NAMED}")
    trim.add_argument("--data", nargs="+", required=True, help="text files, or one data set of the hub")
    trim.add_argument("--context", type=int, default=2048, help="tokens of its window, at most (default: 2048)")
    trim.add_argument("--out", type=Path, required=True, help="the folder to write")
    run = commands.add_parser("run", help="train a model")
    run.set_defaults(handle=run_training)
    run.add_argument("--data", type=Path, help="the folder that prepare made")
    run.add_argument("--dry-run", action="store_true", help="say what would be run, and on what, and leave")
    run.add_argument("--shard", action="store_true", help="spread the weights over all processes (FSDP2)")
    run.add_argument("--tensorboard", action="store_true", help="write the figures for TensorBoard too, into the run's folder")
    run.add_argument("--steps", type=int, help="so many steps in place of the preset's")
    run.add_argument("--resume", action="store_true", help="go on from the newest checkpoint")
    run.add_argument("--until", type=int, help="stop at this step of the schedule, resumable")
    run.add_argument("--start", metavar="MODEL", help=f"the model whose weights the run starts with: {NAMED}")
    run.add_argument("--teachers", nargs="+", default=[], metavar="MODEL", help="models to learn from, likewise")
    average = commands.add_parser("average", help="the mean of several models of one shape")
    average.set_defaults(handle=run_average)
    average.add_argument(
        "sources", type=Path, nargs="+", metavar="FOLDER", help="models, checkpoints, or runs (their checkpoints)"
    )
    average.add_argument("--out", type=Path, required=True, help="the folder to write")
    drop = commands.add_parser("drop", help="a model with fewer layers, to be healed by a run with the whole as its teacher")
    drop.set_defaults(handle=run_drop)
    drop.add_argument("--start", required=True, metavar="MODEL", help=f"a Llama model: {NAMED}")
    which = drop.add_mutually_exclusive_group(required=True)
    which.add_argument("--layers", metavar="0,1,...", help="the layers that stay")
    which.add_argument("--keep", type=int, metavar="N", help="so many layers stay, evenly spread")
    drop.add_argument("--out", type=Path, required=True, help="the folder to write")
    card = commands.add_parser("evaluate", help="the scorecard: what a model can be shown to do")
    card.set_defaults(handle=run_evaluate)
    card.add_argument("--model", default="embedded", help="embedded, a folder, or a hub name (default: embedded)")
    card.add_argument("--stories", type=Path, help="a file of held-out stories")
    card.add_argument("--out", type=Path, required=True, help="the folder to write")
    card.add_argument(
        "--train", type=Path, nargs="*", default=[], help="the training text, for its words, copies and a trigram"
    )
    card.add_argument("--phases", type=Path, help="the folder of a run whose kept phases are scored, too")
    card.add_argument("--quick", action="store_true", help="fewer items: about five minutes for the embedded model")
    card.add_argument("--only", choices=("claims", "readers"), help="one part: what is claimed, or what a reader meets")
    card.add_argument(
        "--beside",
        action="append",
        default=[],
        metavar="MODEL[:SETTINGS]",
        help="to compare with, for readers: a model, its settings, or both (:guidance=0.5)",
    )
    card.add_argument("--scorer", metavar="MODEL", help="an independent model that transformers reads, for the fit")
    card.add_argument(
        "--side-by-side", type=Path, metavar="FILE", help="thirty openings told by all models, to be read blindly"
    )
    card.add_argument("--seed", type=int, default=0)
    card.add_argument("--precision", default="auto", choices=PRECISIONS)
    export = commands.add_parser("export", help="a model's folder with its weights in another type")
    export.set_defaults(handle=run_export)
    export.add_argument("--model", required=True, help="embedded, a folder, or a hub name")
    export.add_argument("--dtype", required=True, choices=("int8", "bfloat16", "float32"), help="int8: a scale for each output")
    export.add_argument("--out", type=Path, required=True, help="the folder to write")
    report = commands.add_parser("report", help="write the model card of a finished run")
    report.set_defaults(handle=run_report)
    report.add_argument("run", type=Path, help="the folder that run --out named")
    report.add_argument("--data", type=Path, help="the folder that prepare made, where it is no longer where the run had it")
    report.add_argument("--shipped", type=Path, help="the model in the form it ships in, which the card is of and goes to")
    report.add_argument("--notes", type=Path, help="a text that the card opens with")
    for command in (prepare, run):
        command.add_argument("--preset", default="test-1-3000", choices=PRESETS)
        command.add_argument("--out", type=Path, help="the folder to write")
        command.add_argument("--set", nargs="*", default=[], metavar="FIELD=VALUE", help="override fields of the preset")
    return parser


def find_start(name: str | None) -> Path | None:
    """The folder of the model to start with: a hub name is fetched."""
    return None if name is None else find_folder(name)


def choose_preset(options: argparse.Namespace, start: Path | None) -> Preset:
    """The preset that the options name, with the shape of its start where it adopts that."""
    steps = {"steps": options.steps} if getattr(options, "steps", None) is not None else {}
    preset = read_preset(options.preset, options.set, **steps)
    if preset.adopts_shape:
        from train.pretrained import read_shape

        if not start:
            raise TrainError(f"Preset {preset.name!r} starts with a model. Add --start MODEL; `trim` makes one.")
        preset = replace(preset, shape=read_shape(start, preset.shape.context))
        if problems := preset.problems():
            raise TrainError(f"Preset {preset.name!r} cannot run with {start}: " + "; ".join(problems) + ".")
    return preset


def run_prepare(options: argparse.Namespace) -> None:
    from train.prepare import prepare

    start = find_start(options.start)
    preset = choose_preset(options, start)
    if not options.out:
        raise TrainError("prepare needs --out DIR.")
    meta = prepare(preset, options.data or [preset.dataset], options.held_out, options.out, start=start)
    print(f"{meta.stories:,} stories, {meta.tokens:,} tokens, {meta.text_bytes / meta.tokens:.2f} bytes a token")


def run_trim(options: argparse.Namespace) -> None:
    from train.trim import trim_folder

    config = trim_folder(find_folder(options.start), options.data, options.out, options.context)
    print(f"{options.out}: {config.vocab_size:,} tokens")


def run_training(options: argparse.Namespace) -> None:
    start = find_start(options.start)
    preset = choose_preset(options, start)
    if options.dry_run:
        from train.data import Meta
        from train.hardware import find_hardware
        from train.network import choose_attention
        from train.spec import describe_run

        meta = Meta.read(options.data) if options.data else None
        print(describe_run(preset, find_hardware(preset.precision), meta, choose_attention()))
        return
    if missing := [flag for flag, value in (("--data DIR", options.data), ("--out DIR", options.out)) if not value]:
        raise TrainError(f"run needs {' and '.join(missing)}.")
    from train.lineage import Lineage
    from train.run import Run

    lineage = Lineage(start, tuple(find_folder(name) for name in options.teachers))
    run = Run(preset, options.data, options.out, options.tensorboard, options.shard, lineage)
    run.train(options.resume, options.until)


def run_average(options: argparse.Namespace) -> None:
    from train.averaging import average_folders

    print(f"{options.out}: the mean of {average_folders(options.sources, options.out)} models")


def run_drop(options: argparse.Namespace) -> None:
    from train.depth import drop_folder
    from train.overrides import parse_value

    try:
        layers = parse_value(options.layers, tuple[int, ...]) if options.layers is not None else None
    except ValueError as error:
        raise TrainError(
            f"--layers takes numbers with commas between them, such as 0,1,4; {options.layers!r} is none."
        ) from error
    stay = drop_folder(find_folder(options.start), layers, options.keep, options.out)
    print(f"{options.out}: layers {', '.join(map(str, stay))} stay")


def run_evaluate(options: argparse.Namespace) -> None:
    from train.scorecard import Options, evaluate

    names = ("model", "stories", "out", "phases", "quick", "seed", "precision", "only", "scorer", "side_by_side")
    chosen = {name: getattr(options, name) for name in names}
    wanted = Options(training=tuple(options.train), beside=tuple(options.beside), **chosen)
    print(evaluate(wanted, lambda words: print(words, file=sys.stderr, flush=True)))


def run_export(options: argparse.Namespace) -> None:
    from train.compressed import export_folder

    for path in export_folder(options.model, options.dtype, options.out):
        print(f"{path}: {path.stat().st_size:,} bytes")


def run_report(options: argparse.Namespace) -> None:
    from train.report import write_report

    print(write_report(options.run, options.data, options.notes, options.shipped))


def main(arguments: list[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    try:
        options.handle(options)
    except (TrainError, ModelError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"train: {error}. Free some space or make the place readable and writable, then try again.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""kill -9 at any moment of preparing and running: the same command, and the advice that it prints, lead to the same model.

`KILLS=all python -m pytest tests/train/test_train_kills.py` tries every moment; otherwise a few of them are tried.
"""

import importlib
import multiprocessing
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.train.test_train import losses_of

# The command that is killed, the function at which it is, at which call, and whether before or behind it.
MOMENTS = [
    ("prepare", "train.prepare.find_origin", 1, "behind"),
    ("prepare", "train.prepare.train_tokenizer", 1, "before"),
    ("prepare", "train.prepare.write_shard", 1, "before"),
    ("prepare", "train.prepare.write_shard", 2, "behind"),
    ("prepare", "train.prepare.os.fsync", 4, "before"),
    ("prepare", "train.prepare.asdict", 1, "before"),
    ("run", "train.run.build_model", 1, "before"),
    ("run", "train.run.Run._note", 1, "before"),
    ("run", "train.run.Run._note", 1, "behind"),
    ("run", "train.export.save_file", 1, "before"),
    ("run", "train.export.save_file", 1, "behind"),
    ("run", "train.samples.tell_samples", 1, "behind"),
    ("run", "train.run.Run.take_step", 1, "before"),
    ("run", "train.run.Run.take_step", 3, "behind"),
    ("run", "train.checkpoint.save_file", 1, "behind"),
    ("run", "train.checkpoint.torch.save", 1, "behind"),
    ("run", "train.checkpoint.save_file", 2, "behind"),
    ("run", "train.run.Run.take_step", 8, "behind"),
    ("run", "train.export.save_file", 2, "behind"),
    ("run", "train.run.write_report", 1, "before"),
]
FEW = (3, 11, 15)
TRIED = range(len(MOMENTS)) if os.environ.get("KILLS") == "all" else FEW
START = multiprocessing.get_context("forkserver")  # which imports torch once
START.set_forkserver_preload(["tests.train.test_train_kills", "train.prepare", "train.run"])


def work(arguments: list[str], said: Path, moment: tuple[str, int, str] | None) -> None:
    """A command in a process of its own, which is killed at the moment."""
    from train.__main__ import main

    sys.stdout = sys.stderr = said.open("w", buffering=1)
    if moment:
        set_trap(*moment)
    sys.exit(main(arguments))


def set_trap(target: str, call: int, side: str) -> None:
    path, name = target.rsplit(".", 1)
    try:
        place = importlib.import_module(path)
    except ModuleNotFoundError:  # a class, or a module by its name in another one
        place = getattr(importlib.import_module(path.rsplit(".", 1)[0]), path.rsplit(".", 1)[1])
    function, calls = getattr(place, name), []

    def trap(*given, **named):
        calls.append(1)
        if len(calls) == call and side == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*given, **named)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(place, name, trap)


class Trainer:
    """A person at a terminal with two commands, who does what they are told."""

    def __init__(self, stories: Path, place: Path) -> None:
        self.said, self.out = place / "said.txt", place / "run"
        texts = ["--data", str(stories / "train.txt"), "--held-out", str(stories / "held.txt")]
        self.commands = {
            "prepare": ["prepare", "--preset", "smoke", *texts, "--out", str(place / "data")],
            "run": ["run", "--preset", "smoke", "--data", str(place / "data"), "--out", str(self.out)],
        }
        self.commands["run"] += ["--set", "steps=12", "phases=0,12", "phase_samples=1"]

    def start(self, name: str, moment: tuple[str, int, str] | None = None) -> int | None:
        process = START.Process(target=work, args=(self.commands[name], self.said, moment))
        process.start()
        process.join(120)
        return process.exitcode

    def follow_advice(self) -> None:
        """Change the command as the last message says; a message without advice is a dead end."""
        message = self.said.read_text().splitlines()[-1]
        advice = re.search(r"(Add --resume|without --resume|Run `python -m train prepare`)", message)
        assert advice, message
        if advice[1] == "Add --resume":
            assert "--resume" not in self.commands["run"]
            self.commands["run"].insert(1, "--resume")
        elif advice[1] == "without --resume":
            self.commands["run"].remove("--resume")
        else:
            assert self.start("prepare") == 0


@pytest.fixture(scope="module")
def whole(stories, tmp_path_factory) -> Path:
    """What comes out when nobody kills anything."""
    trainer = Trainer(stories, tmp_path_factory.mktemp("whole"))
    assert [trainer.start(name) for name in ("prepare", "run")] == [0, 0]
    return trainer.out


@pytest.mark.parametrize("number", TRIED)
def test_the_same_command_and_its_advice_lead_on_from_any_kill(stories, whole, tmp_path, number):
    trainer, (killed, *moment) = Trainer(stories, tmp_path), MOMENTS[number]
    if killed == "run":
        assert trainer.start("prepare") == 0
    assert trainer.start(killed, tuple(moment)) == -signal.SIGKILL
    for _ in range(4):
        if trainer.start("run") == 0:
            break
        trainer.follow_advice()
    assert losses_of(trainer.out) == losses_of(whole)
    files = ("model/model.safetensors", "model/phases.json", "model/README.md", "phase-000000/samples.json")
    assert all((trainer.out / file).is_file() for file in files)
    assert (trainer.out / files[0]).read_bytes() == (whole / files[0]).read_bytes()
    assert (trainer.out / files[3]).read_bytes() == (whole / files[3]).read_bytes()

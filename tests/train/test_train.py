"""Training runs: what a kill, a signal, a full disk or a bad number cannot change."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from story_engine import Settings, Story, StoryEngine
from train.__main__ import main
from train.checkpoint import find_checkpoints
from train.compressed import export_folder
from train.errors import TrainError
from train.heldout import measure_loss
from train.presets import PRESETS
from train.report import measure_shipped, write_report
from train.run import Run

ROOT = Path(__file__).parents[2]
SMOKE = PRESETS["smoke"]


def losses_of(out: Path) -> dict[int, float]:
    entries = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return {entry["step"]: entry["loss"] for entry in entries if "loss" in entry}


def weights_of(out: Path) -> dict[str, torch.Tensor]:
    return load_file(find_checkpoints(out)[-1] / "model.safetensors")


def test_the_loss_falls_and_the_model_tells(finished):
    losses = losses_of(finished)
    assert losses[20] < 0.85 * losses[1]
    assert {path.name for path in finished.glob("phase-*")} == {"phase-000000", "phase-000010", "phase-000020"}
    engine = StoryEngine.load(str(finished / "model"))
    story = Story("Once upon a time")
    list(engine.stream(story, Settings(max_new_tokens=20, seed=1)))
    assert story.last().text


@pytest.mark.parametrize("stop_at", [1, 7, 12])
def test_a_stopped_and_resumed_run_is_the_uninterrupted_one_bit_for_bit(finished, data, tmp_path, stop_at):
    preset = replace(SMOKE, tokens_per_step=4096, micro_batch_tokens=4096)
    Run(preset, data, tmp_path / "run").train(resume=False, until=stop_at)
    Run(preset, data, tmp_path / "run").train(resume=True)
    assert losses_of(tmp_path / "run") == losses_of(finished)
    ours, theirs = weights_of(tmp_path / "run"), weights_of(finished)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_killed_at_random_moments_and_in_mid_save_a_run_comes_out_the_same(data, tmp_path):
    """kill -9 while a checkpoint is being written and at a random moment, then to the end; against a run left alone."""
    command = [sys.executable, "-m", "train", "run", "--preset", "smoke", "--data", str(data), "--out"]
    settings = ["--set", "steps=40", "save_every=4"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([*command, str(tmp_path / "whole"), *settings], cwd=ROOT, check=True, capture_output=True, env=environment)
    out, chance, killed_saving = tmp_path / "killed", random.Random(7), False
    for attempt in range(2):
        saved = steps_saved(out)
        process = subprocess.Popen(
            [*command, str(out), *settings, *(["--resume"] if saved else [])],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        deadline = time.monotonic() + 90
        goal = max(saved, default=0) + 5 + chance.randrange(12)
        while time.monotonic() < deadline and process.poll() is None:
            if attempt == 0 and steps_saved(out) and list(out.glob(".part-*")):
                killed_saving = True
                break
            if attempt and last_step(out) >= goal:
                time.sleep(chance.random() / 20)
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert max(steps_saved(out), default=0) >= max(saved, default=0)
    assert killed_saving
    subprocess.run([*command, str(out), *settings, "--resume"], cwd=ROOT, check=True, capture_output=True, env=environment)
    begun = [json.loads(line)["from_step"] for line in (out / "log.jsonl").read_text().splitlines() if "from_step" in line]
    assert all(step % 4 == 0 for step in begun)
    assert len(begun) == 3
    assert losses_of(out) == losses_of(tmp_path / "whole")
    ours, theirs = weights_of(out), weights_of(tmp_path / "whole")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def steps_saved(out: Path) -> list[int]:
    return [int(path.name.split("-")[1]) for path in find_checkpoints(out)]


def last_step(out: Path) -> int:
    path = out / "log.jsonl"
    return (
        max((json.loads(line).get("step", 0) for line in path.read_text().splitlines()[:-1]), default=0) if path.exists() else 0
    )


def test_a_signal_saves_and_leaves(data, tmp_path):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "train",
            "run",
            "--preset",
            "smoke",
            "--data",
            str(data),
            "--out",
            str(tmp_path / "run"),
            "--set",
            "steps=5000",
            "save_every=5000",
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and last_step(tmp_path / "run") < 3:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert find_checkpoints(tmp_path / "run")


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(finished, data, tmp_path, capsys):
    shutil.copytree(finished, tmp_path / "run")
    older, newest = find_checkpoints(tmp_path / "run")
    path = newest / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    preset = replace(SMOKE, tokens_per_step=4096, micro_batch_tokens=4096)
    Run(preset, data, tmp_path / "run").train(resume=True)
    assert f"{newest.name} is damaged" in capsys.readouterr().out
    assert older.name == "checkpoint-000015"
    assert losses_of(tmp_path / "run") == losses_of(finished)


def test_a_full_disk_keeps_the_last_checkpoint(data, tmp_path, monkeypatch):
    run = Run(SMOKE, data, tmp_path / "run")
    run.train(resume=False, until=5)
    before = find_checkpoints(tmp_path / "run")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("train.checkpoint.torch.save", fail)
    with pytest.raises(TrainError, match="No space left"):
        run.train(resume=True, until=10)
    assert find_checkpoints(tmp_path / "run") == before
    assert not list((tmp_path / "run").glob(".part-*"))


def test_a_loss_that_is_no_number_stops_before_the_weights_change(data, tmp_path):
    run = Run(SMOKE, data, tmp_path / "run")
    with torch.no_grad():
        run.model.model.norm.weight.fill_(torch.nan)
    before = {name: weight.clone() for name, weight in run.model.named_parameters()}
    with pytest.raises(TrainError, match=r"--resume --set max_lr=0\.0015"):
        run.take_step()
    assert all(torch.equal(weight, before[name]) for name, weight in run.model.named_parameters() if "norm" not in name)


def test_a_run_is_never_begun_over_another(finished, data):
    with pytest.raises(TrainError, match="--resume"):
        Run(SMOKE, data, finished).train(resume=False)
    other = replace(SMOKE, tokens_per_step=4096, micro_batch_tokens=4096, max_lr=1e-2)
    with pytest.raises(TrainError, match=r"max_lr was 0\.003 and is 0\.01"):
        Run(other, data, finished).train(resume=True)


def test_data_of_another_tokenizer_is_refused(data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    path = tmp_path / "data/tokenizer.json"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(TrainError, match="not the one that made its shards"):
        Run(SMOKE, tmp_path / "data", tmp_path / "run")
    with pytest.raises(TrainError, match="has room for 100"):
        Run(replace(SMOKE, shape=replace(SMOKE.shape, vocabulary=100)), data, tmp_path / "run")


def test_every_phase_tells_the_same_openings_and_the_curve_is_drawn(finished):
    told = [json.loads((finished / f"phase-{step:06d}/samples.json").read_text()) for step in SMOKE.phases]
    assert [[(s["seed"], s["opening"]) for s in phase] for phase in told[1:]] == [
        [(s["seed"], s["opening"]) for s in told[0]] for _ in told[1:]
    ]
    assert len(told[0]) == SMOKE.phase_samples
    assert told[0] != told[-1]
    assert (finished / "model/curve.png").stat().st_size > 5000


def test_tensorboard_gets_every_steps_figures(data, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    Run(SMOKE, data, tmp_path / "run", tensorboard=True).train(resume=False, until=5)
    written = EventAccumulator(str(next((tmp_path / "run").rglob("events.out.tfevents*")).parent))
    written.Reload()
    assert {event.step: pytest.approx(event.value) for event in written.Scalars("loss")} == losses_of(tmp_path / "run")
    assert written.Scalars("held_out/bits_per_byte")


def test_held_out_loss_is_the_same_in_batches_by_story_and_as_shipped(finished, data):
    run = Run(SMOKE, data, finished)
    run.model = run.model.from_pretrained(finished / "model", dtype=torch.float32)
    engine = StoryEngine.load(str(finished / "model"))
    batched, shipped = run.measure(), measure_shipped(engine, run.held_out)
    by_story = [
        measure_loss(lambda rows: run.model(rows).logits, [story], run.rows.meta.end_token, 64) for story in run.held_out
    ]
    assert batched.tokens == sum(part.tokens for part in by_story)
    assert batched.nats == pytest.approx(sum(part.nats for part in by_story), rel=1e-5)
    assert (shipped.nats, shipped.tokens) == (pytest.approx(batched.nats, rel=1e-4), batched.tokens)
    assert 0.3 < batched.bits_per_byte < 8


def test_the_card_says_what_was_run(finished, data, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "run/scorecard").mkdir()
    (tmp_path / "run/scorecard/scorecard.md").write_text("| # | figure | model |")
    for plot in ("context-use.png", "recall.png", "phases.png"):
        (tmp_path / "run/scorecard" / plot).write_bytes(b"a picture")
    assert main(["report", str(tmp_path / "run")]) == 0
    card = (tmp_path / "run/model/README.md").read_text()
    shutil.rmtree(tmp_path / "run/phase-000010")
    assert write_report(tmp_path / "run", data).read_text() == card
    assert len(json.loads((tmp_path / "run/model/phases.json").read_text())["stages"]) == 2
    assert "as shipped (bfloat16)" in card
    export_folder(str(tmp_path / "run/model"), "int8", tmp_path / "int8")
    assert main(["report", str(tmp_path / "run"), "--shipped", str(tmp_path / "int8")]) == 0
    assert (tmp_path / "run/model/README.md").read_text() == card
    shipped = (tmp_path / "int8/README.md").read_text()
    assert "as shipped (int8)" in shipped
    assert (tmp_path / "int8/phases.json").is_file()
    parameters = [next(line for line in text.splitlines() if "| parameters |" in line) for text in (card, shipped)]
    assert parameters[0] == parameters[1]
    assert "bits per byte" in card
    assert card.count("> *") == 20
    assert (card.count("ended") + card.count("cut at the length")) >= 20
    assert "| # | figure | model |" in card
    assert (tmp_path / "run/model/recall.png").read_bytes() == b"a picture"
    assert (tmp_path / "run/model/curve.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["prepare", "--preset", "smoke", "--data", "./none.txt", "--out", "{tmp}"], "No such file"),
        (["run", "--preset", "smoke", "--data", "{tmp}", "--out", "{tmp}/run"], "meta.json"),
        (
            ["run", "--preset", "smoke", "--data", "{tmp}", "--out", "{tmp}/run", "--set", "steps=-1", "max_lr=7"],
            "steps.*max_lr",
        ),
        (["run", "--preset", "smoke", "--data", "{tmp}", "--out", "{tmp}/run", "--set", "steps"], "field=value"),
        (["report", "{tmp}", "--data", "{tmp}"], "log.jsonl"),
        (["run", "--preset", "smoke", "--data", "{tmp}", "--out", "{tmp}/run", "--steps", "0"], "steps must be"),
        (["run", "--preset", "smoke"], "needs --data DIR and --out DIR"),
    ],
)
def test_the_command_line_says_what_is_wrong(capsys, tmp_path, arguments, said):
    import re

    assert main([argument.replace("{tmp}", str(tmp_path)) for argument in arguments]) == 1
    assert re.search(said, capsys.readouterr().err)

"""Training: data by (seed, step) alone, the published schedule, and runs that a kill cannot change."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from story_engine import Settings, Story, StoryEngine
from tests.conftest import make_stories
from train.__main__ import main
from train.checkpoint import find_checkpoints
from train.data import TokenRows
from train.errors import TrainError
from train.heldout import measure_loss
from train.loop import LanguageModelLoss, Run, build_model
from train.optim import beta1_at, build_optimizers, scale_at
from train.prepare import END_OF_STORY, prepare, read_stories
from train.presets import PRESETS, find_preset
from train.report import measure_shipped, write_report

ROOT = Path(__file__).parent.parent
SMOKE = PRESETS["smoke"]


@pytest.fixture(scope="session")
def stories(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stories")
    for name, chosen in {"train.txt": make_stories(300), "held.txt": make_stories(320)[300:]}.items():
        (folder / name).write_text("".join(f"{story}\n{END_OF_STORY}\n" for story in chosen), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def data(stories, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    prepare(SMOKE, [str(stories / "train.txt")], [str(stories / "held.txt")], folder, per_shard=120)
    return folder


@pytest.fixture(scope="session")
def finished(data, tmp_path_factory) -> Path:
    """An uninterrupted run, which passes through its data more than once."""
    out = tmp_path_factory.mktemp("run") / "whole"
    run = Run(replace(SMOKE, tokens_per_step=4096, micro_batch_tokens=4096), data, out)
    assert run.rows.rows_per_epoch(64) * 64 < 20 * 4096  # it crosses an epoch's border
    run.train(resume=False)
    return out


def losses_of(out: Path) -> dict[int, float]:
    entries = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return {entry["step"]: entry["loss"] for entry in entries if "loss" in entry}


def weights_of(out: Path) -> dict[str, torch.Tensor]:
    return load_file(find_checkpoints(out)[-1] / "model.safetensors")


def test_shards_hold_every_story_once_closed_by_the_end_token(data, stories):
    rows = TokenRows(data, seed=0)
    told = list(read_stories(stories / "train.txt"))
    assert rows.meta.stories == len(told) == 300
    assert len(rows.meta.shards) == 3
    assert int((rows.tokens == rows.meta.end_token).sum()) == 300
    tokenizer = StoryTokenizer(data)
    found = np.split(np.asarray(rows.tokens), np.flatnonzero(rows.tokens == rows.meta.end_token) + 1)
    assert sorted(tokenizer.decode(part[:-1]) for part in found if len(part)) == sorted(told)


class StoryTokenizer:
    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def decode(self, ids) -> str:
        return self._tokenizer.decode([int(token) for token in ids])


def test_preparing_again_after_a_kill_makes_only_what_is_missing(data, stories, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data/meta.json").unlink()
    (tmp_path / "data/stories-00001.bin").unlink()
    old = (tmp_path / "data/stories-00000.bin").stat().st_mtime_ns
    meta = prepare(SMOKE, [str(stories / "train.txt")], None, tmp_path / "data", per_shard=120)
    assert (tmp_path / "data/stories-00000.bin").stat().st_mtime_ns == old
    assert meta.shards == TokenRows(data, 0).meta.shards


def test_an_epoch_visits_every_row_once_and_the_next_in_another_order(data):
    rows = TokenRows(data, seed=3)
    count = rows.rows_per_epoch(64)
    epochs = [[tuple(rows.read_row(epoch * count + i, 64)) for i in range(count)] for epoch in range(2)]
    assert len(set(epochs[0])) == count
    assert epochs[0] != epochs[1]
    assert all(len(row) == 65 for row in epochs[0])


@given(step=st.integers(0, 500), ranks=st.sampled_from([2, 4]))
def test_a_batch_depends_on_seed_and_step_alone(data, step, ranks):
    rows, again = TokenRows(data, seed=1), TokenRows(data, seed=1)
    for other in (step + 7, 0):
        again.read_batch(other, 512, 64)
    whole = rows.read_batch(step, 512, 64)
    assert torch.equal(whole, again.read_batch(step, 512, 64))
    assert torch.equal(whole, torch.cat([again.read_batch(step, 512, 64, rank, ranks) for rank in range(ranks)]))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "meta.json").unlink(), "Run `python -m train prepare` first"),
        (lambda folder: (folder / "stories-00001.bin").unlink(), "missing"),
        (lambda folder: cut_a_byte(folder / "stories-00000.bin"), "damaged"),
    ],
)
def test_data_that_is_not_whole_is_refused(data, tmp_path, damage, said):
    shutil.copytree(data, tmp_path / "data")
    damage(tmp_path / "data")
    with pytest.raises(TrainError, match=said):
        TokenRows(tmp_path / "data", seed=0)


def cut_a_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def test_the_schedule_is_torchs_one_cycle_in_closed_form():
    preset = PRESETS["test-1-3000"]
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.AdamW([parameter], lr=preset.max_lr, betas=preset.betas)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, preset.max_lr, total_steps=preset.steps, cycle_momentum=False)
    for step in range(preset.steps):
        assert preset.max_lr * scale_at(step, preset) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9, abs=1e-15)
        assert beta1_at(step, preset) == 0.9
        optimizer.step()
        schedule.step() if step < preset.steps - 1 else None


def test_cycled_momentum_is_torchs_too_where_it_is_asked_for():
    preset = replace(PRESETS["test-1-3000"], steps=100, cycle_momentum=True)
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=preset.max_lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, preset.max_lr, total_steps=100)
    betas = []
    for step in range(100):
        betas.append((beta1_at(step, preset), optimizer.param_groups[0]["betas"][0]))
        optimizer.step()
        schedule.step() if step < 99 else None
    assert min(ours for ours, _ in betas) == pytest.approx(0.85, abs=1e-6)
    assert all(ours == pytest.approx(theirs, abs=1e-9) for ours, theirs in betas)


def test_the_linear_schedule_ends_at_nothing():
    preset = PRESETS["embedded"]
    scales = [scale_at(step, preset) for step in range(preset.steps)]
    assert max(scales) == 1
    assert scales[-1] < 0.001
    assert all(0 < scale <= 1 for scale in scales)


def test_presets_run_and_impossible_ones_list_every_problem():
    assert all(preset.problems() == [] for preset in PRESETS.values())
    with pytest.raises(TrainError) as error:
        find_preset("smoke", steps=0, max_lr=5.0, schedule="up")
    assert all(word in str(error.value) for word in ("steps", "max_lr", "schedule"))
    with pytest.raises(TrainError, match="unknown field 'stepz'"):
        find_preset("smoke", stepz=3)


def test_every_matrix_of_a_block_goes_to_muon_and_only_matrices_decay():
    preset = replace(SMOKE, optimizer="muon", muon_lr=0.02)
    model = build_model(preset, 0)
    adam, muon = build_optimizers(model, preset)
    assert sum(len(group["params"]) for group in muon.param_groups) == 2 * 7
    for group in adam.param_groups:
        assert all((weight.ndim >= 2) == (group["weight_decay"] > 0) for weight in group["params"])
    counted = sum(w.numel() for o in (adam, muon) for g in o.param_groups for w in g["params"])
    assert counted == sum(weight.numel() for weight in model.parameters())


def test_accumulated_gradients_are_those_of_the_whole_batch(data):
    preset = replace(SMOKE, tokens_per_step=512, micro_batch_tokens=512)
    rows = TokenRows(data, 0).read_batch(0, 512, 64)
    whole, parts = (LanguageModelLoss(build_model(preset, 0)) for _ in range(2))
    (whole(rows) / 512).backward()
    for part in rows.split(2):
        (parts(part) / 512).backward()
    for a, b in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-6)


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


def test_killed_again_and_again_a_run_comes_out_the_same(data, tmp_path):
    """kill -9 at three moments, then to the end; against a run nobody touched."""
    command = [sys.executable, "-m", "train", "run", "--preset", "smoke", "--data", str(data), "--out"]
    settings = ["--set", "steps=60", "save_every=4"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([*command, str(tmp_path / "whole"), *settings], cwd=ROOT, check=True, capture_output=True, env=environment)
    out = tmp_path / "killed"
    for kill_after in (9, 21, 33):
        resume = ["--resume"] if find_checkpoints(out) else []
        process = subprocess.Popen(
            [*command, str(out), *settings, *resume],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and process.poll() is None and last_step(out) < kill_after:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert find_checkpoints(out)
    subprocess.run([*command, str(out), *settings, "--resume"], cwd=ROOT, check=True, capture_output=True, env=environment)
    assert losses_of(out) == losses_of(tmp_path / "whole")
    ours, theirs = weights_of(out), weights_of(tmp_path / "whole")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


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
    with pytest.raises(TrainError, match="Lower max_lr"):
        run.take_step()
    assert all(torch.equal(weight, before[name]) for name, weight in run.model.named_parameters() if "norm" not in name)


def test_a_run_is_never_begun_over_another(finished, data):
    with pytest.raises(TrainError, match="--resume"):
        Run(SMOKE, data, finished).train(resume=False)


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
    card = write_report(tmp_path / "run", data).read_text()
    assert "bits per byte" in card
    assert card.count("> *") == 10
    assert (card.count("ended") + card.count("cut at the length")) >= 10
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
    ],
)
def test_the_command_line_says_what_is_wrong(capsys, tmp_path, arguments, said):
    import re

    assert main([argument.replace("{tmp}", str(tmp_path)) for argument in arguments]) == 1
    assert re.search(said, capsys.readouterr().err)

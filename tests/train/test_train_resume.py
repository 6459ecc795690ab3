"""Runs taken up again: what may change, what may not, and the ways out that the trainer's own errors name."""

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from tests.train.test_train import losses_of, weights_of
from train.__main__ import main
from train.advice import advise_memory, advise_rate
from train.checkpoint import find_checkpoints
from train.curve import read_log
from train.errors import TrainError
from train.overrides import read_preset
from train.presets import PRESETS
from train.report import list_changes
from train.resume import find_differences
from train.run import Run

SMOKE = replace(PRESETS["smoke"], phases=(), dropout=0.0, evaluate_every=100)
TRAPEZOID = replace(SMOKE, schedule="trapezoid", steps=30, cool_down=10)


@pytest.fixture(scope="module")
def begun(data, tmp_path_factory) -> Path:
    """A run on a trapezoid, stopped after 15 steps of 30, ten of which cool down."""
    out = tmp_path_factory.mktemp("begun") / "run"
    Run(TRAPEZOID, data, out).train(resume=False, until=15)
    return out


@pytest.fixture
def copy(begun, tmp_path) -> Path:
    return shutil.copytree(begun, tmp_path / "run")


@pytest.mark.parametrize(("steps", "cool_down"), [(25, 10), (60, 20), (16, 1)])
def test_a_trapezoid_may_end_elsewhere_while_its_rate_is_constant(copy, data, steps, cool_down):
    Run(replace(TRAPEZOID, steps=steps, cool_down=cool_down), data, copy).train(resume=True, until=16)
    assert max(losses_of(copy)) == 16


@pytest.mark.parametrize(("steps", "cool_down"), [(24, 10), (16, 2), (15, 1), (10, 2)])
def test_a_schedule_that_would_have_cooled_already_is_refused(copy, data, steps, cool_down):
    with pytest.raises(TrainError, match=r"After 15 steps.*cool-down.*--set steps=30 cool_down=10"):
        Run(replace(TRAPEZOID, steps=steps, cool_down=cool_down), data, copy).train(resume=True)


def test_the_command_line_moves_the_end_of_a_trapezoid_or_says_why_not(copy, data, capsys):
    run = ["run", "--preset", "smoke", "--data", str(data), "--out", str(copy), "--resume", "--until", "16"]
    fields = ["--set", "schedule=trapezoid", "cool_down=10", "phases=none", "dropout=0"]
    assert main([*run, "--steps", "20", *fields]) == 1
    assert "After 15 steps their number can no longer change" in capsys.readouterr().err
    assert main([*run, "--steps", "50", *fields]) == 0
    assert read_log(copy)[0].steps == 50


def test_a_run_that_cools_down_keeps_its_number_of_steps(copy, data):
    Run(TRAPEZOID, data, copy).train(resume=True, until=21)
    with pytest.raises(TrainError, match="After 21 steps"):
        Run(replace(TRAPEZOID, steps=60), data, copy).train(resume=True)
    Run(TRAPEZOID, data, copy).train(resume=True, until=22)


def test_the_number_of_steps_of_other_schedules_is_fixed():
    assert find_differences(SMOKE, replace(SMOKE, steps=40)) == ["steps was 20 and is 40"]
    assert find_differences(TRAPEZOID, replace(TRAPEZOID, steps=40, cool_down=5)) == []


def test_what_changes_no_result_may_differ_and_what_does_is_listed():
    free = replace(SMOKE, micro_batch_tokens=512, loss="fused", compile=True, save_every=7, phases=(3,))
    assert find_differences(SMOKE, free) == []
    other = replace(SMOKE, seed=1, clip=0.5, frozen_layers=1, max_lr=0.9)
    assert len(find_differences(SMOKE, other)) == 4
    for one, two, count in (("auto", "no", 0), ("bf16", "auto", 0), ("auto", "auto", 0), ("bf16", "no", 1)):
        assert len(find_differences(replace(SMOKE, precision=one), replace(SMOKE, precision=two))) == count


def test_smaller_micro_batches_give_the_same_losses(begun, copy, data, tmp_path):
    """Within 1e-5: only the order of the sums differs. That is how a run fitted to one memory goes on with another."""
    Run(replace(TRAPEZOID, micro_batch_tokens=64, loss="chunked"), data, copy).train(resume=True, until=17)
    whole = shutil.copytree(begun, tmp_path / "whole")
    Run(TRAPEZOID, data, whole).train(resume=True, until=17)
    assert losses_of(copy)[17] == pytest.approx(losses_of(whole)[17], abs=1e-5)


def test_every_advice_is_one_that_the_same_run_takes(copy, data):
    """The settings that an error names are read, accepted by --resume, and in force."""
    advice = advise_rate(TRAPEZOID, 15)
    settings = re.findall(r"\w+=[\w.-]+", advice)
    lowered = replace(TRAPEZOID, max_lr=read_preset("smoke", settings).max_lr)
    Run(lowered, data, copy).train(resume=True, until=17)
    rates = [json.loads(line)["lr"] for line in (copy / "log.jsonl").read_text().splitlines() if '"lr"' in line]
    assert rates[-1] == pytest.approx(TRAPEZOID.max_lr / 2 * 17 / 20)
    assert list_changes(read_log(copy)[1]) == ["max_lr 0.003 until step 15, then 0.0015"]
    with pytest.raises(TrainError, match=r"max_lr was 0\.0015 and is 0\.003"):
        Run(TRAPEZOID, data, copy).train(resume=True)
    for preset in (TRAPEZOID, replace(PRESETS["test-1-3000"], micro_batch_tokens=3 * 2048 * 2, tokens_per_step=3 * 2048 * 4)):
        for setting in re.findall(r"\w+=\w+", advise_memory(preset, 1)):
            changed = read_preset(preset.name, [setting], **{"tokens_per_step": preset.tokens_per_step})
            assert changed.problems() == []
            assert find_differences(replace(changed, micro_batch_tokens=0), replace(changed, loss="plain")) == []
    smallest = replace(TRAPEZOID, micro_batch_tokens=64, loss="fused")
    assert "--set" not in advise_memory(smallest, 1)
    assert "micro_batch_tokens" not in advise_memory(replace(smallest, loss="plain"), 1)


def test_killed_before_its_first_checkpoint_a_run_begins_again_by_resume(begun, data, tmp_path):
    out = tmp_path / "run"
    Run(TRAPEZOID, data, out).train(resume=False, until=3)
    for checkpoint in find_checkpoints(out):
        shutil.rmtree(checkpoint)
    with pytest.raises(TrainError, match="Add --resume"):
        Run(TRAPEZOID, data, out).train(resume=False)
    Run(TRAPEZOID, data, out).train(resume=True, until=15)
    assert losses_of(out) == losses_of(begun)


def test_checkpoints_without_a_log_are_not_mistaken_for_those_of_a_new_run(copy, data):
    (copy / "log.jsonl").unlink()
    with pytest.raises(TrainError, match="start one without --resume"):
        Run(TRAPEZOID, data, copy).train(resume=True)
    with pytest.raises(TrainError, match="holds checkpoints of a run whose log is lost"):
        Run(TRAPEZOID, data, copy).train(resume=False)


def test_not_finite_at_the_first_step_a_run_can_go_on_with_a_lower_rate(data, tmp_path):
    run = Run(TRAPEZOID, data, tmp_path / "run")
    with torch.no_grad():
        run.model.model.norm.weight.fill_(torch.nan)
    with pytest.raises(TrainError, match=r"No step has been made.*`--resume --set max_lr=0\.0015"):
        run.train(resume=False)
    Run(replace(TRAPEZOID, max_lr=0.0015), data, tmp_path / "run").train(resume=True, until=1)
    assert set(losses_of(tmp_path / "run")) == {1}


def test_a_log_that_was_torn_by_a_kill_is_read_and_written_on(copy, data):
    path = copy / "log.jsonl"
    with path.open("a") as log:
        log.write('{"step": 16, "lo')
    Run(TRAPEZOID, data, copy).train(resume=True, until=17)
    assert set(losses_of_log(copy)) == set(range(1, 18))
    path.write_text('{"from_st')  # killed in the very first line: nothing is begun
    with pytest.raises(TrainError, match="Start the run without --resume"):
        Run(TRAPEZOID, data, copy).train(resume=True)


def losses_of_log(out: Path) -> dict[int, float]:
    return {entry["step"]: entry["loss"] for entry in read_log(out)[1] if "loss" in entry}


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("train.checkpoint.save_file", SafetensorError("Error while serializing: I/O error: No space left on device")),
        ("train.checkpoint.torch.save", RuntimeError("[enforce fail at inline_container.cc] PytorchStreamWriter failed")),
        ("train.checkpoint.os.fsync", OSError(28, "No space left on device")),
        ("train.export.save_file", SafetensorError("No space left on device")),
    ],
)
def test_a_full_disk_is_a_line_wherever_it_is_met(copy, data, monkeypatch, target, error):
    def fail(*_, **__):
        raise error

    before = find_checkpoints(copy)
    (copy / ".part-000003").mkdir()  # of a run that was killed while it saved
    monkeypatch.setattr(target, fail)
    with pytest.raises(TrainError, match=r"could not be written .*Free some space, then --resume"):
        Run(replace(TRAPEZOID, phases=(16,), phase_samples=0), data, copy).train(resume=True, until=16)
    assert find_checkpoints(copy) == before
    monkeypatch.undo()
    Run(TRAPEZOID, data, copy).train(resume=True, until=16)
    assert not list(copy.glob(".part-*"))


def test_a_full_disk_of_the_log_is_a_line_too(copy, data):
    run = Run(TRAPEZOID, data, copy)
    run.out = Path("/dev/full/nowhere")
    with pytest.raises(TrainError, match="The log could not be written"):
        run._note({"step": 1})


def test_until_zero_saves_the_beginning_and_stops(data, tmp_path):
    run = ["run", "--preset", "smoke", "--data", str(data), "--out", str(tmp_path / "run"), "--set", "phases=none"]
    assert main([*run, "--until", "0"]) == 0
    assert [path.name for path in find_checkpoints(tmp_path / "run")] == ["checkpoint-000000"]
    assert losses_of_log(tmp_path / "run") == {}
    assert main([*run, "--resume", "--until", "-1"]) == 1


def test_clip_zero_leaves_gradients_as_they_are(data, tmp_path):
    """As a limit that no gradient reaches does; a clip far below it changes the step."""
    moved = []
    for clip in (0.0, 1e9, 1e-7):
        run = Run(replace(SMOKE, clip=clip), data, tmp_path / str(clip))
        before = run.model.model.layers[0].mlp.down_proj.weight.detach().clone()
        run.take_step()
        moved.append(run.model.model.layers[0].mlp.down_proj.weight.detach() - before)
    assert moved[0].abs().sum() > 0
    assert torch.equal(moved[0], moved[1])
    assert not torch.equal(moved[0], moved[2])


@pytest.mark.parametrize("tied", [True, False])
def test_frozen_layers_stay_as_they_are_and_get_no_gradient(data, tmp_path, tied):
    shape = replace(SMOKE.shape, tied=tied)
    run = Run(replace(SMOKE, frozen_layers=1, shape=shape), data, tmp_path / "run")
    before = {name: weight.detach().clone() for name, weight in run.model.named_parameters()}
    asked = []
    run.model.model.layers[0].mlp.down_proj.register_full_backward_hook(lambda *_: asked.append("frozen"))
    run.model.model.layers[1].mlp.down_proj.register_full_backward_hook(lambda *_: asked.append("trained"))
    run.train(resume=False, until=2)
    assert set(asked) == {"trained"}
    for name, weight in run.model.named_parameters():
        is_frozen = "embed_tokens" in name or ".layers.0." in name
        assert torch.equal(weight, before[name]) == is_frozen, name
    Run(replace(SMOKE, frozen_layers=1, shape=shape), data, tmp_path / "run").train(resume=True, until=3)
    assert torch.equal(weights_of(tmp_path / "run")["model.embed_tokens.weight"], before["model.embed_tokens.weight"])


def test_one_process_of_several_without_its_number_is_refused(data, tmp_path, monkeypatch):
    for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for count, said in (("2", "torchrun --nproc-per-node 2"), ("two", "is no number of processes"), ("0", "no number")):
        monkeypatch.setitem(os.environ, "WORLD_SIZE", count)
        with pytest.raises(TrainError, match=said):
            Run(SMOKE, data, tmp_path / "run")
    assert not (tmp_path / "run").exists()

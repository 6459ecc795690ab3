"""Runs that begin with a model and learn from others: the mixed loss against a slow one, resumed runs, wrong starts."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from train.__main__ import main
from train.checkpoint import find_checkpoints
from train.curve import read_log
from train.errors import TrainError
from train.lineage import Lineage
from train.network import LanguageModelLoss, build_model
from train.presets import PRESETS, describe_command
from train.run import Run

SMOKE = PRESETS["smoke"]
TAUGHT = replace(SMOKE, steps=6, phases=(0, 6), save_every=2, evaluate_every=6, teacher_share=0.7)
IDS = torch.randint(0, 300, (2, 64), generator=torch.Generator().manual_seed(1))


def test_the_mixed_loss_is_that_of_a_loop_over_tokens():
    """Against log-probabilities one by one, relative 1e-5; the teachers are neither trained nor saved."""
    student, *teachers = (build_model(replace(SMOKE, seed=seed), 0).eval() for seed in range(3))
    module = LanguageModelLoss(student, teachers=[t.requires_grad_(False) for t in teachers], teacher_share=0.7)
    expected = 0.0
    for row in IDS:
        ids = row[None, :-1]
        said = functional.log_softmax(student(input_ids=ids).logits[0], -1)
        known = sum(functional.softmax(teacher(input_ids=ids).logits[0], -1) for teacher in teachers) / 2
        for place, target in enumerate(row[1:]):
            expected -= 0.3 * said[place, target].item() + 0.7 * (known[place] * said[place]).sum().item()
    loss = module(IDS)
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss.backward()
    assert sum(1 for _ in module.parameters()) == sum(1 for _ in student.parameters())
    assert all(weight.grad is None for teacher in teachers for weight in teacher.parameters())


def test_a_taught_run_stopped_and_resumed_is_the_uninterrupted_one_bit_for_bit(finished, data, tmp_path):
    """It begins with the weights of its start, and its teachers must stay the same."""
    out, lineage = tmp_path / "run", Lineage(finished / "model", (finished / "model", finished / "phase-000010"))
    Run(TAUGHT, data, tmp_path / "whole", lineage=lineage).train(resume=False)
    Run(TAUGHT, data, out, lineage=lineage).train(resume=False, until=3)
    Run(TAUGHT, data, out, lineage=lineage).train(resume=True)
    ours, theirs = (load_file(find_checkpoints(run)[-1] / "model.safetensors") for run in (out, tmp_path / "whole"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    begun, start = (load_file(folder / "model.safetensors") for folder in (out / "phase-000000", finished / "model"))
    assert all(torch.equal(begun[name], weight) for name, weight in start.items())
    with pytest.raises(TrainError, match="teachers"):
        Run(TAUGHT, data, out, lineage=replace(lineage, teachers=lineage.teachers[:1])).train(resume=True)
    preset, entries = read_log(out)
    assert "--start MODEL --teachers MODEL_1 MODEL_2" in describe_command(preset, entries[0]["lineage"])


def test_what_cannot_be_is_said_at_once(finished, data, tmp_path):
    with pytest.raises(TrainError, match="needs --teachers"):
        Run(TAUGHT, data, tmp_path / "run")
    with pytest.raises(TrainError) as error:
        Run(SMOKE, data, tmp_path / "run", lineage=Lineage(tmp_path / "nowhere", (finished / "model",)))
    assert "teacher_share above 0" in str(error.value)
    assert "nowhere holds no model" in str(error.value)
    with pytest.raises(TrainError, match="hidden_size 32, the preset 64"):
        Run(replace(SMOKE, shape=replace(SMOKE.shape, hidden=64)), data, tmp_path / "run", lineage=Lineage(finished / "model"))
    with pytest.raises(TrainError, match="holds no prepared data"):
        Run(TAUGHT, tmp_path, tmp_path / "run", lineage=Lineage(teachers=(finished / "model",)))
    assert not (tmp_path / "run").exists()


def test_dropout_ends_where_it_is_told_to(data, tmp_path):
    run = Run(replace(SMOKE, dropout_steps=2), data, tmp_path / "run")
    shares = []
    for _ in range(3):
        run.take_step()
        shares.append(run.dropout.probability)
    assert shares == [0.1, 0.1, 0.0]


def test_a_hub_name_without_a_network_is_one_line(monkeypatch, tmp_path, capsys):
    def fail(*_, **__):
        raise ConnectionError("no route to host")

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    for command in (
        ["trim", "--start", "someone/model", "--data", "x.txt", "--out", str(tmp_path / "out")],
        ["drop", "--start", "someone/model", "--keep", "1", "--out", str(tmp_path / "out")],
        ["run", "--preset", "fine-tune", "--start", "someone/model", "--dry-run"],
        ["prepare", "--preset", "fine-tune", "--start", "someone/model", "--out", str(tmp_path / "out")],
    ):
        assert main(command) == 1
        assert "someone/model cannot be fetched from the hub" in capsys.readouterr().err
    assert main(["run", "--preset", "fine-tune", "--dry-run"]) == 1
    assert "Add --start MODEL" in capsys.readouterr().err

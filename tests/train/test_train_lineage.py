"""Runs that begin with a model and learn from others: joined models against their parts, the mixed loss against a slow one."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from train.__main__ import main
from train.checkpoint import find_checkpoints
from train.curve import read_log
from train.errors import TrainError
from train.joining import join_models
from train.lineage import Lineage, load_model
from train.loop import Run
from train.network import LanguageModelLoss, build_model
from train.presets import PRESETS, describe_command
from train.report import write_report

SMOKE = PRESETS["smoke"]
TAUGHT = replace(SMOKE, steps=6, phases=(0, 6), save_every=2, evaluate_every=6, teacher_share=0.7)
IDS = torch.randint(0, 300, (2, 64), generator=torch.Generator().manual_seed(1))


def logits_of(model) -> torch.Tensor:
    with torch.no_grad():
        return model.eval()(input_ids=IDS, use_cache=False).logits


@pytest.mark.parametrize("tied", [True, False])
def test_a_model_joined_with_itself_in_another_size_is_itself(tied):
    """A norm does not see how large its stream is: the second one's is three times as large, and it says the same.

    Within 1e-4 of logits of up to 1; half of the neurons give nothing, and those are the half that is left out.
    """
    first, second = (build_model(replace(SMOKE, shape=replace(SMOKE.shape, tied=tied)), 0) for _ in range(2))
    with torch.no_grad():
        for model, scale in ((first, 1.0), (second, 3.0)):
            for layer in model.model.layers:
                layer.mlp.down_proj.weight[:, ::2] = 0
                layer.mlp.down_proj.weight *= scale
                layer.self_attn.o_proj.weight *= scale
            model.model.embed_tokens.weight *= 20 * scale  # far above the norms' epsilon
            model.model.norm.weight /= 20 * scale if tied else 1
    joined = join_models(first, second, SMOKE.shape.intermediate, IDS)
    assert joined.config.hidden_size == 2 * SMOKE.shape.hidden
    assert (logits_of(second) - logits_of(first)).abs().max() < 1e-4
    assert (logits_of(joined) - logits_of(first)).abs().max() < 1e-4


def test_two_models_joined_are_near_the_mean_of_their_logits(finished):
    """What parts them from it is the norms' common size, which is right in the mean and not for every token."""
    first, second = (load_model(finished / name) for name in ("model", "phase-000010"))
    mean = (logits_of(first) + logits_of(second)) / 2
    joined = logits_of(join_models(first, second, 2 * SMOKE.shape.intermediate, IDS))
    apart = [(logits - mean).norm() / mean.norm() for logits in (joined, logits_of(first), logits_of(second))]
    assert apart[0] < 0.05
    assert apart[0] < min(apart[1:]) / 2


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


def test_joined_taught_stopped_and_resumed_by_command(finished, data, tmp_path, capsys):
    """From two models to a card; a resumed run is the uninterrupted one bit for bit, and begins with the joined weights."""
    folders = [str(finished / name) for name in ("model", "phase-000010")]
    joined, out = tmp_path / "joined", tmp_path / "run"
    assert main(["join", *folders, "--data", str(data), "--intermediate", "96", "--out", str(joined)]) == 0
    shape = replace(SMOKE.shape, hidden=64, heads=4, intermediate=96)
    preset, lineage = replace(TAUGHT, shape=shape), Lineage(joined, (finished / "model", finished / "phase-000010"))
    Run(preset, data, tmp_path / "whole", lineage=lineage).train(resume=False)
    Run(preset, data, out, lineage=lineage).train(resume=False, until=3)
    Run(preset, data, out, lineage=lineage).train(resume=True)
    ours, theirs = (load_file(find_checkpoints(run)[-1] / "model.safetensors") for run in (out, tmp_path / "whole"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    begun = load_file(out / "phase-000000/model.safetensors")
    assert all(torch.equal(begun[name], weight.bfloat16()) for name, weight in load_file(joined / "model.safetensors").items())
    with pytest.raises(TrainError, match="teachers"):
        Run(preset, data, out, lineage=replace(lineage, teachers=lineage.teachers[:1])).train(resume=True)

    preset, entries = read_log(out)
    assert "--start MODEL --teachers MODEL_1 MODEL_2" in describe_command(preset, entries[0]["lineage"])
    write_report(out, data, before=finished)
    record = json.loads((out / "model/phases.json").read_text())
    assert [stage["step"] for stage in record["stages"]] == [0, 10, 20, 26]
    assert record["steps"] == 20
    assert max(step for step, _ in record["curve"]) == 20


def test_what_cannot_be_is_said_at_once(finished, data, tmp_path, capsys):
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
    given = ["join", str(finished / "model"), str(tmp_path), "--data", str(data), "--intermediate", "9", "--out", str(finished)]
    assert main(given) == 1
    said = capsys.readouterr().err
    assert "holds no model" in said
    assert "exists" in said


def test_dropout_ends_where_it_is_told_to(data, tmp_path):
    run = Run(replace(SMOKE, dropout_steps=2), data, tmp_path / "run")
    shares = []
    for _ in range(3):
        run.take_step()
        shares.append(run.dropout.share)
    assert shares == [0.1, 0.1, 0.0]

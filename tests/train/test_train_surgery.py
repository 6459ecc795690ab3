"""Models made of models: the mean of several, and fewer layers, healed by the whole model; and the folder of each."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from story_engine import EMBEDDED_FOLDER
from train.__main__ import main
from train.checkpoint import find_checkpoints
from train.depth import choose_layers
from train.export import export_model
from train.lineage import Lineage
from train.network import build_model
from train.presets import PRESETS
from train.pretrained import load_model, read_shape
from train.run import Run

SMOKE = replace(PRESETS["smoke"], phases=(), dropout=0.0, evaluate_every=100)
IDS = torch.randint(0, 300, (2, 40), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def run_folder(data, tmp_path_factory) -> Path:
    """A run of ten steps with two checkpoints."""
    out = tmp_path_factory.mktemp("run") / "run"
    Run(SMOKE, data, out).train(resume=False, until=10)
    return out


@pytest.fixture(scope="module")
def models(data, tmp_path_factory) -> list[Path]:
    """Three models of one shape and tokenizer, fresh from different seeds."""
    place = tmp_path_factory.mktemp("models")
    for seed in range(3):
        export_model(build_model(replace(SMOKE, seed=seed), 0), data, place / str(seed))
    return [place / str(seed) for seed in range(3)]


def test_the_mean_of_models_is_that_of_each_weight_in_float32(models, tmp_path):
    assert main(["average", *map(str, models), "--out", str(tmp_path / "mean")]) == 0
    parts, mean = (
        [load_file(folder / "model.safetensors") for folder in models],
        load_file(tmp_path / "mean/model.safetensors"),
    )
    for name, weight in mean.items():
        assert weight.dtype == torch.float32
        assert torch.allclose(weight, torch.stack([part[name].float() for part in parts]).mean(0), atol=1e-7), name
    assert (tmp_path / "mean/tokenizer.json").read_bytes() == (models[0] / "tokenizer.json").read_bytes()


def test_the_mean_of_a_run_is_that_of_its_checkpoints(run_folder, models, tmp_path, capsys):
    assert main(["average", str(run_folder), "--out", str(tmp_path / "mean")]) == 0
    assert "mean of 2 models" in capsys.readouterr().out
    one, two = (load_file(path / "model.safetensors") for path in find_checkpoints(run_folder))
    for name, weight in load_file(tmp_path / "mean/model.safetensors").items():
        assert torch.allclose(weight, (one[name] + two[name]) / 2, atol=1e-7)
    given = [str(find_checkpoints(run_folder)[0]), str(models[0])]
    assert main(["average", *given, "--out", str(tmp_path / "other")]) == 0


def test_models_that_have_no_mean_are_refused(run_folder, models, tiny_folder, tmp_path, capsys):
    shutil.copytree(run_folder, tmp_path / "run")
    path = find_checkpoints(tmp_path / "run")[-1] / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    for sources, said in (
        ([models[0], tiny_folder], "differ in vocab_size.*different tokenizers"),
        ([models[0]], "is the only model"),
        ([tmp_path], "holds no model and no checkpoint"),
        ([tmp_path / "run"], "is damaged.*name the others"),
    ):
        assert main(["average", *map(str, sources), "--out", str(tmp_path / "mean")]) == 1
        assert re.search(said, capsys.readouterr().err)
    assert main(["average", str(run_folder), "--out", str(tmp_path)]) == 1
    assert "exists" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()


def test_kept_layers_are_spread_evenly():
    assert choose_layers(30, 20)[0] == 0
    assert choose_layers(30, 20)[-1] == 29
    assert choose_layers(9, 3) == [0, 4, 8]
    assert choose_layers(4, 4) == [0, 1, 2, 3]
    assert choose_layers(4, 1) == [0]
    assert all(len(set(choose_layers(count, keep))) == keep for count in range(1, 33) for keep in range(1, count + 1))


def test_a_model_without_its_lowest_layer_is_the_rest_of_it(models, tmp_path):
    """Within 1e-6 of the logits of the whole with that layer skipped by hand."""
    assert main(["drop", "--start", str(models[0]), "--layers", "1", "--out", str(tmp_path / "less")]) == 0
    whole, less = load_model(models[0]), load_model(tmp_path / "less")
    whole.model.layers = whole.model.layers[1:]
    whole.model.layers[0].self_attn.layer_idx = 0
    with torch.no_grad():
        expected, found = (model(input_ids=IDS, use_cache=False).logits for model in (whole, less))
        cached = less.generate(IDS[:1], max_new_tokens=3, do_sample=False)
    assert cached.shape[1] == 43
    assert (expected - found).abs().max() < 1e-6


def test_a_model_with_fewer_layers_is_healed_by_the_whole(models, data, tmp_path, capsys):
    """The teacher has another depth; the run lowers its loss against it."""
    whole = str(models[0])
    assert main(["drop", "--start", whole, "--keep", "1", "--out", str(tmp_path / "less")]) == 0
    assert "layers 0 stay" in capsys.readouterr().out
    preset = replace(SMOKE, shape=read_shape(tmp_path / "less", 64), teacher_share=0.5, steps=12)
    run = Run(preset, data, tmp_path / "run", lineage=Lineage(tmp_path / "less", (models[0],)))
    losses = [run.take_step()["loss"] for _ in range(12)]
    assert sum(losses[-3:]) < sum(losses[:3])


@pytest.mark.parametrize(
    ("which", "said"),
    [
        (["--keep", "0"], "from 1 to 2"),
        (["--keep", "3"], "from 1 to 2"),
        (["--layers", "0,2"], "layers 0 to 1"),
        (["--layers", "1,0"], "rising order"),
        (["--layers", "x"], "numbers with commas"),
        (["--layers", "none"], "names those that stay"),
    ],
)
def test_layers_that_are_not_there_are_refused(models, tmp_path, capsys, which, said):
    assert main(["drop", "--start", str(models[0]), *which, "--out", str(tmp_path / "less")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "less").exists()


@pytest.mark.parametrize("scaling", [{}, {"rope_type": "linear", "factor": 2.0}])
def test_positions_are_named_as_transformers_4_reads_them_too(data, tmp_path, scaling):
    """It knows no rope_parameters, and would turn by 10,000."""
    export_model(build_model(replace(SMOKE, shape=replace(SMOKE.shape, rope_theta=1e5)), 0), data, tmp_path / "one")
    path = tmp_path / "one/config.json"
    assert json.loads(path.read_text())["rope_theta"] == 1e5
    config = json.loads(path.read_text())
    del config["rope_theta"]
    path.write_text(json.dumps(config | {"rope_parameters": config["rope_parameters"] | scaling}))
    assert main(["export", "--model", str(tmp_path / "one"), "--dtype", "int8", "--out", str(tmp_path / "two")]) == 0
    written = json.loads((tmp_path / "two/config.json").read_text())
    assert written["rope_theta"] == 1e5
    assert written.get("rope_scaling", {}) == scaling
    shipped = json.loads((EMBEDDED_FOLDER / "config.json").read_text())
    assert shipped["rope_theta"] == shipped["rope_parameters"]["rope_theta"]


FULL = SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


@pytest.mark.parametrize(
    ("command", "target"),
    [
        (["average", "{0}", "{1}"], "train.export.save_file"),
        (["drop", "--start", "{0}", "--keep", "1"], "train.export.save_file"),
        (["export", "--model", "{0}", "--dtype", "int8"], "train.compressed.save_file"),
        (["trim", "--start", "{0}", "--data", "{text}"], "train.export.save_file"),
    ],
)
def test_a_full_disk_leaves_nothing_and_the_same_command_works_when_there_is_room(
    models, tmp_path, monkeypatch, capsys, command, target
):
    (tmp_path / "text.txt").write_text("One day, Tom ran.\n<|endoftext|>\n")
    given = [part.format(*models, text=tmp_path / "text.txt") for part in command]
    given += ["--out", str(tmp_path / "made" / "out")]

    def fail(tensors, path, **_):
        path.write_bytes(b"the first half")
        raise FULL

    monkeypatch.setattr(target, fail)
    assert main(given) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "out could not be written" in line
    assert "Free some space, then run the same command again" in line
    assert not list((tmp_path / "made").iterdir())
    monkeypatch.undo()
    assert main(given) == 0


def test_a_folder_works_in_transformers_own_quick_start(models):
    """What a tokenizer gives goes into generate, alone and as a padded batch."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(models[0])
    model = AutoModelForCausalLM.from_pretrained(models[0])
    for words in ("Once upon a time", ["Once", "One day, Tom ran to the park."]):
        given = tokenizer(words, return_tensors="pt", padding=isinstance(words, list))
        assert set(given) == {"input_ids", "attention_mask"}
        assert model.generate(**given, max_new_tokens=2).shape[1] == given["input_ids"].shape[1] + 2
    written = json.loads((models[0] / "tokenizer_config.json").read_text())
    assert written["model_input_names"] == ["input_ids", "attention_mask"]  # transformers 4 adds token_type_ids without it
    assert written["pad_token"] == written["eos_token"]

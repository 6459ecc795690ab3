"""Folders in int8: what transformers reads of them is what the engine reads, and what is damaged is refused."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from story_engine import ModelError, Settings, Story, StoryEngine
from story_engine.model.config import read_config
from story_engine.model.quantize import Int8Matrix, dequantize
from story_engine.model.weights import Weights
from train import compressed
from train.__main__ import main
from train.compressed import export_folder, pack, quantize

IDS = [0, 40, 41, 300, 17, 5, 120, 121, 9]
PROJECTION = "model.layers.0.mlp.down_proj.weight"


@pytest.fixture(scope="module")
def int8_folder(tiny_folder, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("int8") / "model"
    export_folder(str(tiny_folder), "int8", folder)
    return folder


def change_config(folder: Path, change) -> None:
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))


def read_logits(folder: Path) -> torch.Tensor:
    engine = StoryEngine.load(str(folder), precision="float32")
    return engine.decoder.prefill(IDS, engine.make_slot(), every=True)


def test_transformers_and_the_engine_read_the_same_logits(int8_folder):
    model = AutoModelForCausalLM.from_pretrained(int8_folder, dtype=torch.float32)
    assert AutoTokenizer.from_pretrained(int8_folder)("Once")["input_ids"]
    with torch.inference_mode():
        theirs = model(torch.tensor([IDS])).logits[0]
    assert (read_logits(int8_folder) - theirs).abs().max() < 1e-3


def test_stored_bytes_reach_the_int8_engine_as_they_lie(int8_folder):
    weights = Weights(int8_folder, read_config(int8_folder), torch.float32, torch.device("cpu"))
    matrix = weights.take(PROJECTION)
    assert isinstance(matrix, Int8Matrix)
    stored = load_file(int8_folder / "model.safetensors")
    assert torch.equal(pack(matrix.values), stored[f"{PROJECTION}_packed"])
    assert torch.equal(matrix.scales, stored[f"{PROJECTION}_scale"].float()[:, 0])
    engine = StoryEngine.load(str(int8_folder), precision="int8")
    exact = read_logits(int8_folder)
    told = engine.decoder.prefill(IDS, engine.make_slot(), every=True)
    assert (told - exact).abs().mean() < 0.05 * exact.abs().mean()
    story = Story("Once upon a time, Tom had a ball.")
    list(engine.stream(story, Settings(max_new_tokens=12, seed=1)))
    assert story.last().tokens


def test_rounding_is_within_half_a_step():
    weight = torch.randn(40, 30, generator=torch.Generator().manual_seed(1)) * torch.logspace(-4, 1, 40)[:, None]
    matrix = quantize(weight)
    assert torch.equal(matrix.scales, matrix.scales.to(torch.bfloat16).float())
    assert ((dequantize(matrix) - weight) / matrix.scales[:, None]).abs().max() <= 0.501
    assert torch.equal(dequantize(quantize(torch.zeros(2, 4))), torch.zeros(2, 4))


def test_an_export_gives_the_same_bytes_and_keeps_what_belongs_to_a_model(tiny_folder, int8_folder, tmp_path):
    source = tmp_path / "source"
    shutil.copytree(tiny_folder, source)
    (source / "README.md").write_text("# A card\n")
    (source / "optimizer.pt").write_text("")
    assert main(["export", "--model", str(source), "--dtype", "int8", "--out", str(tmp_path / "again")]) == 0
    for path in int8_folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()
    assert (tmp_path / "again/README.md").read_text() == "# A card\n"
    assert not (tmp_path / "again/optimizer.pt").exists()
    again = [path.name for path in export_folder(str(int8_folder), "int8", tmp_path / "twice")]
    assert again == ["model.safetensors"]
    assert (tmp_path / "twice/model.safetensors").read_bytes() == (int8_folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_an_export_in_floating_point_has_the_weights_of_its_source(tiny_folder, tmp_path, dtype):
    export_folder(str(tiny_folder), dtype, tmp_path / "out")
    before, after = (load_file(folder / "model.safetensors") for folder in (tiny_folder, tmp_path / "out"))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name].to(getattr(torch, dtype)), after[name]) for name in before)


def test_a_large_export_is_cut_into_files_with_an_index(tiny_folder, int8_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(compressed, "SHARD_BYTES", 20_000)
    files = export_folder(str(tiny_folder), "int8", tmp_path / "out")
    assert len(files) > 2
    assert torch.equal(read_logits(tmp_path / "out"), read_logits(int8_folder))


def test_an_export_never_writes_over_files(tiny_folder, capsys):
    assert main(["export", "--model", str(tiny_folder), "--dtype", "int8", "--out", str(tiny_folder)]) == 1
    assert "not empty" in capsys.readouterr().err


def change_weights(change):
    def damage(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        change(weights)
        save_file(weights, folder / "model.safetensors")

    return damage


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda w: w.update({f"{PROJECTION}_scale": w[f"{PROJECTION}_scale"][:-1].contiguous()}), r"_scale is \[31, 1\], not"),
        (lambda w: w.update({f"{PROJECTION}_scale": w[f"{PROJECTION}_scale"].to(torch.int32)}), "_scale is I32, not F32"),
        (lambda w: w.pop(f"{PROJECTION}_scale"), "_scale is missing"),
        (lambda w: w.update({f"{PROJECTION}_zero_point": torch.zeros(32, 1)}), "_zero_point is unknown"),
        (lambda w: w.update({f"{PROJECTION}_packed": w[f"{PROJECTION}_packed"].float()}), "_packed is F32, not I32"),
        (lambda w: w.update({f"{PROJECTION}_shape": torch.tensor([32, 47])}), r"_shape says \[32, 47\]"),
    ],
)
def test_int8_weights_that_are_not_whole_are_refused(int8_folder, tmp_path, damage, said):
    shutil.copytree(int8_folder, tmp_path / "model")
    change_weights(damage)(tmp_path / "model")
    with pytest.raises(ModelError, match=said):
        StoryEngine.load(str(tmp_path / "model"))


def change_group(**values):
    return lambda config: config["quantization_config"]["config_groups"]["group_0"]["weights"].update(values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True}), "by bitsandbytes"),
        (lambda c: c.update(quantization_config={"quant_method": "fp8"}), "by fp8"),
        (lambda c: c.update(quantization_config={"quant_method": "gptq", "bits": 4}), "by gptq"),
        (lambda c: c.update(quantization_config={"quant_method": "awq"}), "by awq"),
        (lambda c: c.update(quantization_config={"bits": 4}), "without a name"),
        (lambda c: c.update(quantization_config="int8"), "not named values"),
        (lambda c: c["quantization_config"].update(format="int-quantized"), 'format "int-quantized"'),
        (lambda c: c["quantization_config"]["config_groups"]["group_0"].update(format="int-quantized"), "another format"),
        (lambda c: c["quantization_config"].update(ignore=[]), r"ignore \[\]"),
        (lambda c: c["quantization_config"].update(kv_cache_scheme={"num_bits": 8}), "with kv_cache_scheme"),
        (lambda c: c["quantization_config"].update(config_groups={}), "num_bits missing"),
        (change_group(num_bits=4), "num_bits 4"),
        (change_group(type="float"), 'type "float"'),
        (change_group(strategy="group", group_size=32), 'strategy "group"'),
        (change_group(symmetric=False), "symmetric false"),
        (
            lambda c: c["quantization_config"]["config_groups"]["group_0"].update(input_activations={"num_bits": 8}),
            "with input_activations",
        ),
    ],
)
def test_weights_quantized_in_another_way_are_refused_by_name(int8_folder, tmp_path, change, said):
    shutil.copytree(int8_folder, tmp_path / "model")
    change_config(tmp_path / "model", change)
    with pytest.raises(ModelError, match=said) as error:
        StoryEngine.load(str(tmp_path / "model"))
    assert "\n" not in str(error.value)

"""Presets by the command line: values read by their field's type, all mistakes listed; and the dry run's sentences."""

import re
from dataclasses import fields, replace

import pytest
import torch

from train.errors import TrainError
from train.hardware import Hardware, choose_precision
from train.overrides import parse_overrides, read_preset
from train.presets import PRESETS, Preset, describe_command, write_value
from train.spec import describe_run

PUBLISHED_RUN = PRESETS["test-1-3000"]
GPU = Hardware("a GPU", 989.4e12, "data sheet", 70 * 10**9)


@pytest.mark.parametrize("word", ["False", "false", "FALSE", "no", "off", "0", "none"])
def test_every_word_for_no_turns_a_field_off(word):
    assert read_preset("test-1-3000", [f"compile={word}"]).compile is False
    assert read_preset("smoke", ["compile=Yes"]).compile is True


def test_values_are_read_by_the_type_of_their_field():
    preset = read_preset(
        "smoke",
        [
            "betas=0.8,0.99",
            "phases=(0, 5)",
            "clip=none",
            "steps=1_000",
            "max_lr=1e-3",
            "dataset=12",
            "dropout=0",
            "muon_lr=none",
        ],
    )
    assert (preset.betas, preset.phases, preset.clip, preset.steps, preset.max_lr) == ((0.8, 0.99), (0, 5), 0.0, 1000, 1e-3)
    assert (preset.dataset, preset.dropout, preset.muon_lr) == ("12", 0.0, 0.0)
    assert isinstance(preset.dropout, float)
    assert read_preset("smoke", ["phases=none"]).phases == read_preset("smoke", ["phases="]).phases == ()


def test_all_mistakes_are_listed_at_once():
    wrong = {
        "steps=many": "steps must be a whole number",
        "steps=2.5": "steps must be a whole number",
        "max_lr=nan": "max_lr must be a number",
        "compile=perhaps": "compile must be true or false",
        "betas=0.9": "betas must be 2 values",
        "phases=1,x": "phases must be",
        "shape=big": "shape cannot be set",
        "stepz=3": "unknown field 'stepz'",
        "steps": "field=value",
        "save_every=0": "save_every must be at least 1",
        "evaluate_every=0": "evaluate_every must be at least 1",
        "seed=-1": "seed must be at least 0",
        "seed=9223372036854775808": "seed must be below",
        "clip=-1": "clip must be at least 0",
        "betas=0.9,1.5": "betas must be two numbers",
        "phases=-1": "phases must be",
        "precision=fp8": "precision 'fp8' is none of",
        "tokens_per_step=0": "tokens_per_step must be at least",
        "short_context=128": "longer than the context 64",
        "frozen_layers=2": "fewer than the 2 layers",
    }
    for pair, said in wrong.items():
        with pytest.raises(TrainError, match=re.escape(said)):
            read_preset("smoke", [pair])
    with pytest.raises(TrainError) as error:
        read_preset("smoke", ["steps=many", "stepz=3", "seed=-1", "clip=1", "clip=2"], steps=0)
    for said in ("steps must be a whole number", "stepz", "seed must", "clip is set twice", "steps must be at least 1"):
        assert said in str(error.value)


ODD = [
    "",
    "none",
    "-1",
    "0",
    "7",
    "1e400",
    "-0.0",
    "nan",
    "inf",
    "true",
    "[]",
    "1,2",
    "0x10",
    "1_0",
    "١٢",
    "1e30",
    "9" * 26,
    " ",
]


@pytest.mark.parametrize("field", [field.name for field in fields(Preset)])
def test_odd_values_of_any_field_are_refused_in_words_or_can_be_described(field):
    """A traceback would be neither; nor would a dry run that counts for ever."""
    for value in ODD:
        values, problems = parse_overrides([f"{field}={value}"])
        preset = replace(PRESETS["smoke"], **values)
        problems += preset.problems()
        if problems:
            with pytest.raises(TrainError, match=field if field in str(problems) else "must be multiples"):
                read_preset("smoke", [f"{field}={value}"])
        else:
            assert describe_run(preset, GPU)
            assert preset.seed < 2**63


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_card_writes_reads_as_the_same_preset(name):
    preset = PRESETS[name]
    names = [field.name for field in fields(Preset) if field.name not in ("name", "shape")]
    assert read_preset(name, [f"{field}={write_value(getattr(preset, field))}" for field in names]) == preset
    changed = replace(preset, betas=(0.8, 0.9), compile=not preset.compile, clip=0.0)
    settings = re.findall(r"\S+=\S+", describe_command(changed, {}))
    assert read_preset(name, [*settings, f"compile={changed.compile}"]) == changed


def test_auto_precision_is_bfloat16_where_the_device_multiplies_it(monkeypatch):
    assert PRESETS["fine-tune"].precision == "auto"
    assert (choose_precision("no"), choose_precision("bf16")) == ("no", "bf16")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for bf16, amx, expected in ((False, False, "no"), (True, False, "bf16"), (False, True, "bf16")):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda bf16=bf16: bf16)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda amx=amx: amx)
        assert choose_precision("auto") == expected
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for supported, expected in ((True, "bf16"), (False, "no")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation, supported=supported: supported)
        assert choose_precision("auto") == expected


@pytest.mark.parametrize(
    ("change", "said", "unsaid"),
    [
        ({}, "first beta stays 0.9", "is cycled"),
        ({"cycle_momentum": True}, "is cycled from 0.95", "stays"),
        ({"mask_documents": True}, "No story sees another", "A story sees those before it"),
        ({"clip": 0.0}, "are not clipped", "at norm 1"),
        ({"clip": 0.5}, "at norm 0.5", "at norm 1;"),
        ({"seed": 7}, "drawn from seed 7", "seed 0"),
        ({"steps": 100}, "steps: 100, published 3000", "0.8516"),
        ({"weight_decay": 0.0}, "No weight decays", "dimensions decay"),
        ({"betas": (0.8, 0.9)}, "first beta stays 0.8", "stays 0.9"),
        ({"compile": False}, "not compiled", "loss plain, compiled"),
    ],
)
def test_the_dry_run_says_what_is_true_of_the_preset_as_it_stands(change, said, unsaid):
    text = describe_run(replace(PUBLISHED_RUN, **change), GPU)
    assert said in text
    assert unsaid not in text


def test_the_dry_run_names_the_kernel_of_attention_and_what_a_cpu_does_not_compile(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    text = describe_run(PUBLISHED_RUN, GPU)
    assert "Attention is computed by torch's own kernels; Flash Attention 2 is published." in text
    assert "not compiled (on a CPU, rows of 1,024 tokens and more are not)" in text
    assert "by Flash Attention 2;" in describe_run(PUBLISHED_RUN, GPU, attention="flash_attention_2")
    assert "compiled, but for rows of 1,024" in describe_run(replace(PUBLISHED_RUN, short_context=512, full_every=2), GPU)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    assert "loss plain, compiled\n" in describe_run(PUBLISHED_RUN, GPU)

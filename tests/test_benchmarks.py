"""The benchmarks run: what they time is real work, and their tables hold every row. No timing is asserted."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import batch, decode, launch, matrix, rounding, speculation
from benchmarks.__main__ import build_parser, run_training
from benchmarks.gguf_file import arrange, rename
from benchmarks.training import PlainLoop, compare_with_plain_loop
from story_engine.model.config import read_config
from story_engine.model.hub import EMBEDDED_FOLDER
from story_engine.model.tokenizer import StoryTokenizer
from train.network import build_model
from train.presets import PRESETS

SMOKE = replace(PRESETS["smoke"], short_context=0, full_every=1, serials=False, whole_stories=False, dropout=0.0)


def test_the_plain_loop_learns_the_same_model(data):
    import torch

    loop = PlainLoop(SMOKE, data, torch.device("cpu"), SMOKE.micro_batch_tokens)
    assert sum(w.numel() for w in loop.model.parameters()) == sum(w.numel() for w in build_model(SMOKE, 0).parameters())
    losses = [loop.take_step() for _ in range(20)]
    assert losses[-1] < 0.9 * losses[0]


def test_both_loops_are_timed_in_turn(data):
    pair = compare_with_plain_loop(SMOKE, data, rounds=3)
    assert len(pair.ratios) == 3
    assert pair.ours > 0
    assert pair.plain > 0


@pytest.mark.slow
def test_the_sweep_tries_every_kernel_says_what_failed_and_profiles(data, capsys):
    arguments = ["train-sweep", "--preset", "smoke", "--data", str(data), "--micro-batches", "256", "512"]
    run_training(build_parser().parse_args([*arguments, "--steps", "1", "--long-steps", "2"]))
    said = capsys.readouterr().out
    for kernel in ("plain", "chunked", "fused", "liger"):
        assert f"| {kernel} | 256 |" in said
    assert "| 512 |" in said
    assert "pip install liger-kernel" in said
    assert "Self CPU" in said


def test_llama_cpp_gets_matrices_in_its_own_order_of_rotation():
    """It turns neighbours, we turn halves: scores of two places are the same when every head is rearranged."""
    config = replace(read_config(EMBEDDED_FOLDER), heads=2, kv_heads=2)
    generator = np.random.default_rng(0)
    query, key = generator.normal(size=(2, 16, 5))  # two heads of eight
    x = generator.normal(size=5)

    def turn(vector: np.ndarray, place: int, neighbours: bool) -> np.ndarray:
        pairs = vector.reshape(2, 4, 2) if neighbours else vector.reshape(2, 2, 4).swapaxes(1, 2)
        angles = place * 10_000.0 ** (-np.arange(4) / 4)
        left = pairs[..., 0] * np.cos(angles) - pairs[..., 1] * np.sin(angles)
        right = pairs[..., 0] * np.sin(angles) + pairs[..., 1] * np.cos(angles)
        return np.stack([left, right], axis=-1).reshape(2, 8)

    ours = (turn(query @ x, 9, False) * turn(key @ x, 4, False)).sum(axis=1)
    theirs = [
        turn(arrange(f"model.layers.0.self_attn.{name}_proj.weight", weight, config) @ x, place, True)
        for name, weight, place in (("q", query, 9), ("k", key, 4))
    ]
    assert np.allclose(ours, (theirs[0] * theirs[1]).sum(axis=1))
    assert arrange("model.layers.0.mlp.up_proj.weight", query, config) is query
    assert rename("model.layers.3.self_attn.o_proj.weight") == "blk.3.attn_output.weight"
    assert rename("lm_head.weight") == "output.weight"


def test_the_engine_and_its_peer_write_in_turn_and_every_length_has_a_row(tiny_folder, monkeypatch, capsys):
    monkeypatch.setattr(decode, "LENGTHS", (8, 150))
    monkeypatch.setattr(decode, "TOKENS", 4)
    monkeypatch.setattr(decode.llamacpp, "is_comparable", lambda device: False)
    rows = decode.measure(tiny_folder, rounds=3, precision="int8")
    assert [row.length for row in rows] == [8, 150]
    for row in rows:
        assert set(row.rounds) == {decode.ENGINE, decode.TRANSFORMERS}
        assert all(timing.reading > 0 and timing.rate > 0 for timings in row.rounds.values() for timing in timings)
        assert len(row.rounds[decode.ENGINE]) == 3
        assert row.turn(decode.ENGINE) > 0
        assert 0 < row.drawing(decode.ENGINE) < 1 / row.rate(decode.ENGINE)
    decode.print_table(rows)
    said = capsys.readouterr().out
    assert "nan" not in said
    assert "The engine in int8" in said
    assert "| 150 |" in said


def test_stories_told_together_are_whole_and_every_count_has_a_row(tiny_folder, monkeypatch, capsys):
    monkeypatch.setattr(batch, "LENGTHS", (40,))
    monkeypatch.setattr(batch, "TOKENS", 8)
    monkeypatch.setattr(batch.llamacpp, "is_comparable", lambda device: False)
    rows = batch.measure(tiny_folder, rounds=2)
    assert [(row.length, row.count) for row in rows] == [(40, count) for count in batch.COUNTS]
    assert all(len(row.rates[batch.ENGINE]) == 2 and row.rate(batch.ENGINE) > 0 for row in rows)
    batch.print_table(rows)
    assert "| 40 | 8 |" in capsys.readouterr().out


def test_transformers_tells_as_many_in_one_batch_and_continuously(tiny_folder, monkeypatch, capsys):
    monkeypatch.setattr(batch, "LENGTHS", (40,))
    monkeypatch.setattr(batch, "TOKENS", 8)
    monkeypatch.setattr(batch.llamacpp, "is_comparable", lambda device: False)
    rows = batch.measure(tiny_folder, 1, counts=[3], with_transformers=True)
    assert [row.count for row in rows] == [1, 3]
    names = {batch.ENGINE, batch.GENERATE, batch.CONTINUOUS}
    assert all(set(row.rates) == names and row.rate(name) > 0 for row in rows for name in names)
    batch.print_table(rows)
    assert "engine / its continuous batching" in capsys.readouterr().out


def test_stories_with_speculation_are_those_without(tiny_folder, monkeypatch, capsys):
    monkeypatch.setattr(speculation, "WARM_UP", 3)
    monkeypatch.setattr(speculation, "LENGTH", 12)
    rounds = speculation.measure(tiny_folder, rounds=2)
    assert len(rounds) == 2
    assert all(one.speculating > 0 and one.plain > 0 and one.tokens_per_step > 0 for one in rounds)
    speculation.print_table(rounds)
    assert "tokens a step" in capsys.readouterr().out


@pytest.mark.slow
def test_a_launch_is_measured_in_its_parts(tiny_folder, monkeypatch, capsys):
    monkeypatch.setattr(launch, "LENGTH", 100)
    rows = launch.measure(tiny_folder, rounds=1)
    assert [len(row) for row in rows] == [4, 4]
    assert all(part > 0 for row in rows for part in row)
    launch.print_table(rows)
    assert "| 100 |" in capsys.readouterr().out


def test_a_tokenizer_is_filled_with_words_that_no_text_has(tiny_folder, tmp_path):
    path = tmp_path / "tokenizer.json"
    shutil.copy(tiny_folder / "tokenizer.json", path)
    before = StoryTokenizer.read(tiny_folder)
    decode.fill_vocabulary(path, 1000)
    shutil.copy(tiny_folder / "tokenizer_config.json", tmp_path)
    after = StoryTokenizer.read(tmp_path)
    assert (before.size, after.size) == (320, 1000)
    text = "Once upon a time, Tom had a ball. word999 He said: word 320."
    assert after.encode(text) == before.encode(text)
    assert after.decode([330, 331]) == " word330 word331"


@pytest.mark.slow
def test_folders_tell_the_same_words_in_transformers_quick_start(monkeypatch, tmp_path, capsys):
    """By this environment's version of transformers; the benchmark takes the interpreters of others."""
    made = matrix.make_folders(tmp_path)
    shipped = made.pop("the model that ships, int8")
    assert shipped == EMBEDDED_FOLDER
    monkeypatch.setattr(matrix, "make_folders", lambda place: dict([*made.items()][1:]))
    cells = [*matrix.measure(tmp_path, [])]
    assert [cell.folder for cell in cells] == ["exported, float32", "exported, int8"]
    assert all(cell.verdict.endswith("all equal") and cell.difference < 1e-3 for cell in cells)
    matrix.print_table([*cells, matrix.try_quick_start("false", "none", tmp_path)])
    assert "| false | none | nan | fails: nothing |" in capsys.readouterr().out


def test_what_int8_costs_is_the_same_on_every_path(tiny_folder, stories, monkeypatch, capsys):
    """`measure` has a process for each path; here one process stands for all."""
    read, found = rounding.read_losses, {}

    def run(command, **_):
        folder, text, tokens, path, out = command[3:]
        found[path] = read(Path(folder), Path(text), "int8", int(tokens))
        np.savez(out, nats=found[path][0], likeliest=found[path][1], hash=found[path][2])

    monkeypatch.setattr(rounding.subprocess, "run", run)
    costs = rounding.measure(tiny_folder, stories / "held.txt", 300)
    assert [*costs] == [*found]
    assert all(cost.places >= 300 and cost.agreement > 0.9 and abs(cost.nats) < 0.05 for cost in costs.values())
    assert len({cost.fingerprint for cost in costs.values()}) == 1
    rounding.print_table(costs)
    assert "| plain | " in capsys.readouterr().out

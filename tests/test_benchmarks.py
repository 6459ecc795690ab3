"""The benchmarks run: what they time is real work, and their tables hold every row. No timing is asserted."""

from dataclasses import replace

import pytest

from benchmarks.__main__ import build_parser, run_training
from benchmarks.training import PlainLoop, compare_with_plain_loop
from train.network import build_model
from train.presets import PRESETS

SMOKE = replace(PRESETS["smoke"], short_context=0, full_every=1, serials=False)


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

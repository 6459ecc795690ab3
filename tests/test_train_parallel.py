"""Several processes: the same run as one, within a stated tolerance."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from train.checkpoint import find_checkpoints

ROOT = Path(__file__).parent.parent


def run(data: Path, out: Path, processes: int, *more: str) -> subprocess.CompletedProcess:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    # The machine's own name need not resolve: everything stays on this host.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true", "GLOO_SOCKET_IFNAME": "lo"}
    return subprocess.run(
        [sys.executable, *launcher, "-m", "train", "run", "--preset", "smoke", "--data", str(data), "--out", str(out), *more],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


def losses_of(out: Path) -> list[float]:
    entries = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return list({entry["step"]: entry["loss"] for entry in entries if "loss" in entry}.values())


@pytest.fixture(scope="module")
def alone(data, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("alone") / "run"
    assert run(data, out, 1).returncode == 0
    return out


def test_two_processes_run_as_one_and_one_goes_on_where_two_stopped(alone, data, tmp_path):
    """Losses within 1e-5 and weights within 1e-4 of one process: only the order of the sums differs."""
    out = tmp_path / "run"
    first = run(data, out, 2, "--until", "12")
    assert first.returncode == 0, first.stderr
    assert "2 process(es)" in first.stdout
    last = run(data, out, 1, "--resume")
    assert last.returncode == 0, last.stderr
    assert losses_of(out) == pytest.approx(losses_of(alone), abs=1e-5)
    ours, theirs = (load_file(find_checkpoints(folder)[-1] / "model.safetensors") for folder in (out, alone))
    for name, weight in theirs.items():
        assert torch.allclose(ours[name], weight, atol=1e-4), name


def test_a_run_spread_over_two_processes_is_the_run_of_one(alone, data, tmp_path):
    """Weights, gradients and moments in parts on both, stopped and resumed by one that holds them whole."""
    out = tmp_path / "run"
    first = run(data, out, 2, "--shard", "--until", "12")
    assert first.returncode == 0, first.stderr
    again = run(data, out, 2, "--shard", "--resume", "--until", "16")
    assert again.returncode == 0, again.stderr
    last = run(data, out, 1, "--resume")
    assert last.returncode == 0, last.stderr
    assert losses_of(out) == pytest.approx(losses_of(alone), abs=1e-5)

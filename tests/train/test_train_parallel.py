"""Several processes: the same run as one, within a stated tolerance."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from train.checkpoint import find_checkpoints

ROOT = Path(__file__).parents[2]
# The machine's own name need not resolve: everything stays on this host.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


def run(data: Path, out: Path, processes: int, *more: str) -> subprocess.CompletedProcess:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    # Dropout would leave out other parts of the work with another number of processes.
    command = ["-m", "train", "run", "--preset", "smoke", "--set", "dropout=0", "--data", str(data), "--out", str(out)]
    return subprocess.run(
        [sys.executable, *launcher, *command, *more],
        cwd=ROOT,
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=240,
    )


def losses_of(out: Path) -> list[float]:
    entries = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines() if line.endswith("}")]
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


def test_two_processes_asked_to_stop_leave_together(data, tmp_path):
    """The signal reaches the launcher, which passes it on; both end after the same step, and the run is saved."""
    out = tmp_path / "run"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "train", "run"]
    process = subprocess.Popen(
        [*launcher, "--preset", "smoke", "--data", str(data), "--out", str(out), "--set", "steps=5000", "save_every=5000"],
        cwd=ROOT,
        env=os.environ | ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not ((out / "log.jsonl").exists() and len(losses_of(out)) > 3):
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    saved = find_checkpoints(out)
    assert len(saved) == 1
    assert int(saved[0].name.split("-")[1]) == len(losses_of(out)) < 5000

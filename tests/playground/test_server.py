"""The command line of the page, as a person meets it: one line that says what to do, and an exit code."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from playground.server import main
from story_engine.__main__ import main as tell

ROOT = Path(__file__).parents[2]


def test_an_unknown_model_and_a_bad_folder_are_said(capsys, tmp_path):
    assert main(["--model", "nowhere", "--stories", str(tmp_path / "s")]) == 1
    assert "no model folder" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["--stories", str(tmp_path / "file")]) == 1
    assert "another folder" in capsys.readouterr().err


def test_a_port_in_use_is_said(tmp_path, tiny_folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = subprocess.run(
            [sys.executable, "app.py", "--model", str(tiny_folder), "--stories", str(tmp_path), "--port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert result.returncode == 1
    assert f"Port {port}" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_terminal_tells_the_same_story_for_the_same_seed(capsys, tiny_folder):
    told = []
    for _ in range(2):
        assert tell(["Once upon a time", "--model", str(tiny_folder), "--seed", "7", "--max-new-tokens", "20"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert told[0].startswith("Once upon a time")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["", "--max-new-tokens", "5"], "begins"),
        (["Tom", "--temperature", "9"], "temperature"),
        (["Tom", "--top-p", "nan"], "top_p"),
        (["Tom", "--model", "nowhere"], "no model folder"),
    ],
)
def test_the_terminal_says_what_is_wrong(capsys, tiny_folder, arguments, said):
    if "--model" not in arguments:
        arguments = [*arguments, "--model", str(tiny_folder)]
    assert tell(arguments) == 1
    assert said in capsys.readouterr().err

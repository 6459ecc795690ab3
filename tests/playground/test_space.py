"""The Space: its front matter, its variables and its disk; the app starts there as the platform starts it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import yaml

from playground.space import DEFAULT_STORIES, choose_device, choose_stories, loses_stories
from tests.conftest import find_port
from tests.test_architecture import ROOT

SPACE = {"SPACE_ID": "somebody/stories", "SPACE_HOST": "somebody-stories.example", "SYSTEM": "spaces", "CPU_CORES": "2"}
ZERO = {"SPACES_ZERO_GPU": "true", "ACCELERATOR": "zero-gpu"}
# The platform's package: it makes torch say that there is a GPU, and reports an app that has a decorated function.
SPACES = """
import torch
torch.cuda.is_available = lambda: True
wraps = True
def disable_gradio_auto_wrap():
    global wraps
    wraps = False
def gradio_auto_wrap(task):
    assert not wraps
    return task
def GPU(task):
    print("decorated", task.__name__, flush=True)
    return task
"""


def test_the_front_matter_is_complete():
    matter = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---")[1])
    assert matter["sdk"] == "gradio"
    assert (ROOT / matter["app_file"]).is_file()
    assert 0 < len(matter["short_description"]) <= 60
    assert matter["suggested_hardware"] == "cpu-basic"
    assert matter["python_version"].startswith("3.12")  # ZeroGPU has it, too
    assert {"title", "emoji", "colorFrom", "colorTo", "sdk_version", "license", "tags", "startup_duration_timeout"} <= {*matter}


def test_stories_are_kept_on_the_bucket_where_there_is_one(tmp_path):
    assert choose_stories({}, tmp_path) == DEFAULT_STORIES
    assert choose_stories(SPACE, tmp_path) == tmp_path / "stories"
    assert choose_stories(SPACE, tmp_path / "none") == DEFAULT_STORIES
    assert choose_stories(SPACE | {"STORY_PLAYGROUND_STORIES": "/kept"}, tmp_path) == Path("/kept")
    assert [loses_stories(SPACE, tmp_path), loses_stories(SPACE, tmp_path / "none"), loses_stories({}, tmp_path)] == [
        False,
        True,
        False,
    ]


def test_the_cpu_computes_on_zero_gpu():
    assert choose_device({}) is None
    assert choose_device(SPACE | ZERO) == "cpu"


@pytest.fixture
def checkout(tmp_path: Path, tiny_folder: Path):
    """The project as a Space has it, with a tiny model in place of the one that ships; nobody may write in it."""
    place = tmp_path / "app"
    for name in ("playground", "story_engine"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "embedded"))
    shutil.copytree(tiny_folder, place / "story_engine" / "embedded")
    shutil.copy(ROOT / "app.py", place)
    for path in [place, *place.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield place
    for path in [place, *place.rglob("*")]:
        path.chmod(0o755)


def drop_rights() -> list[str]:
    """What makes root an ordinary user: without its capabilities it may not write where it has no right to."""
    is_root = os.geteuid() == 0 and shutil.which("setpriv")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if is_root else []


@pytest.mark.slow
@pytest.mark.parametrize("variables", [{}, ZERO], ids=["cpu-basic", "zero-gpu"])
def test_the_app_starts_as_the_platform_starts_it(checkout, tmp_path, variables):
    home, packages, port = tmp_path / "home", tmp_path / "packages", find_port()
    home.mkdir()
    packages.mkdir()
    if variables:
        (packages / "spaces.py").write_text(SPACES)
    own = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "OMP_NUM_THREADS": "1"}
    gradio = {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port), "HF_HUB_OFFLINE": "1"}
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        command = [*drop_rights(), sys.executable, "app.py"]
        server = subprocess.Popen(command, cwd=checkout, env=own | SPACE | gradio | variables, stdout=out, stderr=err)
    url = f"http://127.0.0.1:{port}"
    try:
        assert wait_for_health(url, server), (tmp_path / "err").read_text()
        assert httpx.get(f"{url}/health").json()["model"] == "embedded"
        assert "loses_stories" in httpx.get(f"{url}/config").text
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=60) == 0
    finally:
        server.kill()
        server.wait()
    assert ("decorated" in (tmp_path / "out").read_text()) is bool(variables)
    assert (home / ".story-playground" / "stories").is_dir()


def wait_for_health(url: str, server: subprocess.Popen) -> bool:
    deadline = time.monotonic() + 300  # the kernel is compiled anew, and other tests use the cores
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/health").status_code == 200:
                return True
        time.sleep(0.2)
    return False

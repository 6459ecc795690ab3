"""A folder of the tiny model, to be changed."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def folder(tiny_folder, tmp_path) -> Path:
    return shutil.copytree(tiny_folder, tmp_path / "model")

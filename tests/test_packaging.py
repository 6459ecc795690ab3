"""The door: what is installed is what is needed, and the wheel holds everything that the page and the engine open."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.test_architecture import PACKAGES, ROOT, imports_of

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
BUILT_PACKAGES = {"story_engine", "playground", "train"}
WITH_NUMBA = {"llvmlite"}
OTHER_NAMES = {"fpdf"}  # that is how fpdf2 is imported
OPTIONAL = {"flash_attn", "liger_kernel", "transformers"}  # each is used where it is installed
DATA_FILES = {
    "story_engine/py.typed",
    "story_engine/embedded/config.json",
    "story_engine/embedded/LICENSE",
    "story_engine/embedded/model-00001-of-00003.safetensors",
    "story_engine/embedded/model-00003-of-00003.safetensors",
    "story_engine/embedded/phases.json",
    "story_engine/embedded/tokenizer.json",
    "playground/static/style.css",
    "playground/static/book.js",
    "playground/static/click.js",
    "playground/static/icon.svg",
    "story_engine/printing/fonts/literata.woff2",
    "story_engine/printing/fonts/literata-italic.woff2",
    "story_engine/printing/fonts/OFL.txt",
    "story_engine/printing/fonts/dejavu-sans.ttf",
    "story_engine/printing/fonts/DEJAVU.txt",
}


def names_of(requirements: list[str]) -> set[str]:
    return {Requirement(line).name.replace("-", "_") for line in requirements}


def find_foreign_imports(package: str) -> Iterator[str]:
    """The packages of others that a package of ours imports."""
    known = {*sys.stdlib_module_names, *PACKAGES}
    for path in (ROOT / package).rglob("*.py"):
        yield from {name.split(".")[0] for name in imports_of(path)} - known


def test_the_file_for_a_space_lists_the_dependencies_of_the_page():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == PROJECT["dependencies"]


@pytest.mark.parametrize("package", ["story_engine", "playground"])
def test_the_page_declares_what_it_imports(package):
    assert {*find_foreign_imports(package)} <= names_of(PROJECT["dependencies"]) | WITH_NUMBA | OTHER_NAMES | OPTIONAL


def test_the_training_declares_what_it_imports():
    assert {*find_foreign_imports("train")} <= names_of(PROJECT["dependencies"] + EXTRAS["train"]) | OPTIONAL


@pytest.mark.slow
def test_the_wheel_holds_the_packages_with_their_data_and_nothing_else(tmp_path):
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*command, "--disable-pip-version-check", "--wheel-dir", str(tmp_path)], check=True)
    [path] = tmp_path.glob("*.whl")
    with ZipFile(path) as wheel:
        names = set(wheel.namelist())
        [entry_points] = [name for name in names if name.endswith("/entry_points.txt")]
        assert "story-playground = playground.server:main" in wheel.read(entry_points).decode()
    sources = {str(file.relative_to(ROOT)) for package in BUILT_PACKAGES for file in (ROOT / package).rglob("*.py")}
    assert sources | DATA_FILES <= names
    folders = {Path(name).parts[0] for name in names}
    assert folders - BUILT_PACKAGES == {f"story_playground-{PROJECT['version']}.dist-info"}

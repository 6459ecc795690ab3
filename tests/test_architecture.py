"""The house: who may import whom, and files that stay short."""

import ast
from pathlib import Path

import pytest

import story_engine

ROOT = Path(__file__).parent.parent
PARTS = ("story_engine", "playground", "train", "benchmarks")
FORBIDDEN = {
    "story_engine": {"gradio", "playground", "train", "benchmarks", "transformers"},
    "playground": {"train", "benchmarks", "transformers"},
    "train": {"gradio", "playground", "benchmarks"},
}
FILES = sorted(path for part in (*PARTS, "tests") for path in (ROOT / part).rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_one_way(path):
    part = path.relative_to(ROOT).parts[0]
    assert not imports_of(path) & FORBIDDEN.get(part, set())


@pytest.mark.parametrize("path", [*(ROOT / "playground").rglob("*.py"), ROOT / "app.py"], ids=lambda path: path.name)
def test_the_page_takes_only_the_engines_public_names(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("story_engine"):
            assert node.module == "story_engine"
            assert {alias.name for alias in node.names} <= set(story_engine.__all__)


@pytest.mark.parametrize("path", [*FILES, ROOT / "app.py"], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_says_its_duty_and_stays_short(path):
    text = path.read_text(encoding="utf-8")
    assert path.name == "__init__.py" or ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 320


@pytest.mark.parametrize("name", ["page", "handlers", "editing", "tuning", "actions", "writing", "insight", "shelf", "api"])
def test_no_handler_is_long(name):
    tree = ast.parse((ROOT / "playground" / f"{name}.py").read_text(encoding="utf-8"))
    lengths = {node.name: node.end_lineno - node.lineno + 1 for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {function: length for function, length in lengths.items() if length > 30} == {}

"""The house: who may import whom, no circles, and files and handlers that stay short."""

import ast
import shutil
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import story_engine

ROOT = Path(__file__).parent.parent
PACKAGES = ("story_engine", "playground", "train", "benchmarks")
FORBIDDEN_PACKAGES = {
    "story_engine": {"gradio", "playground", "train", "benchmarks", "transformers"},
    "playground": {"train", "benchmarks", "transformers"},
    "train": {"gradio", "playground", "benchmarks"},
}
ALLOWED = {"story_engine/model/folder_check.py": {"transformers"}}  # where it is installed, a folder is held against it
# The rooms of the engine from the top, with the modules that stand between them; an arrow may only point down this list.
ROOMS = (
    "__main__",
    "__init__",
    "insight",
    "completion",
    "remote",
    "engine",
    "generation",
    "context",
    "serving",
    "pictures",
    "stories",
    "printing",
    "guard",
    "text",
    "model",
    "worker",
    "settings",
    "errors",
)
# Beyond the order: a room, and what it may not import although that stands below it.
FORBIDDEN_ROOMS = {
    "pictures": {"model"},
    "printing": {"model", "guard", "text"},
    "stories": {"model"},
    "guard": {"model"},
    "text": {"model"},
}
MAX_FILE_LINES, MAX_HANDLER_LINES = 320, 30
NO_HANDLERS = {"server.py", "theme.py"}  # calls that are tables of options

SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FILES = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), ROOT / "app.py"]


def show(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path, root: Path) -> str:
    """`story_engine.model.hub`; a package is named by its folder."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    """Every name that a file imports, dotted, those inside functions and for types alone too: `from a import b` gives `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            assert node.level == 0, f"{path} imports by dots; write the whole name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def graph_of(root: Path) -> dict[str, set[str]]:
    """Each module of the packages under `root`, and the modules of them that it imports."""
    paths = {module_of(path, root): path for package in PACKAGES for path in (root / package).rglob("*.py")}
    graph = {}
    for module, path in paths.items():
        names = {name if name in paths else name.rpartition(".")[0] for name in imports_of(path)}
        graph[module] = names & paths.keys()
    return graph


def room_of(module: str) -> str:
    """The room of an engine's module: a folder, or the module itself where it stands in none."""
    return module.split(".")[1] if "." in module else "__init__"


def find_circle(root: Path) -> list[str]:
    """Modules that import each other in a circle, first and last the same; empty where there is none."""
    try:
        TopologicalSorter(graph_of(root)).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def list_forbidden_arrows(root: Path) -> list[str]:
    """The imports among the engine's modules that point up the list of rooms, or into a room that is closed to theirs."""
    forbidden = []
    for module, imported in graph_of(root).items():
        for target in sorted(imported):
            if not (module.startswith("story_engine") and target.startswith("story_engine")):
                continue
            start, end = room_of(module), room_of(target)
            points_up = ROOMS.index(start) > ROOMS.index(end)
            if points_up or end in FORBIDDEN_ROOMS.get(start, ()):
                forbidden.append(f"{module} -> {target}")
    return sorted(forbidden)


@pytest.fixture
def copied_house(tmp_path: Path) -> Path:
    """A copy of the source files, to break laws in."""
    for path in SOURCES:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return tmp_path


def add_import(path: Path, line: str) -> None:
    path.write_text(f"{path.read_text(encoding='utf-8')}\nif TYPE_CHECKING:\n    {line}\n", encoding="utf-8")


@pytest.mark.parametrize("path", SOURCES, ids=show)
def test_arrows_between_packages_point_one_way(path):
    package = path.relative_to(ROOT).parts[0]
    forbidden = FORBIDDEN_PACKAGES.get(package, set()) - ALLOWED.get(show(path), set())
    assert not {name.split(".")[0] for name in imports_of(path)} & forbidden


def test_every_module_of_the_engine_is_in_a_room_that_has_a_place():
    assert {room_of(module) for module in graph_of(ROOT) if module.startswith("story_engine")} <= {*ROOMS, "embedded"}


def test_arrows_between_rooms_point_downward():
    assert list_forbidden_arrows(ROOT) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("story_engine/model/hub.py", "from story_engine.stories.story import Story"),
        ("story_engine/stories/story.py", "from story_engine.model import hub"),
        ("story_engine/errors.py", "from story_engine.settings import Settings"),
        ("story_engine/engine.py", "from story_engine.insight.replay import Replay"),
        ("story_engine/serving/scheduler.py", "from story_engine import Story"),
    ],
)
def test_an_arrow_that_points_up_is_found(copied_house, path, line):
    before = list_forbidden_arrows(copied_house)
    add_import(copied_house / path, line)
    added = set(list_forbidden_arrows(copied_house)) - set(before)
    assert [arrow.split(" -> ")[0] for arrow in added] == [module_of(Path(path), Path())]


def test_no_modules_import_each_other_in_a_circle():
    assert find_circle(ROOT) == []


def test_a_circle_is_found_although_it_is_for_types_alone(copied_house):
    assert find_circle(copied_house) == []
    add_import(copied_house / "story_engine/errors.py", "from story_engine.engine import StoryEngine")
    circle = find_circle(copied_house)
    assert circle[0] == circle[-1]
    assert {"story_engine.errors", "story_engine.engine"} <= {*circle}


@pytest.mark.parametrize("path", [*(ROOT / "playground").rglob("*.py"), ROOT / "app.py"], ids=show)
def test_the_page_imports_only_the_engines_public_names(path):
    for name in imports_of(path):
        package, _, imported = name.partition(".")
        if package == "story_engine":
            assert imported in story_engine.__all__


@pytest.mark.parametrize("path", FILES, ids=show)
def test_every_file_says_its_duty_and_stays_short(path):
    text = path.read_text(encoding="utf-8")
    assert path.name == "__init__.py" or ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize(
    "path", [path for path in (ROOT / "playground").glob("*.py") if path.name not in NO_HANDLERS], ids=lambda path: path.name
)
def test_no_handler_is_long(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lengths = {node.name: node.end_lineno - node.lineno + 1 for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {function: length for function, length in lengths.items() if length > MAX_HANDLER_LINES} == {}

"""The pages for people: their links and paths lead somewhere, their commands are accepted, and the README stays short."""

import re
import shlex

import pytest

from tests.test_architecture import ROOT
from train.__main__ import build_parser

PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(f"docs/{name}.md" for name in ("manual", "architecture", "models", "reliability", "remote", "training", "deployment")),
]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
PATH = re.compile(r"`((?:\.ci|\.github|docs|story_engine|playground|train|benchmarks|tests)/[\w./-]*)`")


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def list_commands(text: str, start: str) -> list[str]:
    """The commands of the text's code blocks that begin with `start`, each on one line."""
    blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.startswith(start)]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_path_leads_to_a_file(page):
    text = read(page)
    linked = [(ROOT / page).parent / target for target in LINK.findall(text)]
    named = [ROOT / path for path in PATH.findall(text)]
    assert [str(path) for path in linked + named if not path.exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_training_command_is_accepted(page):
    for command in list_commands(read(page), "python -m train"):
        build_parser().parse_args(shlex.split(command, comments=True)[3:])


def test_the_training_page_has_commands_for_both_ways():
    commands = " ".join(list_commands(read("docs/training.md"), "python -m train"))
    assert all(word in commands for word in ("--preset test-1-3000", "train trim", "--preset fine-tune --start"))


def test_the_readme_stays_short():
    assert len(read("README.md").splitlines()) <= 150

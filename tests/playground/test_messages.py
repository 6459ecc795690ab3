"""What the engine says reaches each reader in their language: every message, with the same fields."""

import ast
from functools import cache
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from playground.render.renderer import Renderer
from playground.wording.messages import find_message, say_error
from playground.wording.strings import MESSAGES, find_texts
from story_engine import InputError, LedgerEntry, Reason, Settings, SettingsError, Story, StoryEngine, check_words

ROOT = Path(__file__).parents[2]
OTHERS = [tag for tag in MESSAGES if tag != "en"]
# What only the owner of a server sees, on the command line, is said in English: the model's folder is what it is about.
ERRORS = {"StoryError", "InputError", "SaveError", "SettingsError"}


@cache
def find_raised(path: Path) -> list[str]:
    """The words of every error that a file makes for a reader."""
    tree, words = ast.parse(path.read_text(encoding="utf-8")), []
    names = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            said = node.args[0]
            assert not isinstance(said, ast.JoinedStr), f"{path.name}: give fields in braces and their values"
            parts = [said.body, said.orelse] if isinstance(said, ast.IfExp) else [said]
            words += [names[part.id] if isinstance(part, ast.Name) else part.value for part in parts]
    return words


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name}


@pytest.mark.parametrize("part", ["story_engine", "playground"])
@pytest.mark.parametrize("tag", OTHERS)
def test_every_message_is_there_in_every_language(part, tag):
    paths = [path for path in (ROOT / part).rglob("*.py") if path.parent.name != "completion"]  # which speaks to programs
    raised = [words for path in paths for words in find_raised(path)]
    assert len(raised) > 5
    assert [words for words in raised if words not in MESSAGES[tag]] == []


@pytest.mark.parametrize("tag", OTHERS)
def test_reasons_are_said_in_every_language_and_messages_have_the_same_fields(tag):
    assert set(get_args(Reason)) <= set(MESSAGES[tag])
    assert {*MESSAGES[tag]} == {*MESSAGES[OTHERS[0]]}
    assert [words for words, said in MESSAGES[tag].items() if fields(words) != fields(said)] == []
    assert [words for words, said in MESSAGES[tag].items() if words == said] == ["{message}"]


def test_an_error_is_said_in_either_language():
    with pytest.raises(InputError) as caught:
        check_words("x" * 20_001)
    assert str(caught.value).startswith("That is 20,001 characters")
    assert say_error(caught.value, "en") == str(caught.value)
    assert say_error(caught.value, "de").startswith("Das sind 20001 Zeichen")
    assert say_error(caught.value, "es").startswith("Son 20001 caracteres")


def test_every_problem_of_the_settings_is_said_in_either_language():
    with pytest.raises(SettingsError) as caught:
        Settings(temperature=9.0, top_k=1.5)
    assert str(caught.value).count(";") == 1
    said = say_error(caught.value, "de")
    assert "temperature muss zwischen 0 und 2 liegen; top_k muss eine ganze Zahl sein" in said


def test_words_in_braces_are_left_alone():
    assert str(InputError("Tom said {hello}.")) == "Tom said {hello}."
    assert say_error(InputError("{problem}!", problem="a {b}"), "de") == "a {b}!"


def test_what_nobody_has_translated_is_said_in_english():
    assert find_message("something new", "de") == "something new"


def test_the_ledger_speaks_german(engine: StoryEngine):
    story = Story("Tom ran. He fell.")
    story.memory.ledger = [LedgerEntry("forgotten", ((0, 0), (0, 1)), 9, "the window was full", 0)]
    window = engine.window_of(story, Settings(max_new_tokens=20))
    assert "2 Sätze (9 Token) vergessen: das Gedächtnis war voll." in Renderer(find_texts("de")).render_meter(story, window)
    assert "2 sentences (9 tokens) forgotten: the window was full." in Renderer().render_meter(story, window)

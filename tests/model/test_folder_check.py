"""A folder is held against transformers at its first load."""

import importlib.metadata
import json
import shutil

import pytest

from story_engine import StoryEngine
from story_engine.model import folder_check
from story_engine.model.hub import EMBEDDED_FOLDER
from tests.model.folders import change, load, refuse


def test_a_folder_that_transformers_reads_otherwise_is_refused_once_and_for_all(folder, monkeypatch):
    read = folder_check._read_by_transformers
    monkeypatch.setattr(folder_check, "_read_by_transformers", lambda *given: read(*given) + 0.1)
    change(folder, "config.json", rms_norm_eps=1.5e-6)  # another folder than those that were checked before
    for _ in range(2):
        refuse(folder, "gives other logits than transformers does, by 0.1")


def test_a_folder_that_transformers_cuts_otherwise_is_refused(folder, monkeypatch):
    monkeypatch.setattr(folder_check, "_encode_by_transformers", lambda folder: [1, 2, 3])
    change(folder, "config.json", rms_norm_eps=1.6e-6)
    refuse(folder, "cuts text otherwise than transformers does")


def test_a_folder_is_checked_once_for_each_state_of_it(folder, monkeypatch, tmp_path):
    calls, read = [], folder_check._read_by_transformers
    monkeypatch.setattr(folder_check, "CHECKED", tmp_path / "cache" / "checked.json")
    monkeypatch.setattr(folder_check, "_read_by_transformers", lambda *given: (calls.append(0), read(*given))[1])
    load(folder)
    load(folder)
    assert len(calls) == 1
    change(folder, "config.json", rms_norm_eps=1e-5)
    load(folder)
    assert len(calls) == 2
    monkeypatch.setattr(folder_check, "CHECKED", folder / "config.json" / "checked.json")  # cannot be written
    load(folder)
    assert len(calls) == 3


def test_large_models_and_the_shipped_one_are_not_loaded_for_a_check(folder, monkeypatch):
    monkeypatch.setattr(folder_check, "_read_by_transformers", lambda *_: pytest.fail("loaded"))
    monkeypatch.setattr(folder_check, "CHECKED", folder / "none.json")
    StoryEngine.load("embedded")
    monkeypatch.setattr(folder_check, "MAX_BYTES", 1000)
    load(folder)


@pytest.mark.parametrize("is_large", [True, False])
def test_without_transformers_a_folder_is_held_against_its_tokenizer(folder, monkeypatch, is_large):
    monkeypatch.setattr(folder_check, "_read_by_transformers", lambda *_: pytest.fail("loaded"))
    monkeypatch.setattr(folder_check, "MAX_BYTES", 1000 if is_large else 10**9)

    def find_version(name):
        if is_large:
            return "5"
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "version", find_version)
    load(folder)
    monkeypatch.setattr(folder_check, "_encode_by_engine", lambda folder: [1, 2, 3])
    refuse(folder, "cuts text otherwise than its own tokenizer does")


def test_the_shipped_model_passes_the_check_that_it_is_spared(monkeypatch, tmp_path):
    copy = shutil.copytree(EMBEDDED_FOLDER, tmp_path / "copy")
    monkeypatch.setattr(folder_check, "CHECKED", tmp_path / "checked.json")
    load(copy)
    assert len(json.loads((tmp_path / "checked.json").read_text())) == 1

"""What the tests of folders share: a folder is changed, loaded, or refused."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from story_engine import ModelError, StoryEngine

IDS = [0, 40, 41, 300, 17, 5, 120, 121, 9]


def change(folder: Path, file: str, **values) -> None:
    path = folder / file
    old = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({key: value for key, value in (old | values).items() if value is not ...}))


def change_tokenizer(folder: Path, **parts) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def load(folder: Path) -> StoryEngine:
    return StoryEngine.load(str(folder), precision="float32", kernel="off")


def refuse(folder: Path, said: str) -> None:
    with pytest.raises(ModelError, match=said) as error:
        load(folder)
    assert "\n" not in str(error.value)

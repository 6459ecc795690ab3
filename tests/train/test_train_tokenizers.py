"""Tokenizers of prepared data: one that loses text, or is not that of the shards, is refused."""

import shutil

import pytest
from tokenizers import Tokenizer, models, normalizers

from train.data import TokenRows
from train.errors import TrainError
from train.export import load_held_out
from train.prepare import prepare
from train.presets import PRESETS

SMOKE = PRESETS["smoke"]


def test_shards_of_an_exchanged_tokenizer_or_an_unknown_origin_are_refused(data, stories, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    path = tmp_path / "data/tokenizer.json"
    path.write_text(path.read_text() + "\n")
    given = (SMOKE, [str(stories / "train.txt")], None, tmp_path / "data", 120)
    with pytest.raises(TrainError, match=r"not the one that made its shards.*choose another folder"):
        prepare(*given)
    (tmp_path / "data/progress.json").unlink()
    with pytest.raises(TrainError, match="what they were made from is not noted"):
        prepare(*given)


def test_a_tokenizer_that_does_not_give_every_text_back_is_refused(stories, tmp_path):
    Tokenizer(models.WordLevel({"a": 0, "?": 1}, unk_token="?")).save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(TrainError, match=r"no <\|endoftext\|> token.*and is no byte-level one"):
        prepare(SMOKE, [str(stories / "train.txt")], None, tmp_path)


@pytest.mark.parametrize("normalizer", ["Lowercase", "StripAccents"])
def test_a_tokenizer_that_changes_text_is_refused(data, stories, tmp_path, normalizer):
    tokenizer = Tokenizer.from_file(str(data / "tokenizer.json"))
    tokenizer.normalizer = getattr(normalizers, normalizer)()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(TrainError, match=f"does not give every text back .it changes the text .{normalizer}"):
        prepare(SMOKE, [str(stories / "train.txt")], None, tmp_path)


def test_a_tokenizer_that_cuts_texts_short_and_fills_them_up_does_neither_here(data, stories, tmp_path):
    """As transformers leaves one behind that was used with `truncation=True, padding=True`."""
    tokenizer = Tokenizer.from_file(str(data / "tokenizer.json"))
    tokenizer.enable_truncation(5)
    tokenizer.enable_padding(length=8)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    meta = prepare(SMOKE, [str(stories / "train.txt")], [str(stories / "held.txt")], tmp_path)
    assert meta.tokens == TokenRows(data, 0).meta.tokens
    assert [ids for ids, _ in load_held_out(tmp_path)] == [ids for ids, _ in load_held_out(data)]

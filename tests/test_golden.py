"""The same seed tells the same words as in earlier versions; tests/golden.py says how the words are renewed."""

import json

import pytest

from story_engine import StoryEngine
from tests.golden import PATH, PRECISIONS, replay_all, tell_all


@pytest.mark.parametrize("precision", PRECISIONS)
def test_seeds_and_receipts_tell_the_words_of_earlier_versions(precision):
    golden = json.loads(PATH.read_text(encoding="utf-8"))[precision]
    engine = StoryEngine.load(precision=precision)
    try:
        assert json.loads(json.dumps(tell_all(engine))) == golden["told"]
        assert replay_all(engine, golden["saved"]) == [True, True]
    finally:
        engine.close()

"""What mattered: against scores by plain forward passes without the paragraph, and on a case with a known answer."""

import pytest
import torch

from story_engine import InputError, Settings, Story, find_influences
from story_engine.insight.influence import split_paragraphs
from story_engine.model.kv_cache import Slot

SETTINGS = Settings(max_new_tokens=20)


def tell() -> Story:
    story = Story("Tom had a ball.\nIt was red.")
    story.add(" Mia came. She ran.\n\nThey were happy.", "model")
    story.add(" Then it rained.")
    return story


def test_paragraphs_end_with_a_line_or_a_passage(engine):
    window = engine.window_of(tell(), SETTINGS)
    texts = ["".join(one.text for one in paragraph).strip() for paragraph in split_paragraphs(window.kept)]
    assert texts == ["Tom had a ball.", "It was red.", "Mia came. She ran.", "They were happy.", "Then it rained."]


def test_influences_are_differences_of_plain_scores(engine):
    """Within 1e-3 nats of forward passes that share nothing."""
    story = tell()
    window = engine.window_of(story, SETTINGS)
    found = find_influences(engine, story, (2, 0), SETTINGS)
    sentence = window.kept[-1]

    def score(paragraphs) -> float:
        ids = [engine.window.start, *(token for p in paragraphs for one in p for token in one.ids), *sentence.ids]
        logits = engine.decoder.prefill(ids[:-1], Slot(engine.decoder.config, torch.float32, torch.device("cpu")), True)
        chosen = logits.log_softmax(-1).gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
        return float(chosen[-len(sentence.ids) :].sum())

    paragraphs = split_paragraphs(window.kept[:-1])
    expected = [score(paragraphs) - score(paragraphs[:i] + paragraphs[i + 1 :]) for i in range(len(paragraphs))]
    assert [one.nats for one in found] == pytest.approx(expected, abs=1e-3)
    assert [one.text for one in found] == ["Tom had a ball.", "It was red.", "Mia came. She ran.", "They were happy."]


def test_only_the_nearest_paragraphs_are_weighed(engine, monkeypatch):
    monkeypatch.setattr("story_engine.insight.influence.MAX_PARAGRAPHS", 2)
    assert [one.text for one in find_influences(engine, tell(), (2, 0), SETTINGS)] == ["Mia came. She ran.", "They were happy."]


def test_a_name_matters_where_it_was_introduced(engine_embedded):
    story = Story("Once upon a time, there was a girl named Zara.")
    story.add(" It was a sunny day.", "model")
    story.add(" The sky was blue.")
    story.add(" Zara was very happy.", "model")
    found = find_influences(engine_embedded, story, (3, 0))
    assert max(found, key=lambda one: one.nats).text.endswith("Zara.")


def test_what_cannot_be_weighed_is_said(engine):
    story = tell()
    with pytest.raises(InputError, match="Nothing stands before"):
        find_influences(engine, story, (0, 0), SETTINGS)
    with pytest.raises(InputError, match="no longer remembers"):
        find_influences(engine, story, (2, 9), SETTINGS)

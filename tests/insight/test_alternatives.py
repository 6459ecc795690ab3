"""What else it might have been: the chances that the model itself gives, wherever a passage stands."""

import pytest
import torch
from transformers import LlamaForCausalLM

from story_engine import InputError, Settings, Story, find_alternatives


def test_chances_are_those_of_an_uncached_model(engine, tiny_folder):
    """Against transformers' own forward over window and passage, within 1e-4."""
    model, story = LlamaForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32).eval(), Story("Once upon a time")
    for seed in range(3):
        list(engine.stream(story, Settings(max_new_tokens=12, seed=seed), text="Mia ran."))
    special = sorted(engine.tokenizer.special)
    for passage in story.passages:
        words = find_alternatives(engine, story, passage.id)
        before = [engine.window.start, *(t for s in engine.cutter.cut_path(story.path_to(passage.parent)) for t in s.ids)]
        ids = [t for s in engine.cutter.cut_path([passage]) for t in s.ids]
        with torch.no_grad():
            logits = model(torch.tensor([before + ids])).logits[0, len(before) - 1 : -1]
        logits[:, special] = -torch.inf
        chances = logits.softmax(-1)
        assert [word.said.token for word in words] == ids
        for row, word in zip(chances, words, strict=True):
            assert word.said.chance == pytest.approx(float(row[word.said.token]), abs=1e-4)
            assert [choice.chance for choice in word.others] == pytest.approx(sorted(row.tolist())[:-6:-1], abs=1e-4)


def test_the_words_of_a_passage_are_its_text_and_nothing_changes(engine_taught):
    engine, story = engine_taught, Story("Once upon a time, Tom had a ball.")
    list(engine.stream(story, Settings(max_new_tokens=60, seed=2)))
    passages, memory = list(story.passages), story.memory
    words = find_alternatives(engine, story, 1)
    assert "".join(word.said.text for word in words) == story.last().text
    assert all(0 < word.said.chance <= word.others[0].chance + 1e-6 for word in words)
    assert sum(word.said.chance for word in words) / len(words) > 0.3  # the model knows what it says
    assert (story.passages, story.memory) == (passages, memory)


def test_a_passage_longer_than_the_window_is_refused(engine):
    with pytest.raises(InputError, match="too long"):
        find_alternatives(engine, Story("Tom had a ball. " * 200), 0)


def test_a_passage_told_before_a_forgetting_is_weighed_with_what_was_known_then(engine):
    story = Story("Once upon a time, Tom had a ball.")
    for seed in range(12):
        list(engine.stream(story, Settings(max_new_tokens=24, seed=seed), text="Then Mia saw a red kite in the park."))
    assert story.memory.forgotten
    for passage in story.passages:
        ids = [token for sentence in engine.cutter.cut_path([passage]) for token in sentence.ids]
        assert [word.said.token for word in find_alternatives(engine, story, passage.id)] == ids

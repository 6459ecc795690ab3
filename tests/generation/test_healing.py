"""Text that ends within a word is completed, and no character of it is lost, doubled or changed."""

from unittest.mock import patch

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from story_engine import Settings, Story, replay_passage
from story_engine.generation import healing
from story_engine.generation.healing import find_last_word, may_heal
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.stories.savefile import dump_story, read_story

GREEDY = Settings(temperature=0.0, repetition_penalty=1.0, max_new_tokens=6)


class Speller:
    """Stands in for a model that knows one text: behind any beginning of it, it goes on with the tokens of the rest."""

    def __init__(self, engine, text: str) -> None:
        self.tokenizer, self.text, self.reads = engine.tokenizer, text, 0
        self.engine, self.plain = engine, engine.decoder.say
        engine.decoder.step, engine.decoder.prefill = self.step, self.prefill

    def row(self, ids) -> torch.Tensor:
        said, row = self.tokenizer.decode(ids[1:]), torch.full((self.tokenizer.size,), -30.0)
        whole, cut = self.tokenizer.encode(self.text), [*ids[1:]]
        if whole[: len(cut)] == cut and len(whole) > len(cut):
            row[whole[len(cut)]] = 30.0
        elif said != self.text:  # never seen so: the word counts as over
            row[self.tokenizer.encode(" and")[0]] = 20.0
        else:
            row[0] = 30.0
        return row

    def prefill(self, ids, slot, all_logits=False) -> torch.Tensor:
        rows = []
        for token in ids:
            slot.ids.append(token)
            rows.append(self.row(slot.ids))
        self.reads += 1
        return torch.stack(rows) if all_logits else rows[-1]

    def step(self, tokens, slots) -> torch.Tensor:
        return torch.stack([self.prefill([token], slot) for token, slot in zip(tokens, slots, strict=True)])


def tell(engine, story: Story, settings: Settings = GREEDY, **how) -> Story:
    shown = ""
    for piece in engine.stream(story, settings, **how):
        shown = piece.follow(shown)
    assert story.last().text == shown or story.last().author == "reader"
    return story


TEXT = "Once upon a time, Tom had a garden. He went to the forest."
CUT = "Once upon a time, Tom had a garden. He wen"  # the tokens of its last word are no beginning of those of " went"


@pytest.mark.parametrize("end", [place for place in range(5, len(TEXT)) if TEXT[place - 1].isalnum()])
def test_a_known_text_goes_on_wherever_it_is_cut(scripted, end):
    engine = scripted("")
    Speller(engine, TEXT)
    story = tell(engine, Story(TEXT[:end]), Settings(temperature=0.0, repetition_penalty=1.0, max_new_tokens=60))
    assert story.text() == TEXT
    assert story.passages[0].text == TEXT[:end]


def test_the_window_behind_a_completed_word_holds_the_tokens_that_were_told(scripted):
    engine = scripted("")
    Speller(engine, TEXT)
    story = tell(engine, Story(CUT))
    last = story.last()
    assert last.receipt.healed == len(" wen")
    assert engine.tokenizer.decode(last.tokens) == " wen" + last.text
    window = engine.window_of(story)
    assert engine.tokenizer.decode(window.ids[1:]) == story.text()
    assert list(window.ids[1:]) == engine.tokenizer.encode(story.text())
    assert "".join(sentence.text for sentence in window.kept) == story.text()
    assert replay_passage(engine, story, last.id).is_identical


def test_other_words_in_front_of_a_completed_word_are_cut_for_themselves(scripted):
    engine = scripted("")
    Speller(engine, TEXT)
    story = tell(engine, Story(CUT))
    story.edit(0, "Once upon a time, Tom had a kite. He big")
    assert engine.tokenizer.decode(engine.window_of(story).ids[1:]) == story.text()
    story.undo()
    assert engine.tokenizer.decode(engine.window_of(story).ids[1:]) == story.text()


def test_a_space_behind_a_word_leaves_it_alone_and_so_does_another_telling(scripted):
    engine = scripted("")
    Speller(engine, TEXT)
    story = Story()
    tell(engine, story, text=f"{CUT} ")
    assert story.last().receipt.healed == 0
    assert not story.last().text.startswith("t")
    story.undo()
    assert not may_heal(story, None)
    tell(engine, story)
    assert story.last().receipt.healed == 0


@pytest.mark.parametrize("text", ["Tom ran.", "Tom ran ", "Tom, ", 'Tom said, "', "Tom -", "Tom\n", "👩🏽"])
def test_text_that_ends_in_no_word_is_left_alone(scripted, text):
    engine = scripted(" He ran.<end>")
    speller = Speller(engine, "Nothing of this")
    assert find_last_word(engine.tokenizer, engine.window_of(Story(text)).ids[1:], text) == ()
    before = tell(engine, Story(text), heals=False).last().tokens, speller.reads
    speller.reads = 0
    assert (tell(engine, Story(text)).last().tokens, speller.reads) == before


edge = st.lists(
    st.sampled_from(
        [
            "Tom",
            " had",
            " a",
            " gar",
            " garde",
            "n",
            ".",
            ' "',
            "12",
            " 7",
            "é",
            " ng",
            "一二",
            "क",
            "ष",
            "🙂",
            "\n",
            "'s",
            "-",
            "ﬁ",
        ]
    ),
    min_size=1,
    max_size=6,
).map("".join)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edge, st.integers(0, 3), st.integers(1, 4))
@example("12ष.12 aTom", 2, 2)  # its passage says a word again, and then nothing
def test_healing_never_loses_or_doubles_a_character(engine, text, seed, length):
    """On a model of random weights, and as if it found every word unfinished."""
    if not text.strip():
        return
    with patch.multiple(healing, CLEARLY=-99.0, CERTAINLY=-99.0):
        check_joint(engine, text, Settings(seed=seed, max_new_tokens=length, temperature=1.5))


def check_joint(engine, text: str, drawn: Settings) -> None:
    """That a passage behind this text keeps every character, in the story, its file, its window and its replay."""
    story, pieces = Story(text), ""
    for piece in engine.stream(story, drawn):
        pieces = piece.follow(pieces)
    assert story.passages[0].text == text
    assert story.text() == text + pieces
    last = story.last()
    if last.author == "model":
        taken = text[len(text) - last.receipt.healed :]
        assert engine.tokenizer.decode(last.tokens).replace("\ufffd", "") == taken + last.text
        assert replay_passage(engine, story, last.id).is_identical
        opened = read_story(dump_story(story)).story
        assert opened.last() == last
        assert engine.window_of(opened, drawn).ids == engine.window_of(story, drawn).ids
    assert engine.tokenizer.decode(engine.window_of(story, drawn).ids[1:]) == story.text()


def test_a_stop_within_the_word_leaves_the_story_as_it_was(engine):
    for seed in range(4):
        story = Story("Tom had a fores")
        stream = engine.stream(story, Settings(seed=seed, max_new_tokens=8))
        next(stream)
        stream.close()
        assert story.text().startswith("Tom had a fores")
        assert story.last().author == "reader" or story.last().text


def test_a_completed_word_is_none_that_is_never_wanted(scripted):
    engine = scripted("")
    Speller(engine, TEXT)
    story = tell(engine, Story(CUT), Settings(temperature=0.0, unwanted=("went",)))
    assert "went" not in story.text()


def test_bytes_of_tokens_are_those_of_their_text(tokenizer):
    tokenizer = StoryTokenizer(tokenizer)
    spellings = tokenizer.spellings
    for text in ("Once upon a time", "é一🙂 क्ष", "<|endoftext|>"):
        assert spellings.spell(tokenizer.encode(text)) == text.encode()
    assert all(spellings.spell([token]).startswith(b" ga") for token in spellings.find_longer(b" ga"))
    assert all(b" garden".startswith(spellings.spell([token])) for token, _ in spellings.find_beginnings(b" garden"))

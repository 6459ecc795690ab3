"""A reading level: rare words weigh less, long sentences end sooner where an end fits, and nothing else changes."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from story_engine import EMBEDDED_FOLDER, READING_LEVELS, Settings, SettingsError, Story, replay_passage
from story_engine.generation.reading_level import LEVELS, ReadingLevel, count_open_words
from story_engine.generation.telling import Telling
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.remote.dialects import DIALECTS
from story_engine.stories.savefile import dump_story, load_story
from story_engine.text.words import is_familiar

EASY = LEVELS["easy"]
LONG = " She went with her big brown dog and her little cat to the"
SETTINGS = Settings(seed=5, max_new_tokens=40, reading_level="easy")


@pytest.fixture(scope="module")
def shipped() -> StoryTokenizer:
    return StoryTokenizer.read(EMBEDDED_FOLDER)


def weigh(tokenizer, text, before="Tom went out.", likely=(), known=()):
    """What each token weighs behind a text, by its own text; `likely` tokens share nearly all of the chance."""
    logits = np.full(tokenizer.size, -20.0, np.float32)
    for token in likely:
        logits[tokenizer.encode(token)[0]] = 5.0
    level = ReadingLevel(EASY, tokenizer, before, known)
    weights = level.weigh(text, tokenizer.encode(text), logits)
    return lambda token: round(float(weights[tokenizer.encode(token)[0]]), 4)


@pytest.mark.parametrize("word", ["played", "happily", "bigger", "daddy", "puddles", "couldn", "went", "cities", "running"])
def test_forms_of_a_childs_words_are_familiar(word):
    assert is_familiar(word)


@pytest.mark.parametrize("word", ["determination", "obedient", "thermometer", "journals", "plov", ""])
def test_other_words_are_not(word):
    assert not is_familiar(word)


def test_rare_words_weigh_less_and_words_of_the_story_do_not(shipped):
    weighs = weigh(shipped, " He had a")
    assert weighs(" determination") == weighs(" magnificent") == -EASY.rare
    assert -EASY.rare < weighs(" wise") <= weighs(" ball") == weighs(" Orsolya") == weighs(" The") == weighs(".") == 0
    assert weigh(shipped, " He had a", before="A magnificent thermometer fell.")(" magnificent") == 0
    assert weigh(shipped, " He had a", before="A magnificent thermometer fell.")(" thermometer") == 0
    noted = weigh(shipped, " He had a", known=shipped.encode(" magnificent"))  # in the reader's notes
    assert (noted(" magnificent"), noted(" determination")) == (0, -EASY.rare)
    assert weigh(shipped, " It was magnificent")(" magnificent") == 0  # once said it may come back


def test_a_rare_word_in_pieces_weighs_less_where_it_leaves_a_familiar_one(shipped):
    piece = next(token for token in (shipped.encode(" hopping")[1:] or shipped.encode("ulous")))
    text = shipped.decode([piece])
    rare = weigh(shipped, " It gave them help", likely=[text, " to"])
    assert rare(text) < 0 == rare(" to")
    assert weigh(shipped, " It gave them help", before=f"Say help{text}.", likely=[text])(text) == 0
    assert weigh(shipped, " It gave them zorp", likely=[text])(text) == 0  # it has to go on


def test_a_long_sentence_ends_sooner_only_where_an_end_fits(shipped):
    short = weigh(shipped, " She ran home", likely=[".", " and"])
    assert short(".") == short(" and") == short(",") == 0
    fits = weigh(shipped, LONG + " park", likely=[".", " and"])
    assert fits(".") == fits("!") == EASY.most
    assert fits(" and") == fits(",") == -EASY.most
    unfit = weigh(shipped, LONG, likely=[" park", " and"])
    assert unfit(".") == unfit(" and") == 0


@pytest.mark.parametrize(
    ("text", "count"), [("Tom ran. He saw a", 3), ("He saw it!", 0), ('"Go!" she said', 2), ("One\nTwo", 1), ("", 0)]
)
def test_words_of_the_open_sentence_are_counted(text, count):
    assert count_open_words(text) == count


@pytest.mark.parametrize(("level", "said"), [("any", " magnificent"), ("medium", " ball"), ("easy", " ball")])
def test_a_level_changes_the_choice(shipped, level, said):
    settings = Settings(temperature=0, repetition_penalty=1, reading_level=level)
    telling = Telling(shipped, frozenset({0}), settings, used=(), before="Tom had a")
    logits = torch.full((shipped.size,), -20.0)
    logits[shipped.encode(" magnificent")], logits[shipped.encode(" ball")] = 5.0, 4.0
    telling.advance(logits)
    assert telling.text == said


@pytest.mark.parametrize(("level", "odds", "said"), [("any", 15, " and"), ("easy", 15, "."), ("easy", 60, " and")])
def test_an_end_is_lifted_from_below_the_cut_of_guidance_where_it_fits(shipped, level, odds, said):
    settings = Settings(temperature=0, repetition_penalty=1, guidance=0.5, min_p=0.1, reading_level=level)
    telling = Telling(shipped, frozenset({0}), settings, used=(), before=LONG + " park")
    logits = torch.full((shipped.size,), -20.0)
    logits[shipped.encode(" and")], logits[shipped.encode(".")] = 5.0, 5.0 - math.log(odds)
    telling.advance(logits, logits)
    assert telling.text == said


def tell(engine, settings, **how):
    story = Story("Once upon a time, Orsolya had a magnificent kite. Orsolya went out.")
    list(engine.stream(story, settings, **how))
    return story


@pytest.mark.parametrize(
    "more",
    [{}, {"guidance": 0.5, "min_p": 0.1}, {"best_of": 3}, {"unwanted": ("park", "ball")}, {"for_children": True}],
)
def test_speculation_and_replay_tell_the_same_words(engine_taught, more):
    settings = replace(SETTINGS, **more)
    told = []
    for engine_taught.speculates in (True, False, True):
        story = tell(engine_taught, settings)
        told.append(story.last().tokens)
    assert told[0] == told[1] == told[2]
    loaded = load_story(dump_story(story))
    assert loaded.last().receipt.settings.reading_level == "easy"
    assert replay_passage(engine_taught, loaded, loaded.current).is_identical


def test_three_ways_tell_what_each_tells_alone(engine):
    ways = [replace(SETTINGS, seed=seed, reading_level=level) for seed, level in enumerate(READING_LEVELS)]
    story = Story("Tom went out.")
    list(engine.stream_tellings(story, ways))
    together = [passage.tokens for passage in story.passages[1:]]
    for way, tokens in zip(ways, together, strict=True):
        alone = Story("Tom went out.")
        list(engine.stream(alone, way))
        assert alone.last().tokens == tokens


def test_a_story_without_a_level_is_saved_as_before(engine):
    story = tell(engine, replace(SETTINGS, reading_level="any"))
    [receipt] = [passage["receipt"] for passage in dump_story(story)["passages"] if passage["receipt"]]
    assert "reading_level" not in receipt["settings"]
    assert load_story(dump_story(story)).last().receipt.settings == story.last().receipt.settings


def test_a_wrong_level_is_refused_and_a_server_does_not_know_any():
    for wrong in ("hard", "", None, 1, ["easy"]):
        with pytest.raises(SettingsError, match="easy, medium, any"):
            Settings(reading_level=wrong)
    for dialect in DIALECTS.values():
        assert "reading_level" in dialect.list_unknown(Settings(reading_level="easy"))
        assert "reading_level" not in dialect.list_unknown(Settings())

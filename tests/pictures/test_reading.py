"""What a picture shows is found in the words, and in the story so far."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine import Story
from story_engine.pictures.book import read_scenes
from story_engine.pictures.progress import Progress
from story_engine.pictures.reading import Reading
from story_engine.pictures.scene import Scene


def read(*texts: str) -> Scene:
    reading = Reading({})
    return [reading.read(text) for text in texts][-1]


def people(scene: Scene) -> dict[str, str]:
    return {figure.key: figure.kind for figure in scene.figures}


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Once there was a boy named Tom. Tom was happy.", {"Tom": "boy"}),
        ("Finn the fish met a whale.", {"Finn": "fish", "whale": "whale"}),
        ("Anna and her dog, Rex, ran.", {"Anna": "girl", "Rex": "dog"}),
        ("Benny was a little bear. He sat.", {"Benny": "bear"}),
        ("Mr. Fox saw two birds.", {"Fox": "fox", "bird": "bird", "bird 2": "bird"}),
        ("The girl and her mommy saw mice.", {"girl": "girl", "mom": "woman", "mouse": "mouse", "mouse 2": "mouse"}),
        ("Lily hugged her teddy bear.", {"Lily": "girl"}),
        ("There was a red bird. It sang. The bird, Pip, flew home.", {"Pip": "bird"}),
        ("A rabbit had a kite. The rabbit named Bo ran to another rabbit.", {"Bo": "rabbit", "rabbit": "rabbit"}),
        ("Wilhelmina drove the train.", {"Wilhelmina": "girl"}),
        (
            "I have a secret: my teacher, Mrs. Okafor, is a dragon.",
            {"storyteller": "child", "Okafor": "woman", "dragon": "dragon"},
        ),
        ('Tom said, "I am here. I see you." He ran.', {"Tom": "boy"}),
        ("“I am here. I see you,” said Tom. He ran.", {"Tom": "boy"}),
        ("Tabitha the postwoman smiled.", {"Tabitha": "woman"}),
        ("Space was dark. Snow fell on Zed, and Zed laughed.", {"Zed": "boy"}),
    ],
)
def test_who_is_there(text, figures):
    found = people(read(text))
    assert found.keys() == figures.keys()
    assert all(found[key] == kind for key, kind in figures.items() if key != "Zed")


SENTENCES = (
    " There was {a} {kind}.",
    " The {kind} had a {thing}.",
    " {name} was a little {kind}.",
    " The {kind} named {name} ran.",
    " Her {kind}, {name}, saw two {kind}s.",
    " {name} gave her the {thing}.",
    " Another {kind} swam. Old {name} slept.",
)


@given(
    st.lists(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=8).map("".join), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_whoever_gets_a_name_late_any_story_can_be_drawn(pieces, random):
    """A figure that got a name, or another, in the middle of a piece is in the picture once."""
    reading = Reading({})
    for piece in pieces:
        facts = {"kind": random.choice(["bird", "dog", "baby", "queen"]), "name": random.choice(["Pip", "Rex", "Zadie"])}
        scene = reading.read(piece.format(a=random.choice(["a", "another"]), thing="kite", **facts))
        assert {*people(scene)} <= {*reading.cast.kinds}
        assert len(people(scene)) == len(scene.figures)


def test_a_pronoun_means_whom_the_story_spoke_of_last_and_a_hero_stays():
    assert people(read("Tom met Mia. Mia had a cat.", "He ran home.")) == {"Tom": "boy"}
    assert people(read("Tom met Mia.", "They ran.")) == {"Tom": "boy", "Mia": "girl"}
    assert people(read("There was a dog named Rex.", "The dog ran.")) == {"Rex": "dog"}
    assert people(read("Tom had a ball.", "It was a nice day.")) == {"Tom": "boy"}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Tom went to the big dark park.", {"place": "park", "time": "day"}),
        ("That night Tom sat in the kitchen.", {"place": "kitchen", "time": "night"}),
        ("It was raining at the beach when Tom woke up.", {"place": "beach", "weather": "rain", "time": "morning"}),
        ("Deep in the sea lived a fish.", {"place": "sea", "underwater": True}),
        ("The whale swam in the sea.", {"place": "sea", "underwater": False}),
        ("Tom flew in a rocket to the moon.", {"place": "space"}),
        ("Sara said hello to the moon.", {"place": "meadow", "time": "night"}),
        ("After the rain Tom saw a rainbow and sang.", {"weather": "rainbow", "mood": "musical-notes"}),
        ("Tom talked of a park. A castle stood there.", {"place": "meadow", "landmark": "castle"}),
    ],
)
def test_where_and_when(text, facts):
    scene = read(text)
    assert {name: getattr(scene, name) for name in facts} == facts


def test_who_has_a_thing_carries_it_unless_it_is_too_big_and_colours_stay():
    scene = read("Tom had a red ball. Mia found a blue car under the tree.")
    assert [figure.carries for figure in scene.figures] == ["soccer-ball:red", ""]
    assert scene.things == ("automobile:blue",)
    assert read("Mia found a blue car.", "The car was fast.").things == ("automobile:blue",)
    assert read("Mia wore a pink dress. A pot of honey stood there.").things == ("honey-pot",)


def test_place_and_hour_last_until_the_story_says_otherwise():
    assert read("Tom was in the forest at night.", "He ran.").place == "forest"
    assert read("Tom was in the forest at night.", "He ran.").time == "night"
    assert read("Tom was in the forest at night.", "The next morning he was at school.").place == "school"


def test_each_passage_of_the_models_has_a_scene_once_its_sentence_has_ended():
    story = Story("Tom went to the park.")
    first = story.add(" He saw a", "model").id
    story.add(" dog", "reader")
    second = story.add(" and ran.", "model").id
    last = story.add(" They went home.", "model", finish="end").id
    assert list(read_scenes(story)) == [second, last]
    assert people(read_scenes(story)[second]) == {"Tom": "boy", "dog": "dog"}
    assert first not in read_scenes(story)
    assert list(read_scenes(story, "ends")) == [last]
    assert read_scenes(story, "off") == {}


def test_a_passage_more_is_read_alone_and_a_beginning_is_never_changed_by_its_end(monkeypatch):
    progress, read, words = Progress(), [], Reading.read
    monkeypatch.setattr(Reading, "read", lambda self, text: read.append(text) or words(self, text))
    pieces = ("Tom was in the park.", " It was night. Tom met a dog.", " He ran to the sea.")
    whole = [progress.read(pieces[:count], {}) for count in (1, 2, 3)]
    assert read == list(pieces)
    assert progress.read(pieces[:2], {}) == whole[1] == whole[2][:2]
    assert progress.read((*pieces[:1], " He ran."), {})[1].time == "day"
    assert Progress().read(pieces, {}) == whole[2]
    assert progress.read(pieces, {"Tom": 1})[0].figures[0].look == 1

"""A word is drawn where it means what a picture shows: no likeness, no dream, no denial, no verb, and nobody is left out."""

import pytest

from tests.pictures.test_reading import people, read


@pytest.mark.parametrize(
    "text",
    [
        "Tom was not a dog.",
        "Tom could not find the dog.",
        "Tom was as brave as a lion.",
        "Tom ran like a big, scary wolf.",
        "Tom dreamed of a flying dragon.",
        "Tom read a book about dinosaurs.",
        "Tom wanted to be a pirate.",
        "Tom could not bear it, for he had to duck and to fish.",
        "Tom had a toy rabbit and ate chicken soup.",
        "Tom looked for shells and fish.",
    ],
)
def test_who_is_not_there_is_not_drawn(text):
    assert people(read(text)) == {"Tom": "boy"}


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("Mia sat. The sun rose.", ()),
        ("Mia sat. A rose stood there.", ("rose",)),
        ("Mia sat, and her chest felt bad.", ()),
        ("Mia sat. Tom did not give her a treat.", ()),
        ("Mia sat. The ring was as big as a coin.", ("ring",)),
        ("Mia looked for the treasure.", ()),
        ("Mia sat. There were no cookies. There was a cake.", ("birthday-cake",)),
    ],
)
def test_a_thing_is_drawn_where_the_word_means_it(text, things):
    assert read(text).things == things


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Thorvald was small. He sat.", {"Thorvald": "boy"}),
        ("Captain Zara flew home. She sang.", {"Zara": "woman"}),
        ("My grandmother Philippa sat.", {"Philippa": "old-woman"}),
        ("The baker Anselm met the farmer. He sang.", {"Anselm": "man", "farmer": "man"}),
        ("Two foxes, Saffron and Flint, sat. The foxes ran.", {"Saffron": "fox", "Flint": "fox"}),
        ("A hedgehog called Mungo sat. Mungo\u2019s mother came.", {"Mungo": "hedgehog", "mom": "hedgehog"}),
        ("The baby dragon met an old man.", {"dragon": "dragon", "man": "old-man"}),
        ("In town old Ezra asked. He sang.", {"Ezra": "old-man"}),
        ("Mr. Pettigrew sat.", {"Pettigrew": "man"}),
        ("The pirates saw a monster.", {"pirate": "pirate", "pirate 2": "pirate", "monster": "monster"}),
        ("Tom saw two puppies.", {"Tom": "boy", "puppy": "dog", "puppy 2": "dog"}),
    ],
)
def test_nobody_is_left_out_doubled_or_taken_for_another(text, figures):
    assert people(read(text)) == figures


@pytest.mark.parametrize(
    ("texts", "facts"),
    [
        (("That night Tom sat. It had been a wonderful day.",), {"time": "night"}),
        (("That night Tom sat.", "The next day he ran."), {"time": "day"}),
        (("It was raining. Tom sat.", "The rain stopped. Tom sat."), {"weather": ""}),
        (("Tom was in the kitchen. He sat down at the table.",), {"place": "kitchen"}),
        (("Tom was in the room. He heard a noise outside.",), {"place": "room"}),
        (("Tom found a hole in the ground and went inside.",), {"place": "cave"}),
        (("Tom sailed far away.",), {"place": "sea"}),
        (("Tom met a shark.",), {"place": "sea"}),
        (("Tom swam fast.",), {"place": "river"}),
        (("Tom could not sleep.",), {"mood": ""}),
        (("Tom loved to run.",), {"mood": ""}),
        (("Tom wanted to take it home.",), {"landmark": ""}),
    ],
)
def test_hour_weather_place_and_mood_are_those_that_are_told(texts, facts):
    scene = read(*texts)
    assert {name: getattr(scene, name) for name in facts} == facts


def test_the_leaves_of_a_tree_are_in_nobodys_hand():
    assert [figure.carries for figure in read("Tom saw a big tree with lots of leaves.").figures] == [""]

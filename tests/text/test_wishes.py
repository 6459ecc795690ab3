"""A wish as the story would tell it, and the words by which one sees that it has come."""

import pytest

from story_engine.text.voice import Voice
from story_engine.text.wishes import list_wished, tell_wish


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ("it begins to snow", "Soon, it would begin to snow."),
        ("They find a key", "Soon, they would find a key."),
        ("Tom and Mia find a key!", "Soon, Tom and Mia would find a key!"),
        ("the lights go out", "Soon, the lights would go out."),
        ("the fish swims away", "Soon, the fish would swim away."),
        ("they are happy", "Soon, they would be happy."),
        ("the dog wants to play,", "Soon, the dog would want to play."),
        ("it began to snow", "It began to snow."),
        ("they will find it", "They will find it."),
        ("let it rain", "Let it rain."),
        ("a party", "A party."),
        ("…", "…"),
    ],
)
def test_a_wish_is_foretold_in_the_tense_of_the_story(wish, told):
    assert tell_wish(wish, Voice()) == told
    assert tell_wish(wish, Voice(tense="present")) == told.replace(" would ", " will ")


def test_another_language_stays_as_it_is():
    assert tell_wish("es schneit is", Voice(is_english=False)) == "Es schneit is."


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ("it begins to snow", [{"snow", "snows", "snowed", "snowing"}]),
        ("a dragon comes", [{"dragon", "dragons"}]),
        ("somebody sings a song", [{"sing", "sings", "sang", "singing"}, {"song", "songs"}]),
        ("they arrive", [{"arrive", "arrives", "arrived", "arriving"}]),
        ("it is so", []),
    ],
)
def test_words_that_say_what_is_wished_for_come_in_their_forms(wish, words):
    found = list_wished(wish)
    assert len(found) == len(words)
    assert all(expected <= {*forms} for expected, forms in zip(words, found, strict=True))

"""A wish as the story would tell it, and the words by which one sees that it has come."""

import pytest

from story_engine.text.voice import Voice
from story_engine.text.wishes import list_wished, tell_wish


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ("it begins to snow", "It began to snow."),
        ("they find a key", "They found a key."),
        ("Tom and Mia find a key!", "Tom and Mia found a key!"),
        ("the lights go out", "The lights went out."),
        ("the fish swims away", "The fish swam away."),
        ("they are happy", "They were happy."),
        ("the dog wants to play,", "The dog wanted to play."),
        ("it began to snow", "It began to snow."),
        ("they will find it", "They will find it."),
        ("let it rain", "Let it rain."),
        ("a party", "A party."),
        ("…", "…"),
    ],
)
def test_a_wish_is_told_in_the_past_where_the_story_is(wish, told):
    assert tell_wish(wish, Voice()) == told
    now = tell_wish(wish, Voice(tense="present"))
    assert now.rstrip(".").lower() == wish.rstrip(",").lower()


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

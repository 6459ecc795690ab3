"""The hero, the person and the tense of a story are found in its words."""

import pytest

from story_engine.text.voice import find_voice, is_english


@pytest.mark.parametrize(
    ("story", "subject", "pronoun", "tense"),
    [
        ("Once upon a time, Tom found a little blue car. He was happy.", "Tom", "he", "past"),
        ("Tom went out.", "Tom", "they", "past"),
        ("Once upon a time, there was a little bear in the forest. He was sad.", "the bear", "he", "past"),
        ("One day, a girl named Sue saw a fox. She hugged the fox. Sue was happy.", "Sue", "she", "past"),
        ('Sue saw a fox. "I am sad. I am cold. I want to go," said the fox. Sue hugged it.', "Sue", "it", "past"),
        ("I went to the park. I saw a dog. The dog was called Rex.", "I", "I", "past"),
        ("We went to the sea. We swam.", "we", "we", "past"),
        ("Tom and Mia were friends. They played all day. Tom and Mia laughed.", "Tom and Mia", "they", "past"),
        ("Tom went out. Tom saw Mia. Tom and Mia played. They laughed with Tom.", "Tom", "they", "past"),
        ("Lily is a girl. She has a dog. She goes out.", "Lily", "she", "present"),
        ('Lily sat down. She said, "It is late. He is here. She is here."', "Lily", "she", "past"),
        ("They ran to the park.", "they", "they", "past"),
        ("Suddenly, the rain came. Then it stopped.", "it", "it", "past"),
        ("", "they", "they", "past"),
    ],
)
def test_hero_person_and_tense_are_found(story, subject, pronoun, tense):
    voice = find_voice(story)
    assert (voice.subject, voice.pronoun, voice.tense) == (subject, pronoun, tense)


@pytest.mark.parametrize(
    ("story", "english"),
    [
        ("Tom went out and saw the dog.", True),
        ("Tom ran.", True),
        ("Es war einmal ein kleiner Hund. Er war traurig.", False),
        ("Il était une fois une petite fille dans la forêt.", False),
        ("Había una vez un perro que era muy feliz.", False),
        ("Жил-был пёс.", False),
    ],
)
def test_another_language_is_known_by_its_small_words(story, english):
    assert is_english(story) == english

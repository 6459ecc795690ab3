"""Respelling: a rare name that comes out misspelt is taken back, and told as the story has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine import Settings, Story, replay_passage
from story_engine.generation.respelling import Respelling

ORDINARY = frozenset("a an and the in was he she saw said it then sailed boat captain fox ran tom tim lily hen grin".split())
GREEDY = Settings(temperature=0, repetition_penalty=1, max_new_tokens=30)


def has_word(word: str) -> bool:
    return word.lower() in ORDINARY


@pytest.mark.parametrize(
    ("before", "text", "name"),
    [
        ("Captain Orsolya sailed.", " Then Orsolia", "Orsolya"),
        ("Thandiwe ran.", " “Tandiwe", "Thandiwe"),
        ("Saoirse ran.", " Saraoirse", "Saoirse"),
        ("Oyelaran keeps bees.", "\nOlyaran", "Oyelaran"),
        ("Oyelaran keeps bees.", " Orlando", None),
        ("A monster called Grub.", " Gub", "Grub"),
        ("Detective Marlow ran.", "\nDETECTive", "Detective"),
        ("Tuomas ran.", " Then tuomas", "Tuomas"),
        ("Łukasz ran.", " Łukaz", "Łukasz"),
        ("", " Zubaida ran. Then Zubaeda", "Zubaida"),  # the model's own hero
        ("Captain Orsolya sailed.", " Then Orsolya", None),
        ("Tom ran.", " Tim", None),  # ordinary names are other people
        ("Grub ran.", " a grub", None),
        ("Grub ran.", " GRUB", None),
        ("Thandiwe ran.", " Thandi", None),  # a short form
        ("Zubaida ran.", " Zubaidas", None),
        ("Tabitha ran.", " Tabith", "Tabitha"),
        ("Odalys ran.", " Dalys", "Odalys"),
        ("Agatha ran.", " Andagatha", "Agatha"),
        ("Agatha ran.", " Bandagatha", None),
        ("Esperanza ran.", " Ranza", None),  # too much is lost
        ("The dog ran.", " “Woof, woof", None),
        ("“Woof!” it said.", " It wanted to woof", None),
        ("Mosi and Moki ran.", " Moki", None),  # the story knows both
        ("Mosi ran.", " Kosi", None),
        ("Mosi ran.", " Mobu", None),
        ("Jo ran.", " Jos", None),
        ("It was 1999.", " 1998", None),
        ("", "", None),
    ],
)
def test_a_slip_of_a_rare_name_is_found_and_other_words_are_not(before, text, name):
    slip = Respelling(before, has_word).find_slip(text)
    assert (slip and slip.name) == name
    if slip:
        assert not text[: slip.start] or not text[slip.start - 1].isalpha()


@given(
    st.lists(st.text("abcdefgé", min_size=4, max_size=9).map(str.title), min_size=1, max_size=4),
    st.text("abcdefgé", min_size=1, max_size=9).map(str.title),
)
def test_what_is_told_in_place_of_a_slip_is_none(names, word):
    respelling = Respelling(", ".join(names), has_word)
    slip = respelling.find_slip(f"Then {word}")
    if slip:
        assert slip.name in names
        assert word not in names
        assert respelling.find_slip(f"Then {slip.name}") is None


@pytest.mark.parametrize("script", [" Then Orsolia ran home.<end>", " “Hi, Orsolia!” he said.<end>", " Orsolia<end>"])
def test_the_reader_gets_the_name_as_the_story_has_it(scripted, script):
    """Where a word ends with the passage, nothing shows that it is complete, and it stays."""
    engine, story, shown = scripted(script), Story("Captain Orsolya sailed."), ""
    for piece in engine.stream(story, GREEDY):
        assert piece.back <= len(shown)
        shown = piece.follow(shown)
    last = story.last()
    assert shown == last.text == engine.tokenizer.decode(last.tokens)
    assert ("Orsolya" in shown) == ("Orsolia" not in shown) == (script != " Orsolia<end>")


def test_an_unwanted_name_is_not_brought_back(scripted):
    story = Story("Captain Orsolya sailed.")
    for _ in scripted(" Then Orsolia ran home.<end>").stream(story, Settings(temperature=0, unwanted=("Orsolya",))):
        pass
    assert "Orsolia ran" in story.last().text


def test_words_that_the_reader_began_are_theirs(scripted):
    """The reader typed the start of the name otherwise; the passage completes it, and it stays."""
    story = Story("Captain Orsolya sailed. Then Orsolia")
    for _ in scripted(" ran home.<end>").stream(story, GREEDY):
        pass
    assert story.text().startswith("Captain Orsolya sailed. Then Orsolia ran home.")


def test_a_respelt_passage_can_be_told_again(engine_embedded, monkeypatch):
    """On the model that ships, with speculation and guidance; at a high temperature slips are frequent."""
    slips, find = [], Respelling.find_slip
    monkeypatch.setattr(Respelling, "find_slip", lambda self, text: (slips.append(slip := find(self, text)), slip)[1])
    for seed in range(12):
        story = Story("Saoirse and Thandiwe rode to the end of the rainbow with Orsolya.")
        for _ in engine_embedded.stream(
            story, Settings(temperature=1.1, repetition_penalty=1.3, seed=seed, max_new_tokens=120)
        ):
            pass
        if any(slips):
            break
    assert any(slips)
    assert replay_passage(engine_embedded, story, story.last().id).text == story.last().text

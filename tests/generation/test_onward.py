"""A story that has ended goes on with the same people when the reader asks for more, and not with another story."""

from story_engine import Settings, Story
from story_engine.generation.opener import MIN_TOKENS, OPENERS

PLAIN = Settings(temperature=0, repetition_penalty=1, max_new_tokens=100)


def end_story(engine_of, opening: str = "Tom went out.") -> Story:
    story = Story(opening)
    list(engine_of("<end>").stream(story, PLAIN))
    assert story.last().finish == "end"
    return story


def go_on(engine, story: Story, settings: Settings = PLAIN, text: str | None = None) -> str:
    return "".join(piece.text for piece in engine.stream(story, settings, text))


def test_words_that_lead_on_stand_in_a_new_line_and_are_the_seeds(scripted):
    told = {}
    for seed in range(12):
        words = go_on(scripted(" He ran home."), end_story(scripted), Settings(seed=seed, max_new_tokens=20))
        assert words.startswith("\n")
        told[seed] = next(opener for opener in OPENERS if words.startswith(f"\n{opener}"))
    assert len(set(told.values())) > 1
    again = go_on(scripted(" He ran home."), end_story(scripted), Settings(seed=3, max_new_tokens=20))
    assert again.startswith(f"\n{told[3]}")


def test_it_cannot_end_at_once_and_then_can(scripted):
    story = end_story(scripted)
    go_on(scripted(" He ran.<end>"), story)
    assert story.last().finish == "end"
    assert len(story.last().tokens) >= MIN_TOKENS


def test_the_storys_hero_follows_the_words_that_lead_on(scripted):
    story = end_story(scripted, "There was a girl named Mia. Mia saw Tom, and then Mia and Tom and Tom ran.")
    words = go_on(scripted(" ran home."), story, Settings(seed=1, max_new_tokens=30))
    assert any(words.startswith(f"\n{opener} Mia") for opener in OPENERS)


def test_no_words_lead_on_twice_in_a_row(scripted):
    story, used = end_story(scripted), []
    for turn in range(6):
        words = go_on(scripted("<end>"), story, Settings(seed=turn, max_new_tokens=100))
        used.append(next(opener for opener in OPENERS if words.startswith(f"\n{opener}")))
    assert len(set(used)) == 6


def test_the_readers_own_words_need_no_others(scripted):
    story = end_story(scripted)
    go_on(scripted(" He ran home.<end>"), story, text="Then it rained.")
    assert story.text() == "Tom went out.\nThen it rained. He ran home."


def test_a_passage_in_the_middle_is_not_led(scripted):
    story = Story("Tom went out.")
    engine = scripted(" He ran home.")
    go_on(engine, story, Settings(temperature=0, repetition_penalty=1, max_new_tokens=3))
    go_on(engine, story, Settings(temperature=0, repetition_penalty=1, max_new_tokens=3))
    assert not any(opener in story.text() for opener in OPENERS)


def test_the_embedded_model_stays_with_its_hero(engine_embedded):
    opening = "Once upon a time, Tom found a little blue car. He shared it with Mia, and they were happy. The end."
    stays = 0
    for seed in range(4):
        story = Story(opening)
        story.add("", "model", finish="end")
        words = go_on(engine_embedded, story, Settings(seed=seed, max_new_tokens=40))
        stays += any(name in words for name in ("Tom", "Mia", "They", "they", "car"))
    assert stays >= 3


def test_a_blank_line_begins_another_story_where_the_paragraphs_have_none(scripted):
    story = Story("Tom went out.\nHe ran to the park.")
    go_on(scripted(" He saw a kite.\n\nAnna and Ben were twins."), story)
    assert story.text() == "Tom went out.\nHe ran to the park. He saw a kite."
    assert story.last().finish == "end"


def test_a_line_break_at_the_end_keeps_no_story_from_going_on(scripted):
    story = Story("Tom went out.\nHe ran.")
    go_on(scripted("\n<end>"), story)
    assert go_on(scripted(" He saw a kite."), story).strip()


def test_a_blank_line_is_left_where_the_paragraphs_have_them(scripted):
    for opening in ("Tom went out.", "Tom went out.\n\nHe ran to the park."):
        story = Story(opening)
        go_on(scripted(" He saw a kite.\n\nThen he ran home.<end>"), story)
        assert story.last().text == " He saw a kite.\n\nThen he ran home."

"""Circles: seen while a passage is written, taken back to where they began, and told anew once."""

import pytest

from story_engine import Settings, Story, replay_passage
from story_engine.generation.loops import count_round, find_echo, find_loop, list_said

ROUND = " He ran to the big park. Mia saw a kite."


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        (" He ran home. She sat. He ran home. He sang. He ran home.", " He ran home. She sat. He ran home. He sang."),
        (ROUND * 2 + " He ran to the big park.", ROUND),
        (" HE RAN home! He ran home. He ran home.", " HE RAN home!"),
        (ROUND * 2, None),
        (" Yes! Yes! Yes! Yes! Yes!", None),
        (" He ran home. He ran home now. He ran home then.", None),
        ("", None),
    ],
)
def test_a_sentence_said_three_times_is_a_loop_from_its_run_on(text, begins):
    assert find_loop(text) == (None if begins is None else len(begins))


@pytest.mark.parametrize(
    ("tokens", "size"),
    [
        ([9, 8, *[1, 2, 3] * 4], 3),
        ([1] * 12, 3),
        ([1] * 11, 0),
        ([1, 2, 3] * 3, 0),
        ([*[1, 2, 3] * 4, 9], 0),
        ([*range(17)] * 4, 0),
        ([], 0),
    ],
)
def test_a_circle_of_tokens_is_found_by_its_length(tokens, size):
    assert count_round(tokens) == size


def stream(engine, story, **options) -> tuple[str, int]:
    """What a reader sees in the end, and how many characters were taken back on the way."""
    shown, taken = "", 0
    for piece in engine.stream(story, Settings(temperature=0, repetition_penalty=1, **options)):
        assert piece.back <= len(shown)
        shown, taken = piece.follow(shown), taken + piece.back
    return shown, taken


def test_a_loop_is_taken_back_and_told_anew_once(scripted):
    """The script goes round; behind the third saying the engine goes back to the second round, once, and says so."""
    engine, story = scripted(ROUND, retries_loops=True), Story("Tom went out.")
    shown, taken = stream(engine, story, max_new_tokens=120)
    last = story.last()
    assert shown == last.text
    assert taken >= len(ROUND)
    assert last.receipt.loops == 1
    assert shown.startswith(ROUND)
    assert engine.tokenizer.decode(last.tokens) == last.text


def test_without_retries_a_loop_stays(scripted):
    story = Story("Tom went out.")
    shown, taken = stream(scripted(ROUND), story, max_new_tokens=120)
    assert shown.startswith(ROUND * 3)
    assert (taken, story.last().receipt.loops) == (0, 0)


@pytest.fixture(scope="module")
def looping(engine_embedded) -> Story:
    """A story by the shipped model that always takes the likeliest word, and so goes round now and then."""
    for opening in ("The dog ran. The dog ran.", "He had a red ball, a blue ball, a green ball,", "Tom sat. Tom sat. Tom sat."):
        story = Story(opening)
        shown, taken = stream(engine_embedded, story, max_new_tokens=400)
        if taken:
            assert shown == story.last().text
            return story
    pytest.fail("the model never went round")


def test_told_anew_a_loop_goes_another_way_and_the_same_each_time(looping, engine_embedded):
    assert looping.last().receipt.loops == 1
    assert replay_passage(engine_embedded, looping, looping.current).is_identical
    try:
        engine_embedded.retries_loops = False
        plain = Story(looping.path()[0].text)
        assert stream(engine_embedded, plain, max_new_tokens=400)[1] == 0
    finally:
        engine_embedded.retries_loops = True
    assert plain.text() != looping.text()


def test_after_a_loop_the_slot_holds_the_storys_own_tokens(looping, engine_embedded):
    """A next turn begins where an engine that never saw the loop would."""
    story = Story(looping.path()[0].text)
    stream(engine_embedded, story, max_new_tokens=400)
    ids = engine_embedded.window_of(story).ids
    with engine_embedded.slots.lease(story.uid) as slot:
        assert slot.crop_to_prefix(ids) >= len(ids) - 2


@pytest.mark.parametrize(
    ("before", "text", "begins"),
    [
        ("He ran to the park. Mia saw a kite. She sat.", " Then it rained. He ran to the park. Mia saw a kite.", 16),
        ("He RAN to the park! Mia saw a kite.", " He ran to the park. Mia saw a kite.", 0),
        ("He ran to the park. She sat. Mia saw a kite.", " He ran to the park. Mia saw a kite.", None),
        ("He ran to the big park with his red kite.", " He ran to the big park with his red kite!", 0),
        ("He ran to the big park.", " He ran to the big park.", None),
        ("He ran. Mia saw.", " He ran. Mia saw.", None),  # a refrain may be short
        ("Tom sat.", " He ran to the park. Mia saw a kite. He ran to the park. Mia saw a kite.", None),
        ("He ran to the park. Mia saw a kite.", " Mia saw a kite.", None),
        ("", "", None),
    ],
)
def test_sentences_as_the_story_had_them_are_an_echo(before, text, begins):
    assert find_echo(list_said(before), text) == begins


def test_an_echo_is_taken_back_three_times_at_most(scripted):
    opening = "He ran to the big park. Mia saw a kite. Then she sat."
    engine, story = scripted(ROUND + "<end>", retries_loops=True), Story(opening)
    shown, taken = stream(engine, story, max_new_tokens=120)
    assert shown == story.last().text
    assert taken > 0
    assert 1 <= story.last().receipt.loops <= 4
    engine, story = scripted(ROUND + "<end>"), Story(opening)
    assert stream(engine, story, max_new_tokens=120) == (ROUND, 0)


@pytest.mark.parametrize(
    "script", [" He ran home. The end. He ran to the park.", " He ran home.\n\nTHE END! He ran.", "The end."]
)
def test_a_passage_ends_before_it_says_so_unasked(scripted, script):
    story = Story("Tom went out.")
    shown, _ = stream(scripted(script), story, max_new_tokens=60)
    assert shown == story.last().text == (" He ran home." if "ran home" in script else "")
    assert story.last().finish == "end"


@pytest.mark.parametrize(
    "script",
    [
        " He ran to the end. Mia sat.",
        " This is the end! Mia sat.",
        " He cried, “The end! Mia sat.",
        " The endless road. Mia sat.",
    ],
)
def test_other_words_are_no_end(scripted, script):
    story = Story("Tom went out.")
    shown, _ = stream(scripted(f"{script}<end>"), story, max_new_tokens=60)
    assert shown == story.last().text == script


def test_an_end_that_was_asked_for_may_say_so(scripted):
    story, shown = Story("Tom went out."), ""
    for piece in scripted(" He ran. She sat. All was well. The end. He ran. She sat.").stream(
        story, Settings(temperature=0, repetition_penalty=1, max_new_tokens=200), ending=3
    ):
        shown = piece.follow(shown)
    assert shown == story.last().text
    assert story.last().finish == "end"
    assert "He ran. She sat. All was well. The end. He" not in shown

"""The story tree: nothing is ever lost, and a save file gives the same story back."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from story_engine import InputError, Receipt, SaveError, Settings, Story
from story_engine.stories.savefile import dump_story, load_story, read_story
from story_engine.text.sentences import split_sentences

FILES = Path(__file__).parent / "files"


def make_story() -> Story:
    story = Story("Once upon a time.", title="A story")
    receipt = Receipt("abc", Settings(seed=3), 20, 0)
    story.add(" Tom ran.", "model", tokens=(5, 6), receipt=receipt, finish="sentence")
    story.undo()
    story.add(" Tom sat.", "model", tokens=(5, 7), receipt=receipt, finish="end")
    return story


def test_undo_and_redo_come_back_to_the_same_words():
    story = make_story()
    before = story.text()
    story.undo()
    assert story.text() == "Once upon a time."
    story.undo()  # the opening stays
    assert story.text() == "Once upon a time."
    story.redo()
    assert story.text() == before


def test_versions_are_flipped_through_in_a_circle():
    story = make_story()
    seen = []
    for _ in range(2):
        story.flip(story.current, 1)
        seen.append(story.text())
    assert seen == ["Once upon a time. Tom ran.", "Once upon a time. Tom sat."]


def test_flipping_leads_to_what_last_followed():
    story = make_story()
    story.add(" He slept.")
    story.flip(2, -1)
    assert story.text() == "Once upon a time. Tom ran."
    story.flip(1, 1)
    assert story.text() == "Once upon a time. Tom sat. He slept."


def test_an_edit_keeps_what_follows_and_the_old_words():
    story = make_story()
    story.add(" He slept.")
    story.memory.forgotten = frozenset({(0, 0), (3, 0)})
    story.pin((2, 0))
    story.edit(0, "Long ago.")
    assert story.text() == "Long ago. Tom sat. He slept."
    new_ids = [passage.id for passage in story.path()]
    assert new_ids == [4, 2, 3]  # what follows is shared
    assert story.memory.forgotten == {(0, 0), (3, 0)}  # of the new wording nothing: its sentence is another one
    assert story.pins == [(2, 0)]
    story.flip(new_ids[0], -1)
    assert story.text() == "Once upon a time. Tom sat. He slept."


def test_corrections_of_a_long_story_cost_the_words_that_changed():
    story = Story("Once upon a time, there was a fox.")
    receipt = Receipt("abc", Settings(seed=3), 2000, 0)
    for number in range(100):
        story.add(f"He went on, {number}.")
        story.add(" And he ran." * 20, "model", tokens=tuple(range(100)), receipt=receipt, finish="length")
    story.memory.forgotten = frozenset((number, 0) for number in range(150))
    before = len(json.dumps(dump_story(story)))
    for number in range(29):
        story.edit(story.path()[1].id, f"He went on, again {number}.")
    assert len(story.passages) == 201 + 29
    assert len(json.dumps(dump_story(story))) - before < 29 * 250


def test_what_follows_a_changed_passage_keeps_its_own_versions():
    story = make_story()
    story.edit(0, "Long ago.")
    assert story.versions(2) == [1, 2]
    story.undo()
    story.add(" Tom flew.", "model")
    assert story.versions(story.current) == [1, 2, 4]
    story.flip(3, 1)
    assert story.text() == "Once upon a time. Tom flew."


def test_a_version_is_told_behind_the_wording_in_view_wherever_the_pointer_was_set():
    story = make_story()
    story.edit(0, "Long ago.")
    story.current = story.passages[2].parent  # as it was when the passage was told
    assert story.add(" Tom flew.", "model").parent == 3
    assert story.text() == "Long ago. Tom flew."


@pytest.mark.parametrize(("text", "finish"), [(" Tom slept.", "end"), (' He said "Good night."', "end"), (" Tom sat and", "")])
def test_a_finished_story_stays_finished_while_its_changed_end_is_one(text, finish):
    story = make_story()
    story.edit(2, text)
    assert (story.last().text, story.last().finish) == (text, finish)


@pytest.mark.parametrize(
    ("text", "pins"),
    [
        ("So it was. Tom ran. Mia sat. Ben hid.", {"Tom ran.", "Ben hid."}),  # in front
        ("Ben hid. Mia sat. Tom ran.", {"Tom ran.", "Ben hid."}),  # moved
        ("Tom ran. Ben hid!", {"Tom ran."}),  # gone, with its pin
        ("Nothing is left.", set()),
    ],
)
def test_pins_and_forgettings_follow_their_sentences(text, pins):
    story = Story("Once upon a time.")
    story.add("Tom ran. Mia sat. Ben hid.")
    story.pin((1, 0))
    story.pin((1, 2))
    story.memory.forgotten = frozenset({(1, 1)})
    new = story.edit(1, text)
    sentences = [sentence.strip() for sentence in split_sentences(new.text)]
    assert {sentences[number] for passage, number in story.pins if passage == new.id} == pins
    forgotten = {sentences[number] for passage, number in story.memory.forgotten if passage == new.id}
    assert forgotten == {"Mia sat."} & {*sentences}
    story.flip(new.id, -1)
    assert {(1, 0), (1, 2)} <= {*story.pins}


def test_pins_follow_the_parts_that_a_long_sentence_is_cut_into():
    story = Story("a b c d. e.")
    story.pin((0, 3))

    def cut(passage):
        return passage.text.split()

    new = story.edit(0, "x a b c d. e.", cut)
    assert (new.id, 4) in story.pins


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_passage_cannot_be_edited_away(text):
    story = make_story()
    with pytest.raises(InputError):
        story.edit(0, text)
    assert story.text() == "Once upon a time. Tom sat."


def test_only_passages_in_view_can_be_edited():
    with pytest.raises(InputError):
        make_story().edit(1, "Tom flew.")  # the other version


class StoryMachine(RuleBasedStateMachine):
    """Any row of buttons: the words of every passage ever written stay in the tree."""

    @initialize(text=st.text(min_size=1, max_size=5))
    def begin(self, text):
        self.story = Story(text)
        self.texts = [text]

    @rule(text=st.text(max_size=5), author=st.sampled_from(["reader", "model"]))
    def add(self, text, author):
        self.story.add(text, author)
        self.texts.append(text)

    @rule()
    def undo(self):
        self.story.undo()

    @rule()
    def redo(self):
        self.story.redo()

    @rule(place=st.integers(0, 50), step=st.integers(-3, 3))
    def flip(self, place, step):
        self.story.flip(place % len(self.story.passages), step)

    @rule(place=st.integers(0, 50), text=st.text(min_size=1, max_size=5).filter(str.strip))
    def edit(self, place, text):
        path = self.story.path()
        number = place % len(path)
        new = self.story.edit(path[number].id, text)
        assert self.story.path() == [*path[:number], new, *path[number + 1 :]]
        self.texts.append(text)

    @invariant()
    def nothing_is_lost(self):
        assert [passage.text for passage in self.story.passages] == self.texts
        assert self.story.current is not None

    @invariant()
    def undo_then_redo_is_nothing(self):
        story = copy.deepcopy(self.story)
        if story.can_undo():
            story.undo()
            story.redo()
        assert story.text() == self.story.text()

    @invariant()
    def a_save_file_gives_it_back(self):
        data = dump_story(self.story)
        saved = json.dumps(data)
        assert json.dumps(dump_story(load_story(json.loads(saved)))) == saved


TestStoryMachine = StoryMachine.TestCase
TestStoryMachine.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_a_story_of_version_1_opens_unchanged_and_is_saved_as_version_2():
    """The file was written by the last program that knew version 1 alone: with two edits, copies, pins and receipts."""
    old = json.loads((FILES / "version-1.story.json").read_text(encoding="utf-8"))
    story = load_story(old)
    assert story.text() == "Long ago, there was a fox. He saw a ship. It sank."
    assert (story.uid, story.title, story.current) == (old["uid"], "The fox & the “kite”", 9)
    assert story.versions(9) == [9]
    assert story.pins == [(2, 1), (4, 0), (5, 1), (7, 0), (9, 1), (11, 0)]
    new = json.loads(json.dumps(dump_story(story)))
    assert new["format"] == "story-playground/2"
    for item in new["passages"]:
        assert item.pop("rewords") is None
    assert {**new, "format": old["format"]} == {**old, "wordings": []}
    story.redo()
    story.redo()
    assert story.text().endswith("\nThen it rained.\nThe fox went home. The end.")
    story.flip(8, -1)
    assert story.text().startswith("Once upon a time, there was a fox.")
    assert dump_story(load_story(dump_story(story))) == dump_story(story)


def test_a_receipt_that_cannot_be_read_costs_no_word():
    data = json.loads(json.dumps(dump_story(make_story())))
    data["passages"][1]["receipt"]["settings"]["mirostat"] = 2
    story, notices = read_story(data)
    assert [passage.receipt is None for passage in story.passages] == [True, True, False]
    assert story.text() == make_story().text()
    assert [str(notice) for notice in notices] == ["Some passages no longer say how they came about; their words are all here."]
    assert read_story(dump_story(make_story())).notices == ()


junk = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.integers(), max_size=3))


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_in_words_or_is_a_whole_story(data):
    story = make_story()
    story.edit(0, "Long ago.")
    saved = json.loads(json.dumps(dump_story(story)))
    places = list(walk(saved))
    path = data.draw(st.sampled_from(places))
    parent = saved
    for step in path[:-1]:
        parent = parent[step]
    if data.draw(st.booleans()) and isinstance(parent, dict):
        del parent[path[-1]]
    else:
        parent[path[-1]] = data.draw(junk)
    try:
        story = load_story(saved)
    except SaveError:
        pass  # said in words; any other exception fails the test
    else:
        story.text()
        assert dump_story(load_story(dump_story(story))) == dump_story(story)


def walk(value, path=()):
    """Every place in a nested value, but the value itself."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from walk(inner, (*path, key))


@pytest.mark.parametrize("data", [None, [], 3, {}, {"format": "other"}])
def test_other_files_are_refused(data):
    with pytest.raises(SaveError):
        load_story(data)

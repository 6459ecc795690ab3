"""The story tree: nothing is ever lost, and a save file gives the same story back."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from story_engine import InputError, Receipt, SaveError, Settings, Story
from story_engine.stories.savefile import dump_story, load_story


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
    assert (new_ids[2], 0) in story.memory.forgotten
    assert (new_ids[0], 0) not in story.memory.forgotten  # its sentences are new ones
    assert (new_ids[1], 0) in story.pins
    story.flip(new_ids[0], -1)
    assert story.text() == "Once upon a time. Tom sat. He slept."


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
        following = [passage.text for passage in path[number + 1 :]]
        before = [passage.text for passage in path[:number]]
        self.story.edit(path[number].id, text)
        assert [passage.text for passage in self.story.path()] == [*before, text, *following]
        self.texts += [text, *following]

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

junk = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.integers(), max_size=3))


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_in_words_or_is_a_whole_story(data):
    saved = json.loads(json.dumps(dump_story(make_story())))
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

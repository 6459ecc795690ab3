"""The story as a tree: every passage once, in the order of the telling, whatever was undone, edited or flipped."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from playground.render.renderer import Renderer
from story_engine import Story


def test_a_story_without_choices_is_one_list():
    story = Story("Tom ran.")
    story.add(" He <fell>.", "model")
    root = ElementTree.fromstring(Renderer().render_tree(story))
    assert [button.text for button in root.findall("./ol/li/button")] == ["Tom ran.", "He <fell>."]
    assert [button.get("aria-current") for button in root.iter("button")] == [None, "true"]
    assert Renderer().render_tree(Story()) == ""


def test_versions_stand_side_by_side_and_the_way_is_marked():
    story = Story("Tom ran.")
    story.add(" He fell.", "model")
    story.add(" He cried.", "model")
    story.undo()
    story.undo()
    story.add(" He flew.", "model")
    root = ElementTree.fromstring(Renderer().render_tree(story))
    top = root.find("ol")
    assert [button.text for button in top.findall("./li/button")] == ["Tom ran."]
    branches = [[button.text for button in branch.iter("button")] for branch in top.findall("./li/ol")]
    assert branches == [["He fell.", "He cried."], ["He flew."]]
    assert [b.text for b in root.iter("button") if "on-path" in b.get("class")] == ["Tom ran.", "He flew."]


@given(st.lists(st.sampled_from(["reader", "model", "undo", "redo", "edit"]), max_size=40))
def test_every_passage_is_there_once_and_goes_where_it_says(moves):
    story = Story("Tom ran.")
    for number, move in enumerate(moves):
        if move in ("undo", "redo"):
            getattr(story, move)()
        elif move == "edit":
            story.edit(story.path()[0].id, f"Tom ran {number}.")
        else:
            story.add(f" It was {number}.", move)
    root = ElementTree.fromstring(Renderer().render_tree(story))
    assert all(child.tag == "li" for lists in root.iter("ol") for child in lists)
    buttons = {int(button.get("data-passage")): button for button in root.iter("button")}
    assert len(list(root.iter("button"))) == len(buttons) == len(story.passages)
    on_path = {number for number, button in buttons.items() if "on-path" in button.get("class")}
    assert on_path == {passage.id for passage in story.path()}


def test_a_story_of_thousands_of_passages_is_drawn():
    story = Story("Tom ran.")
    for number in range(3000):
        story.add(f" It was {number}.", "model")
    assert Renderer().render_tree(story).count("<button") == 3001

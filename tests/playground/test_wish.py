"""A wish on the page: which passages it guides, when it leaves its box, and where it is shown."""

import pytest
from gradio_client import Client

from playground.actions import Actions
from playground.engines import Engines
from playground.render.renderer import Renderer
from playground.visit import View, Visit
from playground.wording.strings import ENGLISH
from story_engine import InputError, Library, Settings, Story, StoryError, export_story
from story_engine.stories.savefile import dump_story
from tests.playground.test_browser_access import find_barriers
from tests.reader import DESKTOP, PHONE, Reader

SAY = " He saw a red kite. They ran to the park."
PLAIN = Settings(temperature=0, repetition_penalty=1)
WISH = "it begins to snow"


def make_actions(scripted, folder, say: str = SAY + "<end>", **options) -> Actions:
    return Actions(Engines(scripted(say), "scripted", **options), Library(folder))


def wishes(actions: Actions, visit: Visit) -> list[str]:
    return [passage.receipt.wish for passage in actions.find(visit).story.passages if passage.receipt]


def test_a_wish_holds_for_one_passage_and_its_other_versions(scripted, tmp_path):
    actions = make_actions(scripted, tmp_path)
    *_, view = actions.start(Visit(), "Tom went out.", PLAIN)
    visit = Visit(view.story)
    told = list(actions.go_on(visit, "", PLAIN, WISH))
    assert [view.wish for view in told if isinstance(view, View)] == ["", WISH]  # it leaves its box once the passage is told
    list(actions.retry(visit, PLAIN))
    assert wishes(actions, visit) == ["", WISH, WISH]
    actions.change(visit, Story.undo)
    actions.change(visit, Story.redo)
    list(actions.go_on(visit, "", PLAIN))
    list(actions.branch(visit, "", PLAIN, WISH))
    list(actions.vary(visit, "", PLAIN, WISH))
    assert wishes(actions, visit) == ["", WISH, WISH, "", *[WISH] * 8]
    assert WISH not in actions.find(visit).story.text()


def test_a_wish_stays_where_no_passage_was_told(scripted, tmp_path):
    actions = make_actions(scripted, tmp_path, SAY + "<fail>")
    visit = Visit(next(actions.start(Visit(), "Tom went out.", PLAIN)).story)
    views = []
    with pytest.raises(StoryError):
        views.extend(actions.go_on(visit, "", PLAIN, WISH))
    for wrong in ("x" * 200, "he takes a gun"):
        with pytest.raises(InputError):
            list(actions.go_on(visit, "Then.", Settings(for_children=True), wrong))
    stream = actions.go_on(visit, "", PLAIN, WISH)
    next(stream)
    actions.stop(visit)
    assert not any(view.wish for view in [*views, *stream] if isinstance(view, View))
    assert "Then." not in actions.find(visit).story.text()


def test_an_unfit_wish_in_a_file_keeps_it_closed_to_children(scripted, tmp_path):
    actions = make_actions(scripted, tmp_path, for_children=True)
    story = Story("Tom went out.")
    list(actions.engine(Visit()).stream(story, PLAIN, wish="he takes a gun"))
    with pytest.raises(InputError, match="switch off"):
        actions.check_opened(story, Visit())


def test_the_panel_shows_it_and_no_export_does(scripted):
    story = Story("Tom went out.")
    list(scripted(SAY + "<end>").stream(story, PLAIN, wish="<b>it snows"))
    shown = Renderer(ENGLISH).render_receipt(story.last().receipt)
    assert "Wished for: &lt;b&gt;it snows" in shown
    assert "it snows" in str(dump_story(story))
    for form in ("web page", "Markdown", "text"):
        assert "it snows" not in str(export_story(story, form))


def test_a_script_may_wish(serve, scripted, tmp_path):
    client = Client(serve(scripted(SAY + "<end>")), verbose=False)
    number = client.predict("Tom went out.", api_name="/start")["story"]
    client.predict(number, api_name="/continue", wish=WISH)
    client.predict(number, api_name="/retry")
    story = Library(tmp_path / "stories").open(number).story
    assert [passage.receipt.wish for passage in story.passages if passage.receipt] == ["", WISH, WISH]


@pytest.mark.browser
def test_a_wish_is_one_quiet_line_that_empties_when_its_passage_is_told(browser, scripted, serve):
    reader = Reader(browser, serve(scripted(SAY, delay=0.01)), DESKTOP)
    box = reader.page.locator("#wish textarea")
    assert not box.is_visible()  # one box and one button to begin with
    reader.begin("Tom went out.")
    box.fill(WISH)
    reader.reload()
    reader.page.wait_for_function("wish => document.querySelector('#wish textarea')?.value === wish", arg=WISH)
    assert find_barriers(reader) == []
    reader.picture("wish-desktop-light")
    box.fill("x" * 200)
    reader.page.locator("#continue").click()
    reader.is_told("A wish may have")
    assert box.input_value() == "x" * 200
    box.fill(WISH)
    box.press("Enter")
    reader.page.wait_for_function("document.querySelector('#wish textarea').value === ''", timeout=30_000)
    reader.wait()
    assert WISH not in reader.text()
    reader.passages("model").last.click()
    reader.page.get_by_text(f"Wished for: {WISH}").wait_for()
    reader.page.set_viewport_size(PHONE)
    reader.picture("wish-phone-light")
    reader.reload()
    assert box.input_value() == ""
    assert reader.errors == []

"""The time machine's record: made by a run's report, drawn for the page."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from playground.actions import Actions
from playground.engines import Engines
from playground.page import Page
from playground.render.phases import Phases, read_phases
from story_engine import EMBEDDED_FOLDER, Library


@pytest.fixture
def phases() -> Phases:
    stages = [{"step": step, "stories": {"Tom ran.": f" <b>{step}</b>"}} for step in (0, 10, 20)]
    return Phases(20, [(0, 8.4), (10, 3.0), (20, 2.0)], stages)


def test_every_stage_tells_the_opening_and_nothing_becomes_markup(phases):
    html = phases.render_stories("Tom ran.")
    assert html.count("<article>") == 3
    assert "Before any training" in html
    assert "After 50% of the training" in html
    assert "&lt;b&gt;20&lt;/b&gt;" in html
    assert "<b>" not in html


def test_the_curve_goes_down_and_to_the_right(phases):
    root = ElementTree.fromstring(phases.plot_curve())
    points = [tuple(map(float, pair.split(","))) for pair in root.find("polyline").get("points").split()]
    assert len(points) == 3
    assert points == sorted(points)
    assert [y for _, y in points] == sorted(y for _, y in points)
    assert "8.4 to 2.0" in root.get("aria-label")
    assert [text.text for text in root.findall("text")][:4] == ["words", "sentences", "coherence", "storytelling"]


def test_a_folder_without_a_record_has_no_time_machine(tmp_path):
    assert read_phases(tmp_path) is None
    record = {"steps": 3, "curve": [[0, 5.0]], "stages": [{"step": 0, "stories": {"A": "b"}}]}
    (tmp_path / "phases.json").write_text(json.dumps(record))
    assert read_phases(tmp_path).openings == ["A"]


def test_a_model_of_ones_own_brings_its_own_stages(tmp_path, scripted):
    folder, record = tmp_path / "model", {"steps": 3, "curve": [[0, 5.0]], "stages": [{"step": 0, "stories": {"A": "b"}}]}
    folder.mkdir()
    (folder / "phases.json").write_text(json.dumps(record))
    for name, openings in ((str(folder), ["A"]), ("embedded", read_phases(EMBEDDED_FOLDER).openings)):
        page = Page(Actions(Engines(scripted(" He ran."), name), Library(tmp_path / "stories")))
        assert page.widgets.phases.openings == openings


def test_a_fine_tuned_model_was_no_blank_page_and_has_no_named_phases(phases):
    tuned = replace(phases, fine_tuned=True)
    assert "Before it read any of these stories" in tuned.render_stories("Tom ran.")
    assert "coherence" in phases.plot_curve()
    assert "coherence" not in tuned.plot_curve()

"""Pictures: the same for the same words, whole, composed with care, and in every export that can show them."""

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest

from story_engine import NO_PICTURES, SaveError, Story, draw_pictures, export_story
from story_engine.pictures import creatures, lexicon
from story_engine.pictures.composition import compose
from story_engine.pictures.figures import tone_of
from story_engine.pictures.palette import write_dark_style
from story_engine.pictures.scene import Figure, Scene
from story_engine.pictures.symbols import make_id, paint, read_symbols, render_symbol
from story_engine.stories.savefile import dump_story, load_story

TOM, DOG = Figure("Tom", "boy"), Figure("dog", "dog")
SVG = "{http://www.w3.org/2000/svg}"


def tell(*passages: str) -> Story:
    story = Story("Tom <3 the park.")
    for passage in passages or (" He saw a dog & ran.\nThen Tom had a blue car.", " It was night. They went home."):
        story.add(passage, "model")
    story.mark_finished()
    return story


def draw(**facts) -> ElementTree.Element:
    inside, _ = compose(Scene(**{"seed": 7, "figures": (TOM, DOG)} | facts))
    return ElementTree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>')


def find_figures(svg: ElementTree.Element) -> dict[str, list[float]]:
    """Each figure's x, y and two scales."""
    groups = (group for group in svg.iter(f"{SVG}g") if group.get("class") == "figure")
    return {group.get("data-figure"): [float(n) for n in re.findall(r"-?[\d.]+", group.get("transform"))] for group in groups}


def test_the_symbols_ship_with_their_licence_and_nothing_foreign():
    path = Path(lexicon.__file__).parent / "symbols.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    assert "MIT License" in data["licence"]
    assert "github.com/microsoft/fluentui-emoji" in data["source"]
    for body in data["symbols"].values():
        assert not re.search(r"<script|href|id=|on\w+=|style=", body)


def test_every_word_that_can_be_drawn_has_its_symbol():
    needed = {symbol for word in creatures.KINDS for symbol in creatures.list_symbols(word)} | {*lexicon.HEIGHT_OF}
    assert needed | {*lexicon.MOOD_OF.values()} <= read_symbols().keys()


@pytest.mark.parametrize("place", get_args(lexicon.Place))
@pytest.mark.parametrize(
    "hour", [{"time": "day"}, {"time": "night", "weather": "snow"}, {"time": "evening", "weather": "storm"}]
)
def test_every_place_is_drawn_with_symbols_that_there_are(place, hour):
    scene = Scene(7, (TOM, DOG), ("tent", "soccer-ball:red"), place, mood="red-heart", landmark="house", **hour)
    inside, used = compose(scene)
    assert {*re.findall(r'href="#([\w-]+)"', inside)} == {make_id(name) for name in used}
    assert all(ElementTree.fromstring(render_symbol(name)) is not None for name in used)
    assert find_figures(draw(place=place, **hour)).keys() == {"Tom", "dog"}


@pytest.mark.parametrize("kind", [*creatures.PEOPLE, *creatures.KINDS])
def test_everybody_can_be_drawn_with_every_look_and_colour(kind):
    for look in range(6):
        svg = draw(figures=(Figure("x", kind, look, "blue", "womans-hat"),))
        assert find_figures(svg).keys() == {"x"}


def test_the_same_words_give_the_same_picture_and_others_another():
    assert draw_pictures(tell()) == draw_pictures(tell())
    assert draw_pictures(tell()) != draw_pictures(tell(" He saw a dog & ran.", " It was day. They went home."))


def test_figures_face_each_other_and_fit_the_page_the_tall_ones_behind():
    figures = find_figures(draw())
    assert figures["Tom"][0] < 320 < figures["dog"][0]
    assert figures["Tom"][2] < 0 < figures["dog"][2]  # what is drawn looks to the left
    crowd = (Figure("mom", "woman"), Figure("giant", "giant"), TOM, DOG)
    found = find_figures(draw(figures=crowd, things=("bus", "tent", "rocket")))
    assert found["mom"][3] < found["Tom"][3]  # smaller, for it is farther off
    assert found["mom"][1] < found["Tom"][1]
    assert all(30 < x < 610 for x, *_ in found.values())


def test_who_swims_is_in_the_water_behind_those_ashore_and_a_bowl_is_no_pond():
    shark, fish = Figure("shark", "shark"), Figure("fish", "fish")
    found = find_figures(draw(figures=(TOM, shark), place="beach"))
    assert found["shark"][1] < 250 < found["Tom"][1]
    assert found["shark"][3] < found["Tom"][3]
    bowls = [
        circle for circle in draw(figures=(TOM, fish), place="room").iter(f"{SVG}circle") if circle.get("stroke-width") == "4"
    ]
    assert [float(bowl.get("r")) < 60 for bowl in bowls] == [True]


def test_a_mood_is_beside_a_head_and_an_umbrella_above_it():
    svg = draw(figures=(replace(TOM, carries="umbrella:orange"), DOG), mood="red-heart")
    x = find_figures(svg)["Tom"][0]
    hearts = [float(use.get("x")) for use in svg.iter(f"{SVG}use") if use.get("href") == "#drawn-red-heart"]
    assert all(0 < heart - x < 120 for heart in hearts)
    boxes = {use.get("href"): use for use in svg.iter(f"{SVG}use")}
    umbrella = next(use for name, use in boxes.items() if "umbrella" in name)
    head = next(use for name, use in boxes.items() if "boy" in name)
    assert float(umbrella.get("y")) + 0.5 * float(umbrella.get("height")) <= float(head.get("y")) + 1


def test_a_colour_is_bright_on_a_dull_drawing():
    assert "#8d65c5" not in paint(read_symbols()["umbrella"], "orange")
    red, green, blue = (
        int(paint(read_symbols()["umbrella"], "orange").split('fill="#')[2][at : at + 2], 16) for at in (0, 2, 4)
    )
    assert red - blue > 100
    assert red > green > blue


def test_a_hero_keeps_figure_and_colour_and_a_click_changes_them():
    story = tell()
    first, second = (
        re.findall(r'<g class="figure".*?</g>(?=<|$)', svg)[0]
        for svg in draw_pictures(story, change="{who}").by_passage.values()
    )
    body = re.compile(r'fill="#\w+"')
    assert body.findall(first)[:6] == body.findall(second)[:6]
    before = draw_pictures(story)
    story.change_figure("Tom")
    assert draw_pictures(story) != before
    assert tone_of(TOM) != tone_of(replace(TOM, look=1))
    assert load_story(dump_story(story)).figures == {"Tom": 1}
    with pytest.raises(SaveError):
        load_story(dump_story(story) | {"figures": {"Tom": -1}})
    assert load_story({name: value for name, value in dump_story(story).items() if name != "figures"}).figures == {}


def test_the_heros_kin_have_the_heros_skin():
    assert tone_of(Figure("mom", "woman", family="Tom")) == tone_of(TOM)


def test_a_colour_changes_the_main_colour_and_leaves_the_rest():
    car = read_symbols()["automobile"]
    assert paint(car, "blue") != car
    assert "#9b9b9b" in paint(car, "blue")
    assert paint(car, "blue") != paint(car, "green")


def test_a_night_is_dark_on_paper_and_a_dark_page_darkens_the_day():
    assert "#27412f" in ElementTree.tostring(draw(time="night"), encoding="unicode")
    assert "#27412f" not in ElementTree.tostring(draw(), encoding="unicode")
    assert ".dark .picture .p-sky-day{fill:#3b5c6b}" in write_dark_style(".dark .picture")


def test_web_page_and_e_book_show_them_behind_their_paragraphs():
    story = tell()
    pictures = draw_pictures(story)
    html = export_story(story, "web page", pictures)[2].decode()
    assert html.count('<svg class="picture"') == 2
    assert (
        html.index('class="symbols"')
        < html.index("blue car")
        < html.index('<svg class="picture"')
        < html.rindex('<svg class="picture"')
    )
    assert 'aria-label="Picture: Tom, dog"' in html
    assert "data-" not in html
    book = zipfile.ZipFile(io.BytesIO(export_story(story, "e-book", pictures)[2]))
    page = ElementTree.fromstring(book.read("story.xhtml"))
    assert len([svg for svg in page.iter(f"{SVG}svg") if svg.get("class") == "picture"]) == 2
    assert 'href="story.xhtml" media-type="application/xhtml+xml" properties="svg"' in book.read("story.opf").decode()
    assert export_story(story, "text", pictures) == export_story(story, "text")
    assert b"svg" not in export_story(story, "web page", NO_PICTURES)[2]


@pytest.mark.parametrize("seed", range(40))
def test_the_sign_of_a_mood_hides_nobody_elses_face(seed):
    mia = Figure("Mia", "girl")
    crowd = (mia, TOM, Figure("dragon", "dragon"), Figure("cat", "cat"))
    inside, _ = compose(Scene(seed=seed, figures=crowd, things=("birthday-cake",), mood="red-heart"))
    svg = ElementTree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>')
    sign = next(float(use.get("x")) + 17 for use in svg.iter(f"{SVG}use") if use.get("href") == f"#{make_id('red-heart')}")
    assert all(abs(x - sign) > 40 for x, *_ in find_figures(svg).values())

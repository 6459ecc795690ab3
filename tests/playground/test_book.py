"""What the page shows: everything escaped, everything marked that should be."""

import re

import pytest

from playground.render.renderer import Renderer
from playground.render.texts import render_text
from story_engine import Influence, Settings, Story

PAGE = Renderer()
PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</span></article><iframe src=//evil>",
    "<a href='javascript:alert(1)'>x</a>",
    "${alert(1)} {{7*7}} @children",
    "&lt;script&gt;",
    "\u202ertl\u0000nul",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_becomes_markup(engine, payload):
    story = Story(payload, title=payload)
    story.add(payload, "model")
    story.edit(1, payload + "!")
    html = PAGE.render_book(story, engine.window_of(story, Settings(max_new_tokens=20)), writing=False) + PAGE.render_meter(
        story, engine.window_of(story, Settings(max_new_tokens=20))
    )
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z]+)", html))
    assert tags <= {"article", "span", "button", "div", "details", "summary", "i", "b", "ul", "li", "p", "q"}
    assert not re.search(r"<[^>]*\son\w+\s*=", html)


def test_the_readers_words_are_told_apart_and_versions_are_counted():
    story = Story("Tom ran.")
    story.add(" He fell.", "model")
    story.undo()
    story.add(" He flew.", "model", finish="end")
    html = PAGE.render_book(story, None, writing=False)
    assert html.count("by-reader") == html.count("by-model") == 1
    assert "2 of 2" in html
    assert "The End" in html
    assert "The End" not in PAGE.render_book(story, None, writing=True)


def test_what_is_forgotten_is_paler_and_the_ledger_says_why(engine):
    story = Story("Tom had a ball.")
    for number in range(40):
        story.add(f" It was number {number}.", "model")
    settings = Settings(max_new_tokens=50)
    list(engine.stream(story, settings))
    window = engine.window_of(story, settings)
    html = PAGE.render_book(story, window, writing=False)
    assert html.count('class="forgotten"') == len(window.forgotten) > 0
    assert "the window was full" in PAGE.render_meter(story, window)
    assert f"{len(window.forgotten)} sentences forgotten" in PAGE.render_meter(story, window)


def test_pins_are_marked_and_the_next_to_go_once_the_memory_is_half_full(engine):
    story, settings = Story("Tom had a ball."), Settings(max_new_tokens=20)
    story.add(" It was red. It was big.", "model")
    assert "next-forgotten" not in PAGE.render_book(story, engine.window_of(story, settings), writing=False)
    while len((window := engine.window_of(story, settings)).ids) < 0.6 * window.limit:
        story.add(" Tom ran to the park.", "model")
    story.pin((1, 1))
    window = engine.window_of(story, settings)
    html = PAGE.render_book(story, window, writing=False)
    assert re.findall(r'class="pinned" title="Always remembered.">(.*?)<', html) == ["It was big."]
    assert re.findall(r'class="next-forgotten" title=".*?">(.*?)<', html) == ["It was red."]
    assert "<q>It was red.</q>" in PAGE.render_meter(story, window)


def test_a_receipt_names_model_settings_and_window(engine):
    story = Story("Tom ran.")
    list(engine.stream(story, Settings(max_new_tokens=5, seed=7)))
    said = PAGE.render_receipt(story.last().receipt)
    assert all(words in said for words in (engine.fingerprint, "Seed 7", "Temperature 0.7", "tokens"))
    assert PAGE.render_receipt(None) == ""


def test_influences_are_tinted_by_their_share_and_said_in_words():
    html = PAGE.render_influences(
        [Influence("A <b>.", 2.0), Influence("B.", 0.01), Influence("C.", -1.0), Influence("D.", 4.0)]
    )
    assert re.findall(r"--share:([\d.]+)", html) == ["0.50", "0.00", "0.00", "1.00"]
    said = ["7.4 times likelier", "no difference", "2.7 times less likely", "55 times likelier"]
    assert [words in small for words, small in zip(said, re.findall(r"<small>(.*?)</small>", html), strict=True)] == [True] * 4
    assert "&lt;b&gt;" in html


def test_line_breaks_become_gaps():
    assert render_text("a\nb") == 'a<span class="break"></span>b'

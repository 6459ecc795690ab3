"""Stories by a server elsewhere: told, stopped, ended, replayed and looked at as with an engine of our own."""

import json
import logging
import time
from dataclasses import replace
from threading import Event

import pytest

import story_engine.remote.engine
from playground.actions import Actions
from playground.engines import Engines
from playground.visit import View, Visit
from story_engine import (
    InputError,
    Library,
    ModelError,
    Settings,
    Story,
    StoryEngine,
    find_alternatives,
    find_influences,
    replay_passage,
)
from story_engine.remote.dialects import DIALECTS
from story_engine.stories.savefile import dump_story, load_story
from tests.remote.server import CONTEXT

WORDS = " Tom ran to the park. He saw Mia there. They were happy.<end>"
PLAIN = Settings(max_new_tokens=60, seed=3)


def follow(stream) -> dict[int, str]:
    """What is shown of each telling, once the stream has ended."""
    shown: dict[int, str] = {}
    for piece in stream:
        shown[piece.telling] = piece.follow(shown.get(piece.telling, ""))
    return shown


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_story_is_told_by_every_kind_of_server(open_server, open_engine, dialect):
    server = open_server(WORDS, dialect)
    server.faults.has_done = dialect != "transformers"
    engine = open_engine(server)
    assert engine.dialect.name == dialect
    story = Story()
    assert follow(engine.stream(story, PLAIN, text="Tom had a ball.")) == {0: WORDS.removesuffix("<end>")}
    last = story.last()
    assert (last.text, last.finish, last.author) == (WORDS.removesuffix("<end>"), "end", "model")
    [body] = server.requests
    if DIALECTS[dialect].takes_ids:
        assert body["prompt"] == list(engine.window_of(Story("Tom had a ball.")).ids)
    else:
        mark = "<|endoftext|>" if dialect == "transformers" else ""
        assert body["prompt"] == f"{mark}Tom had a ball."


def test_the_next_prompt_holds_the_very_tokens_that_were_sampled(open_server, open_engine):
    server = open_server(" He saw a kite.")
    engine, story = open_engine(server), Story("Tom had a ball.")
    list(engine.stream(story, PLAIN))
    assert list(story.last().tokens) == server.count(" He saw a kite.")
    list(engine.stream(story, PLAIN))
    first, second = (body["prompt"] for body in server.requests)
    assert second == first + server.count(" He saw a kite.")


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "llama.cpp", "playground"])
def test_without_a_tokenizer_the_server_counts_the_tokens(open_server, open_engine, dialect):
    server = open_server(WORDS, dialect)
    engine, story = open_engine(server, tokenizer=""), Story("Tom had a ball.")
    list(engine.stream(story, PLAIN))
    assert server.requests[0]["prompt"] == server.count("Tom had a ball.")
    assert story.last().text == WORDS.removesuffix("<end>")
    window = engine.window_of(story)
    assert sum(len(sentence.ids) for sentence in window.kept) == len(server.count(story.text()))


@pytest.mark.parametrize("dialect", ["transformers", "other"])
def test_a_server_that_tells_no_tokens_needs_a_tokenizer(open_server, open_engine, dialect):
    with pytest.raises(ModelError, match="Name a tokenizer"):
        open_engine(open_server(WORDS, dialect), tokenizer="")


def test_long_stories_are_forgotten_by_the_servers_tokens(open_server, open_engine):
    server = open_server(" He saw a big kite in the garden. It was red.")
    engine, story = open_engine(server), Story("Tom had a ball.")
    while not story.memory.ledger:
        list(engine.stream(story, replace(PLAIN, max_new_tokens=100)))
        assert len(server.requests[-1]["prompt"]) + 100 <= engine.window.context_length
    assert story.memory.model == engine.fingerprint


def test_every_setting_is_sent_by_the_name_that_the_server_knows(open_server, open_engine):
    settings = Settings(temperature=0.4, top_p=0.8, top_k=0, min_p=0.03, repetition_penalty=1.2, max_new_tokens=30, seed=7)
    sent = {}
    for dialect in DIALECTS:
        server = open_server(WORDS, dialect)
        list(open_engine(server).stream(Story("Tom had a ball."), settings))
        sent[dialect] = server.requests[0]
    assert {body["seed"] for body in sent.values()} == {7}
    assert {body["max_tokens"] for body in sent.values()} == {30}
    assert sent["vllm"]["repetition_penalty"] == sent["sglang"]["repetition_penalty"] == 1.2
    assert (sent["vllm"]["top_k"], sent["sglang"]["top_k"], sent["llama.cpp"]["top_k"]) == (0, -1, 0)
    assert (sent["llama.cpp"]["repeat_penalty"], sent["llama.cpp"]["repeat_last_n"]) == (1.2, CONTEXT)
    assert sent["vllm"]["stop_token_ids"] == sent["sglang"]["stop_token_ids"] == [0]
    config = json.loads(sent["transformers"]["generation_config"])
    assert config["min_p"] == 0.03
    assert config["guidance_scale"] == 1.0  # a folder's own file asks for another one
    assert "min_p" not in sent["other"]


def test_a_setting_without_effect_is_said_once(open_server, open_engine, caplog):
    engine, story = open_engine(open_server(WORDS, "other")), Story("Tom had a ball.")
    settings = replace(PLAIN, guidance=1.0, best_of=3, min_p=0.1)
    with caplog.at_level(logging.WARNING, "story_engine"):
        list(engine.stream(story, settings))
        said = [str(notice) for notice in engine.take_notices(story)]
        list(engine.stream(story, settings))
    assert said == [
        "OpenAI API does not know these settings, so they have no effect: min_p, repetition_penalty, guidance, best_of."
    ]
    assert engine.take_notices(story) == []
    assert sum("have no effect" in record.message for record in caplog.records) == 1
    list(engine.stream(other := Story("Mia had a car."), settings))
    assert len(engine.take_notices(other)) == 1


def test_what_readers_were_told_is_known_of_so_many_stories(open_server, open_engine, monkeypatch):
    monkeypatch.setattr(story_engine.remote.engine, "MOST_STORIES", 2)
    engine, stories = open_engine(open_server(WORDS, "other")), [Story("Tom had a ball.") for _ in range(4)]
    for story in stories:
        list(engine.stream(story, replace(PLAIN, min_p=0.1)))
    assert (len(engine._told), len(engine._notices)) == (2, 2)
    assert [len(engine.take_notices(story)) for story in stories] == [0, 0, 1, 1]


def test_the_page_says_that_a_setting_has_no_effect(open_server, open_engine, tmp_path):
    engine = open_engine(open_server(WORDS, "other"))
    actions = Actions(Engines(engine, engine.fingerprint), Library(tmp_path))
    first, *_, view = actions.start(Visit(language="de"), "Tom had a ball.", PLAIN)
    assert view.notice == ""
    assert first.notice == "OpenAI API kennt diese Einstellungen nicht, also bewirken sie nichts: repetition_penalty."
    assert "Tom ran to the park." in view.book
    assert not any(view.notice for view in actions.go_on(Visit(view.story), "", PLAIN) if isinstance(view, View))


def test_a_stop_closes_the_request_and_keeps_what_was_shown(open_server, open_engine):
    server = open_server(" He ran." * 60)
    server.faults.delay = 0.05
    engine, story, cancel = open_engine(server), Story("Tom had a ball."), Event()
    engine.retries_loops, shown = False, ""
    for piece in engine.stream(story, replace(PLAIN, max_new_tokens=200), cancel=cancel):
        shown = piece.follow(shown)
        if len(shown) > 10:
            cancel.set()
    assert (story.last().text, story.last().finish) == (shown, "stopped")
    deadline = time.monotonic() + 5
    while not server.closed and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.closed == 1


def test_several_tellings_are_requests_at_the_same_time(open_server, open_engine):
    server = open_server(WORDS)
    server.faults.delay = 0.02
    engine, story = open_engine(server), Story("Tom had a ball.")
    settings = [replace(PLAIN, temperature=heat, seed=seed) for heat, seed in ((0.2, 1), (0.8, 2), (1.4, 3))]
    order = [piece.telling for piece in engine.stream_tellings(story, settings)]
    assert {*order[:6]} == {0, 1, 2}  # none waits for another's end
    assert sorted((body["temperature"], body["seed"]) for body in server.requests) == [(0.2, 1), (0.8, 2), (1.4, 3)]
    assert len(story.versions(story.current)) == 3
    assert story.current == 1


def test_a_loop_is_taken_back_and_the_server_asked_anew(open_server, open_engine):
    asked = []

    def say(prompt: str) -> str:
        asked.append(prompt)
        return " Tom saw the kite." * 9 if len(asked) == 1 else " It was red.<end>"

    engine, story = open_engine(open_server(say)), Story("Tom had a ball.")
    [shown] = follow(engine.stream(story, PLAIN)).values()
    assert story.last().text == shown == " Tom saw the kite. It was red."
    assert story.last().receipt.loops == 1
    assert asked[1].endswith("Tom had a ball. Tom saw the kite.")


def test_an_ending_is_led_in_and_reached(open_server, open_engine):
    server = open_server(lambda prompt: "".join(f" Tom saw kite {prompt.count('.') + one}." for one in range(9)))
    engine, story = open_engine(server), Story("Tom had a ball.")
    list(engine.stream(story, replace(PLAIN, max_new_tokens=200), ending=4))
    last = story.last()
    assert last.finish == "end"
    assert last.receipt.ending == 4
    assert last.text.count(".") == 4
    assert any(words in last.text for words in (" In the end,", " From that day on,", " After that,", " At last,"))


def test_behind_an_end_the_story_goes_on_in_a_paragraph_of_its_own(open_server, open_engine):
    server = open_server(WORDS)
    engine, story = open_engine(server), Story("Tom had a ball.")
    list(engine.stream(story, PLAIN))
    [shown] = follow(engine.stream(story, PLAIN)).values()
    assert shown == story.last().text
    assert shown.startswith("\n")
    assert shown.endswith(WORDS.removesuffix("<end>"))
    opened = len(server.requests[1]["prompt"]) - len(engine.window_of(Story("Tom had a ball." + WORDS[:-5])).ids)
    assert server.requests[1]["min_tokens"] == 48 - opened  # the opener counts, and the end is not near again
    assert server.requests[1]["max_tokens"] == 60 - opened + len(server.count("\n"))


def test_an_unwanted_word_is_never_said(open_server, open_engine):
    def say(prompt: str) -> str:
        return " He saw a kite in the park.<end>" if prompt.endswith("ball.") else " boat there.<end>"

    server = open_server(say)
    engine, story = open_engine(server), Story("Tom had a ball.")
    [shown] = follow(engine.stream(story, replace(PLAIN, unwanted=("kite",)))).values()
    assert shown == story.last().text == " He saw a boat there."
    assert server.requests[1]["logit_bias"] == {str(server.count(" kite.")[0]): -100}
    server.say = lambda prompt: " kite"
    list(engine.stream(stubborn := Story("Mia ran."), replace(PLAIN, unwanted=("kite",))))
    assert "kite" not in stubborn.text()


def test_a_receipt_names_server_and_model_and_a_replay_that_differs_says_so(open_server, open_engine):
    server = open_server(WORDS)
    engine, story = open_engine(server), Story("Tom had a ball.")
    list(engine.stream(story, PLAIN))
    assert story.last().receipt.model == f"story at 127.0.0.1:{server.port}"
    again = load_story(dump_story(story))
    assert replay_passage(engine, again, 1).is_identical
    server.say = lambda prompt: " Tom ran home.<end>"
    found = replay_passage(engine, again, 1)
    assert not found.is_identical
    assert found.same == len(" Tom ran ")


def test_a_closer_look_where_the_server_tells_chances(open_server, open_engine):
    engine, story = open_engine(open_server(WORDS)), Story("Tom had a ball. Mia had a car.\nThey ran.")
    list(engine.stream(story, PLAIN))
    words = find_alternatives(engine, story, 1)
    assert "".join(word.said.text for word in words) == story.last().text
    assert words[0].others[0].chance > words[0].others[1].chance
    assert find_influences(engine, story, (1, 0))


def test_a_closer_look_elsewhere_is_refused_in_plain_words(open_server, open_engine):
    engine, story = open_engine(open_server(WORDS, "llama.cpp")), Story("Tom had a ball.")
    list(engine.stream(story, PLAIN))
    with pytest.raises(InputError, match=r"llama\.cpp does not tell how likely"):
        find_alternatives(engine, story, 1)
    with pytest.raises(InputError, match=r"llama\.cpp does not tell how likely"):
        find_influences(engine, story, (1, 0))


def test_an_engine_is_loaded_by_its_address(open_server, tiny_folder, monkeypatch):
    server = open_server(WORDS)
    monkeypatch.setenv("STORY_ENGINE_API_KEY", "a-key")
    engine = StoryEngine.load(f"openai:{server.url}#story@{tiny_folder}")
    list(engine.stream(Story("Tom had a ball."), PLAIN))
    engine.close()
    assert server.headers[0]["Authorization"] == "Bearer a-key"
    with pytest.raises(ModelError, match="Leave those flags out"):
        StoryEngine.load(f"openai:{server.url}#story", precision="int8")
    with pytest.raises(ModelError, match="Name one of them"):
        StoryEngine.load(f"openai:{server.url}#another")


@pytest.mark.parametrize("dialect", ["vllm", "transformers"])
def test_a_wish_stands_in_the_prompt_alone(open_server, open_engine, dialect):
    server = open_server(WORDS, dialect)
    engine = open_engine(server)
    story = Story("Tom had a ball. He was happy.")
    list(engine.stream(story, PLAIN, wish="a dragon comes"))
    [prompt] = [body["prompt"] for body in server.requests]
    text = prompt if isinstance(prompt, str) else engine.tokenizer.decode(prompt[1:])
    assert text.endswith("Tom had a ball. Soon, a dragon would come. He was happy.")
    assert "dragon" not in story.text()
    assert story.last().receipt.wish == "a dragon comes"
    assert replay_passage(engine, story, 1).is_identical
    assert server.requests[1]["prompt"] == prompt

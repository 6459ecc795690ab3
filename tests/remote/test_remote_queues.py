"""Waiting: in a server's own queue, and for a turn at one that tells one passage at a time."""

import threading

import pytest

from story_engine import Settings, Story
from story_engine.remote.client import Patience

WORDS = " Tom ran to the park. He saw Mia there.<end>"
TOLD = WORDS.removesuffix("<end>")
PLAIN = Settings(max_new_tokens=60, seed=3)


@pytest.mark.parametrize("has_late_headers", [False, True])
def test_a_queue_of_a_server_that_lives_is_waited_for_up_to_a_bound(open_server, tell, has_late_headers):
    server = open_server(WORDS)
    server.faults.queue, server.faults.has_late_headers = 0.5, has_late_headers
    assert tell(server, patience=Patience(connect=1, read=0.1, queue=5))[0].last().text == TOLD
    assert len(server.requests) == 1
    server.faults.queue = 2
    story, said = tell(server, patience=Patience(connect=1, read=0.1, queue=0.2))
    assert said == "The server has too many stories to tell. Yours is kept; please try again in 1 seconds."
    assert (len(server.requests), story.last().author) == (2, "reader")


def test_a_server_that_tells_one_at_a_time_is_asked_so(open_server, open_engine):
    """Its time in the queue is none of its silence, and the seed that comes last would be that of all."""
    server = open_server(WORDS, "transformers")
    server.faults.delay = 0.03
    server.say = lambda prompt: f" Tom had {server.seed} balls.<end>"
    engine, story = open_engine(server, patience=Patience(connect=1, read=0.3, tries=1)), Story("Tom had a ball.")
    stream = engine.stream_tellings(story, [Settings(max_new_tokens=60, seed=seed) for seed in (4, 5, 6)])
    assert [str(one) for one in engine.take_notices(story)] == [
        "transformers serve tells one passage at a time, so these come one after another."
    ]
    list(stream)
    ways = [story.passages[number].text for number in story.versions(story.current)]
    assert ways == [f" Tom had {seed} balls." for seed in (4, 5, 6)]
    assert server.most_at_once == 1
    others = [Story(f"Mia {number}.") for number in range(3)]
    readers = [threading.Thread(target=lambda one=one: list(engine.stream(one, PLAIN))) for one in others]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert [one.last().author for one in others] == ["model"] * 3
    assert server.most_at_once == 1


def test_a_stop_ends_the_wait_for_a_turn_and_gives_the_turn_back(open_server, open_engine):
    server = open_server(" He ran." * 60, "transformers")
    server.faults.delay = 0.02
    engine, cancel = open_engine(server), threading.Event()
    first, second = Story("Tom had a ball."), Story("Mia had a ball.")
    stream = engine.stream(first, Settings(max_new_tokens=100, seed=1))
    while not next(stream).text:
        pass
    threading.Timer(0.2, cancel.set).start()
    assert list(engine.stream(second, PLAIN, cancel=cancel)) == []
    assert (len(server.requests), second.last().author) == (1, "reader")
    stream.close()
    list(engine.stream(second, Settings(max_new_tokens=20, seed=1)))
    assert second.last().author == "model"

"""One playground tells the stories of another: by its own /v1, with chances, banned words and all."""

from dataclasses import replace

import pytest

from playground.http.options import ApiOptions
from story_engine import RemoteEngine, Settings, Story, find_alternatives
from tests.remote.conftest import QUICK

GREEDY = Settings(temperature=0, top_p=1, repetition_penalty=1, max_new_tokens=20, seed=0)


def test_another_playground_tells_what_our_own_engine_tells(serve, engine, tiny_folder):
    url = serve(engine, api=ApiOptions(is_on=True))
    remote = RemoteEngine.open(f"openai:{url}/v1#{engine.name}@{tiny_folder}", replace(QUICK, read=30))
    theirs, ours = Story("Tom had a ball."), Story("Tom had a ball.")
    for one, story in ((remote, theirs), (engine, ours)):
        one.retries_loops = False
        list(one.stream(story, GREEDY))
    assert remote.dialect.name == "playground"
    assert theirs.last().text == ours.last().text
    for they, we in zip(find_alternatives(remote, theirs, 1), find_alternatives(engine, ours, 1), strict=True):
        assert they.said.text == we.said.text
        assert they.said.chance == pytest.approx(we.said.chance, abs=1e-3)
    word = ours.last().text.split()[0]
    list(remote.stream(other := Story("Tom had a ball."), replace(GREEDY, unwanted=(word,))))
    assert other.last().text.split()[0] != word
    remote.close()

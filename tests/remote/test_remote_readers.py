"""Many readers at a page whose stories a server elsewhere tells: as many are told at once as it was made for."""

import time

import httpx

from story_engine.remote.client import Patience

READERS = 20
CALM = Patience(connect=10, read=60)  # a busy machine is slow
START = ["Tom went out.", 0.7, 0.9, 0, 0.0, 1.1, 0.0, 0.0, 1, 90, 3, "", False, "any"]  # the arguments of /start: 90 tokens


def test_more_readers_than_our_own_model_would_take_are_told_at_once(open_server, open_engine, serve):
    server = open_server(" He saw a red kite and a blue car and" * 10)
    server.faults.delay = 1.0  # nobody's passage ends while we look
    url = serve(open_engine(server, patience=CALM))
    for _ in range(READERS):
        httpx.post(f"{url}/gradio_api/call/start", json={"data": START}, timeout=60).raise_for_status()
    until = time.monotonic() + 60
    while len(server.requests) < READERS and time.monotonic() < until:
        time.sleep(0.05)
    server.faults.delay = 0.0
    assert len(server.requests) == READERS

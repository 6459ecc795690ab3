"""The clients of the load benchmarks hear what servers tell, and their tables hold every row. No timing is asserted."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import uvicorn

from benchmarks import crowd, load
from benchmarks.clients import Heard, complete, find_function, open_http, start_story
from benchmarks.paced_server import build_app
from story_engine import EMBEDDED_FOLDER
from story_engine.model.tokenizer_files import load_tokenizer
from tests.conftest import find_port


def run(hear: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """What `hear` returns, from a thread of its own: a browser of other tests keeps a loop in this one."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(lambda: asyncio.run(hear())).result()


@pytest.fixture
def paced_url():
    port = find_port()
    server = uvicorn.Server(uvicorn.Config(build_app(500.0, load_tokenizer(EMBEDDED_FOLDER)), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/v1"
    server.should_exit = True
    thread.join()


def test_a_paced_server_is_heard_to_the_last_word(paced_url):
    async def hear() -> list[Heard]:
        async with open_http() as http:
            return await asyncio.gather(*(complete(http, paced_url, crowd.BODY | {"max_tokens": 50}) for _ in range(3)))

    for heard in run(hear):
        assert len(heard.times) == len(heard.text.split()) == 50
        assert heard.ended - heard.asked >= 50 / 500


def test_a_refusal_is_an_error(paced_url):
    async def hear() -> Heard:
        async with open_http() as http:
            return await complete(http, paced_url + "/nowhere", crowd.BODY)

    with pytest.raises(RuntimeError, match="Not Found"):
        run(hear)


def test_a_story_is_heard_through_the_queue_of_the_page(scripted, serve):
    url = serve(scripted(" He saw a red kite.", delay=0.05))

    async def hear() -> Heard:
        async with open_http() as http:
            return await start_story(http, url, await find_function(http, url, "start"), crowd.make_values(1, tokens=40))

    heard = run(hear)
    assert len(heard.times) >= 2  # the beginning, and the end
    assert heard.first >= 0.05  # the answer with the reader's own words is none
    assert heard.text.startswith(" He saw a red kite. He saw")


def test_prompts_part_at_once_and_the_tables_hold_every_row(capsys):
    prompts = load.make_prompts(EMBEDDED_FOLDER, 3, 1) + load.make_prompts(EMBEDDED_FOLDER, 1, 2)
    assert {len(ids) for ids in prompts} == {load.PROMPT}
    assert len({tuple(ids[:6]) for ids in prompts}) == 4
    rates = {load.ENGINE: [50.0, 60.0], load.PAGE: [25.0, 30.0], load.LLAMA_CPP: [50.0, 60.0]}
    waits = {name: [0.1, 0.2] for name in rates}
    load.print_table([load.Row(2, rates, waits, waits)])
    seconds = {crowd.PAGE: [5.5], crowd.RAW: [5.5]}
    crowd.print_table([crowd.Row(5, seconds, seconds)])
    said = capsys.readouterr().out
    assert f"| 2 | {load.ENGINE} | 55.0 | 1.00 (1.00 to 1.00) |" in said
    assert f"| 2 | {load.PAGE} | 27.5 | 0.50 (0.50 to 0.50) |" in said
    assert "| 5 | 5.5 | 5.50 | 5.5 |" in said

"""Stories for assistants: the four functions as tools, a story as a resource, by the protocol's own client."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from playground.server import main

pytest.importorskip("mcp", reason="the extra mcp is not installed")

SAY = " He saw a red kite."


def ask(url: str, act):
    """What `act` gets of a session with the server."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def run():
        async with streamablehttp_client(f"{url}/gradio_api/mcp/") as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return await act(session)

    with ThreadPoolExecutor(1) as other:  # a browser of other tests keeps a loop in this thread
        return other.submit(lambda: asyncio.run(asyncio.wait_for(run(), 60))).result()


def read_answer(result) -> dict:
    assert not result.isError, result
    return (
        json.loads(result.content[0].text.replace("'", '"')) if result.structuredContent is None else result.structuredContent
    )


def test_an_assistant_tells_a_story_and_reads_it(serve, scripted):
    url = serve(scripted(SAY + "<end>"), mcp=True)

    async def act(session):
        tools = {tool.name for tool in (await session.list_tools()).tools}
        begin = next(name for name in tools if name.endswith("start"))
        told = await session.call_tool(begin, {"opening": "Tom went out.", "temperature": 0, "max_new_tokens": 40})
        number = read_answer(told)["story"]
        templates = (await session.list_resource_templates()).resourceTemplates
        read = await session.read_resource(f"story://{number}")
        return tools, [template.uriTemplate for template in templates], read.contents[0].text

    tools, templates, text = ask(url, act)
    assert len(tools) == 4
    assert templates == ["story://{story}"]
    assert text == "Tom went out." + SAY


def test_without_the_flag_there_is_nothing_of_it(serve, scripted):
    answer = httpx.post(f"{serve(scripted(SAY))}/gradio_api/mcp/", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert answer.status_code in (404, 405)


def test_a_missing_extra_is_said(monkeypatch, capsys):
    monkeypatch.setattr("playground.server.find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        main(["--mcp"])
    assert "story-playground[mcp]" in capsys.readouterr().err

"""Scripted completions servers, and engines that tell by them."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from story_engine import Settings, Story, StoryError
from story_engine.remote.client import Patience
from story_engine.remote.engine import RemoteEngine
from tests.remote.server import ScriptedServer

QUICK = Patience(connect=1.0, read=1.0, tries=3, first_wait=0.02, longest_wait=0.5)


@pytest.fixture
def open_server(tokenizer: Tokenizer):
    """A function: words, or what gives them for a prompt -> a running server of a dialect."""
    servers = []

    def open_it(say, dialect: str = "vllm", port: int = 0) -> ScriptedServer:
        own = Tokenizer.from_str(tokenizer.to_str())
        servers.append(ScriptedServer(own, say if callable(say) else lambda prompt: say, dialect, port))
        return servers[-1]

    yield open_it
    for server in servers:
        if not server.is_dead:
            server.kill()


@pytest.fixture
def open_engine(tiny_folder):
    """A function: servers -> an engine that tells by them, with the tokenizer of the tests unless another is named."""
    engines = []

    def open_it(*servers: ScriptedServer, tokenizer: str | None = None, patience: Patience = QUICK) -> RemoteEngine:
        named = f"@{tiny_folder}" if tokenizer is None else tokenizer
        engines.append(RemoteEngine.open(f"openai:{','.join(server.url for server in servers)}#story{named}", patience))
        return engines[-1]

    yield open_it
    for engine in engines:
        engine.close()


@pytest.fixture
def tell(open_engine):
    """A function: servers -> (the story after a turn, the error's words)."""

    def tell_by(*servers: ScriptedServer, **options) -> tuple[Story, str]:
        story, said = Story("Tom had a ball."), ""
        try:
            list(open_engine(*servers, **options).stream(story, Settings(max_new_tokens=60, seed=3)))
        except StoryError as error:
            said = str(error)
        return story, said

    return tell_by

"""A completions server that tells words without a model, so many a second: python -m benchmarks.paced_server --port 18300.

It stands for a fleet that has room for everybody, so that what is in front of it can be measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tokenizers import Tokenizer

from story_engine import EMBEDDED_FOLDER
from story_engine.model.tokenizer_files import load_tokenizer

CONTEXT = 2048


def build_app(rate: float, tokenizer: Tokenizer) -> Starlette:
    """`rate` tokens a second for each completion, in the form of vLLM; no sentence ends, so none is cut short."""
    words = [(token, text) for token in range(tokenizer.get_vocab_size()) if (text := tokenizer.decode([token])[1:]).isalpha()]

    async def list_models(request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": "story", "owned_by": "vllm", "max_model_len": CONTEXT}]})

    async def complete(request: Request) -> Response:
        body = await request.json()
        return StreamingResponse(tell(body["max_tokens"], body["seed"]), media_type="text/event-stream")

    async def tell(count: int, seed: int) -> AsyncIterator[str]:
        loop, chance = asyncio.get_running_loop(), random.Random(seed)
        begun = loop.time()
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + (number + 1) / rate - loop.time()))
            token, text = chance.choice(words)
            yield _write({"index": 0, "text": f" {text}", "token_ids": [token], "finish_reason": None})
        yield _write({"index": 0, "text": "", "finish_reason": "length"})
        yield "data: [DONE]\n\n"

    return Starlette(routes=[Route("/v1/models", list_models), Route("/v1/completions", complete, methods=["POST"])])


def _write(choice: dict[str, Any]) -> str:
    return f"data: {json.dumps({'object': 'text_completion', 'choices': [choice]})}\n\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paced_server", description=__doc__)
    parser.add_argument("--port", type=int, default=18300)
    parser.add_argument("--rate", type=float, default=100.0, help="tokens a second of each completion")
    options = parser.parse_args()
    app = build_app(options.rate, load_tokenizer(EMBEDDED_FOLDER))
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()

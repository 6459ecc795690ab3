"""Probing: what kind of server stands at an address, which model it serves, and how much that can attend to."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import httpx

from story_engine.errors import ModelError
from story_engine.remote.address import FORM, Address
from story_engine.remote.client import Client, find_root
from story_engine.remote.dialects import LLAMA_CPP, OTHER, PLAYGROUND, SGLANG, TRANSFORMERS, VLLM, Dialect

OWNERS = {"vllm": VLLM, "sglang": SGLANG, "llamacpp": LLAMA_CPP, "story-playground": PLAYGROUND}

log = logging.getLogger("story_engine")


@dataclass(frozen=True)
class Found:
    """A server's dialect, the name of its model, the tokens that it attends to and how its start token is spelled.

    The last two where the server says so.
    """

    dialect: Dialect
    model: str
    context: int | None = None
    start: str = ""


def probe(client: Client, address: Address) -> Found:
    """Ask the first replica that can be reached.

    Raises:
        ModelError: none can be reached, none is a completions server, or it serves no such model.
    """
    problem = "no answer"
    for url in address.urls:
        try:
            status, models = client.ask_with_status(url, "/models")
            if models is None:
                problem = _describe(status)
                continue
            found = _read(client, url, address, models)
        except httpx.RequestError as error:
            problem = type(error).__name__
            continue
        log.info("Stories are told by %s, %s, a server of the kind %s.", found.model, address.hosts, found.dialect.name)
        return found
    raise ModelError(
        "No completions server answers at {hosts} ({problem}). Start it, or check the address.",
        hosts=address.hosts,
        problem=problem,
    )


def _describe(status: int) -> str:
    """Why no models are listed."""
    if status in (401, 403):
        return "it refuses the key in STORY_ENGINE_API_KEY"
    if 300 <= status < 400:
        return "it sends to another address; name that one"
    return "it sent no list of models" if status < 300 else f"it lists no models: status {status}"


def _read(client: Client, url: str, address: Address, models: Any) -> Found:
    entries = models.get("data") if isinstance(models, dict) else None
    entries = [one for one in entries or [] if isinstance(one, dict) and isinstance(one.get("id"), str)]
    entry = _choose(entries, address)
    dialect = _find_dialect(client, url, entry)
    context, start = entry.get("max_model_len"), ""
    if dialect is LLAMA_CPP:
        properties = client.ask(find_root(url), "/props") or {}
        context, start = _find_number(properties, "n_ctx"), str(properties.get("bos_token") or "")
    return Found(dialect, address.model or entry["id"], context if type(context) is int and context > 0 else None, start)


def _choose(entries: list[dict[str, Any]], address: Address) -> dict[str, Any]:
    """The entry of the model that is asked for, or of the only one."""
    names = [entry["id"] for entry in entries]
    if address.model in names:
        return entries[names.index(address.model)]
    if address.model and not names:
        return {"id": address.model}  # as transformers serve, which loads a model when it is first asked for
    if not address.model and len(names) == 1:
        return entries[0]
    if address.model and any("owned_by" not in entry or entry["owned_by"] not in OWNERS for entry in entries):
        return {"id": address.model}
    raise ModelError(f"{address.hosts} serves {', '.join(names[:10]) or 'no model'}. Name one of them, as in {FORM}.")


def _find_dialect(client: Client, url: str, entry: dict[str, Any]) -> Dialect:
    """By the owner that the server names for its model, else by endpoints that only one kind has."""
    if (dialect := OWNERS.get(str(entry.get("owned_by")).lower())) is not None:
        return dialect
    root = find_root(url)
    described = client.ask(root, "/openapi.json")
    paths = described.get("paths", {}) if isinstance(described, dict) else {}
    if "/load_model" in paths:
        return TRANSFORMERS
    if "default_generation_settings" in (client.ask(root, "/props") or {}):
        return LLAMA_CPP
    if "/get_model_info" in paths or "/model_info" in paths:
        return SGLANG
    if "/version" in paths and "/detokenize" in paths:
        return VLLM
    return OTHER


def _find_number(answer: Any, name: str) -> int | None:
    """A number of llama.cpp's properties: at the top, or in its default settings."""
    if not isinstance(answer, dict):
        return None
    value = (answer.get("default_generation_settings") or {}).get(name, answer.get(name))
    return value if type(value) is int else None

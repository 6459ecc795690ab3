"""The address of a remote engine: `openai:https://host/v1#NAME@TOKENIZER`, with commas between several replicas."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import httpx

from story_engine.errors import ModelError

PREFIX = "openai:"
FORM = "openai:https://host/v1#NAME"
MAX_FINGERPRINT = 100  # characters of a model's name in a receipt


@dataclass(frozen=True)
class Address:
    """`urls` are the replicas' bases, without a slash at the end; `model` and `tokenizer` may be empty."""

    urls: tuple[str, ...]
    model: str = ""
    tokenizer: str = ""

    @property
    def hosts(self) -> str:
        """The replicas by host and port, as a reader may see them."""
        return ", ".join(httpx.URL(url).netloc.decode() for url in self.urls)

    def fingerprint(self, model: str) -> str:
        """Names the model and its servers in receipts, shortened with a hash where a save file would not hold it."""
        whole = f"{model} at {self.hosts}"
        if len(whole) <= MAX_FINGERPRINT:
            return whole
        digest = hashlib.sha256(whole.encode()).hexdigest()[:12]
        return f"{whole[: MAX_FINGERPRINT - len(digest) - 2]}… {digest}"


def read_address(name: str) -> Address:
    """The parts of a remote engine's name.

    Raises:
        ModelError: it has not this form, or holds a password.
    """
    places, _, rest = name.removeprefix(PREFIX).partition("#")
    model, _, tokenizer = rest.partition("@")
    urls = tuple(dict.fromkeys(place.strip().rstrip("/") for place in places.split(",") if place.strip()))
    if not name.startswith(PREFIX) or not urls:
        raise ModelError(f"A remote engine's name has the form {FORM}, with commas between the addresses of replicas.")
    for url in urls:
        _check_url(url)
    return Address(urls, model.strip(), tokenizer.strip())


def _check_url(url: str) -> None:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ModelError(f"A remote engine's address cannot be read ({error}). It has the form {FORM}.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or "?" in url:
        raise ModelError(f"A remote engine's address begins with http:// or https://, and has a host, as in {FORM}.")
    if parsed.userinfo:
        raise ModelError("A remote engine's address may hold no password. Put the key into STORY_ENGINE_API_KEY.")

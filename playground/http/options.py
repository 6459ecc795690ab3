"""The flags of the endpoints, and what they say."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, field

KEY_VARIABLE = "STORY_PLAYGROUND_API_KEY"


@dataclass(frozen=True)
class ApiOptions:
    """Whether the endpoints are served; with a `key`, only to those who send it; with an `origin`, to its web pages too."""

    is_on: bool = False
    key: str = field(default="", repr=False)
    origin: str = ""


def add_api_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("for other programs")
    group.add_argument("--api", action="store_true", help="serve /v1/completions, /tokenize and /metrics beside the page")
    group.add_argument("--api-key", default=os.environ.get(KEY_VARIABLE, ""), help=f"ask for this key (or {KEY_VARIABLE})")
    group.add_argument("--api-origin", default="", metavar="URL", help="let web pages of this origin call them (CORS)")


def read_api_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> ApiOptions:
    """Ends the program with a message where the flags do not go together."""
    if options.api_origin and not options.api:
        parser.error("--api-origin goes with --api")
    if options.api_origin and not options.api_origin.startswith(("http://", "https://")):
        parser.error("--api-origin takes one origin, as in https://example.org")
    return ApiOptions(options.api, options.api_key, options.api_origin.rstrip("/"))

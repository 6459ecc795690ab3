"""The command line of the page: load a model, build the page, serve it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from playground import closing
from playground.engines import Engines
from playground.http.options import ApiOptions, add_api_flags, read_api_options
from playground.logs import LEVELS, join_server_logs, set_up_logs
from playground.space import choose_device, choose_stories, is_space
from story_engine import (
    HUB_MODELS,
    KERNEL_CHOICES,
    MAX_FILE_BYTES,
    PRECISIONS,
    Library,
    ModelError,
    RemoteEngine,
    StoryEngine,
    StoryError,
)

if TYPE_CHECKING:
    from playground.page import Page

OFF = ApiOptions()
SPARE_THREADS = 32  # beside those of the passages: for quick clicks, and pages that watch


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Write a story together with a small language model, in your browser.")
    parser.add_argument(
        "--model",
        default="embedded",
        help=f"embedded, a folder, a hub name ({', '.join(HUB_MODELS)}), or openai:https://host/v1#NAME",
    )
    parser.add_argument("--precision", default="auto", choices=PRECISIONS, help="auto is int8 on the CPU, with the kernel")
    parser.add_argument(
        "--kernel", default="auto", choices=KERNEL_CHOICES, help="the compiled kernel on the CPU (default: if possible)"
    )
    parser.add_argument("--host", default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("GRADIO_SERVER_PORT", "7860")))
    stories = choose_stories()
    parser.add_argument("--stories", type=Path, default=stories, help=f"where stories are kept (default: {stories})")
    parser.add_argument("--log-level", default="warning", choices=LEVELS, help="what goes to the log (default: warning)")
    parser.add_argument(
        "--for-children",
        action=argparse.BooleanOptionalAction,
        default=is_space(),
        help="check all words for children, unless a browser switches that off (default: on a Space)",
    )
    add_api_flags(parser)
    parser.add_argument("--mcp", action="store_true", help="serve the stories to assistants, too (Model Context Protocol)")
    return parser


def open_page(engines: Engines, library: Library, host: str, port: int, *, api: ApiOptions = OFF, mcp: bool = False) -> Page:
    """Serve the page and return at once. The server hands out nothing but the page, and sends nothing elsewhere.

    With `api` the engine is served to other programs, too; its health always is. With `mcp` assistants can tell stories.

    Raises:
        OSError: the port cannot be used.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    # Else Gradio makes statistics of its last 10,000 events after each of them, which nobody sees.
    os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
    os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")
    # Else Gradio looks for matplotlib's windows on a first visit, where it is installed.
    os.environ.setdefault("MPLBACKEND", "agg")
    # Gradio takes seconds to import; a wrong flag is reported before that.
    from playground.actions import Actions
    from playground.http.service import serve_endpoints
    from playground.http.sessions import thin_sessions
    from playground.page import Page
    from playground.resource import publish_story
    from playground.theme import CSS, HEAD, ICON, make_theme
    from playground.translations import translations

    page = Page(Actions(engines, library))
    if mcp:
        publish_story(page.blocks, page.actions)
    page.blocks.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        _frontend=False,  # else Gradio asks for the page, and gives up after 3 s, which a busy machine may need
        allowed_paths=[],
        max_file_size=MAX_FILE_BYTES,
        max_threads=engines.most_at_once + SPARE_THREADS,  # a passage holds one
        show_error=False,
        enable_monitoring=False,
        run_history=False,
        strict_cors=True,
        state_session_capacity=1000,
        footer_links=["api", "settings"],
        ssr_mode=False,
        theme=make_theme(),
        css=CSS,
        head=HEAD,
        favicon_path=ICON,
        i18n=translations,
        mcp_server=mcp,
    )
    thin_sessions(page.blocks)
    join_server_logs()
    serve_endpoints(page.blocks, page.actions, api)
    return page


def main(arguments: Sequence[str] | None = None) -> int:
    parser = build_parser()
    options = parser.parse_args(arguments)
    api = read_api_options(parser, options)
    if options.mcp and not find_spec("mcp"):
        parser.error("--mcp needs its extra: pip install 'story-playground[mcp]'")
    set_up_logs(options.log_level)
    try:
        library = Library(options.stories)
        how = {"precision": options.precision, "kernel": options.kernel}
        if device := choose_device():
            how["device"] = device
        engine = StoryEngine.load(options.model, **how)
        if api.is_on and isinstance(engine, RemoteEngine):
            raise ModelError("--api serves a model of this machine. Send those requests to the other server itself.")
        # An address, and a folder behind it, is the operator's own; readers see what their receipts say.
        name = engine.fingerprint if isinstance(engine, RemoteEngine) else options.model
        engines = Engines(engine, name, for_children=options.for_children, **how)
    except StoryError as error:
        print(f"story-playground: {error}", file=sys.stderr)
        return 1
    try:
        page = open_page(engines, library, options.host, options.port, api=api, mcp=options.mcp)
    except OSError:
        print(f"story-playground: Port {options.port} on {options.host} is taken. Choose another with --port.", file=sys.stderr)
        return 1
    print(f"Story Playground is open at http://{options.host}:{options.port} (stop it with Ctrl+C)", flush=True)
    closing.wait_for_signal()
    closing.finish(page.actions.writing, library, page.blocks.app.state.endpoints)
    page.blocks.close(verbose=False)
    return 0

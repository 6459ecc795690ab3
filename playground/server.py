"""The command line of the page: load a model, build the page, serve it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from playground.engines import Engines
from story_engine import KERNELS, MAX_FILE_BYTES, PRECISIONS, PUBLISHED, Library, RemoteEngine, StoryEngine, StoryError

if TYPE_CHECKING:
    from playground.page import Page

DEFAULT_STORIES = Path("~/.story-playground/stories")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Write a story together with a small language model, in your browser.")
    parser.add_argument(
        "--model",
        default="embedded",
        help=f"embedded, a folder, a hub name ({', '.join(PUBLISHED)}), or openai:https://host/v1#NAME",
    )
    parser.add_argument("--precision", default="auto", choices=PRECISIONS, help="auto is int8 on the CPU, with the kernel")
    parser.add_argument(
        "--kernel", default="auto", choices=KERNELS, help="the compiled kernel on the CPU (default: if possible)"
    )
    parser.add_argument("--host", default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("GRADIO_SERVER_PORT", "7860")))
    parser.add_argument(
        "--stories", type=Path, default=DEFAULT_STORIES, help=f"where stories are kept (default: {DEFAULT_STORIES})"
    )
    return parser


def open_page(engines: Engines, library: Library, host: str, port: int) -> Page:
    """Serve the page and return at once. The server hands out nothing but the page, and sends nothing elsewhere.

    Raises:
        OSError: the port cannot be used.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    # Gradio takes seconds to import; a wrong flag is reported before that.
    from playground.actions import Actions
    from playground.page import Page
    from playground.theme import CSS, HEAD, ICON, make_theme
    from playground.widgets import translations

    page = Page(Actions(engines, library))
    page.blocks.launch(
        server_name=host,
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        share=False,
        allowed_paths=[],
        max_file_size=MAX_FILE_BYTES,
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
    )
    return page


def main(arguments: Sequence[str] | None = None) -> int:
    options = build_parser().parse_args(arguments)
    try:
        library = Library(options.stories)
        how = {"precision": options.precision, "kernel": options.kernel}
        engine = StoryEngine.load(options.model, **how)
        # An address, and a folder behind it, is the operator's own; readers see what their receipts say.
        name = engine.fingerprint if isinstance(engine, RemoteEngine) else options.model
        engines = Engines(engine, name, **how)
    except StoryError as error:
        print(f"story-playground: {error}", file=sys.stderr)
        return 1
    try:
        page = open_page(engines, library, options.host, options.port)
    except OSError:
        print(f"story-playground: Port {options.port} on {options.host} is taken. Choose another with --port.", file=sys.stderr)
        return 1
    print(f"Story Playground is open at http://{options.host}:{options.port} (stop it with Ctrl+C)", flush=True)
    page.blocks.block_thread()
    return 0

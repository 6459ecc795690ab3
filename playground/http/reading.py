"""The routes of reading links: one page for all of them, and the story behind the number that a request's header holds."""

from __future__ import annotations

import logging

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from playground.reading import ReadingAlong
from playground.render.reading import POLICY, ReadingPage
from playground.theme import CSS
from playground.wording.messages import find_message, say_error
from playground.wording.strings import choose_language, find_texts
from story_engine import InputError

READING = "/read"
AT_ONCE = 4  # looks that are rendered at the same time; the others wait a moment
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
FAILED = "Something went wrong on this server. Your story is kept; please try again."
log = logging.getLogger(__name__)


def build_reading(reading: ReadingAlong) -> Starlette:
    """The routes as an application. No address holds a number: those behind a `#` are sent to nobody."""
    threads: list[anyio.CapacityLimiter] = []  # made in the server's loop

    async def show_page(request: Request) -> Response:
        page = ReadingPage(find_texts(_find_language(request))).render_page(CSS)
        return HTMLResponse(page, headers=HEADERS | {"Content-Security-Policy": POLICY})

    async def look(request: Request) -> Response:
        threads[:] = threads or [anyio.CapacityLimiter(AT_ONCE)]
        language = _find_language(request)
        number, seen = request.headers.get("x-reading-link", ""), request.headers.get("x-seen", "")
        try:
            shown = await anyio.to_thread.run_sync(reading.look, number, seen, language, limiter=threads[0])
        except InputError as error:
            return JSONResponse({"message": say_error(error, language)}, 404, HEADERS)
        except Exception as error:  # raised further, the server would write its words to the log
            log.error("A reading link failed", exc_info=error)
            return JSONResponse({"message": find_message(FAILED, language)}, 500, HEADERS)
        return JSONResponse(shown, headers=HEADERS)

    return Starlette(routes=[Route(READING, show_page), Route(f"{READING}/now", look)])


def _find_language(request: Request) -> str:
    return choose_language(request.headers.get("accept-language", ""))

"""The front: requests of other programs go to the endpoints, those of reading links to theirs, all others to the page."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.http.endpoints import Endpoints
from playground.http.errors import FAILED, ApiError, answer_http_error
from playground.http.options import ApiOptions
from playground.http.patience import Gone, Patient
from playground.http.reading import READING, build_reading
from playground.reading import ReadingAlong

HEALTH = "/health"
OURS = ("/v1", "/tokenize", "/detokenize", "/metrics")  # while the endpoints are on
log = logging.getLogger(__name__)
Endpoint = Callable[[Request], Awaitable[Response]]


class Front:
    """Stands before the page's own application, so that none of its rules on origins and paths hold for the endpoints."""

    def __init__(self, page: ASGIApp, endpoints: Endpoints, options: ApiOptions, reading: ReadingAlong) -> None:
        api = build_api(endpoints, options)
        self._page, self._apps = page, dict.fromkeys((HEALTH, *OURS) if options.is_on else (HEALTH,), api)
        self._apps[READING] = build_reading(reading)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        own = (app for name, app in self._apps.items() if path == name or path.startswith(f"{name}/"))
        if scope["type"] != "http":
            await self._page(scope, receive, send)
            return
        app = next(own, self._page)
        patient = Patient(receive, send, in_all=app is not self._page)
        try:
            await app(scope, patient.receive, patient.send)
        except Gone:
            log.info("A reader took nothing of what was sent")


def build_api(endpoints: Endpoints, options: ApiOptions) -> Starlette:
    """The endpoints as an application; only the health while they are off."""

    def serve(path: str, endpoint: Endpoint, method: str, *, is_open: bool = False) -> Route:
        async def answer(request: Request) -> Response:
            status = 500
            try:
                if options.key and not is_open:
                    check_key(request, options.key)
                response = await endpoint(request)
                status = response.status_code
                return response
            except ApiError as error:
                status = error.status
                return error.respond()
            except Exception as error:  # raised further, the server would write its words to the log
                log.error("An endpoint failed", exc_info=error)
                return FAILED.respond()
            finally:
                endpoints.metrics.requests.labels(path, str(status)).inc()

        return Route(path, answer, methods=[method])

    routes = [serve(HEALTH, endpoints.health, "GET", is_open=True)]
    if options.is_on:
        routes += [
            serve("/v1/models", endpoints.list_models, "GET"),
            serve("/v1/models/{name}", endpoints.find_model, "GET"),
            serve("/v1/completions", endpoints.complete, "POST"),
            serve("/v1/chat/completions", refuse_chat, "POST"),
            serve("/tokenize", endpoints.tokenize, "POST"),
            serve("/detokenize", endpoints.detokenize, "POST"),
            serve("/metrics", endpoints.figures, "GET"),
        ]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=[options.origin],
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    handlers = {HTTPException: answer_http_error}
    return Starlette(routes=routes, middleware=[cors] if options.origin else [], exception_handlers=handlers)


async def refuse_chat(request: Request) -> Response:
    """Raises ApiError: clients that chat are told where to go."""
    raise ApiError(404, "This model goes on with a text and does not chat. Use /v1/completions.", code="no_chat")


def check_key(request: Request, key: str) -> None:
    """Raises ApiError where the request does not send the key."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), key.encode()):
        raise ApiError(401, "Send this server's key, as Authorization: Bearer KEY.", code="invalid_api_key")

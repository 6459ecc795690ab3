"""Bodies of requests: read up to a bound, and checked."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from playground.http.errors import ApiError, describe_problem
from playground.http.schemas import MAX_BODY_BYTES

B = TypeVar("B", bound=BaseModel)


async def read_body(request: Request, kind: type[B]) -> B:
    """The request's JSON as `kind`.

    Raises:
        ApiError: it is too large, no JSON, or holds what it may not.
    """
    # A page of any origin can send other types without asking the server first.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(400, "Send JSON, with Content-Type: application/json.", code="invalid_content_type")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_BODY_BYTES:
            raise ApiError(413, f"A request may have {MAX_BODY_BYTES:,} bytes. Send a smaller one.", code="too_large")
    try:
        return kind.model_validate_json(bytes(content))
    except ValidationError as error:
        raise describe_problem(error) from error

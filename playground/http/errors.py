"""Errors of the endpoints, in the form that clients of completions servers read."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

UNKNOWN = "extra_forbidden"  # pydantic's name of it
# Pydantic's other problems, in our words.
PROBLEMS = {
    "missing": "{param} is missing.",
    "json_invalid": "That is no JSON.",
    "string_type": "{param} must be a text.",
    "int_type": "{param} must be a whole number.",
    "int_from_float": "{param} must be a whole number.",
    "float_type": "{param} must be a number.",
    "finite_number": "{param} must be a number.",
    "bool_type": "{param} must be true or false.",
    "list_type": "{param} must be a list.",
    "model_type": "{param} must be an object.",
    "literal_error": "{param} is not supported. Leave it out.",
    "greater_than_equal": "{param} may not be less than {ge:g}.",
    "less_than_equal": "{param} may not be more than {le:g}.",
    "too_long": "{param} may have {max_length} entries at most.",
}


class ApiError(Exception):
    """A request that cannot be answered: an HTTP status, words that say what to do, the parameter, and a code."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code, self.retry_after = status, message, param, code, retry_after

    @property
    def body(self) -> dict[str, Any]:
        """`{"error": {message, type, param, code}}`."""
        kind = "server_error" if self.status >= 500 else TYPES.get(self.status, "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def respond(self) -> JSONResponse:
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return JSONResponse(self.body, self.status, headers)


FAILED = ApiError(500, "Something went wrong on this server. Please try again.", code="internal_error")
TYPES = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}


def describe_problem(error: ValidationError) -> ApiError:
    """The first problem of a body, without what was given."""
    problem = error.errors(include_url=False, include_input=False)[0]
    param = ".".join(str(part) for part in problem["loc"]) or None
    if problem["type"] == UNKNOWN:
        return ApiError(400, f"This server does not know {param}. Leave it out.", param=param, code="unknown_parameter")
    if words := PROBLEMS.get(problem["type"]):
        return ApiError(400, words.format(**{**problem.get("ctx", {}), "param": param or "The body"}), param=param)
    message = problem["msg"].removeprefix("Value error, ")
    return ApiError(400, f"{param}: {message}" if param else message, param=param)


async def answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own errors: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)
    return ApiError(error.status_code, f"{error.detail}: {request.method} {request.url.path}").respond()

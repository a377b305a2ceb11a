"""The shapes in which this vendor says no."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from include.sandbox.xero.settings import Settings
from include.sandbox.xero.shapes import named_id

TITLES = {401: "Unauthorized", 403: "Forbidden"}


def problem(status: int, detail: str, settings: Settings, *, token_is_bad: bool = False) -> Response:
    """Return a problem about rights: the token, the scope, or the tenant."""
    said: dict[str, Any] = {
        "Type": None, "Title": TITLES[status], "Status": status, "Detail": detail,
        "Instance": named_id("problem", detail), "Extensions": {},
    }  # fmt: skip
    if settings.problem_case == "lower":
        said = {name.lower(): value for name, value in said.items()}
    why = "invalid_token" if token_is_bad else "insufficient_scope"
    headers = {"WWW-Authenticate": f'Bearer error="{why}"'} if status == 401 else {}
    return JSONResponse(said, status, headers, media_type="application/problem+json")


def oauth_error(code: str, status: int = 400) -> Response:
    """Return what the identity server says when it refuses."""
    return JSONResponse({"error": code}, status)


def validation(message: str) -> Response:
    """Return a request that cannot be understood."""
    return JSONResponse(
        {
            "ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred",
            "Elements": [{"ValidationErrors": [{"Message": message}]}],
        },
        400,
    )  # fmt: skip


def query_error(message: str) -> Response:
    """Return a filter that cannot be understood."""
    return JSONResponse({"ErrorNumber": 16, "Type": "QueryParseException", "Message": message}, 400)


def not_found() -> Response:
    """Return that there is no such record, in plain text whatever was asked for."""
    return PlainTextResponse("The resource you're looking for cannot be found", 404)


def too_many(problem_name: str, wait: float | None) -> Response:
    """Return that a limit was reached; how long to wait, in whole seconds, is not said for concurrency."""
    headers = {"X-Rate-Limit-Problem": problem_name}
    if wait is not None:
        headers["Retry-After"] = str(max(1, -int(-wait // 1)))
    return PlainTextResponse("", 429, headers)


def broken(status: int) -> Response:
    """Return that the vendor's own server failed, or that the organisation is offline."""
    if status == 503:
        return PlainTextResponse("The Organisation for this access token is not active. Please try again later.", 503)
    said = {"ErrorNumber": 500, "Type": "InternalErrorException", "Message": "An error occurred in Xero"}
    return JSONResponse(said, status)

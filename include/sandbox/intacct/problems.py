"""The two shapes in which REST says no, and the gateway errors in front of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

from include.sandbox.intacct.settings import Settings

META = {"totalCount": 1, "totalSuccess": 0, "totalError": 1}


@dataclass(frozen=True)
class Refused(Exception):
    """REST says no; with an `error_id` it does so in the nested shape, unless the settings want another."""

    status: int
    code: str
    message: str
    error_id: str = ""
    placeholders: dict[str, str] = field(default_factory=dict)


def rest_error(error: Refused, settings: Settings) -> Response:
    """Return an error of the API itself, in the shape that was seen for it or in the one that is set."""
    said: dict[str, Any] = {"code": error.code, "message": error.message, "supportId": support_id(error.message)}
    nested = bool(error.error_id) if settings.error_shape == "seen" else settings.error_shape == "nested"
    if not nested:
        return JSONResponse({"ia::error": said, "ia::meta": META}, error.status)
    said |= {
        "errorId": error.error_id or "REST-1000",
        "additionalInfo": {
            "messageId": f"IA.{error.code.upper()}", "placeholders": error.placeholders, "propertySet": {}
        },
    }  # fmt: skip
    return JSONResponse({"ia::result": {"ia::error": said}, "ia::meta": META}, error.status)


def gateway_error(status: int, number: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """Return an error of the API's gateway, which knows nothing of the company."""
    said = {
        "code": f"GW-{number:04d}", "message": message, "details": {"requestId": support_id(f"{number}/{message}")}
    }  # fmt: skip
    return JSONResponse({"ia::error": said}, status, headers)


def broken(status: int) -> Response:
    """Return that the vendor's own server failed."""
    return gateway_error(status, 1, "Unable to process request")


def too_many(status: int, headers: dict[str, str]) -> Response:
    """Return that a limit was reached."""
    return gateway_error(status, 10, "API rate limit exceeded", headers)


def denied(path: str) -> Refused:
    """Return that the user's role may not read an object."""
    return Refused(403, "operationNotAllowed", f"You do not have permission to read objects of type {path}")


def support_id(text: str) -> str:
    """Return an id for the vendor's support that follows from a text."""
    return f"{hashlib.sha256(text.encode()).hexdigest()[:12]}%7EX"

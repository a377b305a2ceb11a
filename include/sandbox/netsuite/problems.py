"""The shapes in which this vendor says no."""

from __future__ import annotations

import json
from typing import Literal

from starlette.responses import Response

RFC = "https://www.rfc-editor.org/rfc/rfc9110.html#section-15"
TITLES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    429: "Bad Request", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip
SEARCH = "Invalid search query. Detailed unprocessed description follows. Search error occurred:"
Where = Literal["o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl"]


class Refused(Exception):
    """A request is refused: with which status and code, why, and by which part of it."""

    def __init__(self, status: int, code: str, detail: str, where: tuple[Where, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.where = status, code, detail, where


class NoRecord(Refused):
    """A table is not there, or not for this role."""

    def __init__(self, name: str) -> None:
        super().__init__(400, "INVALID_PARAMETER", f"{SEARCH} Record '{name}' was not found.")
        self.name = name


class NoField(Refused):
    """A table has no such column."""

    def __init__(self, name: str, record: str) -> None:
        why = "was not found. Reason: REMOVED - Field is removed"
        super().__init__(400, "INVALID_PARAMETER", f"{SEARCH} Field '{name}' for record '{record}' {why}")


def response(refused: Refused, headers: dict[str, str] | None = None) -> Response:
    """Return a refusal as the vendor words it."""
    detail = {"detail": refused.detail, "o:errorCode": refused.code} | dict([refused.where] if refused.where else [])
    said = {
        "type": f"{RFC}.{refused.status // 100}", "title": TITLES[refused.status], "status": refused.status,
        "o:errorDetails": [detail],
    }  # fmt: skip
    media = "application/vnd.oracle.resource+json; type=error"
    return Response(json.dumps(said), refused.status, headers, media_type=media)


def login(account: str, *, bearer: bool) -> Response:
    """Return that nobody is let in; why, only the login audit trail says."""
    detail = (
        "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > "
        "Users/Roles > User Management > View Login Audit Trail."
    )
    why = 'error="invalid_token", error_description="Invalid login attempt."'
    head = f'Bearer realm="{account}", {why}' if bearer else f'OAuth realm="{account}", {why}'
    return response(Refused(401, "INVALID_LOGIN", detail), {"WWW-Authenticate": head})


def crowded(status: int) -> Refused:
    """Return that too many requests are under way; how long to wait is never said."""
    return Refused(status, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")


def search(detail: str = "Invalid or unsupported search") -> Refused:
    """Return that a query cannot be understood."""
    return Refused(400, "INVALID_PARAMETER", f"{SEARCH} {detail}")


def no_permission(name: str) -> Refused:
    """Return that the role lacks a right."""
    return Refused(
        403, "INSUFFICIENT_PERMISSION",
        f"Permission Violation: You need the '{name}' permission to access this page. "
        "Please contact your account administrator.",
    )  # fmt: skip


def broken(status: int) -> Response:
    """Return that the vendor's own server failed."""
    return response(Refused(status, "UNEXPECTED_ERROR", "An unexpected error occurred."))

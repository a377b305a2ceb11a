"""What Sage Intacct's refusals mean for their reader: two shapes of REST, codes of its gateway, numbers of XML.

Codes decide, and words only where the system gives no code; nothing of what it says is passed on, because it may
name a customer or a user.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include import exact_json
from include.connectors import resolutions
from include.connectors.http import Answer
from include.connectors.resolutions import Resolution, Row
from include.errors import ConfigurationError, GreenlightError, MissingRights, SourceUnavailable

_WAIT = "wait; the task retries"
GUIDE = "docs/connect/intacct.md"
RATE_SECONDS = 60.0
"""To wait where the system refuses a call for its rate and does not say how long."""

NOT_KNOWN = Resolution(
    ConfigurationError,
    "Sage Intacct knows no such company, user, client or sender id, or one of them is inactive",
    "correct company, user and client id on the connection; a company administrator authorizes client or sender",
)
NO_TOKEN = (
    ConfigurationError,
    "Sage Intacct gives no token: it knows no such company, user, entity or client, the client secret is wrong, or the "
    "client's authorization was revoked",
    "correct username, login (client id) and password (client secret) of connection {connection}; a company "
    "administrator authorizes the client as docs/connect/intacct.md shows",
)
"""What a token is refused for: its codes do not tell one from another."""
NO_COMPANY = Resolution(
    ConfigurationError, "the request for a token names no company", "write username as user@company into the extra"
)
WRONG_SIGN_IN = Resolution(
    ConfigurationError,
    "Sage Intacct refuses the sign-in: user, company or password is wrong, or the user may not use Web Services",
    "correct login, password and company_id on the connection",
)
WRONG_SENDER = Resolution(
    ConfigurationError,
    "the sender id is wrong or not authorized in this company",
    "authorize it under Company > Setup > Security > Web Services authorizations, and correct sender_id and "
    "sender_password",
)
NO_ENTITY = Resolution(
    ConfigurationError,
    "Sage Intacct refuses the entity: it does not exist, is closed, or the user has no access to it",
    "correct entity in the YAML, or give the user access to it",
)
MAY_NOT = Resolution(
    MissingRights, "the user may not read this", f"give the role the permissions of {GUIDE}, View and List"
)
MALFORMED = Resolution(
    SourceUnavailable, "Sage Intacct refuses the request as malformed", "file a bug with the task's log"
)
BUSY = Resolution(
    SourceUnavailable, "too many calls at once, or in this hour, for the company's performance tier", _WAIT,
    is_passing=True, retry_after=RATE_SECONDS, is_shared=True,
)  # fmt: skip
OFFLINE = Resolution(SourceUnavailable, "Sage Intacct failed or is offline", _WAIT, is_passing=True)

GATEWAY_CODES: Mapping[str, Resolution] = {
    "GW-0001": OFFLINE, "GW-0010": BUSY, "GW-0011": NOT_KNOWN, "GW-0012": NO_COMPANY, "GW-0036": NO_COMPANY,
    "GW-0037": NOT_KNOWN,
}  # fmt: skip
TOKEN_CODES = ("GW-0031", "GW-0034")
"""The token is over or was never one: another one is asked for, once."""
TOKEN_WORDS = (b"Invalid token", b"The token is not valid")

RETRY_HEADERS = (
    "X-IA-Throttle-RetryAfter", "X-IA-Throttle-Limit-RetryAfter", "X-IA-Hour-Rate-Limit-Retry-After",
    "X-IA-TENANT-Throttle-Limit-Retry-After",
)  # fmt: skip


def of_body(body: bytes) -> Mapping[str, Any]:
    """Return the error of a REST body: at its top, or inside its result; empty where there is none."""
    try:
        said = exact_json.decode(body)
    except (ValueError, RecursionError):
        return {}
    while isinstance(said, dict):
        error = said.get("ia::error")
        if isinstance(error, dict):
            return error
        said = said.get("ia::result")
    return {}


def codes(error: Mapping[str, Any]) -> list[str]:
    """Return every code that an error carries, its own, its id and those of its details."""
    details = error.get("details")
    parts = [error, *(part for part in (details if isinstance(details, list) else [details]) if isinstance(part, dict))]
    return [str(part[name]) for part in parts for name in ("code", "errorId") if part.get(name)]


def is_of_token(answer: Answer) -> bool:
    """Tell whether a 400 says that the token is over; 401 says so by itself."""
    if answer.status != 400:
        return False
    return any(word in answer.body for word in TOKEN_WORDS) or any(
        code in TOKEN_CODES for code in codes(of_body(answer.body))
    )


def _refused(answer: Answer) -> Resolution:
    error = of_body(answer.body)
    for code in codes(error):
        if known := GATEWAY_CODES.get(code):
            return known
    said = str(error.get("message") or "").lower()
    if answer.status in (401, 403):
        return MAY_NOT if answer.status == 403 else resolutions.WRONG_CREDENTIALS
    if "permission" in said or "not authorized" in said:
        return MAY_NOT
    if "entity" in said and any(
        word in said for word in ("invalid", "not valid", "not found", "not available", "access")
    ):
        return NO_ENTITY
    return resolutions.WRONG_CREDENTIALS if is_of_token(answer) else MALFORMED


def _limited(answer: Answer) -> Resolution:
    """Take the longest wait that any of the vendor's own headers names."""
    waits = [float(value) for name in RETRY_HEADERS if (value := answer.headers.get(name, "").strip()).isdigit()]
    if not waits:
        return BUSY if answer.status == 429 else OFFLINE
    return Resolution(BUSY.error, BUSY.message, BUSY.next_step, is_passing=True, retry_after=max(waits), is_shared=True)


REST: Mapping[int, Row] = {
    **dict.fromkeys((400, 401, 403, 404, 422), _refused),
    429: _limited, 503: _limited, 500: OFFLINE,
    405: MALFORMED, 409: MALFORMED,
}  # fmt: skip
"""Status → what it means over REST; a 200 is looked into by its reader."""


def of_gateway(level: str, number: str, said: str, is_signing_in: bool) -> Resolution:
    """Return what an error of the XML gateway means.

    Args:
        level: control, authentication or result: how far the request came.
        said: its description, of which only fixed phrases are looked for.
        is_signing_in: it was the request for a session, so the credentials and not the session are refused.
    """
    words = said.lower()
    if "rate limit exceeded" in words:
        return BUSY
    if "temporarily off-line" in words:
        return OFFLINE
    if number == "XL03000003":
        return MALFORMED
    if level == "control" or "sender" in words:
        return WRONG_SENDER
    if level == "authentication":
        if is_signing_in:
            return NO_ENTITY if "location" in words or "entity" in words else WRONG_SIGN_IN
        return SESSION_OVER
    if number in ("PL04000005", "PL04000055") or "permission" in words or "not authorized" in words:
        return MAY_NOT
    return MALFORMED


SESSION_OVER = Resolution(SourceUnavailable, "the session with Sage Intacct is over", _WAIT)


def error(row: Resolution) -> GreenlightError:
    """Return the error that a refusal inside a successful answer is."""
    if issubclass(row.error, SourceUnavailable):
        return row.error(row.message, next_step=row.next_step, retry_after=row.retry_after)
    return row.error(row.message, next_step=row.next_step)

"""What an answer's status means for the person who reads the error: a table, of which a connector may override rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from include.errors import ConfigurationError, GreenlightError, MissingRights, SourceUnavailable

if TYPE_CHECKING:
    from include.connectors.http import Answer


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a status means.

    Args:
        error: ConfigurationError (fix it), MissingRights (grant a right), SourceUnavailable (wait).
        is_passing: asked again at once, a few times, before it is an error.
        retry_after: seconds to wait where the answer does not say.
        is_shared: the limit that was reached is the whole connection's, not one tenant's.
    """

    error: type[ConfigurationError | SourceUnavailable]
    message: str
    next_step: str
    is_passing: bool = False
    retry_after: float | None = None
    is_shared: bool = False


LONGEST_RETRY_AFTER = 86_400.0
"""Seconds; limits of a day are the longest there are."""

Row = Resolution | Callable[["Answer"], Resolution]
"""A row, or a function that chooses one by looking at headers and body."""


_BUSY = Resolution(SourceUnavailable, "the system is not available", "wait; the task retries", is_passing=True)
UNAVAILABLE = replace(_BUSY, is_passing=False)
REDIRECT = Resolution(
    ConfigurationError,
    "the system answers with a redirect, which is never followed with credentials",
    "put the final address into the connection's host",
)
WRONG_CREDENTIALS = Resolution(
    ConfigurationError, "the system refuses the credentials", "correct them on the Airflow connection"
)
MISSING_RIGHTS = Resolution(MissingRights, "the user may not read this", "give the rights of the set-up guide")
MISSING_SCOPE = Resolution(
    MissingRights,
    "the credentials are good, but a scope is missing",
    "grant the scopes of the set-up guide and authorize the connection again",
)


def refused(answer: Answer) -> Resolution:
    """Tell a missing scope from wrong credentials (RFC 6750, 3.1)."""
    challenge = answer.headers.get("WWW-Authenticate", "")
    if "insufficient_scope" in challenge:
        return MISSING_SCOPE
    return MISSING_RIGHTS if answer.status == 403 else WRONG_CREDENTIALS


RESOLUTIONS: Mapping[int, Row] = {
    **dict.fromkeys(range(300, 400), REDIRECT),
    400: Resolution(SourceUnavailable, "the system refuses the request as malformed", "file a bug with the task's log"),
    401: refused,
    403: refused,
    404: Resolution(
        ConfigurationError, "there is nothing at this address", "check host and database of the connection"
    ),
    429: Resolution(SourceUnavailable, "the system's rate limit is reached", "wait; the task retries", is_passing=True),
    **dict.fromkeys((408, 502, 503, 504), _BUSY),
}


def resolve(answer: Answer, overrides: Mapping[int, Row]) -> Resolution:
    """Return the row of this answer: the connector's, else the table's."""
    row = overrides.get(answer.status) or RESOLUTIONS.get(answer.status, UNAVAILABLE)
    return row if isinstance(row, Resolution) else row(answer)


def error(answer: Answer, row: Resolution) -> GreenlightError:
    """Return the error that a row describes; it holds nothing of the answer but its status."""
    said = row.message if row is REDIRECT else f"{row.message} (status {answer.status})"
    if issubclass(row.error, SourceUnavailable):
        wait = retry_after(answer)
        return row.error(said, next_step=row.next_step, retry_after=row.retry_after if wait is None else wait)
    return row.error(said, next_step=row.next_step)


def retry_after(answer: Answer) -> float | None:
    """Return the Retry-After header in seconds, given as seconds or as a date (by the server's clock).

    More than `LONGEST_RETRY_AFTER` is taken for so much: nobody's limit lasts longer, and no clock counts without end.
    """
    value = answer.headers.get("Retry-After", "").strip()
    try:
        if value.isascii() and value.replace(".", "", 1).isdigit():
            return min(float(value), LONGEST_RETRY_AFTER)
        clock = parsedate_to_datetime(answer.headers["Date"]) if "Date" in answer.headers else datetime.now(UTC)
        return min(max(0.0, (parsedate_to_datetime(value) - clock).total_seconds()), LONGEST_RETRY_AFTER)
    except (ValueError, TypeError):
        return None

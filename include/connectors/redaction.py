"""Secrets stay out of what is said and logged.

Every secret a connection holds and every token a vendor gives is registered here. Libraries' log lines
about requests lose them, and whatever stands in an address behind `?` (tokens and people's names stand
there); inside a task, Airflow's own masker learns them too, so that no log line shows them.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable

LOGGERS = (
    "urllib3.connectionpool", "urllib3.connection", "urllib3.poolmanager", "urllib3.response", "urllib3.util.retry",
    "requests.sessions", "authlib.oauth2.client",
)  # fmt: skip
SHORTEST = 6
"""Shorter secrets would also hide ordinary words."""
_QUERY = re.compile(r"\?[^\s\"']+")
_CREDENTIALS = re.compile(r"\b(Bearer|Basic|Session|Token)\s+(?!HTTP/)[\w.~+/=:-]{6,}", re.IGNORECASE)
_secrets: set[str] = set()


def hide(secrets: Iterable[str]) -> None:
    """Never say these again in this process."""
    new = {secret for secret in secrets if len(secret) >= SHORTEST} - _secrets
    _secrets.update(new)
    masker = sys.modules.get("airflow.sdk.log")
    for secret in new if masker else ():
        masker.mask_secret(secret)  # type: ignore[union-attr]


def redacted(text: str) -> str:
    """Return the text without secrets, credentials and queries."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _CREDENTIALS.sub(r"\1 ***", _QUERY.sub("?***", text))


class _Redacting(logging.Filter):
    """Redacts a record before any handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def guard_logs() -> None:
    """Let the libraries that speak HTTP log nothing secret; safe to call more than once."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(found, _Redacting) for found in logger.filters):
            logger.addFilter(_Redacting())

"""What NetSuite's refusals mean: it tells by a code in the body; one that it spells as 400 or 429 is the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from include import exact_json
from include.connectors.http import Answer
from include.connectors.resolutions import UNAVAILABLE, Resolution, Row
from include.connectors.token_endpoint import Refusal
from include.errors import ConfigurationError, MissingRights, SourceUnavailable

GUIDE = "compare the role with docs/connect/netsuite.md"
NEEDED: Mapping[str, str] = {
    "transaction": "Transactions › Find Transaction, and one permission per kind of transaction",
    "transactionline": "Transactions › Find Transaction",
    "transactionaccountingline": "Transactions › Find Transaction and Lists › Accounts",
    "previoustransactionlinelink": "Transactions › Find Transaction",
    "account": "Lists › Accounts",
    "customer": "Lists › Customers",
    "contact": "Lists › Contacts",
    "currency": "Lists › Currency (and feature Multiple Currencies)",
    "subsidiary": "Lists › Subsidiaries (and feature OneWorld)",
    "customersubsidiaryrelationship": "Lists › Customers (and feature Multi-Subsidiary Customer)",
    "customeraddressbookentityaddress": "Lists › Customers",
    "deletedrecord": "Lists › Deleted Records",
}
"""Table → the permission, level View, and the feature that show it."""
_TABLE = re.compile(r"Record '(\w{1,60})' was not found", re.IGNORECASE)
_FIELD = re.compile(r"Field '(\w{1,60})' for record|Unknown identifier '(?:\w+\.)?(\w{1,60})'", re.IGNORECASE)
_PERMISSION = re.compile(r"'([A-Za-z][\w >&/-]{2,60})' permission")
_BUSY = ("CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "REQUEST_LIMIT_EXCEEDED")


class TableMissing(MissingRights):
    """Grant a permission or switch on a feature: the role does not see a table."""


class FieldMissing(ConfigurationError):
    """A column is not there in this account."""

    @property
    def field(self) -> str:
        """The column's name in lower case."""
        return self.message.split("'")[1].lower()


def refused(answer: Answer) -> Resolution:
    """Return what a refusal means, by its codes and, where those say little, by its sentence."""
    codes, details = _told(answer)
    if answer.status == 429 or codes & {*_BUSY}:
        return Resolution(SourceUnavailable, "the account's concurrent requests are used up", "wait; the task retries, "
                          "and `concurrency` in the connection's extra says how many are ours", is_passing=True,
                          is_shared=True)  # fmt: skip
    if found := _FIELD.search(details):
        name = (found[1] or found[2]).lower()
        return Resolution(FieldMissing, f"the column {name!r} is not there", GUIDE)
    if found := _TABLE.search(details):
        table = found[1].lower()
        needed = NEEDED.get(table, f"what shows table {table}")
        return Resolution(TableMissing, f"the role does not see table {table!r}", f"give it {needed}, level View")
    if answer.status == 401 or "INVALID_LOGIN" in codes:
        return Resolution(
            ConfigurationError, "NetSuite refuses the login",
            "look into Setup › Users/Roles › View Login Audit Trail: a revoked token or certificate, another account, "
            "a role without the permission to log in with tokens, or a clock that is minutes off",
        )  # fmt: skip
    if answer.status == 403 or "INSUFFICIENT_PERMISSION" in codes:
        named = _PERMISSION.search(details)
        lacks = f"permission {named[1]}" if named else "a permission"
        return Resolution(MissingRights, f"the role lacks {lacks}", GUIDE)
    if answer.status == 404:
        return Resolution(
            ConfigurationError, "there is no REST web service at this address",
            "check account and host of the connection, and Setup › Company › Enable Features › REST Web Services",
        )  # fmt: skip
    if answer.status >= 500:
        return Resolution(SourceUnavailable, "NetSuite failed", "wait; the task retries", is_passing=True)
    if answer.status == 400:
        said = ", ".join(sorted(codes)) or "no code"
        return Resolution(SourceUnavailable, f"NetSuite refuses the query: {said}", "file a bug with the task's log")
    return UNAVAILABLE


RESOLUTIONS: Mapping[int, Row] = dict.fromkeys((400, 401, 403, 404, 429, 500, 502, 503, 504), refused)
_CERTIFICATE = (
    ConfigurationError,
    "NetSuite refuses the certificate, the client or the account",
    "compare client id, private key, certificate_id and account of connection {connection} with the mapping in Setup › "
    "Integration › OAuth 2.0 Client Credentials: it may be revoked, expired, or of another role",
)
TOKEN_REFUSALS: Mapping[str, Refusal] = dict.fromkeys(
    ("invalid_grant", "invalid_client", "invalid_request", "unauthorized_client"), _CERTIFICATE
)


def _told(answer: Answer) -> tuple[set[str], str]:
    """Return the codes of a refusal, and its sentences, of which no part but a known name is ever passed on."""
    try:
        said: Any = exact_json.decode(answer.body)
        details = [part for part in said["o:errorDetails"] if isinstance(part, dict)]
    except (ValueError, LookupError, TypeError, RecursionError):
        return set(), ""
    codes = {code for part in details if re.fullmatch(r"[A-Z_]{1,60}", code := str(part.get("o:errorCode")))}
    return codes, "\n".join(str(part.get("detail")) for part in details)

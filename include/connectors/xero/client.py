"""Calls one organisation of Xero: its rights, limits and refusals, and lists asked as Xero wants them asked.

`page` is always sent, because without it line items, contacts, persons and the `pagination` block are
missing; the size parameter is `pageSize`, any other spelling is ignored in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from include import exact_json
from include.access.pacing import Limit, Pacer
from include.connectors import resolutions
from include.connectors.base import Connection
from include.connectors.http import Answer, Http
from include.connectors.oauth import Bearer, OAuth
from include.connectors.resolutions import Resolution, Row
from include.connectors.xero import slim, wire
from include.connectors.xero.settings import Settings
from include.errors import ConfigurationError, MissingRights, SourceUnavailable

API = "/api.xro/2.0"
HOST = "https://api.xero.com"
TRIAL_BALANCE = "accounting.reports.trialbalance.read"
SCOPES: Mapping[str, tuple[str, str]] = {
    "offline_access": ("the connection itself after half an hour", ""),
    "accounting.contacts.read": ("customers and their balances", "accounting.contacts"),
    "accounting.invoices.read": ("invoices and credit notes", "accounting.transactions"),
    "accounting.payments.read": ("payments, over- and prepayments, refunds", "accounting.transactions"),
    "accounting.settings.read": ("the organisation and its receivable account", "accounting.settings"),
}
"""Scope → what is lost without it, and the scope (with or without `.read`) that older apps have for it."""
OAUTH = OAuth(
    host=HOST,
    token_url="https://identity.xero.com/connect/token",  # noqa: S106 - an address
    authorize_url="https://login.xero.com/identity/connect/authorize",
    scopes=(*SCOPES, TRIAL_BALANCE),
)
TENANT_HEADER = "xero-tenant-id"


@dataclass(frozen=True, slots=True)
class Reply:
    """One page of a list: its records, how many there are of both, the body as it came, Xero's clock (UTC).

    Args:
        size: how many records a page may hold.
    """

    rows: list[dict[str, Any]]
    page: int
    page_count: int
    item_count: int
    body: bytes
    at: datetime
    size: int = 0

    @property
    def is_last(self) -> bool:
        """Nothing comes after it, by Xero's own count of pages."""
        return self.page >= self.page_count

    @property
    def is_full(self) -> bool:
        """It holds as many records as a page may."""
        return len(self.rows) >= self.size > 0


@dataclass(frozen=True, slots=True)
class Organisation:
    """What an organisation says of itself."""

    id: str
    name: str
    base_currency: str
    timezone: str
    short_code: str


class Client:
    """Asks one organisation, or what the grant sees; refreshes its token and keeps below the limits.

    Args:
        tenant: the organisation's tenant id; "" until it is known, or for a custom connection's only one.
    """

    def __init__(self, connection: Connection, tenant: str) -> None:
        self.settings = settings = Settings.of(connection)
        self.tenant = tenant
        connection = connection if connection.host else replace(connection, host=HOST)
        oauth = replace(OAUTH, scopes=settings.scopes or OAUTH.scopes)
        if oauth.of(connection).grant == "client_credentials":
            oauth = replace(oauth, scopes=tuple(s for s in oauth.scopes if s != "offline_access"))
        self.bearer = Bearer(connection, oauth)
        limits = (
            Limit(5),
            Limit(settings.calls_per_minute, 60.0, remaining="X-MinLimit-Remaining"),
            Limit(settings.calls_per_day, 86_400.0, remaining="X-DayLimit-Remaining"),
            Limit(10_000, 60.0, per="connection", remaining="X-AppMinLimit-Remaining"),
        )
        self.http = Http(
            connection.host, auth=self.bearer, secrets=(connection.password,), resolutions=RESOLUTIONS,
            pacer=Pacer(connection.id, limits),
        )  # fmt: skip

    def connections(self) -> list[dict[str, Any]]:
        """List the organisations of the grant, sorted by tenant id; some may no longer be readable."""
        said = self.http.get("/connections").json()
        if not isinstance(said, list):
            raise _nonsense("the list of connections is none")
        found = [row for row in said if row.get("tenantType") == "ORGANISATION"]
        return sorted(found, key=lambda row: str(row["tenantId"]))

    @cached_property
    def organisation(self) -> Organisation:
        """What the organisation says of itself, asked once."""
        return self.of(self.tenant)

    def of(self, tenant: str) -> Organisation:
        """Ask an organisation of the grant what it is."""
        answer = self.http.get(f"{API}/Organisation", headers=_headers(tenant), tenant=tenant or "-")
        try:
            row = answer.json()["Organisations"][0]
            return Organisation(
                row["OrganisationID"], row["Name"], row["BaseCurrency"], wire.timezone(row.get("Timezone") or ""),
                row.get("ShortCode") or "",
            )  # fmt: skip
        except (LookupError, TypeError):
            raise _nonsense("the organisation does not say what it is") from None

    def page(self, name: str, number: int, asked: Mapping[str, str], since: datetime | None = None,
             size: int = 0) -> Reply:  # fmt: skip
        """Ask for one page of a list.

        Args:
            asked: where, order, Statuses, IDs …, beside the page.
            since: modified at or after this moment, whole seconds, UTC.

        Raises:
            SourceUnavailable: the answer is no page, such as that of a server that ignores `page`, or lacks a part
                of what the list counts.
        """
        params = {**asked, "page": str(number), "pageSize": str(size or self.settings.page_size)}
        headers = _headers(self.tenant)
        if since:  # one second earlier: whether the very second counts is not documented
            headers["If-Modified-Since"] = f"{since - timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"
        answer = self.http.get(f"{API}/{name}", params=params, headers=headers, tenant=self.tenant or "-")
        said = answer.json(partial(slim.reply, name))
        try:
            pages, rows = said["pagination"], said[name]
            reply = Reply(
                rows,
                _number(pages["page"]),
                _number(pages["pageCount"]),
                _number(pages["itemCount"]),
                answer.body,
                _clock(said, answer),
                _number(pages["pageSize"]),
            )
        except (LookupError, TypeError, ValueError):
            raise _nonsense(f"the list of {name} comes without its number of pages") from None
        if reply.page != number or not isinstance(rows, list) or {*map(type, rows)} - {dict}:
            raise _nonsense(f"page {number} of {name} was asked for, page {reply.page} came")
        due = max(0, min(reply.size, reply.item_count - (number - 1) * reply.size))
        if len(rows) != due:
            raise _nonsense(f"page {number} of {name} holds {len(rows)} records where its list counts {due}")
        return reply

    def report(self, name: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        """Ask for one report; return its rows, their cells as text."""
        answer = self.http.get(
            f"{API}/Reports/{name}", params=asked, headers=_headers(self.tenant), tenant=self.tenant or "-"
        )
        return _rows(lambda said: said["Reports"][0]["Rows"], answer, f"the report {name}")

    def accounts(self) -> list[dict[str, Any]]:
        """Ask for the chart of accounts."""
        answer = self.http.get(f"{API}/Accounts", headers=_headers(self.tenant), tenant=self.tenant or "-")
        return _rows(lambda said: said["Accounts"], answer, "the chart of accounts")

    def lost(self) -> Sequence[str]:
        """Return what cannot be read because its scope was not granted, each with the scope's name."""
        oauth = self.bearer.oauth
        found = []
        for scope, (what, older) in SCOPES.items():
            if scope == "offline_access" and oauth.grant == "client_credentials":
                continue
            alternatives = (scope, *((older, f"{older}.read") if older else ()))
            if len(self.bearer.missing_scopes(alternatives)) == len(alternatives):
                found.append(f"{what} ({scope})")
        return found

    @property
    def may_read_trial_balance(self) -> bool:
        """The scope of the trial balance, or the one that older apps have for all reports, was granted."""
        alternatives = (TRIAL_BALANCE, "accounting.reports.read")
        return len(self.bearer.missing_scopes(alternatives)) < len(alternatives)


def _rows(listed: Callable[[Any], Any], answer: Answer, what: str) -> list[dict[str, Any]]:
    """Return the rows of an answer that does not count them: it is read strictly, and has some.

    Raises:
        SourceUnavailable: it is cut off, says two things under one name, or has no rows.
    """
    try:
        rows = listed(answer.json(partial(exact_json.strict, parse_float=Decimal)))
    except (LookupError, TypeError):
        rows = None
    if not isinstance(rows, list) or not rows or {*map(type, rows)} - {dict}:
        raise _nonsense(f"{what} comes without its rows")
    return rows


def _number(value: Any) -> int:
    """Return a count as it is; a number with an exponent may be too large for any memory.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, int):
        raise TypeError("a count is no whole number")
    return value


def _headers(tenant: str) -> dict[str, str]:
    return {TENANT_HEADER: tenant} if tenant else {}


def _clock(said: Mapping[str, Any], answer: Answer) -> datetime:
    """Return the clock that also stamps the records: the reply's own, else its Date header."""
    at = wire.moment(said.get("DateTimeUTC"))
    return at.astimezone(UTC) if at else answer.at


def _nonsense(what: str) -> SourceUnavailable:
    return SourceUnavailable(
        what, next_step="check the connection's host, and what a proxy in between may answer; the task retries"
    )


_WAIT = "wait; the task retries"
LOST_TENANT = Resolution(
    MissingRights,
    "the organisation may not be read: it is not part of the grant, or the user who consented has lost it",
    "let a user of the organisation run --authorize again and choose it, or correct entity in the YAML",
)
LOST_GRANT = Resolution(
    ConfigurationError,
    "Xero no longer accepts the grant",
    "authorize the connection again with --authorize",
)
OFFLINE = Resolution(SourceUnavailable, "Xero, or this organisation in it, is offline", _WAIT, is_passing=True)


def _refused(answer: Answer) -> Resolution:
    """Tell a scope from a token: Xero writes the same status, and its problem's keys in both cases."""
    challenge = answer.headers.get("WWW-Authenticate", "")
    if "insufficient_scope" in challenge or b"AuthorizationUnsuccessful" in answer.body:
        return resolutions.MISSING_SCOPE
    return LOST_TENANT if answer.status == 403 else LOST_GRANT


def _limited(answer: Answer) -> Resolution:
    """Name the limit that was reached; a day's is not waited for here."""
    match answer.headers.get("X-Rate-Limit-Problem", "").lower():
        case "day":
            said = "the organisation's calls of this day are used up"
            step = (
                "wait: what is staged is kept, and the next run goes on there; if it happens often, read at fewer hours"
            )
            return Resolution(SourceUnavailable, said, step, retry_after=3600.0)
        case "concurrent":
            return Resolution(SourceUnavailable, "too many calls at once", _WAIT, is_passing=True)
        case "appminute":
            said = "the app's calls of this minute are used up, over all organisations"
            return Resolution(SourceUnavailable, said, _WAIT, is_passing=True, is_shared=True)
    return Resolution(SourceUnavailable, "the organisation's calls of this minute are used up", _WAIT, is_passing=True)


RESOLUTIONS: Mapping[int, Row] = {
    401: _refused,
    403: _refused,
    404: Resolution(ConfigurationError, "Xero has nothing at this address", "check the connection's host"),
    412: Resolution(SourceUnavailable, "Xero refuses the request's conditions", "file a bug with the task's log"),
    414: Resolution(SourceUnavailable, "the request's address is too long", "file a bug with the task's log"),
    429: _limited,
    500: Resolution(SourceUnavailable, "Xero failed", _WAIT, is_passing=True),
    501: Resolution(SourceUnavailable, "Xero does not offer this", "file a bug with the task's log"),
    503: OFFLINE,
}

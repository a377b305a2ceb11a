"""Asks one account of NetSuite: logged in either way, below its concurrency, query by query."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from include import exact_json
from include.access.pacing import Limit, Pacer
from include.connectors.base import Connection
from include.connectors.http import RETRIES, Http
from include.connectors.netsuite.refusals import RESOLUTIONS, TOKEN_REFUSALS, FieldMissing
from include.connectors.netsuite.settings import Settings, account_of
from include.connectors.netsuite.signing import TokenSignature
from include.connectors.netsuite.suiteql import Query, Value
from include.connectors.oauth import Bearer, OAuth
from include.connectors.paging import by_key
from include.errors import ConfigurationError, SourceUnavailable

SUITEQL = "/services/rest/query/v1/suiteql"
TOKEN = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address
OPTIONAL = frozenset({
    "approvalstatus", "otherrefnum", "memo", "terms", "paymentmethod", "void", "linelastmodifieddate",
    "fxamountlinked", "oncredithold", "category", "salesrep", "representingsubsidiary", "accountnumber", "altname",
    "iselimination", "resalenumber", "transactionnumber",
})  # fmt: skip
"""Columns that an account, a feature or a role may lack; what they say is lost, and nothing else."""
WAITING = RETRIES.new(total=14, status=9, backoff_max=30)
"""NetSuite says that too many requests run, but never for how long: two minutes of patience, then the task's."""

_WHOLE = re.compile(r"-?[0-9]+")

Row = Mapping[str, Any]
Key = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """The rows that one request gave, whether more follow, the body as it came, and NetSuite's clock (UTC)."""

    rows: list[dict[str, Any]]
    has_more: bool
    body: bytes
    at: datetime
    last: Key | None


class Client:
    """Asks one account."""

    def __init__(self, connection: Connection) -> None:
        self.settings = settings = Settings.of(connection)
        connection = connection if connection.host else replace(connection, host=settings.host)
        self.missing: set[str] = set()
        """Optional columns that turned out not to be there."""
        auth: Bearer | TokenSignature
        if settings.certificate_id:
            host = connection.host.rstrip("/")
            auth = Bearer(connection, OAuth(
                host=host, token_url=f"{host}{TOKEN}", scopes=("rest_webservices",), grant="client_credentials",
                client_auth="private_key_jwt", key_id=settings.certificate_id, refusals=TOKEN_REFUSALS,
            ))  # fmt: skip
        else:
            auth = TokenSignature(
                settings.account, (connection.login, connection.password), (settings.token_id, settings.token_secret)
            )
        self.http = Http(
            connection.host, auth=auth, secrets=(connection.password, settings.token_secret), resolutions=RESOLUTIONS,
            pacer=Pacer(connection.id, (Limit(settings.concurrency, per="connection"),)), retries=WAITING,
        )  # fmt: skip

    def has(self, name: str) -> bool:
        """Tell whether a column is there, as far as is known."""
        return name not in self.missing

    def known(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that are there."""
        return tuple(column for column in columns if not self.missing.intersection(re.findall(r"\w+", column.lower())))

    def every(self, build: Callable[[], Query], after: Key | None = None) -> Iterator[Reply]:
        """Ask for all rows, page by page, each from the last one's key on.

        Args:
            build: makes the question of the columns that are there, and again when one turns out not to be.

        Raises:
            ContractError, SourceUnavailable: the rows do not come in their order, or without end.
        """
        return by_key(lambda last: self._asked(build, last), last_key=lambda reply: reply.last, first=after)

    def rows(self, build: Callable[[], Query]) -> list[dict[str, Any]]:
        """Return all rows."""
        return [row for reply in self.every(build) for row in reply.rows]

    def ask(self, query: Query) -> Reply:
        """Ask for the first page of a question.

        Raises:
            SourceUnavailable: the answer is no page, or lacks a part of what it counts.
        """
        answer = self.http.post(
            f"{SUITEQL}?limit={self.settings.page_size}&offset=0",
            json={"q": query.text, "params": list(query.values)}, headers={"Prefer": "transient"},
        )  # fmt: skip
        said = answer.json(exact_json.decode)
        try:
            rows, has_more, count, total = said["items"], said["hasMore"], said["count"], said["totalResults"]
        except (LookupError, TypeError):
            raise _nonsense("the answer is no page of a query") from None
        if not isinstance(rows, list) or {*map(type, rows)} - {dict} or count != len(rows):
            raise _nonsense("a page does not hold as many rows as it says")
        if not isinstance(has_more, bool) or (has_more and not rows) or (not has_more and total != count):
            raise _nonsense(f"{count} of {total} rows came, and no more follow")
        self._require_account(said)
        keys = [_key(query, row) for row in rows] if query.key else []
        if any(not first < second for first, second in pairwise(keys)):
            raise _nonsense("the rows of a page do not come in the order that was asked for")
        return Reply(rows, has_more, answer.body, answer.at, keys[-1] if has_more and keys else None)

    def _asked(self, build: Callable[[], Query], last: Key | None) -> Reply:
        while True:
            query = build()
            try:
                return self.ask(query.after(last) if last else query)
            except FieldMissing as error:
                if error.field not in OPTIONAL or not self.has(error.field):
                    raise
                self.missing.add(error.field)

    def _require_account(self, said: Any) -> None:
        """Hold the links of an answer, in which NetSuite writes the account's own address, to the account meant."""
        links = said.get("links")
        for link in links if isinstance(links, list) else ():
            answered = account_of(str(link.get("href"))) if isinstance(link, dict) else ""
            if answered and answered != self.settings.account:
                raise ConfigurationError(
                    f"account {answered} answers, not {self.settings.account}",
                    next_step="correct account or host of the connection",
                )


def _key(query: Query, row: Row) -> Key:
    """Return a row's key, numbers as such: as text, 10 comes before 9."""
    try:
        return tuple(int(v) if _WHOLE.fullmatch(v := str(row[name])) else v for name in query.key_names)
    except KeyError:
        raise _nonsense("a row comes without its id") from None


def _nonsense(what: str) -> SourceUnavailable:
    return SourceUnavailable(
        what, next_step="check the connection's host, and what a proxy in between may answer; the task retries"
    )

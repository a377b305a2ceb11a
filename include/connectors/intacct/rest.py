"""REST: the query service, asked with a token of the client itself, on the level of one entity or the top one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from include import exact_json
from include.access.pacing import Limit, Pacer
from include.connectors.base import Connection
from include.connectors.http import Answer, Http
from include.connectors.intacct import refusals
from include.connectors.intacct.conditions import rest as written
from include.connectors.intacct.objects import Object
from include.connectors.intacct.settings import HOST, Settings
from include.connectors.intacct.transport import Query, Reply, Row
from include.connectors.oauth import Bearer, OAuth
from include.errors import SourceUnavailable

API = "/ia/api/v1"
ENTITY_HEADER = "X-IA-API-Param-Entity"
HOUR = 3600.0
NO_LIMIT = 10**6
"""Calls an hour that are allowed until a reply's header says that none is left."""
OAUTH = OAuth(
    host=HOST,
    token_url=f"{HOST}{API}/oauth2/token",
    authorize_url=f"{HOST}{API}/oauth2/authorize",
    grant="client_credentials",
    client_auth="client_secret_post",
    refusals={"": refusals.NO_TOKEN},
)


class Rest:
    """Asks the query service."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.settings = settings
        whole = f"{settings.user}@{settings.company}" + (f"|{settings.signs_into}" if settings.signs_into else "")
        self.bearer = Bearer(connection, replace(OAUTH, token_parameters={"username": whole}))
        limits = (
            Limit(settings.calls_at_once, per="connection"),
            Limit(NO_LIMIT, HOUR, per="connection", remaining="X-IA-Hour-Rate-Limit-Remaining"),
        )
        self.http = Http(
            connection.host, auth=self.bearer, secrets=(connection.password,), resolutions=refusals.REST,
            pacer=Pacer(connection.id, limits),
        )  # fmt: skip

    @property
    def request_count(self) -> int:
        """HTTP requests made so far, those for tokens included."""
        return self.http.request_count

    def query(self, query: Query) -> Reply:
        """Ask for one page, records of entities included wherever they are."""
        filters, expression = written(query.condition)
        asked: dict[str, Any] = {
            "object": query.object.path,
            "fields": list(query.wanted),
            "filters": filters,
            "filterParameters": {"includePrivate": True},
            "orderBy": [{name: "asc"} for name in query.order],
            "start": query.start + 1,
            "size": query.size or self.settings.page_size,
        }
        if len(filters) > 1:
            asked["filterExpression"] = expression
        answer = self._post(f"{API}/services/core/query", asked, query.entity)
        rows, meta = self.rows(query.object, answer.body), _meta(answer)
        total, is_last = _count(meta.get("totalCount")), meta.get("next") is None
        return Reply(rows, answer.body, answer.at, total, is_last, asked["size"])

    def facts(self) -> Mapping[str, Any]:
        """Nothing is needed to read a reply."""
        return {"transport": "rest"}

    def has(self, object: Object) -> bool:
        """REST has every object."""
        return True

    def aging(self, entity: str) -> None:
        """REST's report service takes custom reports only."""

    @staticmethod
    def rows(object: Object, raw: bytes) -> list[Row]:
        """Return a reply's records, flat, and none of what was not asked for.

        Raises:
            SourceUnavailable: it is no reply of the query service.
        """
        try:
            return Rest.of_reply(object, exact_json.decode(raw))
        except (ValueError, LookupError, TypeError, RecursionError):
            raise nonsense(object) from None

    @staticmethod
    def of_reply(object: Object, reply: Any) -> list[Row]:
        """Return the records of a reply that was decoded.

        Raises:
            LookupError, TypeError: it is none.
        """
        found = reply["ia::result"]
        if not isinstance(found, list) or {*map(type, found)} - {dict}:
            raise TypeError("a result is no list of records")
        rows = (flat(row, object.fields) for row in found)
        return [object.shape(row) if object.shape else row for row in rows]

    def _post(self, path: str, body: Any, entity: str) -> Answer:
        """Ask; a token that a 400 calls over is renewed as after a 401."""
        headers = {ENTITY_HEADER: entity} if entity else {}
        answer = self.http.post(path, json=body, headers=headers, accepts=(200, 400), tenant=entity or "-")
        if refusals.is_of_token(answer) and self.bearer.renew(answer):
            answer = self.http.post(path, json=body, headers=headers, accepts=(200, 400), tenant=entity or "-")
        if answer.status == 400:
            from include.connectors import resolutions

            raise resolutions.error(answer, resolutions.resolve(answer, refusals.REST))
        return answer


def flat(row: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """Return a record under its dotted names, whether it came flat or with groups inside."""
    found: dict[str, Any] = {}

    def put(part: Mapping[str, Any], prefix: str) -> None:
        for name, value in part.items():
            if isinstance(value, dict):
                put(value, f"{prefix}{name}.")
            elif f"{prefix}{name}" in fields:
                found[f"{prefix}{name}"] = value

    put(row, "")
    return found


def nonsense(object: Object) -> SourceUnavailable:
    """Return the error of an answer that is no list of records."""
    return SourceUnavailable(
        f"the answer holds no list of {object.name}",
        next_step="check the connection's host, and what a proxy in between may answer; the task retries",
    )


def _meta(answer: Answer) -> Mapping[str, Any]:
    meta = exact_json.decode(answer.body).get("ia::meta")
    if not isinstance(meta, dict) or "next" not in meta:
        raise SourceUnavailable("a page does not say whether another one follows", next_step="the task retries")
    return meta


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise SourceUnavailable("a page does not say how many records there are", next_step="the task retries")
    return value

"""Tryton's JSON-RPC: one session per client, Tryton's own types in and out, errors sorted.

Source: facts on Tryton 8.2, executed. RPC errors come with HTTP 200; 401 is a wrong password or an
expired session; 429 is the login flood brake, without Retry-After.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from include.connectors.base import Connection
from include.connectors.http import Http
from include.errors import ConfigurationError, SourceUnavailable

Domain = list[Any]
LOGIN = "common.db.login"
LOGIN_BRAKE_SECONDS = 300.0
"""Tryton counts failed logins over this window before it answers 429; elsewhere only a proxy in between does."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: the result with Tryton's types decoded, the body as it came, the server's clock (UTC)."""

    result: Any
    body: bytes
    at: datetime


class Client:
    """Calls one Tryton database as one user; logs in at the first call, and once more when a session expires."""

    def __init__(self, connection: Connection) -> None:
        self.database = str(connection.extra.get("database") or "")
        self.login = connection.login
        self._password = connection.password
        self.http = Http(connection.host, secrets=(connection.password,))
        self._session = ""
        self._context: dict[str, Any] | None = None

    def web(self, model: str) -> str:
        """Return the address in Tryton's web client, where the server offers it, below which records stand by id."""
        return f"{self.http.base_url}/#{self.database}/model/{model}"

    def context(self) -> dict[str, Any]:
        """Return the user's preferences, which Tryton wants as the last parameter of every call."""
        if self._context is None:
            preferences = self.call("model.res.user.get_preferences", True, {}).result
            if not isinstance(preferences, dict):
                raise nonsense()
            self._context = preferences
        return self._context

    def search_read(
        self, model: str, domain: Domain, fields: Sequence[str], *, limit: int | None = None,
        company: int | None = None, **context: Any,
    ) -> Reply:  # fmt: skip
        """Return records by ascending id; a dotted field comes nested under a key that ends in a dot.

        Raises:
            SourceUnavailable: besides what `call` raises, the answer is no list of records.
        """
        merged = {**self.context(), **({"company": company} if company else {}), **context}
        reply = self.call(f"model.{model}.search_read", domain, 0, limit, [["id", "ASC"]], list(fields), merged)
        if not isinstance(reply.result, list) or not all(isinstance(row, dict) for row in reply.result):
            raise nonsense()
        return reply

    def count(self, model: str, domain: Domain, company: int, **context: Any) -> int:
        """Return how many records the domain has.

        Raises:
            SourceUnavailable: besides what `call` raises, the answer is no number.
        """
        merged = {**self.context(), "company": company, **context}
        counted = self.call(f"model.{model}.search_count", domain, 0, None, merged).result
        if isinstance(counted, bool) or not isinstance(counted, int):
            raise nonsense()
        return counted

    def unreadable(self, models: Sequence[str]) -> list[str]:
        """Return those of the models that the user may not read, as Tryton's own table of rights says."""
        access = self.call("model.ir.model.access.get_access", list(models), self.context()).result
        if not isinstance(access, dict):
            raise nonsense()
        return [model for model in models if not (access.get(model) or {}).get("read")]

    def call(self, method: str, *params: Any) -> Reply:
        """Call one method.

        Raises:
            ConfigurationError: wrong login, unknown database, or a right or model that is missing.
            SourceUnavailable: the server is down, busy or answers nonsense.
        """
        if not self._session:
            self._log_in()
        reply = self._post(method, params)
        if reply is None:  # the session is over: it lives for max_age, or until somebody ends it
            self._log_in()
            reply = self._post(method, params)
        if reply is None:
            raise SourceUnavailable(
                "Tryton ends the session at once", next_step="look at max_age under [session] in trytond.conf"
            )
        return reply

    def _post(self, method: str, params: Sequence[Any]) -> Reply | None:
        if not self.database:
            raise ConfigurationError(
                "the connection names no database", next_step='set extra {"database": "…"} on the connection'
            )
        headers = {"Authorization": f"Session {self._session}"} if self._session else {}
        answer = self.http.post(
            f"/{self.database}/rpc/", json={"id": 1, "method": method, "params": encode(list(params))},
            headers=headers, accepts=(200, 401, 404, *((429,) if method == LOGIN else ())),
        )  # fmt: skip
        if answer.status == 401:
            return None
        if answer.status == 404:
            raise ConfigurationError(
                f"there is no database {self.database!r}", next_step='set extra {"database": "…"} on the connection'
            )
        if answer.status == 429:
            raise SourceUnavailable(
                "too many failed logins; Tryton refuses new ones for a while",
                retry_after=LOGIN_BRAKE_SECONDS,
                next_step="correct the password, then wait five minutes",
            )
        said = answer.json(partial(json.loads, object_hook=decode))
        if not isinstance(said, dict) or not said.keys() & {"result", "error"}:
            raise nonsense()
        if "error" in said:
            raise _refusal(method, said["error"])
        return Reply(said.get("result"), answer.body, answer.at)

    def _log_in(self) -> None:
        self._session = ""
        reply = self._post(LOGIN, [self.login, {"password": self._password}])
        if reply is None or not reply.result:
            raise ConfigurationError(
                "Tryton refuses the login", next_step="correct login and password of the Airflow connection"
            )
        if not isinstance(reply.result, list) or len(reply.result) < 2:
            raise nonsense()
        user, token = reply.result[:2]
        self._session = base64.b64encode(f"{self.login}:{user}:{token}".encode()).decode()


def nonsense() -> SourceUnavailable:
    """Return the error of an answer that no Tryton gives."""
    return SourceUnavailable("the answer is not one that Tryton gives", next_step="check what answers at the host")


def _refusal(method: str, error: Any) -> ConfigurationError | SourceUnavailable:
    """Sort an RPC error: what Tryton's words may hold stays out of the sentence."""
    kind = str(error[0]) if error and isinstance(error, list) else ""
    is_unknown = re.fullmatch(r"'[a-z_.]+'", kind)  # the only word of an answer that is surely nobody's name
    asked = kind.strip("'") if is_unknown else method.removeprefix("model.").rpartition(".")[0]
    if is_unknown or kind in ("AccessError", "UserError", "ModelAccessError"):
        return ConfigurationError(
            f"this Tryton knows no {asked}" if is_unknown else f"the user may not read {asked} or what hangs on it",
            next_step="activate the modules, and give the user's group the read rights, of docs/connect/tryton.md",
        )
    return SourceUnavailable(
        f"Tryton failed on {method} ({kind.splitlines()[0][:60] if kind.isidentifier() else 'error'})",
        next_step="look at Tryton's own log; the task retries",
    )


def encode(value: Any) -> Any:
    """Turn dates, datetimes and Decimals into Tryton's JSON objects, through lists and dicts."""
    match value:
        case datetime():
            at = value.astimezone(UTC)
            names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
            return {"__class__": "datetime", **{name: getattr(at, name) for name in names}}
        case date():
            return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
        case Decimal():
            return {"__class__": "Decimal", "decimal": str(value)}
        case dict():
            return {key: encode(item) for key, item in value.items()}
        case list() | tuple():
            return [encode(item) for item in value]
    return value


def decode(value: dict[str, Any]) -> Any:
    """Turn one of Tryton's JSON objects into its Python type; timestamps are UTC.

    What claims to be a date or a number and is none stays as it came, for normalize to reject.
    """
    fields = {key: item for key, item in value.items() if key != "__class__"}
    wanted = str if value.get("__class__") == "Decimal" else int
    if "__class__" not in value or any(type(item) is not wanted for item in fields.values()):
        return value  # True would be the year 1
    try:
        match value["__class__"]:
            case "Decimal":
                return Decimal(fields["decimal"])
            case "date":
                return date(**fields)
            case "datetime":
                return datetime(**fields, tzinfo=UTC)
    except (ValueError, TypeError, KeyError, InvalidOperation):
        return value
    return value


def join(base_currency: str, replies: Iterable[Reply]) -> bytes:
    """Return the body of a page: the responses it took, as they came, and what currency the books are in."""
    bodies = b",".join(reply.body for reply in replies)
    return b'{"base_currency":' + json.dumps(base_currency).encode() + b',"responses":[' + bodies + b"]}"


def split(body: bytes) -> tuple[str, list[Any]]:
    """Return the base currency and each response's result of a page's body."""
    page = json.loads(body, object_hook=decode)
    return page["base_currency"], [response["result"] for response in page["responses"]]

"""Odoo 14 to 18: `/jsonrpc`, where the user's id and key stand in every call and errors come with HTTP 200.

XML-RPC offers the same methods; JSON is smaller and what is staged of it is read again as fast. XML-RPC is asked only
where JSON's answer does not say what went wrong (`faults`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from include.connectors.http import Http
from include.connectors.odoo.faults import asked_again
from include.connectors.odoo.wire import Context, Reply, no_database, nonsense, read, refusal, wrong_credentials
from include.errors import ConfigurationError, SourceUnavailable

PATH = "/jsonrpc"
FAILED = 500


class JsonRpc:
    """Calls one database as one user; logs in at the first call."""

    def __init__(self, http: Http, database: str, login: str, key: str) -> None:
        self.http = http
        self._database = database
        self._login = login
        self._key = key

    def call(self, model: str, method: str, arguments: Mapping[str, Any], context: Context) -> Reply:
        """Call a method; see `Transport`. Names of arguments differ between versions, their order does not."""
        params = [self._database, self._user, self._key, model, method, list(arguments.values()), {"context": context}]
        reply = self._post("object", "execute_kw", params)
        if (error := _error(reply)) is not None:
            raise refusal(model, method, error)
        return Reply(reply.result["result"], reply.body, reply.at)

    def sums(self, model: str, domain: list[Any], by: str, fields: tuple[str, ...], context: Context) -> Reply:
        """Group by `read_group`; by nothing, all records are one group."""
        arguments = {"domain": domain, "fields": list(fields), "groupby": [by] if by else [], "offset": 0,
                     "limit": None, "orderby": by or False, "lazy": False}  # fmt: skip
        return self.call(model, "read_group", arguments, context)

    def value_of(self, row: Mapping[str, Any], field: str) -> Any:
        """Return a field's sum; without any record Odoo says false."""
        return row[field] or 0

    def user(self) -> int:
        """Return the id of the user that logged in."""
        return self._user

    @cached_property
    def _user(self) -> int:
        """Log in.

        Raises:
            ConfigurationError: the database does not exist, or the login is refused.
        """
        if not self._database:
            raise no_database("")
        reply = self._post("common", "authenticate", [self._database, self._login, self._key, {}])
        if (error := _error(reply)) is not None:
            raise self._unreachable(error)
        user = reply.result["result"]
        if user is False or user is None:
            raise wrong_credentials()
        if type(user) is not int:
            raise nonsense()
        return user

    def _unreachable(self, error: Mapping[str, Any]) -> ConfigurationError | SourceUnavailable:
        """Tell a database that does not exist from one that is busy: PostgreSQL names both the same."""
        name, message = str(error.get("name") or ""), str(error.get("message") or "")
        if name.endswith("OperationalError") and self._database in message and "exist" in message:
            return no_database(self._database)
        return refusal("res.users", "authenticate", error)

    def _post(self, service: str, method: str, args: Sequence[Any]) -> Reply:
        params = {"service": service, "method": method, "args": args}
        answer = self.http.post(
            PATH, json={"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}, accepts=(200, 500)
        )
        if answer.status == FAILED:
            return Reply({"error": {"data": asked_again(self.http, service, method, args)}}, b"", answer.at)
        said = read(answer)
        if not isinstance(said, dict) or not said.keys() & {"result", "error"}:
            raise nonsense()
        return Reply(said, answer.body, answer.at)


def _error(reply: Reply) -> Mapping[str, Any] | None:
    """Return what an answer says went wrong, None where nothing did."""
    if "error" not in reply.result:
        return None
    error = reply.result["error"]
    data = error.get("data") if isinstance(error, dict) else None
    return data if isinstance(data, dict) else {"name": ""}

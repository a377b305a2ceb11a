"""Odoo 19 and later: JSON-2, one address per method, the API key as bearer, errors with their own status."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from include.connectors.http import Answer, Http
from include.connectors.odoo.wire import Context, Reply, no_database, nonsense, read, refusal, wrong_credentials
from include.errors import GreenlightError

REFUSED = (401, 403, 404, 422, 500)
"""Statuses that come with a description of the error."""


class Json2:
    """Calls one database as the user whose key it is."""

    def __init__(self, http: Http, database: str, key: str) -> None:
        self.http = http
        self._database = database
        self._headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": database}

    def call(self, model: str, method: str, arguments: Mapping[str, Any], context: Context) -> Reply:
        """Call a method; see `Transport`."""
        if not self._database:
            raise no_database("")
        answer = self.http.post(
            f"/json/2/{model}/{method}", json={**arguments, "context": context}, headers=self._headers,
            accepts=(200, *REFUSED),
        )  # fmt: skip
        if answer.status in REFUSED:
            raise self._refused(model, method, answer)
        return Reply(read(answer), answer.body, answer.at)

    def sums(self, model: str, domain: list[Any], by: str, fields: tuple[str, ...], context: Context) -> Reply:
        """Group by `formatted_read_group`, which came for `read_group`."""
        arguments = {
            "domain": domain, "groupby": [by] if by else [], "aggregates": [*(f"{f}:sum" for f in fields), "__count"],
        }  # fmt: skip
        return self.call(model, "formatted_read_group", arguments, context)

    def value_of(self, row: Mapping[str, Any], field: str) -> Any:
        """Return a field's sum; without any record Odoo says false."""
        return row[f"{field}:sum"] or 0

    def user(self) -> int:
        """Return the id of the user whose key it is."""
        return self._user

    @cached_property
    def _user(self) -> int:
        said = self.call("res.users", "context_get", {}, {}).result
        user = said.get("uid") if isinstance(said, dict) else None
        if type(user) is not int:
            raise nonsense()
        return user

    def _refused(self, model: str, method: str, answer: Answer) -> GreenlightError:
        """Sort an answer; a page that is no JSON is not of the database's: it has no such address, or is not there."""
        if answer.status == 401:
            return wrong_credentials()
        try:
            error = read(answer)
        except GreenlightError:
            error = None
        if isinstance(error, dict):
            return refusal(model, method, error)
        return no_database(self._database) if answer.status == 404 else refusal(model, method, {})

"""One Odoo database as one user: the protocol chosen by what the server says, fields by what the database has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from include.connectors.base import Connection
from include.connectors.http import Http
from include.connectors.odoo.fields import Model
from include.connectors.odoo.json2 import Json2
from include.connectors.odoo.jsonrpc import JsonRpc
from include.connectors.odoo.wire import GUIDE, Reply, Transport, nonsense, read
from include.errors import ConfigurationError, MissingRights

Domain = list[Any]
VERSION = "/web/webclient/version_info"
PLAIN_VERSION = "/web/version"
"""Where a server says its version once the older address is gone."""
FIRST, FIRST_JSON2 = 14, 19
"""The first major version that is read, and the first that has JSON-2."""


class Client:
    """Calls one database, with archived records, for the companies that the context names."""

    def __init__(self, connection: Connection) -> None:
        self.database = str(connection.extra.get("database") or "")
        self.login = connection.login
        self._key = connection.password
        self.http = Http(connection.host, secrets=(connection.password,))
        self.companies: tuple[int, ...] = ()
        """Ids of the companies asked for, the current one first; none asks for the user's own."""
        self._fields: dict[str, Mapping[str, Mapping[str, Any]]] = {}

    def web(self, model: str, identifier: str) -> str:
        """Return a record's address in Odoo's web client."""
        return f"{self.http.base_url}/web#id={identifier}&model={model}&view_type=form"

    @cached_property
    def version(self) -> int:
        """The server's major version.

        Raises:
            ConfigurationError: it is one that is not read.
        """
        body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": {}}
        answer = self.http.post(VERSION, json=body, accepts=(200, 404))
        said = read(self.http.get(PLAIN_VERSION) if answer.status == 404 else answer)
        major = _major(said)
        if major < FIRST:
            raise ConfigurationError(f"Odoo {major} is too old", next_step=f"upgrade to {FIRST} or later")
        return major

    @cached_property
    def transport(self) -> Transport:
        """The protocol that this server speaks."""
        if self.version >= FIRST_JSON2:
            return Json2(self.http, self.database, self._key)
        return JsonRpc(self.http, self.database, self.login, self._key)

    def search_read(self, model: str, domain: Domain, fields: Sequence[str], *, limit: int | None = None) -> Reply:
        """Return records by ascending id.

        Raises:
            SourceUnavailable: besides what `call` raises, the answer is no list of records.
        """
        arguments = {"domain": domain, "fields": list(fields), "offset": 0, "limit": limit, "order": "id asc"}
        return _listed(self.transport.call(model, "search_read", arguments, self._context))

    def count(self, model: str, domain: Domain) -> int:
        """Return how many records the domain has.

        Raises:
            SourceUnavailable: besides what `call` raises, the answer is no number.
        """
        counted = self.transport.call(model, "search_count", {"domain": domain}, self._context).result
        if type(counted) is not int:
            raise nonsense()
        return counted

    def sums(self, model: str, domain: Domain, by: str, fields: tuple[str, ...] = ()) -> Reply:
        """Return one row per value of `by` (or one in all): the value, `__count`, and the fields' sums."""
        return _listed(self.transport.sums(model, domain, by, fields, self._context))

    def fields(self, model: Model) -> list[str]:
        """Return which of the model's fields this database has and shows to the user; asked once, if any is optional.

        Raises:
            ConfigurationError: one is missing that nothing can do without.
        """
        return self.require(model) if model.optional else [*model.required]

    def require(self, model: Model) -> list[str]:
        """Like `fields`, asked for every model.

        Raises:
            ConfigurationError: one is missing that nothing can do without.
        """
        has = self.types(model.name)
        if missing := sorted(model.required.keys() - has.keys()):
            raise MissingRights(
                f"the user sees no {', '.join(missing)} of {model.name}",
                next_step=f"install the apps, and give the user the groups, of {GUIDE}",
            )
        return [*model.required, *(name for name in model.optional if name in has)]

    def types(self, model: str) -> Mapping[str, str]:
        """Return field → type of a model, as this database has it and this user may see it."""
        return {name: str(field.get("type")) for name, field in self._described(model).items()}

    def choices(self, model: str, name: str) -> tuple[str, ...]:
        """Return the values that a selection field can have in this database.

        Raises:
            SourceUnavailable: the answer names none.
        """
        choices = self._described(model)[name].get("selection") if name in self._described(model) else None
        if not isinstance(choices, list) or not choices or not all(isinstance(one, list) and one for one in choices):
            raise nonsense()
        return tuple(str(one[0]) for one in choices)

    def _described(self, model: str) -> Mapping[str, Mapping[str, Any]]:
        if model not in self._fields:
            arguments = {"allfields": [], "attributes": ["type", "selection"]}
            said = self.transport.call(model, "fields_get", arguments, self._context).result
            if not isinstance(said, dict) or not all(isinstance(field, dict) for field in said.values()):
                raise nonsense()
            self._fields[model] = said
        return self._fields[model]

    @property
    def _context(self) -> dict[str, Any]:
        """Archived records too; without a language, so that names come as they were first written."""
        companies = {"allowed_company_ids": list(self.companies)} if self.companies else {}
        return {"active_test": False, **companies}


def ids_of(rows: Iterable[Any], field: str) -> list[int]:
    """Return the distinct ids that rows name in a field, one or many each; what is no id is none."""
    found: set[int] = set()
    for row in rows:
        value = row.get(field) if isinstance(row, dict) else None
        named = value[:1] if isinstance(value, list) and [*map(type, value)] == [int, str] else value
        named = [value] if type(value) is int else named
        found.update(one for one in (named if isinstance(named, list) else ()) if type(one) is int)
    return sorted(found)


def _listed(reply: Reply) -> Reply:
    if not isinstance(reply.result, list) or not all(isinstance(row, dict) for row in reply.result):
        raise nonsense()
    return reply


def _major(said: Any) -> int:
    """Return the first number of a version, `[14, 0, …]` or `["saas~18", 2, …]`."""
    said = said.get("result", said) if isinstance(said, dict) else None
    info = (said.get("server_version_info") or said.get("version_info")) if isinstance(said, dict) else None
    major = str(info[0]).removeprefix("saas~") if isinstance(info, list) and info else ""
    if not major.isdigit():
        raise nonsense()
    return int(major)

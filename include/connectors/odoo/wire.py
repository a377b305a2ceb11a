"""What both of Odoo's protocols have in common: a call of a model's method, its reply, and refusals sorted.

Source: facts on Odoo, and Odoo's own `service/model.py`, `http.py` and `addons/rpc/controllers/json2.py`. An
error is named by its Python class in either protocol; its message may hold names and is never repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Protocol

from include import exact_json
from include.connectors.http import Answer, Http
from include.errors import ConfigurationError, MissingRights, SourceUnavailable

GUIDE = "docs/connect/odoo.md"
Context = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: the result, numbers exact, the body as it came, the server's clock (UTC)."""

    result: Any
    body: bytes
    at: datetime


class Transport(Protocol):
    """One of the ways to call an Odoo database as one user."""

    http: Http

    def call(self, model: str, method: str, arguments: Mapping[str, Any], context: Context) -> Reply:
        """Call a method.

        Args:
            arguments: by name, in the order in which the method declares them.

        Raises:
            ConfigurationError: wrong key or database, a right, model or module that is missing.
            SourceUnavailable: the server is down, busy or answers nonsense.
        """

    def sums(self, model: str, domain: list[Any], by: str, fields: tuple[str, ...], context: Context) -> Reply:
        """Group records, count them and sum their fields; `value_of` reads a row of the result."""

    def value_of(self, row: Mapping[str, Any], field: str) -> Any:
        """Return a field's sum in a row of `sums`."""

    def user(self) -> int:
        """Return the id of the user that the credentials belong to."""


def read(answer: Answer) -> Any:
    """Return an answer's JSON, if it says nothing twice, with Decimal for every number that is no integer."""
    return answer.json(partial(exact_json.strict, parse_float=Decimal))


def nonsense() -> SourceUnavailable:
    """Return the error of an answer that no Odoo gives."""
    return SourceUnavailable("the answer is not one that Odoo gives", next_step="check what answers at the host")


def wrong_credentials() -> ConfigurationError:
    """Return the error of a login or key that Odoo does not know, or no longer."""
    return ConfigurationError(
        "Odoo refuses the user or the API key; a key may have expired",
        next_step=f"make a new key as {GUIDE} says, and put login and key on the Airflow connection",
    )


def no_database(database: str) -> ConfigurationError:
    """Return the error of a database that the server does not have, or does not offer at this address."""
    return ConfigurationError(
        f"there is no database {database!r}" if database else "the connection names no database",
        next_step='set extra {"database": "…"} on the connection',
    )


def refusal(model: str, method: str, error: Mapping[str, Any]) -> ConfigurationError | SourceUnavailable:
    """Sort an error by the name of its class.

    Args:
        error: Odoo's description of it, with `name`.
    """
    name = str(error.get("name") or "").rpartition(".")[2]
    match name:
        case "AccessDenied":
            return wrong_credentials()
        case "AccessError":
            return MissingRights(
                f"the user may not read {model}, or not for this company",
                next_step=f"give the user the groups of {GUIDE}, and the company",
            )
        case "UserError" | "NotFound" | "KeyError" | "MissingError":
            return ConfigurationError(
                f"this Odoo knows no {model}", next_step=f"install the apps of {GUIDE} in this database"
            )
    return SourceUnavailable(
        f"Odoo failed on {model}.{method} ({name if name.isidentifier() else 'error'})",
        next_step="look at Odoo's own log; the task retries",
    )

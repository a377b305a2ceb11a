"""Connections: how this project, inside Airflow or beside it, finds a connection and what it makes of it.

A connection may stand in the environment (`AIRFLOW_CONN_<ID>`), in a secrets backend or in Airflow's
metadata database. Tasks and callbacks ask through the SDK, which has no database; every other
process asks Airflow's model, because there the SDK would not look into the database.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from include.connectors.base import Connection
from include.errors import ConfigurationError, SourceUnavailable

PROJECT = Path(__file__).resolve().parent.parent
WAREHOUSE = "warehouse"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def resolve(conn_id: str) -> Connection:
    """Return the connection as connectors want it: `host` is a base address without a slash at its end.

    The schema field names the scheme when it is http or https; any other schema (a database, a
    tenant) is passed on as `extra["schema"]`.

    Raises:
        ConfigurationError: there is no such connection, or it cannot be understood.
    """
    found = _required(conn_id)
    extra = _extra(found)
    schema = (found.schema or "").strip("/")
    if schema and schema not in ("http", "https"):
        extra.setdefault("schema", schema)
    return Connection(conn_id, _address(found), found.login or "", found.password or "", extra)


def system(conn_id: str) -> str:
    """Return the connection's type, written as connectors are named: `some-erp`.

    Raises:
        ConfigurationError: there is no such connection.
    """
    return (_required(conn_id).conn_type or "").replace("_", "-")  # Airflow turns every "-" into "_"


def exists(conn_id: str) -> bool:
    """Tell whether there is such a connection."""
    return _find(conn_id) is not None


def available() -> list[str]:
    """List the connections of the environment and Airflow's database; a secrets backend tells no names."""
    from airflow.models import Connection as Stored
    from airflow.utils.session import create_session
    from sqlalchemy import select
    from sqlalchemy.exc import SQLAlchemyError

    prefix = "AIRFLOW_CONN_"
    names = {name.removeprefix(prefix).lower() for name in os.environ if name.startswith(prefix)}
    try:
        with create_session() as session:
            names.update(session.scalars(select(Stored.conn_id)))
    except SQLAlchemyError:
        pass  # no database yet, or none that this process may see
    return sorted(names)


def warehouse_url() -> str:
    """Return the SQLAlchemy URL of connection `warehouse`, by default a SQLite file under `.data`.

    Raises:
        ConfigurationError: the connection is of another type than sqlite or postgres.
    """
    from sqlalchemy import URL

    found = _find(WAREHOUSE)
    if found is None:
        return f"sqlite:///{PROJECT / '.data' / 'warehouse.sqlite'}"
    kind = (found.conn_type or "").partition("+")[0]
    if kind == "sqlite":
        return f"sqlite:///{PROJECT / (found.host or found.schema or '.data/warehouse.sqlite')}"
    if kind not in ("postgres", "postgresql"):
        raise ConfigurationError(
            f"connection {WAREHOUSE!r} has type {found.conn_type!r}", next_step="make it sqlite or postgres"
        )
    options = {key: str(value) for key, value in _extra(found).items() if isinstance(value, str | int)}
    url = URL.create(
        "postgresql+psycopg", found.login, found.password, found.host or None, found.port, found.schema, options
    )
    return url.render_as_string(hide_password=False)


def _required(conn_id: str) -> Any:
    found = _find(conn_id)
    if found is not None:
        return found
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    if variable in os.environ:
        raise ConfigurationError(
            f"{variable} is neither JSON nor a URI", next_step="write it as documented for Airflow connections"
        )
    raise ConfigurationError(
        f"there is no Airflow connection {conn_id!r}",
        next_step=f"make it in Airflow (Admin → Connections), set {variable}, or mend the name",
    )


def _find(conn_id: str) -> Any | None:
    from airflow.sdk.exceptions import AirflowNotFoundException

    supervised = _asks_a_supervisor()
    try:
        if supervised:
            from airflow.sdk import Connection as Asked

            return Asked.get(conn_id)
        from airflow.models import Connection as Stored

        return Stored.get_connection_from_secrets(conn_id)
    except AirflowNotFoundException:
        if supervised and not _is_surely_missing(conn_id):
            raise SourceUnavailable(
                f"Airflow could not be asked for connection {conn_id!r}", next_step="the task retries"
            ) from None
        return None


def _asks_a_supervisor() -> bool:
    """Tell whether this process is a task, a DAG being parsed or a callback."""
    runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    return getattr(runner, "SUPERVISOR_COMMS", None) is not None


def _is_surely_missing(conn_id: str) -> bool:
    """Tell a connection that does not exist from an API server that did not answer; to the SDK both are missing.

    Without this, one missed answer would send a load into the default warehouse.
    """
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection

    try:
        answer = task_runner.SUPERVISOR_COMMS.send(GetConnection(conn_id=conn_id))
    except AirflowRuntimeError as error:
        answer = error.error
    return isinstance(answer, ErrorResponse) and answer.error == ErrorType.CONNECTION_NOT_FOUND


def _extra(found: Any) -> dict[str, Any]:
    try:
        extra = json.loads(found.extra or "{}")
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConfigurationError(
            f"the extra field of connection {found.conn_id!r} is no JSON object",
            next_step='write it as {"key": "value"}',
        )
    return extra


def _address(found: Any) -> str:
    """Put scheme, host and port together; the answer never holds a login or a password."""
    written = (found.host or "").strip()
    if not written:
        return ""  # systems with one address for everybody need none
    try:
        parts = urlsplit(written if "://" in written else _with_scheme(written, found.schema))
        port = parts.port or found.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        wrong = "is no http or https address"
    elif "@" in parts.netloc:
        wrong = "holds a login: write login and password into their own fields"
    elif parts.query or parts.fragment:
        wrong = "holds more than an address: cut off what follows ? or #"
    else:
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
    raise ConfigurationError(
        f"the host of connection {found.conn_id!r} {wrong}", next_step="write it like https://erp.example.com"
    )


def _with_scheme(host: str, schema: str | None) -> str:
    if host.count(":") > 1 and not host.startswith("["):
        host = f"[{host}]"  # IPv6
    if schema in ("http", "https"):
        return f"{schema}://{host}"
    return f"{'http' if urlsplit(f'//{host}').hostname in LOCAL_HOSTS else 'https'}://{host}"

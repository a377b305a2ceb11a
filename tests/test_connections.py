"""Connections: found wherever Airflow keeps them, and handed to connectors as one base address."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include import connections
from include.errors import ConfigurationError


def stored(conn_id: str = "acme", **fields: Any) -> SimpleNamespace:
    """Make an Airflow connection as both of its classes look."""
    empty = dict.fromkeys(("conn_type", "host", "schema", "login", "password", "port", "extra"))
    return SimpleNamespace(**{**empty, "conn_id": conn_id, **fields})


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, SimpleNamespace]:
    """Stand in for Airflow: connection id → connection."""
    found: dict[str, SimpleNamespace] = {}
    monkeypatch.setattr(connections, "_find", found.get)
    return found


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"host": "http://127.0.0.1:8000"}, "http://127.0.0.1:8000"),
        ({"host": "http://127.0.0.1:8000/", "port": 9}, "http://127.0.0.1:8000"),
        ({"host": "https://erp.example.com/base/", "port": 8443}, "https://erp.example.com:8443/base"),
        ({"host": "erp.example.com"}, "https://erp.example.com"),
        ({"host": "erp.example.com", "schema": "http", "port": 80}, "http://erp.example.com:80"),
        ({"host": "erp.example.com:8443"}, "https://erp.example.com:8443"),
        ({"host": "erp.example.com", "schema": "ledger"}, "https://erp.example.com"),
        ({"host": "localhost", "port": 8000}, "http://localhost:8000"),
        ({"host": "127.0.0.1", "schema": "https"}, "https://127.0.0.1"),
        ({"host": "::1", "port": 8000}, "http://[::1]:8000"),
        ({"host": "[2001:db8::1]:8000"}, "https://[2001:db8::1]:8000"),
        ({"host": None}, ""),
        ({"host": ""}, ""),
    ],
)
def test_the_host_is_always_a_base_address(
    kept: dict[str, SimpleNamespace], fields: dict[str, Any], address: str
) -> None:
    kept["acme"] = stored(**fields)
    assert connections.resolve("acme").host == address


@pytest.mark.parametrize(
    ("host", "what"),
    [
        ("ftp://erp.example.com", "is no http or https address"),
        ("http://", "is no http or https address"),
        ("http://[", "is no http or https address"),
        ("http://erp.example.com:port", "is no http or https address"),
        ("https://jane:hunter2@erp.example.com", "holds a login"),
        ("jane:hunter2@erp.example.com", "holds a login"),
        ("https://erp.example.com/?token=hunter2", "cut off what follows"),
    ],
)
def test_a_host_that_is_no_address_is_refused_without_repeating_it(
    kept: dict[str, SimpleNamespace], host: str, what: str
) -> None:
    kept["acme"] = stored(host=host)
    with pytest.raises(ConfigurationError, match=what.replace("?", r"\?")) as refused:
        connections.resolve("acme")
    assert "hunter2" not in str(refused.value)


def test_login_password_extra_and_schema_reach_the_connector_and_no_repr(kept: dict[str, SimpleNamespace]) -> None:
    kept["acme"] = stored(
        host="erp.example.com", login="reader", password="hunter2", schema="ledger", extra='{"token": "hunter2"}'
    )
    connection = connections.resolve("acme")
    assert (connection.login, connection.password) == ("reader", "hunter2")
    assert connection.extra == {"token": "hunter2", "schema": "ledger"}
    assert "hunter2" not in repr(connection)


@pytest.mark.parametrize("extra", ["{", "[1]", '"text"'])
def test_an_extra_that_is_no_object_is_refused(kept: dict[str, SimpleNamespace], extra: str) -> None:
    kept["acme"] = stored(host="erp.example.com", extra=extra)
    with pytest.raises(ConfigurationError, match="no JSON object"):
        connections.resolve("acme")


def test_a_missing_connection_says_how_to_make_one(
    kept: dict[str, SimpleNamespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no Airflow connection 'acme' → .*AIRFLOW_CONN_ACME"):
        connections.resolve("acme")
    monkeypatch.setenv("AIRFLOW_CONN_ACME", "{broken")
    with pytest.raises(ConfigurationError, match="AIRFLOW_CONN_ACME is neither JSON nor a URI"):
        connections.resolve("acme")
    assert not connections.exists("acme")


def test_the_type_names_the_connector(kept: dict[str, SimpleNamespace]) -> None:
    kept["acme"] = stored(conn_type="sage_intacct")
    assert connections.system("acme") == "sage-intacct"


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        (None, f"sqlite:///{connections.PROJECT}/.data/warehouse.sqlite"),
        ({"conn_type": "sqlite", "host": "/srv/whs.sqlite"}, "sqlite:////srv/whs.sqlite"),
        ({"conn_type": "sqlite", "host": "", "schema": "/srv/whs.sqlite"}, "sqlite:////srv/whs.sqlite"),
        ({"conn_type": "sqlite", "schema": "whs.sqlite"}, f"sqlite:///{connections.PROJECT}/whs.sqlite"),
        (
            {"conn_type": "postgres", "host": "db", "port": 5432, "schema": "dw", "login": "gl", "password": "p@/ss",
             "extra": '{"sslmode": "require"}'},
            "postgresql+psycopg://gl:p%40%2Fss@db:5432/dw?sslmode=require",
        ),
        ({"conn_type": "postgresql+psycopg", "schema": "dw"}, "postgresql+psycopg:///dw"),
    ],
)  # fmt: skip
def test_the_warehouse_url(kept: dict[str, SimpleNamespace], fields: dict[str, Any] | None, url: str) -> None:
    if fields is not None:
        kept["warehouse"] = stored("warehouse", **fields)
    assert connections.warehouse_url() == url


def test_a_warehouse_of_another_kind_is_refused(kept: dict[str, SimpleNamespace]) -> None:
    kept["warehouse"] = stored("warehouse", conn_type="mysql")
    with pytest.raises(ConfigurationError, match="make it sqlite or postgres"):
        connections.warehouse_url()


WHERE_CONNECTIONS_STAND = """
import os, sys
from airflow import settings
from airflow.models import Connection
from airflow.models.team import Team
Connection.metadata.create_all(settings.engine, tables=[Team.__table__, Connection.__table__])
with settings.Session() as session:
    session.add(Connection(conn_id="in_database", conn_type="paper", host="database.example.com", password="secret"))
    session.commit()

from include import connections
from include.errors import SourceUnavailable
assert connections.resolve("in_json").host == "https://json.example.com:8443"
assert connections.resolve("in_uri").host == "http://127.0.0.1:8000"
assert connections.resolve("in_uri").password == "p@ss"
assert connections.resolve("in_backend").login == "reader"
assert connections.resolve("in_database").host == "https://database.example.com"
assert connections.system("in_database") == "paper"
assert connections.available() == ["in_database", "in_json", "in_uri"], connections.available()
assert not connections.exists("nowhere")

from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ConnectionResult, ErrorResponse

class Supervisor:
    def send(self, message):
        conn_id = getattr(message, "conn_id", "")
        if conn_id == "in_database":
            fields = dict.fromkeys(("schema", "login", "password", "port", "extra"))
            return ConnectionResult(conn_id=conn_id, conn_type="paper", host="told.example.com", **fields)
        lost = conn_id == "lost"
        return ErrorResponse(error=ErrorType.API_SERVER_ERROR if lost else ErrorType.CONNECTION_NOT_FOUND)

task_runner.SUPERVISOR_COMMS = Supervisor()
assert connections.resolve("in_database").host == "https://told.example.com"
assert connections.resolve("in_json").host == "https://json.example.com:8443"
assert not connections.exists("nowhere")
try:
    connections.exists("lost")
except SourceUnavailable as error:
    assert "could not be asked for connection 'lost'" in str(error)
else:
    raise AssertionError("an API server that does not answer is no missing connection")
print("found everywhere")
"""


def test_a_connection_is_found_in_environment_backend_database_and_task(tmp_path: Path) -> None:
    kept = tmp_path / "connections.json"
    kept.write_text(json.dumps({"in_backend": {"conn_type": "paper", "host": "b.example.com", "login": "reader"}}))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(connections.PROJECT),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW_CONN_IN_JSON": '{"conn_type": "paper", "host": "json.example.com", "port": 8443}',
        "AIRFLOW_CONN_IN_URI": "paper://reader:p%40ss@127.0.0.1:8000/",
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps({"connections_file_path": str(kept)}),
    }
    done = subprocess.run(
        [sys.executable, "-c", WHERE_CONNECTIONS_STAND], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "found everywhere" in done.stdout

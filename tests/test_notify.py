"""Owners hear of a change of state once, through a real mail server."""

from __future__ import annotations

import email
import json
import logging
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, insert

from include import connections, notify, organizations, warehouse
from include.connectors import base
from include.notify import OwnersNotifier, State

YAML = "connector: paper\nconnection: books\nname: Acme <Austria>\nowners: [ar@acme.example, cfo@acme.example]\n"
NOW = datetime(2026, 1, 31, 4, tzinfo=UTC)


class Mailbox:
    """What the mail server took; with `refuses`, it takes nothing."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.recipients: list[list[str]] = []
        self.refuses = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuses:
            return "554 no such user ar@acme.example"
        self.messages.append(email.message_from_bytes(envelope.content))
        self.recipients.append(envelope.rcpt_tos)
        return "250 taken"

    def text(self) -> str:
        """Return the decoded text of the last e-mail."""
        parts = (part.get_payload(decode=True) for part in self.messages[-1].walk() if not part.is_multipart())
        return b"".join(part for part in parts if isinstance(part, bytes)).decode()

    def subject(self) -> str:
        return str(email.header.make_header(email.header.decode_header(self.messages[-1]["Subject"])))


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server on loopback, and Airflow's connection to it."""
    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    extra = {"from_email": "greenlight@acme.example", "disable_ssl": True, "disable_tls": True, "retry_limit": 0}
    fields = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(fields))
    monkeypatch.setattr(connections, "exists", lambda conn_id: conn_id == "smtp_default")
    yield mailbox
    server.stop()


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A warehouse, and an organization `acme` with two owners."""
    monkeypatch.setattr(base.Connector, "_registry", {"paper": base.Connector})
    monkeypatch.setenv("GREENLIGHT_ORGANIZATIONS", str(tmp_path))
    (tmp_path / "acme.yaml").write_text(YAML)
    url = f"sqlite:///{tmp_path / 'warehouse.sqlite'}"
    monkeypatch.setattr(connections, "warehouse_url", lambda: url)
    engine = warehouse.engine()
    warehouse.metadata.create_all(engine)
    return engine


def ended(state: State, run_id: str = "manual__2026-01-31", **conf: Any) -> None:
    """Let a run end as Airflow would tell it."""
    context = {"run_id": run_id, "dag": SimpleNamespace(dag_id="sync__acme"), "dag_run": SimpleNamespace(conf=conf)}
    OwnersNotifier(organization_id="acme", state=state).notify(context)  # type: ignore[arg-type]


def judge(engine: Engine, run_id: str, passed: bool, failures: list[dict[str, Any]]) -> None:
    with warehouse.begin(engine, "acme") as connection:
        connection.execute(
            insert(warehouse.table("evidence")).values(
                organization_id="acme", run_id=run_id, as_of=date(2026, 1, 31), passed=passed, data_version=1,
                configuration_digest="d", recorded_at=NOW, valid_until=NOW, failures=failures, docs="file:///docs/acme",
            )
        )  # fmt: skip


def test_owners_are_told_once_per_change_of_state(engine: Engine, mailbox: Mailbox) -> None:
    for state in ("failing", "failing", "ready", "ready", "failing", "ready"):
        ended(state)
    assert len(mailbox.messages) == 4
    assert mailbox.recipients[0] == ["ar@acme.example", "cfo@acme.example"]
    assert mailbox.subject() == "Acme <Austria> is ready to exit test mode"
    assert mailbox.messages[0]["From"] == "greenlight@acme.example"


def test_a_failed_run_that_the_checks_judged_is_not_ready_and_says_why(engine: Engine, mailbox: Mailbox) -> None:
    failures = [{"sentence": f"Invoice {n} is <wrong>", "blocking": True} for n in range(12)]
    judge(engine, "one", False, [*failures, {"sentence": "A warning", "blocking": False}])
    ended("failing", "one")
    assert mailbox.subject() == "Acme <Austria> is not ready to exit test mode"
    text = mailbox.text()
    assert "Invoice 0 is &lt;wrong&gt;" in text and "Acme &lt;Austria&gt;" in text
    assert "Invoice 10" not in text and "And 2 more." in text
    assert "A warning" not in text
    assert "Data Docs: file:///docs/acme" in text
    judge(engine, "two", True, [])
    ended("failing", "two")
    assert mailbox.subject() == "Acme <Austria> could not be synced"
    ended("failing", "three")
    assert len(mailbox.messages) == 2


def test_the_mail_links_to_the_run(engine: Engine, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.acme.example/")
    ended("ready", "scheduled__2026-01-31T04:00:00+00:00")
    assert "https://airflow.acme.example/dags/sync__acme/runs/scheduled__2026-01-31T04%3A00%3A00%2B00%3A00" in (
        mailbox.text()
    )


@pytest.mark.parametrize("conf", [{"dry_run": True}, {"customers": ["party:1"]}, {"streams": ["invoices"]}])
def test_a_limited_run_says_nothing_about_the_state(engine: Engine, mailbox: Mailbox, conf: dict[str, Any]) -> None:
    ended("failing", **conf)
    assert mailbox.messages == []
    ended("failing", dry_run=False, customers=[])
    assert len(mailbox.messages) == 1


def test_a_mail_that_was_refused_is_sent_again_and_the_log_shows_no_address(
    engine: Engine, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.refuses = True
    ended("ready")
    ours = " ".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
    assert "nobody was told, the mail server refused (SMTP" in ours
    assert "@" not in ours
    mailbox.refuses = False
    ended("ready")
    ended("ready")
    assert len(mailbox.messages) == 1


def test_without_a_mail_connection_one_plain_line_is_logged(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "exists", lambda conn_id: False)
    with caplog.at_level(logging.INFO, logger=notify.__name__):
        ended("ready")
    assert [record.getMessage() for record in caplog.records if record.name == notify.__name__] == [
        "Acme <Austria> is ready to exit test mode: nobody was told, there is no Airflow connection smtp_default"
    ]
    assert notify.changed(engine, "acme", "ready")


def test_without_owners_nothing_happens(engine: Engine, mailbox: Mailbox) -> None:
    (organizations.folder() / "acme.yaml").write_text("connector: paper\nconnection: books\n")
    ended("ready")
    assert mailbox.messages == []
    assert notify.changed(engine, "acme", "ready")


def test_what_was_told_is_kept_per_organization(engine: Engine) -> None:
    assert notify.changed(engine, "acme", "ready")
    notify.remember(engine, "acme", "ready")
    assert not notify.changed(engine, "acme", "ready")
    assert notify.changed(engine, "acme", "failing")
    assert notify.changed(engine, "other", "ready")

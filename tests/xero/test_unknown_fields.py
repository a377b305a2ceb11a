"""A field that Xero adds: it changes no row, stays in the staged page, and is told once per organization."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from include import normalize, staging, warehouse
from include.connectors.base import Page, Window
from include.connectors.xero import Xero
from include.connectors.xero.documented import Documented
from include.connectors.xero.records import SLIM
from tests.xero.conftest import Running

INVOICES = Xero.stream("invoices")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def loaded(running: Running, page: Page, organization: str, run_id: str, version: int) -> warehouse.Summary:
    """Normalize and load one page, as an organization's first or second read."""
    engine = warehouse.engine()
    folder = staging.Folder(organization, "invoices", run_id, 1)
    address = folder.write_page(1, page, resumable=True)
    manifest = staging.Manifest(folder.manifest_address, organization, "invoices", run_id, version, pages=[address])
    typed = normalize.normalize(running.connector(), manifest)
    return warehouse.load(engine, staging.Manifest.read(typed.normalized_address), NOW)


def with_field(page: Page, name: str) -> Page:
    body: dict[str, Any] = json.loads(page.body)
    for row in body["reply"]["Invoices"]:
        row[name] = "something"
    return replace(page, body=json.dumps(body).encode())


def test_what_the_sandbox_sends_is_documented(running: Running) -> None:
    connector = running.connector()
    for stream in connector.streams:
        page = next(connector.read(stream, Window(date(2000, 1, 1))))
        records = connector.decode(stream, page.body)
        assert isinstance(records, Documented) == (stream.name in SLIM), stream.name
        assert connector.unknown_fields(stream, page.body, records) == set(), stream.name


def test_a_new_field_is_told_once_per_organization_and_kept_as_it_came(
    running: Running, caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENLIGHT_STAGING", f"file://{tmp_path}")
    page = next(running.connector().read(INVOICES, Window(date(2000, 1, 1))))
    new = with_field(with_field(page, "Mood"), "anna@buyer.example")
    with caplog.at_level(logging.WARNING):
        first = loaded(running, new, "mood_a", "one", 0)
    assert first.rejected == 0 and first.unknown_fields == ["?", "Mood"]
    assert "Mood" in caplog.text and "anna" not in caplog.text
    caplog.clear()
    assert loaded(running, new, "mood_a", "two", 1).unknown_fields == [] and not caplog.text
    assert loaded(running, new, "mood_b", "one", 0).unknown_fields == first.unknown_fields
    fields = warehouse.table("unknown_fields")
    with warehouse.engine().connect() as connection:
        known = connection.execute(select(fields.c.run_id).where(fields.c.organization_id == "mood_a")).all()
    assert {row.run_id for row in known} == {"one"}
    assert b"anna@buyer.example" in staging.read_page(f"{staging.root()}/mood_a/invoices/one/001/000001.zst")

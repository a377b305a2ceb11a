"""Fills a warehouse with an organization's clean receivables, and plants defects in them.

Everything happens on one connection, so that a test can roll it back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from include import warehouse
from include.connectors.base import Stream
from include.expectations.scope import scope_of
from include.expectations.suite import Scope
from include.organizations import Organization

AS_OF = date(2026, 3, 10)
NOW = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)
RUN = "run-1"
TIMES = {"first_seen_at": NOW, "synced_at": NOW, "run_id": RUN}
POSTED = {"source_document_type": "out", "source_status": "posted", "currency": "EUR", "base_currency": "EUR",
          "issue_date": date(2026, 2, 1), "payment_terms": "30 days", "status": "open"}  # fmt: skip
DEFAULTS: dict[str, dict[str, Any]] = {
    "customers": {"is_active": True, **TIMES},
    "contacts": {"is_main": True, "is_active": True, "is_effective": True, "email_is_valid": True, "source": "fake",
                 "parent_stream": "parties", **TIMES},
    "invoices": {**POSTED, **TIMES},
    "credit_notes": {**POSTED, **TIMES},
    "installments": {"sequence": 1, "currency": "EUR", "is_derived": False, "parent_stream": "invoices", **TIMES},
    "payments": {"kind": "payment", "currency": "EUR", "base_currency": "EUR", "status": "booked",
                 "on_receivable_account": True, **TIMES},
    "refunds": {"kind": "payment", "currency": "EUR", "base_currency": "EUR", "status": "booked",
                "on_receivable_account": True, **TIMES},
    "allocations": {"kind": "payment", "source_currency": "EUR", "target_currency": "EUR", "is_derived": False,
                    "parent_stream": "invoices", **TIMES},
    "reconciliations": {"run_id": RUN, "as_of": AS_OF, "grade": "A", "basis": "document", "subject": "", "ours": 0,
                        "theirs": 0, "difference": 0, "classification": "equal", "is_explained": False, "round": 1,
                        "recorded_at": NOW},
    "rejected_records": {"stream": "invoices", "table_name": "invoices", "reason": "unknown_currency",
                         "message": "no such currency", "is_open": True, "raw": "{}", "run_id": RUN,
                         "first_seen_at": NOW, "last_seen_at": NOW},
    "source_records": {"stream": "invoices", "digest": "d", "run_id": RUN},
    "sync_cursors": {"version": 1, "read_to_end_at": NOW - timedelta(hours=1), "swept_at": NOW - timedelta(hours=1)},
    "unknown_fields": {"stream": "invoices", "run_id": RUN, "first_seen_at": NOW},
    "sync_runs": {"stream": "invoices", "run_id": RUN, "kind": "incremental", "loaded_at": NOW, "started_at": NOW},
}  # fmt: skip


class Fake:
    """What expectations and evidence ask of a connector's class."""

    name = "fake"
    mapping_version = 1
    allocations = "complete"
    streams = tuple(Stream(name, (name,), {name: None}, "modified") for name in ("parties", "invoices", "payments"))


class Partial(Fake):
    """A system that does not say what settled an invoice."""

    allocations = "partial"


class Unlinked(Fake):
    """A system that does not say what anything was used for."""

    allocations = "none"


class Swept(Fake):
    """A system in which only a comparison of keys shows deletions."""

    streams = tuple(replace(stream, swept=True) for stream in Fake.streams)


FAKE: Any = Fake
SWEPT: Any = Swept
PARTIAL: Any = Partial
UNLINKED: Any = Unlinked


def organization(organization_id: str = "acme", **values: Any) -> Organization:
    return Organization(id=organization_id, connector="fake", connection="fake", **values)


@cache
def scope(organization_id: str = "acme", connector: Any = FAKE, as_of: date = AS_OF, now: datetime = NOW) -> Scope:
    return scope_of(organization(organization_id), connector, RUN, as_of, now)


class Books:
    """One organization's rows on an open connection; every change is committed or rolled back by its owner."""

    def __init__(self, connection: Connection, organization_id: str = "acme") -> None:
        self.connection = connection
        self.organization_id = organization_id

    def add(self, table: str, external_id: str = "", **values: Any) -> None:
        """Insert a row; tables without external_id take it from `values`."""
        key = {"external_id": external_id} if external_id else {}
        row = {"organization_id": self.organization_id, **DEFAULTS.get(table, {}), **key, **values}
        self.connection.execute(insert(warehouse.table(table)).values(row))

    def change(self, table: str, where: dict[str, Any] | str | None = None, **values: Any) -> None:
        """Update the rows that match; at least one must."""
        found = self.connection.execute(update(warehouse.table(table)).where(*self._matches(table, where)), values)
        assert found.rowcount

    def remove(self, table: str, where: dict[str, Any] | str | None = None) -> None:
        """Delete the rows that match, all of the organization's by default."""
        assert self.connection.execute(delete(warehouse.table(table)).where(*self._matches(table, where))).rowcount

    def raise_data_version(self) -> None:
        warehouse.raise_data_version(self.connection, self.organization_id)

    def _matches(self, table: str, where: dict[str, Any] | str | None) -> list[Any]:
        t = warehouse.table(table)
        columns = {"external_id": where} if isinstance(where, str) else where or {}
        return [t.c.organization_id == self.organization_id, *(t.c[name] == value for name, value in columns.items())]

    def fill(self) -> Books:
        """Insert clean receivables: a document of every state, used up and settled to the cent."""
        self.add("organizations", base_currency="EUR", connector="fake", account="1", entity="1", data_version=1)
        for stream in Fake.streams:
            self.add("sync_cursors", stream=stream.name)
        for number in range(20):
            self.add("source_records", f"invoice:{number}")
        self._fill_customers()
        self._fill_invoices()
        self._fill_movements()
        self._fill_comparison()
        return self

    def _fill_customers(self) -> None:
        self.add("customers", "party:1", number="C-1", name="Ada Lovelace Ltd", root_external_id="party:1")
        self.add("customers", "party:2", number="C-2", name="Babbage & Sons", parent_external_id="party:1",
                 root_external_id="party:1")  # fmt: skip
        for n in (1, 2):
            self.add("contacts", f"contact:{n}", customer_external_id=f"party:{n}", parent_external_id=f"party:{n}",
                     first_name="Ada", last_name="Lovelace", email=f"ada{n}@lovelace.example")  # fmt: skip

    def _fill_invoices(self) -> None:
        self._invoice(1, 11_900, 11_900, due=date(2026, 3, 1))
        self._invoice(2, 10_000, 4_000, due=date(2026, 3, 5), parts=((6_000, 0), (4_000, 4_000)))
        self._invoice(3, 5_000, 0, due=date(2026, 2, 15), status="paid")
        self.add("invoices", "invoice:4", customer_external_id="party:1", status="draft", gross_amount=7_000,
                 outstanding_amount=0, issue_date=None)  # fmt: skip
        self.add("invoices", "invoice:5", customer_external_id="party:1", number="INV-5", status="voided",
                 gross_amount=0, net_amount=0, tax_amount=0, outstanding_amount=0, gross_before_void=3_000)  # fmt: skip
        self._invoice(6, 2_000, 2_000, due=date(2026, 4, 30), customer=2, currency="USD", base=1_800)
        self.add("credit_notes", "credit:1", customer_external_id="party:1", number="CN-1", status="paid",
                 gross_amount=5_000, unapplied_amount=0)  # fmt: skip

    def _invoice(
        self, number: int, gross: int, rest: int, due: date, status: str = "open", customer: int = 1,
        currency: str = "EUR", base: int | None = None, parts: tuple[tuple[int, int], ...] = (),
    ) -> None:  # fmt: skip
        key = f"invoice:{number}"
        self.add(
            "invoices", key, customer_external_id=f"party:{customer}", number=f"INV-{number}", status=status,
            gross_amount=gross, net_amount=gross, tax_amount=0, outstanding_amount=rest, due_date=due,
            currency=currency, base_gross_amount=gross, base_outstanding_amount=rest if base is None else base,
        )  # fmt: skip
        for sequence, (amount, left) in enumerate(parts or ((gross, rest),), start=1):
            self.add(
                "installments", f"{key}:{sequence}", invoice_external_id=key, parent_external_id=key,
                sequence=sequence, due_date=due, currency=currency, amount=amount, outstanding_amount=left,
            )  # fmt: skip

    def _fill_movements(self) -> None:
        owner = {"customer_external_id": "party:1"}
        self.add("payments", "payment:1", number="PAY-1", amount=7_000, unapplied_amount=500, **owner)
        self.add("refunds", "refund:1", number="REF-1", amount=500, unapplied_amount=0, **owner)
        for source, target, amount in (
            ("payment:1", "invoice:2", 6_000), ("credit:1", "invoice:3", 5_000), ("refund:1", "payment:1", 500),
        ):  # fmt: skip
            kinds = {"credit": "credit_note"}
            source_type, target_type = (kinds.get(k, k) for k in (source.split(":")[0], target.split(":")[0]))
            self.add(
                "allocations", f"{target}/{source_type}:{source}/{target_type}:{target}/1", parent_external_id=target,
                source_type=source_type, source_external_id=source, source_amount=amount,
                target_type=target_type, target_external_id=target, target_amount=amount,
            )  # fmt: skip

    def _fill_comparison(self) -> None:
        self.add("reconciliations", figure="open_total", currency="EUR", ours=17_200, theirs=17_200)
        self.add("reconciliations", figure="customer_balance", subject="party:1", customer_external_id="party:1",
                 number="C-1", currency="EUR", grade="B", ours=17_200, theirs=17_200)  # fmt: skip
        self.add("reconciliations", figure="count", subject="invoices", grade="C", basis="count", ours=6, theirs=6)
        self.add("reconciliations", figure="open_document", subject="invoice:1", number="INV-1", currency="EUR",
                 customer_external_id="party:1", grade="C", ours=11_900, theirs=11_900)  # fmt: skip

    def reject(self, external_id: str, amount: str | None = None, **values: Any) -> None:
        self.add("rejected_records", external_id, amount=None if amount is None else Decimal(amount), **values)

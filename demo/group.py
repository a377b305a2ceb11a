"""The demo of a group: three subsidiaries in one account of NetSuite, two entities in one company of Sage Intacct."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from demo import table
from demo.intacct_sandbox import IntacctSandbox
from demo.netsuite_sandbox import NetSuiteSandbox
from demo.processes import Processes
from demo.sandbox import Sandbox

Organizations = list[dict[str, Any]]


class Group:
    """Two systems with several companies each, which share customers and add up to what the whole system says."""

    filling = "the NetSuite sandbox with three subsidiaries, and the Sage Intacct sandbox with two entities"
    systems = "NetSuite's and Sage Intacct's"

    def __init__(self, processes: Processes, folder: Path) -> None:
        self.netsuite = NetSuiteSandbox(processes, folder / "netsuite")
        self.intacct = IntacctSandbox(processes, folder / "intacct")
        self.told: dict[str, dict[str, Any]] = {}
        """What each system's client said, by the connector's name."""

    @property
    def sandboxes(self) -> tuple[Sandbox, ...]:
        """Both systems."""
        return self.netsuite, self.intacct

    def start(self, environment: Mapping[str, str]) -> None:
        """Start both; each fills itself."""
        for sandbox in self.sandboxes:
            sandbox.start(environment)

    def connections(self) -> dict[str, str]:
        """Return one connection for each system: all its companies share it."""
        for sandbox in self.sandboxes:
            sandbox.wait()
        return {"netsuite_demo": self.netsuite.connection(), "intacct_demo": self.intacct.connection()}

    def planted(self) -> list[dict[str, Any]]:
        """Return what NetSuite itself shows: the defects in its last subsidiary, mailboxes that are missing."""
        clean = [{"company_id": entity, "planted": []} for entity in self.intacct.credentials["entities"]]
        return [*self.netsuite.truth()["companies"], *clean]

    def work_a_day(self) -> None:
        """Let a day pass in every subsidiary and entity."""
        for sandbox in self.sandboxes:
            sandbox.work_a_day()

    def truth(self) -> list[dict[str, Any]]:
        """Return what the two foreign clients say."""
        self.told = {"netsuite": self.netsuite.truth(), "intacct": self.intacct.truth()}
        return [company for told in self.told.values() for company in told["companies"]]

    def objections(self, organizations: Organizations, warehouse: Path) -> list[str]:
        """Compare sums over organizations, documents of the ledgers, and who sees what of a shared customer."""
        with closing(sqlite3.connect(f"file:{warehouse}?mode=ro", uri=True)) as connection:
            return [
                *(s for name, told in self.told.items() for s in _sums(name, organizations, told["outstanding"])),
                *(s for sandbox in self.sandboxes for s in _ledger(connection, organizations, sandbox)),
                *_shared(connection, organizations, self.told["netsuite"]["shared"]),
            ]

    def stop(self) -> None:
        """Nothing: both are processes of the demo."""


def _of(organizations: Organizations, connector: str) -> Organizations:
    """Return a system's organizations in the order of the ledger's entities."""
    return sorted((o for o in organizations if o["connector"] == connector), key=lambda o: str(o["entity"]))


def _sums(connector: str, organizations: Organizations, whole: dict[str, int]) -> Iterator[str]:
    """The sum over a group's organizations is the whole system's."""
    total: Counter[str] = Counter()
    for organization in _of(organizations, connector):
        total.update(organization["outstanding"])
    if dict(total) != whole:
        yield f"the organizations of {connector} add up to {dict(total)}, the whole of it says {whole}"


def _ledger(connection: sqlite3.Connection, organizations: Organizations, sandbox: Sandbox) -> Iterator[str]:
    """What is open in the warehouse is what is open in the ledger, document by document."""
    for number, organization in enumerate(_of(organizations, sandbox.face)):
        books = Counter(
            (d["number"], d["currency"], _minor(d["outstanding"], d["currency"]))
            for d in sandbox.ledger(number)["documents"].values()
            if d["kind"] == "invoice" and Decimal(d["outstanding"])
        )
        rows = connection.execute(
            "SELECT number, currency, outstanding_amount FROM invoices"
            " WHERE organization_id = ? AND deleted_at IS NULL AND outstanding_amount <> 0 AND status = 'open'",
            (organization["id"],),
        )
        ours = Counter(map(tuple, rows))
        for document in sorted(map(str, (books - ours) + (ours - books))):
            yield f"{organization['name']}: {document} is not the same in the ledger and in the warehouse"


def _shared(
    connection: sqlite3.Connection, organizations: Organizations, shared: list[dict[str, Any]]
) -> Iterator[str]:
    """A customer of several subsidiaries has in each only the invoices of that one."""
    if not shared:
        yield "no subsidiaries share a customer"
    for customer in shared:
        for organization in _of(organizations, "netsuite"):
            theirs = Counter(customer["invoices"].get(str(organization["entity"]), ()))
            rows = connection.execute(
                "SELECT i.number FROM invoices i JOIN customers c ON c.organization_id = i.organization_id"
                " AND c.external_id = i.customer_external_id"
                " WHERE i.organization_id = ? AND i.deleted_at IS NULL AND c.external_id LIKE ?",
                (organization["id"], f"%:{customer['customer']}"),
            )
            ours = Counter(number for (number,) in rows)
            if ours != theirs:
                yield (
                    f"{organization['name']}: customer {customer['customer']} has {sum(ours.values())} invoices, "
                    f"{sum(theirs.values())} of this subsidiary in NetSuite"
                )


def _minor(amount: str, currency: str) -> int:
    return int(Decimal(amount).scaleb(table.MINOR_DIGITS.get(currency, 2)))

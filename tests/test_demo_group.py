"""The demo of a group objects to what is not as it should be: else its last line would mean nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from demo.group import Group
from demo.processes import Processes

ORGANIZATIONS = [
    {"id": "north", "name": "North", "connector": "netsuite", "entity": "1", "outstanding": {"EUR": 700}},
    {"id": "south", "name": "South", "connector": "netsuite", "entity": "2", "outstanding": {"EUR": 300}},
]
INVOICES = [("north", "INV-1", "customer:7", 700), ("south", "INV-1", "customer:7", 300)]


@pytest.fixture
def group(tmp_path: Path) -> Group:
    """A group that was asked for its truth: two subsidiaries with an invoice each, of the one customer they share."""
    made = Group(Processes(), tmp_path)
    made.told = {
        "netsuite": {
            "outstanding": {"EUR": 1000},
            "shared": [{"customer": "7", "invoices": {"1": ["INV-1"], "2": ["INV-1"]}}],
        },
    }
    books = ["7.00", "3.00"]

    def ledger(number: int) -> dict[str, Any]:
        rest = {"kind": "invoice", "number": "INV-1", "currency": "EUR", "outstanding": books[number]}
        return {"documents": {"one": rest, "two": rest | {"kind": "credit_note"}}}

    made.netsuite.ledger = ledger  # type: ignore[method-assign]
    return made


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A warehouse with what the demo looks at."""
    path = tmp_path / "warehouse.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE invoices (organization_id, number, customer_external_id, outstanding_amount,"
            " currency DEFAULT 'EUR', status DEFAULT 'open', deleted_at)"
        )
        connection.execute("CREATE TABLE customers (organization_id, external_id)")
        connection.executemany("INSERT INTO customers VALUES (?, 'customer:7')", [("north",), ("south",)])
        connection.executemany(
            "INSERT INTO invoices (organization_id, number, customer_external_id, outstanding_amount)"
            " VALUES (?, ?, ?, ?)",
            INVOICES,
        )
    connection.close()
    return path


def spoilt(warehouse: Path, statement: str) -> Path:
    with sqlite3.connect(warehouse) as connection:
        connection.execute(statement)
    connection.close()
    return warehouse


def test_there_is_nothing_to_object_to(group: Group, warehouse: Path) -> None:
    assert group.objections(ORGANIZATIONS, warehouse) == []


def test_organizations_that_do_not_add_up_to_the_account(group: Group, warehouse: Path) -> None:
    group.told["netsuite"]["outstanding"] = {"EUR": 1001}
    (sentence,) = group.objections(ORGANIZATIONS, warehouse)
    assert sentence == "the organizations of netsuite add up to {'EUR': 1000}, the whole of it says {'EUR': 1001}"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoices SET outstanding_amount = 299 WHERE organization_id = 'south'",
        "UPDATE invoices SET currency = 'USD' WHERE organization_id = 'south'",
        "INSERT INTO invoices SELECT organization_id, 'INV-2', 'customer:8', 1, 'EUR', 'open', NULL FROM invoices"
        " WHERE organization_id = 'south'",
    ],
)
def test_a_document_that_is_not_as_in_the_ledger(group: Group, warehouse: Path, statement: str) -> None:
    sentences = group.objections(ORGANIZATIONS, spoilt(warehouse, statement))
    assert sentences and all(sentence.startswith("South: ('INV-") for sentence in sentences)


def test_an_invoice_of_another_subsidiary_at_a_shared_customer(group: Group, warehouse: Path) -> None:
    statement = (
        "INSERT INTO invoices SELECT 'south', 'INV-9', customer_external_id, 0, currency, 'paid', NULL FROM invoices"
        " WHERE organization_id = 'north'"
    )
    (sentence,) = group.objections(ORGANIZATIONS, spoilt(warehouse, statement))
    assert sentence == "South: customer 7 has 2 invoices, 1 of this subsidiary in NetSuite"


def test_a_group_that_shares_nobody(group: Group, warehouse: Path) -> None:
    group.told["netsuite"]["shared"] = []
    assert group.objections(ORGANIZATIONS, warehouse) == ["no subsidiaries share a customer"]

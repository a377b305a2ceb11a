"""Records as an Odoo 14 sends them, literally, and pages made of them; no server needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from include.connectors.base import Connection
from include.connectors.normalized import Normalized
from include.connectors.odoo import Odoo, fields
from include.connectors.odoo.body import About, Part, join
from include.connectors.odoo.fields import Kind, Model
from include.connectors.odoo.wire import Reply
from tests.conformance.subject import Row, rows

Raw = dict[str, Any]
STAMPS = {"create_date": "2026-03-01 09:00:00", "write_date": "2026-03-02 10:11:12"}
USD, EUR, ACME = [2, "USD"], [1, "EUR"], [9, "Acme"]
BASE, EXCHANGES, OPENING = "USD", 4, 900
ABOUT = About(BASE, 1, EXCHANGES, OPENING, {"1": "sale", "3": "general", "4": "general", "6": "bank"},
              "https://erp.example.com/web#id={id}")  # fmt: skip
NEWER = {"exclude_from_invoice_tab": None, "display_type": "payment_term"}
"""What tells a due line from version 16 on; None stands for a field that is gone."""

MOVE: Raw = {
    "id": 1, **STAMPS, "move_type": "out_invoice", "state": "posted", "name": "INV/2026/02/0001",
    "payment_state": "partial", "commercial_partner_id": ACME, "currency_id": USD, "journal_id": [1, "Invoices"],
    "date": "2026-02-01", "invoice_date": "2026-02-01", "invoice_date_due": "2026-03-13", "amount_total": 100.0,
    "amount_untaxed": 90.0, "amount_tax": 10.0, "amount_residual": 60.0, "ref": "PO 7", "payment_reference": False,
    "invoice_origin": False, "invoice_payment_term_id": [5, "30/70"], "reversed_entry_id": False,
    "is_move_sent": True, "posted_before": True,
}  # fmt: skip
LINE: Raw = {
    "id": 2, **STAMPS, "move_id": [1, "INV/2026/02/0001"], "partner_id": ACME, "currency_id": USD,
    "date": "2026-02-01", "date_maturity": "2026-02-11", "balance": 30.0, "amount_currency": 30.0,
    "amount_residual": 0.0, "amount_residual_currency": 0.0, "reconciled": True, "matched_debit_ids": [],
    "matched_credit_ids": [11], "parent_state": "posted", "move_name": "INV/2026/02/0001", "payment_id": False,
    "exclude_from_invoice_tab": True, "blocked": False, "display_type": False,
}  # fmt: skip
REST: Raw = LINE | {"id": 3, "date_maturity": "2026-03-13", "balance": 70.0, "amount_currency": 70.0,
                    "amount_residual": 60.0, "amount_residual_currency": 60.0, "reconciled": False,
                    "matched_credit_ids": [12]}  # fmt: skip
PAID: Raw = LINE | {"id": 21, "move_id": [8, "BNK1"], "move_name": "BNK1/2026/03/0001", "date": "2026-03-01",
                    "date_maturity": "2026-03-01", "balance": -40.0, "amount_currency": -40.0,
                    "matched_debit_ids": [11, 12], "matched_credit_ids": [], "payment_id": [6, "BNK1"]}  # fmt: skip
PARTIAL: Raw = {
    "id": 11, "debit_move_id": [2, "INV"], "credit_move_id": [21, "BNK1"], "debit_currency_id": USD,
    "credit_currency_id": USD, "amount": 30.0, "debit_amount_currency": 30.0, "credit_amount_currency": 30.0,
    "max_date": "2026-03-01",
}  # fmt: skip
SECOND: Raw = PARTIAL | {"id": 12, "debit_move_id": [3, "INV"], "amount": 10.0, "debit_amount_currency": 10.0,
                         "credit_amount_currency": 10.0}  # fmt: skip
INVOICED: Raw = {"id": 1, "move_type": "out_invoice", "state": "posted", "journal_id": [1, "Invoices"]}
BANKED: Raw = {"id": 8, "move_type": "entry", "state": "posted", "journal_id": [6, "Bank"]}
PAYMENT: Raw = {"id": 6, "amount": 40.0, "currency_id": USD}
ROOT: Raw = {"id": 9, "commercial_partner_id": ACME}
PARTNER: Raw = {
    "id": 9, **STAMPS, "name": "Acme", "active": True, "is_company": True, "parent_id": False,
    "commercial_partner_id": ACME, "type": "contact", "email": "ap@acme.example", "phone": "+1 555", "mobile": False,
    "function": False, "lang": "en_US", "ref": "K-9", "vat": "US1", "street": "Main 1", "street2": False, "city": "LA",
    "zip": "90001", "state_id": [13, "California (US)"], "country_id": [233, "United States"],
    "user_id": [7, "Sam"], "property_payment_term_id": [5, "30/70"], "category_id": [3], "ref_company_ids": [],
    "x_segment": "A",
}  # fmt: skip
PERSON: Raw = PARTNER | {"id": 10, "name": "Bob", "is_company": False, "parent_id": [9, "Acme"],
                         "email": "bob@acme.example",
                         "function": "CFO", "user_id": False, "x_segment": False}  # fmt: skip


def connector() -> Odoo:
    """Return a connector that nobody asks anything."""
    return Odoo(Connection("erp", "http://127.0.0.1:9", "reader", "no-sesame-4711", {"database": "erp"}), "1")


def without(raw: Raw) -> Raw:
    """Return a record without the fields that are None: this version does not have them."""
    return {name: value for name, value in raw.items() if value is not None}


def _part(model: Model | None, found: list[Raw], more: Mapping[str, Kind]) -> Part:
    names = set(found[0]) if found else set()
    kinds = {name: kind for name, kind in (model.kinds | more if model else {}).items() if name in names}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": found}).encode()
    return Part(Reply(found, body, datetime(2026, 3, 3, tzinfo=UTC)), kinds)


MODELS: Mapping[str, tuple[Model | None, ...]] = {
    "customers": (fields.PARTNER, fields.PARTNER, None, None, fields.USER, fields.TAG, fields.COUNTRY,
                  fields.BELONGING),
    "invoices": (fields.MOVE, fields.LINE, fields.PARTIAL, fields.BELONGING),
    "payments": (fields.LINE, fields.PARTIAL, fields.LINE, fields.ENTRY, fields.PAYMENT, fields.BELONGING),
}  # fmt: skip
"""Stream → what the responses of its pages are lists of; None for groups."""


def page(stream: str, *responses: list[Raw]) -> bytes:
    """Return a page's body, of the responses in their order."""
    more = {"x_segment": Kind.TEXT}
    found = ([without(raw) for raw in response] for response in responses)
    return join(ABOUT, [_part(m, r, more) for m, r in zip(MODELS[stream], found, strict=True)])


def decoded(stream: str, *responses: list[Raw]) -> list[Any]:
    """Return the page's records, joined."""
    return list(connector().decode(Odoo.stream(stream), page(stream, *responses)))


def said(stream: str, *responses: list[Raw]) -> Normalized:
    """Return what a page means."""
    return connector().normalize(Odoo.stream(stream), decoded(stream, *responses))


def table(meant: Normalized, name: str) -> list[Row]:
    """Return a table's rows; there must be no reject."""
    assert meant.rejects == []
    return rows(meant.tables[name])


def invoice(move: Raw, due: list[Raw], partials: list[Raw] | None = None) -> Normalized:
    """Return what a document with these due lines means."""
    return said("invoices", [move], due, [PARTIAL, SECOND] if partials is None else partials, [ROOT])


def line(mine: Raw, partials: list[Raw], others: list[Raw], entries: list[Raw], payments: list[Raw]) -> Normalized:
    """Return what a receivable line means."""
    return said("payments", [mine], partials, others, entries, payments, [ROOT])


def customer(partner: Raw, below: list[Raw], parents: list[Raw] | None = None) -> Normalized:
    """Return what a partner who holds a document means."""
    groups = [{"commercial_partner_id": ACME, "__count": 1}]
    named: list[list[Raw]] = [[{"id": 7, "name": "Sam", "email": "sam@seller.example"}], [{"id": 3, "name": "Gold"}],
                              [{"id": 233, "code": "US"}], parents or []]  # fmt: skip
    return said("customers", [partner], below, groups, [], *named)

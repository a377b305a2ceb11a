"""Payments, deposits and their applications, refunds, and the lines of journal entries on receivables.

A deposit is money on a liability account until it is applied; each application is a movement on receivables of
its own. So a deposit counts here with what is left of it (`source_total_amount` is the whole), and nothing
counts twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from include.connectors.netsuite import allocations, scope, values
from include.connectors.netsuite.allocations import Use
from include.connectors.netsuite.documents import currencies, customer_keys, moments, rates
from include.connectors.netsuite.values import ZERO, UnknownValue
from include.connectors.normalized import Normalized, Record

KINDS = {"CustPymt": "payment", "CustDep": "deposit", "DepAppl": "deposit", "CustRfnd": "payment", "Journal": "journal"}
APPROVAL_PENDING, APPROVAL_REJECTED = "1", "3"

Line = Mapping[str, Any]
Movement = tuple[Record, str, Line | None]
"""A transaction, the key of its row, and the line that the row is, of a journal entry."""


class NoCustomer(ValueError):
    """A line on a receivable account names no customer."""


def movements(records: Sequence[Record], keys: Sequence[str], said: Normalized) -> None:
    """Add what moves a balance and is no document, and what credits among it were used for.

    Raises:
        UnknownValue: a type is one that no mapping covers.
        NoCustomer: a line of a journal entry names none.
        ValueError, LookupError, TypeError: a value is missing or not of its kind.
    """
    rows: dict[str, list[Movement]] = {"payments": [], "refunds": []}
    for record, key in zip(records, keys, strict=True):
        if record["type"] not in KINDS:
            raise UnknownValue("kind")
        for own, line in _lines(record, key):
            rows["refunds" if _is_debit(record, line) else "payments"].append((record, own, line))
    _add("refunds", "refunded_on", rows["refunds"], said)
    statuses = _add("payments", "paid_on", rows["payments"], said)
    uses: list[Use] = []
    for (record, own, line), status in zip(rows["payments"], statuses, strict=True):
        if status == "booked":
            identifier = "" if line is None else values.identifier(line["id"])
            parent = own if line is None else own.rpartition(":")[0]
            uses += allocations.uses(record, parent, currencies([record])[0], identifier)
    said.extend("allocations", allocations.columns(uses, "payments", "payment", "payment"))


def _lines(record: Record, key: str) -> list[tuple[str, Line | None]]:
    if record["type"] != scope.JOURNAL:
        return [(key, None)]
    return [
        (f"{key}:{values.identifier(line['id'])}", line) for line in record["lines"] if values.amount(line["amount"])
    ]


def _is_debit(record: Record, line: Line | None) -> bool:
    return record["type"] == "CustRfnd" if line is None else (values.amount(line["amount"]) or ZERO) > 0


def _add(table: str, day: str, rows: Sequence[Movement], said: Normalized) -> list[str]:
    """Add payments or refunds, which differ in what the column of their day is called; return their statuses."""
    records = [record for record, _, _ in rows]
    money = currencies(records)
    bases = values.about(records, "base_currency")
    rests = [_rest(*row, money[n] == bases[n]) for n, row in enumerate(rows)]
    statuses = [_status(record, left) for (record, _, _), left in zip(rows, rests, strict=True)]
    lefts = [left if status == "booked" else ZERO for left, status in zip(rests, statuses, strict=True)]
    totals = [
        values.size(record["foreigntotal"] if line is None else line["foreignamount"]) for record, _, line in rows
    ]
    amounts = [total - _taken(record) for (record, _, _), total in zip(rows, totals, strict=True)]
    owners = [record["entity"] if line is None else line.get("entity") for record, _, line in rows]
    if None in owners:
        raise NoCustomer
    said.extend(table, {
        "external_id": [own for _, own, _ in rows],
        "kind": [KINDS[record["type"]] for record in records],
        "customer_external_id": customer_keys(owners),
        "number": [values.text(r.get("tranid")) or values.text(r.get("transactionnumber")) for r in records],
        "currency": money,
        "amount": amounts,
        "unapplied_amount": lefts,
        "source_total_amount": [total if total != amount else None
                                for total, amount in zip(totals, amounts, strict=True)],
        "base_currency": bases,
        **rates(records),
        "base_unapplied_amount": [_base_rest(record, line) if left else ZERO
                                  for (record, _, line), left in zip(rows, lefts, strict=True)],
        day: [values.day(record["trandate"]) for record in records],
        "instrument": [values.text(record.get("paymentmethod")) for record in records],
        "status": statuses,
        # Before it is posted nobody knows; a deposit waits on a liability account.
        "on_receivable_account": [bool(record["lines"]) or (status != "booked" and record["type"] != scope.DEPOSIT)
                                  for record, status in zip(records, statuses, strict=True)],
        "source_created_at": moments(records, "createddate"),
        "source_updated_at": moments(records, "lastmodifieddate"),
    })  # fmt: skip
    return statuses


def _status(record: Record, left: Decimal) -> str:
    """Return our status; what is void with a rest moves a balance all the same."""
    if (values.flag(record.get("voided")) or values.flag(record.get("void"))) and not left:
        return "voided"
    approval = str(record.get("approvalstatus") or "")
    if approval == APPROVAL_REJECTED:
        return "failed"
    return "pending" if values.flag(record.get("posting")) is False or approval == APPROVAL_PENDING else "booked"


def _taken(record: Record) -> Decimal:
    """Return what is no longer a deposit, because it was applied."""
    return allocations.applied_deposits(record) if record["type"] == scope.DEPOSIT else ZERO


def _rest(record: Record, own: str, line: Line | None, is_base: bool) -> Decimal:
    """Return what is not used yet, as NetSuite states it: on the document, or on a journal entry's line."""
    if line is None:
        stated = (record.get("foreignpaymentamountunused"), record.get("foreignamountunpaid"))
        if record["type"] == scope.DEPOSIT and stated == (None, None):
            settled = sum((link.amount for link in allocations.links(record)), ZERO)
            return values.size(record["foreigntotal"]) - settled
        return values.rest(*(reversed(stated) if record["type"] == "CustRfnd" else stated))
    if is_base:
        return values.rest(_base_rest(record, line))
    if _is_debit(record, line) and line.get("foreignamountunpaid") is not None:
        return values.rest(line["foreignamountunpaid"])
    return values.size(line["foreignamount"]) - values.rest(line.get("fxamountlinked"))


def _base_rest(record: Record, line: Line | None) -> Decimal | None:
    """Return the unused rest in base currency, a sum over lines; None where none of them says it."""
    lines = record["lines"] if line is None else [line]
    names = ("amountunpaid", "paymentamountunused")
    stated = [part for row in lines for name in names if (part := values.amount(row.get(name))) is not None]
    return abs(sum(stated, ZERO)) if stated else None

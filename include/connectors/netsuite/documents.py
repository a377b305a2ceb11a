"""Invoices, statement charges and credit memos, amounts positive whatever sign NetSuite gives them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import compress
from typing import Any
from zoneinfo import ZoneInfo

from include.connectors.netsuite import allocations, values
from include.connectors.netsuite.customers import custom_fields
from include.connectors.netsuite.values import ZERO, UnknownValue
from include.connectors.normalized import Columns, Normalized, Record

STATUSES = {"A": "open", "B": "paid", "D": "pending_approval", "E": "rejected", "V": "voided"}
LEDGER_STATUSES = ("open", "paid", "voided")

Records = Sequence[Record]


def invoices(records: Records, keys: Sequence[str], said: Normalized) -> None:
    """Add invoices and the one installment of each; payments and credits list what they settle.

    Raises:
        UnknownValue: a status is one that no mapping covers.
        ValueError, LookupError, TypeError: a value is missing or not of its kind.
    """
    rests = [values.rest(record.get("foreignamountunpaid")) for record in records]
    base = [_base(record, "amountunpaid") for record in records]
    # A statement charge without terms is due on its own day.
    dues = [values.day(record.get("duedate") or (record.get("trandate") if record["type"] == "CustChrg" else None))
            for record in records]  # fmt: skip
    rows = _documents(records, keys, rests, "outstanding_amount", base) | {"due_date": dues}
    said.extend("invoices", rows)
    said.extend("installments", _installments(rows))


def credit_notes(records: Records, keys: Sequence[str], said: Normalized) -> None:
    """Add credit memos, and what they were used for.

    Raises:
        UnknownValue: a status is one that no mapping covers.
        ValueError, LookupError, TypeError: a value is missing or not of its kind.
    """
    rests = [values.rest(r.get("foreignpaymentamountunused"), r.get("foreignamountunpaid")) for r in records]
    base = [_base(record, "paymentamountunused", "amountunpaid") for record in records]
    rows = _documents(records, keys, rests, "unapplied_amount", base)
    said.extend("credit_notes", rows)
    parents = zip(records, keys, rows["status"], rows["currency"], strict=True)
    uses = [use for record, key, status, currency in parents if status in ("open", "paid")
            for use in allocations.uses(record, key, currency)]  # fmt: skip
    said.extend("allocations", allocations.columns(uses, "credit_notes", "credit", "credit_note"))


def currencies(records: Records) -> list[str]:
    """Return each record's currency; an account that has one only names none.

    Raises:
        LookupError: it is one that the account does not list.
    """
    return [
        str(about["currencies"][str(record["currency"])]) if about["currencies"] and record.get("currency") else
        str(about["base_currency"])
        for record in records for about in (record["about"],)
    ]  # fmt: skip


def moments(records: Records, name: str) -> list[Any]:
    """Return timestamps in UTC."""
    return [values.moment(record.get(name), ZoneInfo(record["about"]["zone"])) for record in records]


def rates(records: Records) -> Columns:
    """Return the rates as they are stated: base currency for one of the document's."""
    found = [values.amount(record.get("exchangerate")) or None for record in records]
    return {"exchange_rate": found, "exchange_rate_basis": [rate and "base_per_document" for rate in found]}


def customer_keys(ids: Sequence[Any]) -> list[str]:
    """Return the keys of customers.

    Raises:
        ValueError: one is no id.
    """
    return [f"customer:{values.identifier(identifier)}" for identifier in ids]


def _documents(
    records: Records, keys: Sequence[str], rests: Sequence[Decimal], rest: str, base: Sequence[Decimal | None]
) -> Columns:
    """Return what invoices and credit memos share.

    Args:
        rests: what is open, in the column `rest`; `base` says it in base currency, where that is stated.
    """
    statuses = [_status(record, left) for record, left in zip(records, rests, strict=True)]
    is_ledger, is_void = [s in LEDGER_STATUSES for s in statuses], [s == "voided" for s in statuses]
    totals = [values.size(record["foreigntotal"]) for record in records]
    taxes = [sum((values.size(row["tax"]) for row in record["taxes"] if row.get("tax") is not None), ZERO)
             for record in records]  # fmt: skip
    gross = [ZERO if void else total for total, void in zip(totals, is_void, strict=True)]
    tax = [ZERO if void else t for t, void in zip(taxes, is_void, strict=True)]
    in_base = [values.size(sum((values.amount(line["amount"]) or ZERO for line in r["lines"]), ZERO)) if r["lines"]
               else None for r in records]  # fmt: skip
    days = [values.day(record["trandate"]) for record in records]
    is_open = [status == "open" for status in statuses]
    return {
        "external_id": list(keys),
        "source_document_type": [record["type"] for record in records],
        "customer_external_id": customer_keys([record["entity"] for record in records]),
        "number": [values.text(r.get("tranid")) or values.text(r.get("transactionnumber")) for r in records],
        "title": [values.text(record.get("memo")) for record in records],
        "purchase_order": [values.text(record.get("otherrefnum")) for record in records],
        "issue_date": days,
        "posting_date": [d if ledger else None for d, ledger in zip(days, is_ledger, strict=True)],
        "due_date": [values.day(record.get("duedate")) for record in records],
        "payment_terms": [values.text(record.get("terms")) for record in records],
        "currency": currencies(records),
        "gross_amount": gross,
        "net_amount": [total - part for total, part in zip(gross, tax, strict=True)],
        "tax_amount": tax,
        "gross_before_void": [total if void else None for total, void in zip(totals, is_void, strict=True)],
        rest: [left if o else ZERO for left, o in zip(rests, is_open, strict=True)],
        "base_currency": values.about(records, "base_currency"),
        **rates(records),
        "base_gross_amount": [ZERO if v else b if ledger else None
                              for b, v, ledger in zip(in_base, is_void, is_ledger, strict=True)],
        "base_outstanding_amount": [b if o else ZERO if ledger else None
                                    for b, o, ledger in zip(base, is_open, is_ledger, strict=True)],
        "status": statuses,
        "source_status": [str(record["status"]) for record in records],
        "closed_on": [values.day(r.get("closedate")) if s == "paid" else None
                      for r, s in zip(records, statuses, strict=True)],
        "source_url": [f"{record['about']['web']}{record['id']}" for record in records],
        "custom_fields": [custom_fields(record, "custbody") for record in records],
        "source_created_at": moments(records, "createddate"),
        "source_updated_at": moments(records, "lastmodifieddate"),
    }  # fmt: skip


def _status(record: Record, left: Decimal) -> str:
    """Return our status of one letter, with or without the type before it; a stated rest is believed."""
    is_void = values.flag(record.get("voided"))
    status = STATUSES.get(str(record["status"]).rpartition(":")[2])
    if status is None:
        raise UnknownValue("status")
    if status in ("pending_approval", "rejected"):
        return status
    if left:
        return "open"
    return "voided" if status == "voided" or is_void else "paid"


def _base(record: Record, *names: str) -> Decimal | None:
    """Return the open rest in base currency, a sum over lines; None where none of them says it."""
    stated = [part for line in record["lines"] for name in names if (part := values.amount(line.get(name))) is not None]
    return abs(sum(stated, ZERO)) if stated else None


def _installments(invoices: Columns) -> Columns:
    """Return the one installment of each invoice of the ledger."""
    posted = [status in LEDGER_STATUSES for status in invoices["status"]]
    keys = list(compress(invoices["external_id"], posted))
    count = len(keys)
    return {
        "external_id": [f"{key}:1" for key in keys],
        "invoice_external_id": keys,
        "sequence": [1] * count,
        "due_date": list(compress(invoices["due_date"], posted)),
        "currency": list(compress(invoices["currency"], posted)),
        "amount": list(compress(invoices["gross_amount"], posted)),
        "outstanding_amount": list(compress(invoices["outstanding_amount"], posted)),
        "is_derived": [False] * count,
        "parent_stream": ["invoices"] * count,
        "parent_external_id": keys,
    }

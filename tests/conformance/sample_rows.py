"""What the sample system's rows mean in the model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from email_validator import EmailNotValidError, validate_email

from include.connectors.base import Stream, digest
from include.connectors.normalized import Normalized, Record, Reject

TYPES = {"C": "Party", "B": "Bill", "N": "Note", "R": "Receipt", "P": "Payout", "X": "Offset"}
KINDS = {record_type: kind for kind, record_type in TYPES.items()}
TABLES = {"C": "customers", "B": "invoices", "N": "credit_notes", "R": "payments", "P": "refunds", "X": "allocations"}
ALLOCATED = {"B": "invoice", "N": "credit_note", "R": "payment", "P": "refund"}
DOCUMENT_STATUS = {
    "E": "draft", "W": "pending_approval", "O": "open", "S": "paid", "L": "written_off", "X": "voided",
}  # fmt: skip
PAYMENT_STATUS = {"P": "pending", "B": "booked", "F": "failed", "V": "voided"}
WHY = {"P": "payment", "D": "discount", "C": "credit", "W": "write_off", "K": "rounding"}
ZERO = Decimal(0)

Row = dict[str, Any]


def key(kind: str, number: Any) -> str:
    """Return a record's external id."""
    return f"{TYPES[kind]}:{number}"


def place(record: Record) -> tuple[str, int] | None:
    """Return a record's kind and number, by which its list is in order; None if it does not say both."""
    kind, number = record.get("kynd"), record.get("ident")
    return (kind, number) if kind in TYPES and type(number) is int else None


def record_key(stream: Stream, record: Record) -> str:
    """Return a record's external id, made of its digest where it has none."""
    if found := place(record):
        return key(*found)
    return key(KINDS[stream.record_types[0]], f"?{digest(json.dumps(record, sort_keys=True).encode())}")


def names(stream: Stream, keys: Sequence[str]) -> list[str]:
    """Return how the system names these records, in order and once; what is no key of the stream names nothing."""
    found = (k.partition(":") for k in keys)
    numbers = {(KINDS[t], int(n)) for t, _, n in found if t in stream.record_types and n.isdecimal()}
    return [f"{kind}:{number}" for kind, number in sorted(numbers)]


def normalize(stream: Stream, record: Record, said: Normalized) -> None:
    """Add the rows of one record, all of them or a reject."""
    try:
        rows = list(_rows(record))
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        said.rejects.append(_reject(stream, record, type(error).__name__))
        return
    for table, row in rows:
        said.add(table, row)


def _rows(record: Record) -> Iterator[tuple[str, Row]]:
    times = {"source_created_at": at(record["made"]), "source_updated_at": at(record["mod"] or record["made"])}
    match record["kynd"]:
        case "C":
            yield "customers", _customer(record) | times
            yield from (("contacts", _contact(record, line) | times) for line in record["mailz"])
        case "B":
            yield "invoices", _document(record) | {"outstanding_amount": Decimal(record["rest"])} | times
            yield from (("installments", _installment(record, line) | times) for line in record["plan"])
        case "N":
            yield "credit_notes", _document(record) | {"unapplied_amount": Decimal(record["rest"])} | times
        case "R" | "P" | "X":
            if record["kynd"] != "X":
                yield TABLES[record["kynd"]], _movement(record) | times
            yield from (("allocations", _allocation(record, line) | times) for line in record["appl"])
        case _:
            raise ValueError("unknown kind")


def _customer(party: Record) -> Row:
    address = party["addr"]
    return {
        "external_id": key("C", party["ident"]),
        "number": party["kdnr"],
        "name": party["lbl"],
        "parent_external_id": party["boss"] and key("C", party["boss"]),
        "currency": party["cur"],
        "vat_number": party["ust"],
        "address_line1": address["l1"],
        "address_line2": address["l2"],
        "address_city": address["town"],
        "address_postal_code": address["zip"],
        "address_country": address["ctry"].upper(),
        "language": party["lng"],
        "payment_terms": party["trms"],
        "credit_on_hold": party["hold"],
        "is_active": not _flag(party["arch"]),
        "custom_fields": party["xtra"],
    }


def _contact(party: Record, line: Record) -> Row:
    owner = key("C", party["ident"])
    return {
        "external_id": f"Party.mailz:{party['ident']}:{line['ln']}",
        "customer_external_id": owner,
        "first_name": line["fst"],
        "last_name": line["lst"],
        "email": line["@"],
        "email_is_valid": None if not line["@"] else _is_valid(line["@"]),
        "phone": line["tel"],
        "is_main": _flag(line["main"]),
        "is_active": True,
        "source": "sample",
        "parent_stream": "customers",
        "parent_external_id": owner,
    }


def _document(document: Record) -> Row:
    voided, gross = document["st"] == "X", Decimal(document["tot"])
    dues = [(due, Decimal(part["rest"])) for part in document["plan"] if (due := _day(part["due"]))]
    unpaid = [due for due, rest in dues if rest and not voided]
    return {
        "external_id": key(document["kynd"], document["ident"]),
        "source_document_type": document["kynd"],
        "customer_external_id": key("C", document["prty"]),
        "number": document["num"],
        "title": document["ttl"],
        "purchase_order": document["po"],
        "issue_date": _day(document["dat"]),
        "posting_date": _day(document["bkd"]),
        "due_date": min(unpaid) if unpaid else max((due for due, _ in dues), default=None),
        "payment_terms": document["trms"],
        "currency": document["cur"],
        "gross_amount": ZERO if voided else gross,
        "net_amount": ZERO if voided else Decimal(document["net"]),
        "tax_amount": ZERO if voided else Decimal(document["tax"]),
        "base_currency": document["bcur"],
        "exchange_rate": Decimal(document["rate"]),
        "exchange_rate_basis": "base_per_document",
        "base_gross_amount": ZERO if voided else Decimal(document["bTot"]),
        "base_outstanding_amount": Decimal(document["bRest"]),
        "status": DOCUMENT_STATUS[document["st"]],
        "source_status": document["st"],
        "is_sent": document["sent"],
        "is_disputed": document["disp"],
        "written_off_amount": document["lost"] and Decimal(document["lost"]),
        "closed_on": _day(document["shut"]),
        "voided_on": _day(document["dead"]),
        "gross_before_void": gross if voided else None,
        "original_document_external_id": document["fix"] and key("B", document["fix"]),
        "custom_fields": document["xtra"],
    }


def _installment(bill: Record, part: Record) -> Row:
    owner = key("B", bill["ident"])
    voided = bill["st"] == "X"
    return {
        "external_id": f"Bill.plan:{bill['ident']}:{part['ln']}",
        "invoice_external_id": owner,
        "sequence": part["ln"],
        "due_date": _day(part["due"]),
        "currency": bill["cur"],
        "amount": ZERO if voided else Decimal(part["amt"]),
        "outstanding_amount": ZERO if voided else Decimal(part["rest"]),
        "is_derived": False,
        "parent_stream": "invoices",
        "parent_external_id": owner,
    }


def _movement(movement: Record) -> Row:
    on_receivables = movement["acct"] == "1200"
    kind = "payment" if on_receivables else "deposit"
    return {
        "external_id": key(movement["kynd"], movement["ident"]),
        "kind": kind,
        "customer_external_id": key("C", movement["prty"]),
        "number": movement["num"],
        "currency": movement["cur"],
        "amount": Decimal(movement["amt"]),
        "unapplied_amount": Decimal(movement["rest"]),
        "base_currency": movement["bcur"],
        "base_unapplied_amount": Decimal(movement["bRest"]),
        "paid_on" if movement["kynd"] == "R" else "refunded_on": _day(movement["dat"]),
        "instrument": movement["way"],
        "status": PAYMENT_STATUS[movement["st"]],
        "on_receivable_account": on_receivables,
    }


def _allocation(entry: Record, line: Record) -> Row:
    """A discount or write-off has no source; an offset's source is its credit note."""
    owner = key(entry["kynd"], entry["ident"])
    number = entry.get("frm") if entry["kynd"] == "X" else entry["ident"]
    kind = "N" if entry["kynd"] == "X" else entry["kynd"]
    if line["wy"] == "D" or number is None:
        source, source_amount = "-/-", None
    else:
        source, source_amount = f"{ALLOCATED[kind]}:{number}", Decimal(line.get("src") or line["amt"])
    return {
        "external_id": f"{owner}/{source}/{ALLOCATED[line['on']]}:{line['no']}/{line['ln']}",
        "kind": "refund" if entry["kynd"] == "P" else WHY[line["wy"]],
        "source_type": None if source_amount is None else ALLOCATED[kind],
        "source_external_id": None if source_amount is None else key(kind, number),
        "source_amount": source_amount,
        "source_currency": None if source_amount is None else entry["cur"],
        "target_type": ALLOCATED[line["on"]],
        "target_external_id": key(line["on"], line["no"]),
        "target_amount": Decimal(line["amt"]),
        "target_currency": line["cur"],
        "applied_on": _day(line["dat"]),
        "is_derived": False,
        "parent_stream": "payments",
        "parent_external_id": owner,
    }


def _reject(stream: Stream, record: Record, trouble: str) -> Reject:
    """Say that a record cannot be mapped, with what can still be told of it and nothing personal."""
    fields = record if isinstance(record, dict) else {}
    found = place(fields)
    return Reject(
        key=record_key(stream, fields),
        table=TABLES[found[0] if found else KINDS[stream.record_types[0]]],
        reason="malformed_record",
        message=f"the record cannot be mapped ({trouble})",
        is_open=fields.get("st") not in ("S", "L", "X", "F", "V"),
        number=str(fields.get("num") or fields.get("kdnr") or ""),
        customer=key("C", fields["prty"]) if isinstance(fields.get("prty"), int) else "",
        currency=str(fields.get("cur") or ""),
    )


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("no flag")
    return value


def _day(text: str | None) -> date | None:
    if not text:
        return None
    day, month, year = map(int, text.split("."))
    return date(year, month, day)


def at(text: str | None) -> datetime | None:
    """Return a timestamp of the system; some records have none."""
    return datetime.fromisoformat(text) if text else None


def _is_valid(email: str) -> bool:
    try:
        validate_email(email, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True

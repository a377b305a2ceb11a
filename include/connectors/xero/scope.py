"""Which of Xero's records are receivables of an organization and within its history, and how lists are asked.

`where` uses only columns that Xero has optimised for organisations with many records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from include.connectors.xero import values, wire

Row = Mapping[str, Any]

UNFINISHED = ("DRAFT", "SUBMITTED", "AUTHORISED")
GONE = ("VOIDED", "DELETED")
LONGEST_FILTER = 1_600
"""Characters of a filter once it is encoded: an address may have about 2,000 in all."""
IDS_AT_ONCE = 20
"""So many ids such a filter holds at least, written as conditions; as a parameter of their own more."""


@dataclass(frozen=True, slots=True)
class List:
    """One list of Xero.

    Args:
        name: as its address and its replies write it.
        id_field: the field that never changes, by which a whole list is paged.
        where: what is ours in it, as far as it can be asked.
        not_ours: types that belong to suppliers; any other unknown one is for the mapping to refuse.
        ours: types that belong to customers, where `where` does not say so.
        contact: the column that names a record's contact, for `where`.
        ids: the parameter that takes ids, where the list has one.
    """

    name: str
    id_field: str
    type_field: str = "Type"
    where: str = ""
    not_ours: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    contact: str = "Contact.ContactID"
    ids: str = ""

    def receivable(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the records that are about receivables."""
        kinds = values.every(rows, self.type_field)
        return [row for row, kind in zip(rows, kinds, strict=True) if kind not in self.not_ours]


CONTACTS = List("Contacts", "ContactID", ids="IDs", contact="ContactID")
INVOICES = List("Invoices", "InvoiceID", where='Type=="ACCREC"', not_ours=("ACCPAY",), ids="IDs")
CREDIT_NOTES = List("CreditNotes", "CreditNoteID", where='Type=="ACCRECCREDIT"', not_ours=("ACCPAYCREDIT",))
OVERPAYMENTS = List(
    "Overpayments", "OverpaymentID", not_ours=("SPEND-OVERPAYMENT", "APOVERPAYMENT"),
    ours=("RECEIVE-OVERPAYMENT", "AROVERPAYMENT"),
)  # fmt: skip
PREPAYMENTS = List(
    "Prepayments", "PrepaymentID", not_ours=("SPEND-PREPAYMENT", "APPREPAYMENT"),
    ours=("RECEIVE-PREPAYMENT", "ARPREPAYMENT"),
)  # fmt: skip
PAYMENTS = List(
    "Payments", "PaymentID", type_field="PaymentType", contact="Invoice.Contact.ContactID",
    not_ours=("ACCPAYPAYMENT", "APCREDITPAYMENT", "APOVERPAYMENTPAYMENT", "APPREPAYMENTPAYMENT"),
    ours=("ACCRECPAYMENT", "ARCREDITPAYMENT", "AROVERPAYMENTPAYMENT", "ARPREPAYMENTPAYMENT"),
)  # fmt: skip
CREDITS = (CREDIT_NOTES, OVERPAYMENTS, PREPAYMENTS)


def both(*conditions: str) -> str:
    """Return a condition that holds where all of these do; empty ones say nothing."""
    said = [condition for condition in conditions if condition]
    return " AND ".join(f"({c})" if len(said) > 1 and " OR " in c else c for c in said)


def any_of(column: str, values: Sequence[str], kind: str = "{}") -> str:
    """Return a condition that holds where the column has one of the values."""
    return " OR ".join(f"{column}=={kind.format(quoted)}" for quoted in (f'"{value}"' for value in values))


def since_day(day: date) -> str:
    """Return a condition that holds for documents dated from the organization's own day on."""
    return f"Date>=DateTime({day.year},{day.month},{day.day})"


def filters_by_id(the_list: List, column: str, ids: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the parameters that ask for these ids, as many at a time as an address can hold."""
    by_parameter = the_list.ids and column == the_list.id_field
    chunk: list[str] = []
    length = 0
    for identifier in ids:
        own = len(quote(f"{identifier}," if by_parameter else f'{column}==guid("{identifier}") OR '))
        if chunk and length + own > LONGEST_FILTER:
            yield _filter(the_list, column, chunk, bool(by_parameter))
            chunk, length = [], 0
        chunk.append(identifier)
        length += own
    if chunk:
        yield _filter(the_list, column, chunk, bool(by_parameter))


def _filter(the_list: List, column: str, ids: Sequence[str], by_parameter: bool) -> dict[str, str]:
    if by_parameter:
        asked = {the_list.ids: ",".join(ids)}
        return asked | ({"where": the_list.where} if the_list.where else {})
    return {"where": both(the_list.where, any_of(column, ids, "guid({})"))}


def is_in_range(row: Row, history_from: date) -> bool:
    """Tell whether a record is dated from the day on, still unfinished, or was settled from that day on.

    So a payment of after the day always finds its document, however old that is.
    """
    if row.get("Status") in UNFINISHED and "PaymentType" not in row:
        return True
    day = wire.day(row, "Date")
    if day is None or day >= history_from:
        return True
    days = [wire.day(row, "FullyPaidOnDate")]
    if "PaymentType" not in row:
        days += [wire.day(part, "Date") for name in ("Payments", "Allocations") for part in row.get(name) or ()]
    return any(day and day >= history_from for day in days)

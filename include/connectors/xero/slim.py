"""Documents of Xero without what nobody here reads: line items, addresses and the like are four fifths of a page.

A page that is not as expected (a list that is none, a record without its id) is read whole, so that
the mapping and its rejects see what really came.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypedDict

import msgspec

from include import exact_json
from include.connectors.xero.values import every


class Contact(TypedDict, total=False):
    """Whose document it is."""

    ContactID: Any


class Part(TypedDict, total=False):
    """A payment, a credit or an allocation, as a document lists it."""

    PaymentID: Any
    CreditNoteID: Any
    OverpaymentID: Any
    PrepaymentID: Any
    Invoice: Any
    Amount: Any
    Date: Any
    DateString: Any
    Status: Any
    IsDeleted: Any


class Document(TypedDict, total=False):
    """An invoice or a credit note."""

    Type: Any
    InvoiceID: Any
    InvoiceNumber: Any
    CreditNoteID: Any
    CreditNoteNumber: Any
    Contact: Contact | None
    Reference: Any
    Date: Any
    DateString: Any
    DueDate: Any
    DueDateString: Any
    ExpectedPaymentDate: Any
    ExpectedPaymentDateString: Any
    FullyPaidOnDate: Any
    UpdatedDateUTC: Any
    Status: Any
    SentToContact: Any
    CurrencyCode: Any
    CurrencyRate: Any
    Total: Any
    SubTotal: Any
    TotalTax: Any
    AmountDue: Any
    RemainingCredit: Any
    Payments: list[Part] | None
    Allocations: list[Part] | None
    CreditNotes: list[Part] | None
    Overpayments: list[Part] | None
    Prepayments: list[Part] | None


class Reply(TypedDict, total=False):
    """What is asked for a list; the other keys say nothing that is read."""

    pagination: Any
    DateTimeUTC: Any
    Invoices: list[Document]
    CreditNotes: list[Document]


class Staged(TypedDict):
    """A page as it was staged."""

    organisation: Any
    kept: list[int]
    reply: Reply


IDENTIFIERS: Mapping[str, str] = {"Invoices": "InvoiceID", "CreditNotes": "CreditNoteID"}
"""Lists of documents, and the field that each record must have; other lists are small and read whole."""
_REPLY = msgspec.json.Decoder(Reply, float_hook=Decimal)
_STAGED = msgspec.json.Decoder(Staged, float_hook=Decimal)


def reply(name: str, body: bytes) -> Any:
    """Return Xero's reply to a request for a list.

    Raises:
        ValueError, RecursionError: it is no JSON.
    """
    said = _slim(_REPLY, name, body)
    return said if said is not None and _is_sound(said, name) else exact_json.decode(body)


def staged(name: str, body: bytes) -> Any:
    """Return a page as it was staged: the reply, which of its records are kept, and what its organisation says."""
    said = _slim(_STAGED, name, body)
    return said if said is not None and _is_sound(said["reply"], name) else exact_json.decode(body)


def _slim(decoder: msgspec.json.Decoder[Any], name: str, body: bytes) -> Any:
    try:
        return decoder.decode(body) if name in IDENTIFIERS else None
    except (ValueError, RecursionError):  # another shape, or what only the json module takes
        return None


def _is_sound(said: Mapping[str, Any], name: str) -> bool:
    return name in said and all(every(said[name], IDENTIFIERS[name]))

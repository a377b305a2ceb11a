"""The fields that Xero's published description gives its records; any other one is new, and nobody has mapped it.

Read in Xero's OpenAPI description of the Accounting API 2.0; `…String` is the second form of a date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, get_type_hints

import msgspec

from include.connectors.base import Stream
from include.connectors.normalized import Record
from include.connectors.xero import slim

_ANY = (
    "HasAttachments", "Attachments", "HasErrors", "HasValidationErrors", "ValidationErrors", "Warnings",
    "StatusAttributeString", "UpdatedDateUTC", "UpdatedDateUTCString",
)  # fmt: skip
_DOCUMENT = (
    *_ANY, "Type", "Contact", "Date", "DateString", "DueDate", "DueDateString", "Status", "LineAmountTypes",
    "LineItems", "SubTotal", "TotalTax", "Total", "TotalDiscount", "CISDeduction", "CISRate", "CurrencyCode",
    "CurrencyRate", "FullyPaidOnDate", "Reference", "SentToContact", "BrandingThemeID", "Payments", "InvoiceAddresses",
    "ID",
)  # fmt: skip
_CREDIT = (*_DOCUMENT, "RemainingCredit", "Allocations", "AppliedAmount")
FIELDS: Mapping[str, frozenset[str]] = {
    "customers": frozenset({
        *_ANY, "ContactID", "MergedToContactID", "ContactNumber", "AccountNumber", "ContactStatus", "Name", "FirstName",
        "LastName", "CompanyNumber", "EmailAddress", "SkypeUserName", "ContactPersons", "BankAccountDetails",
        "TaxNumber", "TaxNumberType", "AccountsReceivableTaxType", "AccountsPayableTaxType", "Addresses", "Phones",
        "IsSupplier", "IsCustomer", "SalesDefaultLineAmountType", "PurchasesDefaultLineAmountType", "DefaultCurrency",
        "XeroNetworkKey", "SalesDefaultAccountCode", "PurchasesDefaultAccountCode", "SalesTrackingCategories",
        "PurchasesTrackingCategories", "TrackingCategoryName", "TrackingCategoryOption", "PaymentTerms",
        "ContactGroups", "Website", "BrandingTheme", "BatchPayments", "Discount", "Balances",
    }),
    "invoices": frozenset({
        *_DOCUMENT, "InvoiceID", "InvoiceNumber", "Url", "ExpectedPaymentDate", "ExpectedPaymentDateString",
        "PlannedPaymentDate", "PlannedPaymentDateString", "RepeatingInvoiceID", "IsDiscounted", "Prepayments",
        "Overpayments", "CreditNotes", "AmountDue", "AmountPaid", "AmountCredited", "InvoicePaymentServices",
    }),
    "credit_notes": frozenset({*_CREDIT, "CreditNoteID", "CreditNoteNumber"}),
    "payments": frozenset({
        *_ANY, "PaymentID", "Invoice", "CreditNote", "Prepayment", "Overpayment", "InvoiceNumber", "CreditNoteNumber",
        "BatchPayment", "BatchPaymentID", "Account", "Code", "Date", "DateString", "CurrencyRate", "Amount",
        "BankAmount", "Reference", "IsReconciled", "Status", "PaymentType", "BankAccountNumber", "Particulars",
        "Details", "HasAccount",
    }),
    "overpayments": frozenset({*_CREDIT, "OverpaymentID"}),
    "prepayments": frozenset({*_CREDIT, "PrepaymentID", "InvoiceNumber"}),
}  # fmt: skip
OURS = frozenset({"organisation"})
"""What a page's reader adds to its records."""
NEEDED = frozenset({
    "Type", "Status", "Contact", "CurrencyCode", "Total", "SubTotal", "TotalTax", "InvoiceID", "AmountDue",
    "CreditNoteID", "RemainingCredit",
})  # fmt: skip
"""A document without one of its own among them is odd, and its page is read another way."""
UNREAD = msgspec.Raw()


class Documented(list[Record]):
    """Records that have no field but documented ones; of those that the mapping never reads, only the bytes."""


def unknown(stream: Stream, records: Iterable[Record]) -> set[str]:
    """Return the names of fields that the records have and Xero's description does not."""
    names: set[Any] = set()
    for record in records:
        names |= record.keys()
    return {str(name) for name in names - FIELDS[stream.name] - OURS}


def staged(stream: Stream, name: str, body: bytes) -> Mapping[str, Any] | None:
    """Return a page as it was staged, its documents with every documented field, None for one that is missing.

    One look at the bytes tells what is in them and that nothing else is. None where a field is not documented, one
    that is needed is missing, or the page is odd.
    """
    try:
        page = _page(stream.name, name).decode(body)
    except (ValueError, RecursionError):
        return None
    rows = [msgspec.structs.asdict(row) for row in getattr(page.reply, name)]
    if not all(row[slim.IDENTIFIERS[name]] for row in rows):
        return None
    return {"organisation": page.organisation, "kept": page.kept, "reply": {name: rows}}


@cache
def _page(stream: str, name: str) -> msgspec.json.Decoder[Any]:
    """Return what decodes a page of that list and refuses a field that FIELDS does not name."""
    read, known = get_type_hints(slim.Document), FIELDS[stream]
    fields: list[Any] = [(field, read[field]) for field in sorted(known & NEEDED)]
    fields += [(field, read[field], None) for field in sorted(known & read.keys() - NEEDED)]
    fields += [(field, msgspec.Raw, UNREAD) for field in sorted(known - read.keys())]
    record = msgspec.defstruct("Record", fields, forbid_unknown_fields=True, gc=False)
    reply = msgspec.defstruct("Reply", [(name, list[record])])  # type: ignore[valid-type]
    parts = [("organisation", Any), ("kept", list[int]), ("reply", reply)]
    return msgspec.json.Decoder(msgspec.defstruct("Page", parts), float_hook=Decimal)

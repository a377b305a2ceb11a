"""The fields that Xero's published description gives its records; any other one is new, and nobody has mapped it.

Read in Xero's OpenAPI description of the Accounting API 2.0; `…String` is the second form of a date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import msgspec

from include.connectors.base import Stream
from include.connectors.normalized import Record

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
NOTHING = msgspec.Raw()
OURS = frozenset({"organisation"})
"""What a page's reader adds to its records."""


def unknown(stream: Stream, records: Iterable[Record]) -> set[str]:
    """Return the names of fields that the records have and Xero's description does not."""
    names: set[Any] = set()
    for record in records:
        names |= record.keys()
    return {str(name) for name in names - FIELDS[stream.name] - OURS}


def is_known(stream: Stream, name: str, body: bytes) -> bool:
    """Return, without making records of them, whether a staged page's list of that name has documented fields only."""
    try:
        _page(stream.name, name).decode(body)
    except (ValueError, RecursionError):  # an unknown field, or nothing that has fields
        return False
    return True


@cache
def _page(stream: str, name: str) -> msgspec.json.Decoder[Any]:
    """Return what decodes a page of that list and refuses a field that FIELDS does not name."""
    fields = [(field, msgspec.Raw, NOTHING) for field in sorted(FIELDS[stream])]
    record = msgspec.defstruct("Record", fields, forbid_unknown_fields=True, gc=False)
    reply = msgspec.defstruct("Reply", [(name, list[record])])  # type: ignore[valid-type]
    return msgspec.json.Decoder(msgspec.defstruct("Page", [("reply", reply)]))

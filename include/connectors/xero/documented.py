"""The fields that Xero's published description gives its records; any other one is new, and nobody has mapped it.

Read in Xero's OpenAPI description of the Accounting API 2.0; `…String` is the second form of a date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from include.connectors.base import Record, Stream

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


def unknown(stream: Stream, records: Iterable[Record]) -> set[str]:
    """Return the names of fields that the records have and Xero's description does not."""
    names: set[Any] = set()
    for record in records:
        names |= record.keys()
    return {str(name) for name in names - FIELDS[stream.name] - OURS}

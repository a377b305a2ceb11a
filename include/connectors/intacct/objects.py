"""What is read of Sage Intacct: its objects, with the fields of REST and what the XML gateway calls them.

A record is one flat mapping under REST's dotted names, whichever transport brought it: amounts are the texts
that the system wrote, days `YYYY-MM-DD`, moments ISO 8601 in UTC, keys texts. Names of REST are those of the
published OpenAPI description, names of XML those of the objects' definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cached_property
from typing import Any

CREATED, MODIFIED = "audit.createdDateTime", "audit.modifiedDateTime"
ENTITY = "entity.id"
RATE_BASIS, BASE_LEFT = "exchangeRate.basis", "baseCurrency.left"
"""Of a manual deposit, which states totals in both currencies instead of a rate and a rest."""


class Kind(StrEnum):
    """How the gateway writes a value."""

    TEXT = "text"
    DAY = "day"  # in the user's own format
    MOMENT = "moment"  # in the user's own format and time zone
    FLAG = "flag"
    STATE = "state"  # "Partially Paid" for partiallyPaid
    MODULE = "module"  # "8.SO" for orderEntry


@dataclass(frozen=True, eq=False)
class Object:
    """One kind of record.

    Args:
        path: REST's name of it.
        element: the gateway's; "" where it has none.
        fields: REST's name of a field → the gateway's, "" where it has none.
        kinds: of fields that are no plain text.
        permission: what a role must hold to read it, as the user's set-up form calls it.
        subscription: the application that the permission belongs to.
        shape: makes another object's record of one.
    """

    path: str
    element: str
    fields: Mapping[str, str]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    permission: str = ""
    subscription: str = "Accounts Receivable"
    shape: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None

    @property
    def name(self) -> str:
        """The last word of the path; prefix of the records' keys."""
        return self.path.rpartition("/")[2]

    @cached_property
    def by_element(self) -> Mapping[str, str]:
        """The gateway's name of each field → REST's."""
        return {theirs: ours for ours, theirs in self.fields.items() if theirs}


def _stamps(created: str = "AUWHENCREATED") -> dict[str, str]:
    return {CREATED: created, MODIFIED: "WHENMODIFIED"}


_MOMENTS = {CREATED: Kind.MOMENT, MODIFIED: Kind.MOMENT}
_WHOSE = {"customer.key": "", "customer.id": "CUSTOMERID", ENTITY: "MEGAENTITYID"}
_ADDRESS = {
    "addressLine1": "ADDRESS1", "addressLine2": "ADDRESS2", "city": "CITY", "state": "STATE", "postCode": "ZIP",
    "country": "COUNTRY", "isoCountryCode": "COUNTRYCODE",
}  # fmt: skip
ROLES: Mapping[str, str] = {
    "default": "DISPLAYCONTACT", "primary": "CONTACTINFO", "billTo": "BILLTO", "shipTo": "SHIPTO",
}  # fmt: skip
"""Contacts that a customer names, and the gateway's word for each."""

CUSTOMER = Object(
    "accounts-receivable/customer", "CUSTOMER",
    {
        "key": "RECORDNO", "id": "CUSTOMERID", "name": "NAME", "parent.key": "PARENTKEY", "status": "STATUS",
        "currency": "CURRENCY", "taxId": "TAXID", "isOnHold": "ONHOLD", "term.id": "TERMNAME",
        "customerType.id": "CUSTTYPE", "salesRepresentative.id": "CUSTREPID", "salesRepresentative.name": "CUSTREPNAME",
        ENTITY: "MEGAENTITYID",
        **{f"contacts.{role}.id": f"{element}.CONTACTNAME" for role, element in ROLES.items()},
        **_stamps("WHENCREATED"),
    },
    {"status": Kind.STATE, "isOnHold": Kind.FLAG, **_MOMENTS}, "Customers",
)  # fmt: skip
BALANCE = Object(
    CUSTOMER.path, CUSTOMER.element, {"key": "RECORDNO", "id": "CUSTOMERID", "totalDue": "TOTALDUE"}, {}, "Customers"
)
TOTAL = Object(
    "accounts-receivable/customer-total", "", {"key": "", "customer.key": "", ENTITY: "", "totalDue": ""}, {},
    "Customers",
)  # fmt: skip
CATEGORY = Object(
    "accounts-receivable/customer-contact", "",
    {"key": "", "categoryName": "", "customer.key": "", "contact.id": ""}, {}, "Customers",
)  # fmt: skip
CONTACT = Object(
    "company-config/contact", "CONTACT",
    {
        "key": "RECORDNO", "id": "CONTACTNAME", "firstName": "FIRSTNAME", "lastName": "LASTNAME", "printAs": "PRINTAS",
        "email1": "EMAIL1", "email2": "EMAIL2", "phone1": "PHONE1", "mobile": "CELLPHONE", "status": "STATUS",
        **{f"mailingAddress.{ours}": f"MAILADDRESS.{theirs}" for ours, theirs in _ADDRESS.items()},
        **_stamps("WHENCREATED"),
    },
    {"status": Kind.STATE, **_MOMENTS}, "Contacts", "Company",
)  # fmt: skip
INVOICE = Object(
    "accounts-receivable/invoice", "ARINVOICE",
    {
        "key": "RECORDNO", "recordType": "RECORDTYPE", "invoiceNumber": "RECORDID", "state": "STATE", **_WHOSE,
        "referenceNumber": "DOCNUMBER", "description": "DESCRIPTION", "term.id": "TERMNAME",
        "invoiceDate": "WHENCREATED", "dueDate": "WHENDUE", "paymentInformation.fullyPaidDate": "WHENPAID",
        "currency.baseCurrency": "BASECURR", "currency.txnCurrency": "CURRENCY",
        "currency.exchangeRate.rate": "EXCHANGE_RATE", "totalBaseAmount": "TOTALENTERED",
        "totalBaseAmountDue": "TOTALDUE", "totalTxnAmount": "TRX_TOTALENTERED", "totalTxnAmountDue": "TRX_TOTALDUE",
        "moduleKey": "MODULEKEY", "invoiceSummary.glPostingDate": "WHENPOSTED", **_stamps(),
    },
    {
        "state": Kind.STATE, "invoiceSummary.glPostingDate": Kind.DAY, "invoiceDate": Kind.DAY, "dueDate": Kind.DAY,
        "paymentInformation.fullyPaidDate": Kind.DAY, "moduleKey": Kind.MODULE, **_MOMENTS,
    },
    "Invoices",
)  # fmt: skip
ADJUSTMENT = Object(
    "accounts-receivable/adjustment", "ARADJUSTMENT",
    {
        "key": "RECORDNO", "txnType": "RECORDTYPE", "adjustmentNumber": "RECORDID", "state": "STATE", **_WHOSE,
        "documentNumber": "DOCNUMBER", "description": "DESCRIPTION", "createdDate": "WHENCREATED",
        "baseCurrency.currency": "BASECURR", "txnCurrency.currency": "CURRENCY", "exchangeRate.rate": "EXCHANGE_RATE",
        "baseCurrency.totalDue": "TOTALDUE", "txnCurrency.totalEntered": "TRX_TOTALENTERED",
        "txnCurrency.totalDue": "TRX_TOTALDUE", "glPostingDate": "WHENPOSTED", "baseCurrency.paidDate": "WHENPAID",
        **_stamps(),
    },
    {
        "state": Kind.STATE, "createdDate": Kind.DAY, "glPostingDate": Kind.DAY, "baseCurrency.paidDate": Kind.DAY,
        **_MOMENTS,
    },
    "Adjustments",
)  # fmt: skip
PAYMENT = Object(
    "accounts-receivable/payment", "ARPYMT",
    {
        "key": "RECORDNO", "recordType": "RECORDTYPE", "state": "STATE", **_WHOSE, "paymentMethod": "PAYMENTMETHOD",
        "documentNumber": "DOCNUMBER", "paidDate": "WHENPAID", "baseCurrency.currency": "BASECURR",
        "txnCurrency.currency": "CURRENCY", "exchangeRate.rate": "EXCHANGE_RATE", "baseCurrency.totalDue": "TOTALDUE",
        "txnCurrency.totalAmount": "TRX_TOTALENTERED", "txnCurrency.totalDue": "TRX_TOTALDUE",
        "multiEntityPayment.key": "MULTIENTITYPYMTKEY", **_stamps(),
    },
    {"state": Kind.STATE, "paymentMethod": Kind.STATE, "paidDate": Kind.DAY, **_MOMENTS},
    "Payments (Receive payments, Posted payments)",
)  # fmt: skip
DETAIL = Object(
    "accounts-receivable/payment-detail", "ARPYMTDETAIL",
    {
        "key": "RECORDNO", "arPayment.key": "PAYMENTKEY", "arInvoice.key": "RECORDKEY",
        "positiveAdjustment.key": "POSADJKEY", "inlineTxn.key": "INLINEKEY", "arAdjustment.key": "ADJUSTMENTKEY",
        "negativeInvoice.key": "NEGATIVEINVOICEKEY", "arAdvance.key": "ADVANCEKEY",
        "postedAdvance.key": "POSTEDADVANCEKEY", "arPostedOverPayment.key": "OVERPAYMENTKEY",
        "paymentDate": "PAYMENTDATE", "txnCurrency.currency": "CURRENCY",
        **{
            f"txnCurrency.{name}Amount": f"TRX_{name.upper()}AMOUNT"
            for name in ("payment", "inline", "adjustment", "negativeInvoice", "postedAdvance", "postedOverPayment")
        },
        **_stamps("WHENCREATED"),
    },
    {"paymentDate": Kind.DAY, **_MOMENTS}, "Payments (Receive payments, Posted payments)",
)  # fmt: skip
ADVANCE = Object(
    "accounts-receivable/advance", "ARADVANCE",
    {
        "key": "RECORDNO", "recordType": "RECORDTYPE", "state": "STATE", **_WHOSE, "referenceNumber": "DOCNUMBER",
        "paymentInformation.paymentMethod": "PAYMENTMETHOD", "paymentInformation.paymentDate": "PAYMENTDATE",
        "paymentInformation.currency.baseCurrency": "BASECURR", "paymentInformation.currency.txnCurrency": "CURRENCY",
        "paymentInformation.currency.exchangeRate": "EXCHANGE_RATE", "paymentInformation.totalDue": "TOTALDUE",
        "paymentInformation.totalTxnAmountDue": "TRX_TOTALDUE", "txnTotalEntered": "TRX_TOTALENTERED", **_stamps(),
    },
    {
        "state": Kind.STATE, "paymentInformation.paymentMethod": Kind.STATE, "paymentInformation.paymentDate": Kind.DAY,
        **_MOMENTS,
    }, "Advances",
)  # fmt: skip


def _as_payment(deposit: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manual deposit as the payment that it is, and as which the gateway lists it."""
    told = "paymentInformation"
    names = {
        "key": "key", "state": "state", "customer.key": "customer.key", "customer.id": "customer.id", ENTITY: ENTITY,
        "documentNumber": "documentNumber", "paidDate": f"{told}.paidDate", CREATED: CREATED, MODIFIED: MODIFIED,
        "baseCurrency.currency": "currency.baseCurrency", "txnCurrency.currency": "currency.txnCurrency",
        "txnCurrency.totalAmount": f"{told}.totalEntered",
    }  # fmt: skip
    row = {ours: deposit[theirs] for ours, theirs in names.items() if theirs in deposit}
    total, paid = (_amount(deposit.get(f"{told}.{part}")) for part in ("totalEntered", "txnTotalPaid"))
    base, base_paid = (_amount(deposit.get(f"{told}.{part}")) for part in ("totalAmountEntered", "totalPaid"))
    row["txnCurrency.totalDue"] = None if total is None or paid is None else str(total - paid)
    row[BASE_LEFT] = None if base is None or base_paid is None else str(base - base_paid)
    row["baseCurrency.totalDue"] = row[BASE_LEFT]
    if total and base and row.get("baseCurrency.currency") != row.get("txnCurrency.currency"):
        # Both base totals are rounded, so what is left in base currency is stated only of one unused, or all used.
        row["baseCurrency.totalDue"] = row[BASE_LEFT] if paid in (0, total) else None
        row |= {"exchangeRate.rate": str(round(base / total, 12)), RATE_BASIS: "base_per_document"}
    return row | {"recordType": "rp", "kind": "deposit"}


def _amount(written: Any) -> Decimal | None:
    """Return an amount; what is none is left to the mapping to refuse."""
    try:
        return Decimal(written) if isinstance(written, str) else None
    except InvalidOperation:
        return None


DEPOSIT = Object(
    "accounts-receivable/manual-deposit", "",
    dict.fromkeys(
        (
            "key", "recordType", "state", *_WHOSE, "documentNumber", "currency.baseCurrency", "currency.txnCurrency",
            "paymentInformation.paidDate", "paymentInformation.totalEntered", "paymentInformation.txnTotalPaid",
            "paymentInformation.totalAmountEntered", "paymentInformation.totalPaid", CREATED, MODIFIED,
        ),
        "",
    ),
    {}, "Manual deposits", shape=_as_payment,
)  # fmt: skip
PLACE = Object(
    "company-config/entity", "LOCATIONENTITY",
    {
        "key": "RECORDNO", "id": "LOCATIONID", "name": "NAME", "status": "STATUS", "baseCurrency.id": "CURRENCY",
        "isRoot": "",
    },
    {"status": Kind.STATE}, "Entities", "Company",
)  # fmt: skip
AUDIT = Object(
    "company-config/audit-history", "AUDITHISTORY",
    {
        "id": "ID", "changeDetails.objectName": "OBJECTTYPE", "changeDetails.objectId": "OBJECTKEY",
        "changeSource.actionPerformed": "ACCESSMODE", "changeSource.accessDateTime": "ACCESSTIME",
    },
    {"changeSource.accessDateTime": Kind.MOMENT}, "Audit trail (Custom reports: View)", "Platform Services",
)  # fmt: skip

DOCUMENTS = (INVOICE, ADJUSTMENT, PAYMENT, ADVANCE, DEPOSIT)
"""Objects of which each record belongs to one entity, or to the top level."""
NEEDED = (CUSTOMER, CONTACT, INVOICE, ADJUSTMENT, PAYMENT, DETAIL, ADVANCE, DEPOSIT)
"""What a role must be able to read; the gateway has no manual deposits."""

"""The objects of this face, with the fields that the published OpenAPI description gives them.

Inferred from the XML gateway, which has them: the audit fields of a contact, the entity of a customer and of an
advance, a line's total with tax.
"""

from __future__ import annotations

from collections.abc import Mapping

from include.sandbox.intacct.objects import Kind, Object, Ref, fields

AR, CONFIG = "accounts-receivable", "company-config"
CREATED, MODIFIED = "audit.createdDateTime", "audit.modifiedDateTime"
NAMED = ("key", "id", "name")
CONTACT_FIELDS = (
    "companyName", "prefix", "firstName", "lastName", "middleName", "printAs", "email1", "email2", "phone1", "phone2",
    "mobile", "pager", "fax", "URL1", "URL2", "tax.taxId", "mailingAddress.addressLine1",
    "mailingAddress.addressLine2", "mailingAddress.addressLine3", "mailingAddress.city", "mailingAddress.state",
    "mailingAddress.postCode", "mailingAddress.country",
)  # fmt: skip

_AUDIT = fields(Kind.MOMENT, CREATED, MODIFIED) | fields(Kind.TEXT, "audit.createdBy", "audit.modifiedBy")
_OWN = {"key": Kind.KEY, "href": Kind.HREF}
_TWO = ("baseCurrency", "txnCurrency")
_CUSTOMER, _ENTITY = Ref(f"{AR}/customer", NAMED), Ref(f"{CONFIG}/entity", NAMED)
_TERM, _CONTACT = Ref(f"{AR}/term"), Ref(f"{CONFIG}/contact")
_WHOSE = {"customer": _CUSTOMER, "entity": _ENTITY}


def _pairs(*names: str) -> dict[str, Kind]:
    """Return amounts that a record has in base and in transaction currency."""
    return fields(Kind.AMOUNT, *(f"{side}.{name}" for side in _TWO for name in names))


def _rated() -> dict[str, Kind]:
    return {"exchangeRate.date": Kind.DAY, "exchangeRate.typeId": Kind.TEXT, "exchangeRate.rate": Kind.RATE}


CUSTOMER = Object(
    f"{AR}/customer",
    _OWN | _AUDIT
    | fields(
        Kind.TEXT, "id", "name", "taxId", "notes", "customerResaleNumber", "currency", "status", "deliveryOptions",
        "customerRestriction", "customerType.id", "salesRepresentative.id", "salesRepresentative.name",
    )
    | fields(Kind.AMOUNT, "totalDue") | fields(Kind.NUMBER, "creditLimit")
    | fields(Kind.FLAG, "isOnHold", "isOneTimeUse"),
    {
        "parent": Ref(f"{AR}/customer", NAMED), "term": _TERM, "entity": _ENTITY,
        "contacts.default": Ref(f"{CONFIG}/contact", ("key", "id", *CONTACT_FIELDS)),
        "contacts.primary": _CONTACT, "contacts.billTo": _CONTACT, "contacts.shipTo": _CONTACT,
    },
    frozenset({"action", "createAPBill"}),
    {
        "contactList": (f"{AR}/customer-contact", "customer"),
        "restrictedLocations": (f"{AR}/customer-restricted-location", "customer"),
    },
)  # fmt: skip
CONTACT = Object(
    f"{CONFIG}/contact",
    _OWN | _AUDIT | fields(Kind.TEXT, "id", *CONTACT_FIELDS, "mailingAddress.isoCountryCode", "status")
    | fields(Kind.FLAG, "showInContactList", "tax.isTaxable"),
    {"entity": _ENTITY},
)  # fmt: skip
CUSTOMER_CONTACT = Object(
    f"{AR}/customer-contact", _OWN | _AUDIT | fields(Kind.KEY, "id") | fields(Kind.TEXT, "categoryName"),
    {"customer": Ref(f"{AR}/customer"), "contact": _CONTACT},
)  # fmt: skip
RESTRICTED_LOCATION = Object(
    f"{AR}/customer-restricted-location", _OWN | fields(Kind.TEXT, "id", "objectType"),
    {"customer": Ref(f"{AR}/customer"), "location": Ref(f"{CONFIG}/entity")},
)  # fmt: skip
INVOICE = Object(
    f"{AR}/invoice",
    _OWN | _AUDIT
    | fields(Kind.KEY, "id", "contacts.payTo.key", "contacts.returnTo.key", "invoiceSummary.key", "salesDocument.key")
    | fields(
        Kind.TEXT, "recordType", "invoiceNumber", "state", "referenceNumber", "description", "documentId",
        "salesDocument.id", "invoiceSummary.id", "currency.baseCurrency", "currency.txnCurrency",
        "currency.exchangeRate.typeId", "contacts.payTo.id", "contacts.returnTo.id", "moduleKey", "attachment.id",
    )
    | fields(
        Kind.DAY, "invoiceDate", "dueDate", "discountCutOffDate", "invoiceSummary.glPostingDate",
        "paymentInformation.fullyPaidDate", "currency.exchangeRate.date",
    )
    | fields(
        Kind.AMOUNT, "totalBaseAmount", "totalBaseAmountDue", "totalTxnAmount", "totalTxnAmountDue",
        *(
            f"paymentInformation.total{side}Amount{what}"
            for side in ("Base", "Txn") for what in ("Paid", "SelectedForPayment")
        ),
    )
    | {"currency.exchangeRate.rate": Kind.NUMBER, "dueInDays": Kind.INTEGER, "dunningCount": Kind.INTEGER,
       "isSystemGeneratedDocument": Kind.FLAG},
    _WHOSE | {"term": _TERM},
    frozenset({"action", "createAPBill"}),
    {"lines": (f"{AR}/invoice-line", "invoice")},
)  # fmt: skip
INVOICE_LINE = Object(
    f"{AR}/invoice-line",
    _OWN | _AUDIT | fields(Kind.KEY, "id") | fields(Kind.AMOUNT, "baseAmount", "txnAmount", "totalTxnAmount")
    | fields(Kind.TEXT, "memo", "currency.baseCurrency", "currency.txnCurrency") | {"lineNumber": Kind.INTEGER},
    {"invoice": Ref(f"{AR}/invoice")},
)  # fmt: skip
ADJUSTMENT = Object(
    f"{AR}/adjustment",
    _OWN | _AUDIT | fields(Kind.KEY, "id") | fields(Kind.DAY, "createdDate", "glPostingDate", "baseCurrency.paidDate")
    | fields(
        Kind.TEXT, "txnType", "adjustmentNumber", "state", "documentNumber", "description", "moduleKey",
        "baseCurrency.currency", "txnCurrency.currency",
    )
    | _pairs("totalSelected", "totalPaid", "totalDue")
    | fields(Kind.AMOUNT, "baseCurrency.totalAmountEntered", "txnCurrency.totalEntered") | _rated(),
    _WHOSE,
    frozenset({"action", "createAPBill"}),
)  # fmt: skip
PAYMENT = Object(
    f"{AR}/payment",
    _OWN | _AUDIT | fields(Kind.KEY, "id", "undepositedGLAccount.key") | {"paidDate": Kind.DAY}
    | fields(
        Kind.TEXT, "recordType", "financialEntity.entityId", "financialEntity.entityType", "financialEntity.name",
        "financialEntity.currency", "state", "paymentMethod", "payerName", "documentNumber", "description",
        "referenceNumber", "baseCurrency.currency", "txnCurrency.currency", "bankReconciliationStatus",
        "undepositedGLAccount.id",
    )
    | _pairs("totalAmount", "totalSelected", "totalPaid", "totalDue")
    | {"exchangeRate.date": Kind.DAY, "exchangeRate.typeId": Kind.TEXT, "exchangeRate.rate": Kind.NUMBER},
    _WHOSE | {"multiEntityPayment": Ref(f"{AR}/payment")},
    frozenset({"action", "createAPBill"}),
    {"paymentDetails": (f"{AR}/payment-detail", "arPayment")},
)  # fmt: skip
_DETAIL_REFS = {
    "arInvoice": "invoice", "positiveAdjustment": "adjustment", "inlineTxn": "invoice", "arAdvance": "advance",
    "postedAdvance": "advance", "arPostedOverPayment": "payment", "negativeInvoice": "invoice",
    "arAdjustment": "adjustment", "arPayment": "payment",
}  # fmt: skip
PAYMENT_DETAIL = Object(
    f"{AR}/payment-detail",
    _OWN | _AUDIT | fields(Kind.KEY, "id") | fields(Kind.DAY, "paymentDate", "discountDate")
    | fields(Kind.TEXT, "txnCurrency.currency", "baseCurrency.currency")
    | _pairs(
        "paymentAmount", "inlineAmount", "postedAdvanceAmount", "postedOverPaymentAmount", "negativeInvoiceAmount",
        "adjustmentAmount",
    ),
    {prefix: Ref(f"{AR}/{name}") for prefix, name in _DETAIL_REFS.items()},
)  # fmt: skip
ADVANCE = Object(
    f"{AR}/advance",
    _OWN | _AUDIT | fields(Kind.KEY, "id")
    | fields(Kind.DAY, "createdDate", "paymentInformation.receiptDate", "paymentInformation.paymentDate",
             "paymentInformation.currency.exchangeRateDate")
    | fields(
        Kind.TEXT, "recordType", "state", "advanceNumber", "referenceNumber", "description",
        "paymentInformation.paymentMethod", "paymentInformation.financialEntity.id",
        "paymentInformation.currency.baseCurrency", "paymentInformation.currency.txnCurrency",
        "paymentInformation.currency.exchangeRateTypeId",
    )
    | fields(
        Kind.AMOUNT, "totalEntered", "txnTotalEntered", "paymentInformation.totalSelected",
        "paymentInformation.txnTotalSelected", "paymentInformation.totalPaid", "paymentInformation.txnTotalPaid",
        "paymentInformation.totalDue", "paymentInformation.totalTxnAmountDue",
    )
    | {"paymentInformation.currency.exchangeRate": Kind.NUMBER, "isSystemGenerated": Kind.FLAG},
    _WHOSE,
    frozenset({"action", "createAPBill"}),
)  # fmt: skip
MANUAL_DEPOSIT = Object(
    f"{AR}/manual-deposit",
    _OWN | _AUDIT | fields(Kind.KEY, "id") | fields(Kind.DAY, "createdDate", "paymentInformation.paidDate")
    | fields(
        Kind.TEXT, "recordType", "state", "documentNumber", "depositId", "description", "financialEntity.id",
        "financialEntity.name", "currency.baseCurrency", "currency.txnCurrency",
    )
    | fields(
        Kind.AMOUNT, "paymentInformation.totalAmountEntered", "paymentInformation.totalEntered",
        "paymentInformation.totalPaid", "paymentInformation.txnTotalPaid",
    ),
    _WHOSE,
)  # fmt: skip
TERM = Object(
    f"{AR}/term",
    _OWN | _AUDIT | fields(Kind.TEXT, "id", "description", "status", "due.from") | {"due.days": Kind.INTEGER},
)  # fmt: skip
CUSTOMER_TOTAL = Object(f"{AR}/customer-total", _OWN | fields(Kind.KEY, "id") | fields(Kind.AMOUNT, "totalDue"), _WHOSE)
ENTITY = Object(
    f"{CONFIG}/entity",
    _OWN | _AUDIT | fields(Kind.TEXT, "id", "name", "status", "baseCurrency.id", "taxId")
    | fields(Kind.DAY, "startDate", "endDate") | fields(Kind.FLAG, "isRoot") | fields(Kind.KEY, "baseCurrency.key"),
)  # fmt: skip
USER = Object(f"{CONFIG}/user", _OWN | fields(Kind.TEXT, "id", "status", "userType"))
AUDIT_HISTORY = Object(
    f"{CONFIG}/audit-history",
    {"key": Kind.KEY, "href": Kind.HREF}
    | fields(
        Kind.TEXT, "id", "changeDetails.objectName", "changeDetails.objectId", "changeDetails.fieldName",
        "changeSource.completedBy", "changeSource.actionPerformed", "changeSource.source",
    )
    | fields(Kind.MOMENT, "changeSource.accessDateTime"),
)  # fmt: skip

OBJECTS: Mapping[str, Object] = {
    found.path: found
    for found in (
        CUSTOMER, CONTACT, CUSTOMER_CONTACT, RESTRICTED_LOCATION, INVOICE, INVOICE_LINE, ADJUSTMENT, PAYMENT,
        PAYMENT_DETAIL, ADVANCE, MANUAL_DEPOSIT, TERM, CUSTOMER_TOTAL, ENTITY, USER, AUDIT_HISTORY,
    )
}  # fmt: skip

GATEWAY_OBJECTS: Mapping[str, Object] = {"gateway/payment": Object("gateway/payment", PAYMENT.fields, PAYMENT.refs)}
"""What the XML gateway has in another way: its list of payments holds manual deposits, too."""

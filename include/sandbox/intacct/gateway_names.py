"""What the XML gateway calls objects and fields: names in capitals, some of them for fields that are always empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from include.sandbox.intacct.catalogue import CREATED, MODIFIED

STATES = {
    "draft": "Draft", "posted": "Posted", "partiallyPaid": "Partially Paid", "paid": "Paid", "selected": "Selected",
    "reversed": "Reversed", "reversal": "Reversal", "complete": "Complete", "noValue": "No Value",
}  # fmt: skip
RAW_STATES = {
    "draft": "D", "posted": "A", "partiallyPaid": "P", "paid": "C", "selected": "S", "reversed": "V", "reversal": "R",
    "complete": "C",
}  # fmt: skip
MODULES = {"accountsReceivable": "4.AR", "orderEntry": "8.SO"}
METHODS = {"eft": "EFT", "cash": "Cash", "printedCheck": "Printed Check", "creditCard": "Credit Card"}
RESTRICTIONS = {"unrestricted": "Unrestricted", "rootOnly": "RootOnly", "restricted": "Restricted"}
TYPES = {
    "accounts-receivable/invoice": "arinvoice", "accounts-receivable/adjustment": "aradjustment",
    "accounts-receivable/payment": "arpymt", "accounts-receivable/advance": "aradvance",
}  # fmt: skip
WORDS: Mapping[str, Mapping[str, str]] = {
    "STATE": STATES, "RAWSTATE": RAW_STATES, "DISPLAYSTATE": STATES, "MODULEKEY": MODULES, "PAYMENTMETHOD": METHODS,
    "OBJECTRESTRICTION": RESTRICTIONS, "OBJECTTYPE": TYPES, "ACCESSMODE": {"delete": "D"},
    "SOURCE": {"userInterface": "ui"},
}  # fmt: skip
"""What REST says → what the gateway says, by the gateway's field."""

_OWNER = {"MEGAENTITYKEY": "entity.key", "MEGAENTITYID": "entity.id", "MEGAENTITYNAME": "entity.name"}
_STAMPS = {"WHENMODIFIED": MODIFIED, "CREATEDBY": "audit.createdBy", "MODIFIEDBY": "audit.modifiedBy"}
_AUDIT = {"AUWHENCREATED": CREATED} | _STAMPS
_WHOSE = {"CUSTOMERID": "customer.id", "CUSTOMERNAME": "customer.name"} | _OWNER
_MONEY = ("BASECURR", "CURRENCY", "EXCH_RATE_DATE", "EXCH_RATE_TYPE_ID", "EXCHANGE_RATE")


@dataclass(frozen=True, slots=True)
class Element:
    """An object as the gateway has it.

    Args:
        path: the object whose rows it has.
        fields: the gateway's name → REST's; "" where the sandbox has no value.
        refs: prefix of a dotted name → REST's prefix and the element whose names follow.
    """

    path: str
    fields: Mapping[str, str]
    refs: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def _empty(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), "")


def _money(*sources: str) -> dict[str, str]:
    return dict(zip(_MONEY, sources, strict=True))


_RATED = (
    "baseCurrency.currency", "txnCurrency.currency", "exchangeRate.date", "exchangeRate.typeId", "exchangeRate.rate"
)  # fmt: skip
_SIDES = {"": "baseCurrency", "TRX_": "txnCurrency"}
_CUSTOMER = ("customer", "CUSTOMER")
_OWN_CONTACT = ("customer.contacts.default", "CONTACT")

ELEMENTS: Mapping[str, Element] = {
    "CUSTOMER": Element(
        "accounts-receivable/customer",
        {
            "RECORDNO": "key", "CUSTOMERID": "id", "NAME": "name", "PARENTKEY": "parent.key", "PARENTID": "parent.id",
            "PARENTNAME": "parent.name", "TERMNAME": "term.id", "TAXID": "taxId", "CREDITLIMIT": "creditLimit",
            "TOTALDUE": "totalDue", "COMMENTS": "notes", "RESALENO": "customerResaleNumber", "CURRENCY": "currency",
            "STATUS": "status", "ONETIME": "isOneTimeUse", "ONHOLD": "isOnHold", "DELIVERY_OPTIONS": "deliveryOptions",
            "OBJECTRESTRICTION": "customerRestriction", "CUSTTYPE": "customerType.id", "WHENCREATED": CREATED,
        } | _STAMPS | _OWNER | _empty("ENTITY CUSTREPNAME CUSTREPID GLGRPKEY GLGROUP TERRITORYID"),
        {
            "DISPLAYCONTACT": ("contacts.default", "CONTACT"), "CONTACTINFO": ("contacts.primary", "CONTACT"),
            "BILLTO": ("contacts.billTo", "CONTACT"), "SHIPTO": ("contacts.shipTo", "CONTACT"),
            "PARENT": ("parent", "CUSTOMER"),
        },
    ),
    "CONTACT": Element(
        "company-config/contact",
        {
            "RECORDNO": "key", "CONTACTNAME": "id", "COMPANYNAME": "companyName", "PREFIX": "prefix",
            "FIRSTNAME": "firstName", "LASTNAME": "lastName", "INITIAL": "middleName", "PRINTAS": "printAs",
            "TAXABLE": "tax.isTaxable", "TAXID": "tax.taxId", "PHONE1": "phone1", "PHONE2": "phone2",
            "CELLPHONE": "mobile", "PAGER": "pager", "FAX": "fax", "EMAIL1": "email1", "EMAIL2": "email2",
            "URL1": "URL1", "URL2": "URL2", "VISIBLE": "showInContactList", "STATUS": "status", "WHENCREATED": CREATED,
            **{f"MAILADDRESS.ADDRESS{number}": f"mailingAddress.addressLine{number}" for number in (1, 2, 3)},
            "MAILADDRESS.CITY": "mailingAddress.city",
            "MAILADDRESS.STATE": "mailingAddress.state", "MAILADDRESS.ZIP": "mailingAddress.postCode",
            "MAILADDRESS.COUNTRY": "mailingAddress.country", "MAILADDRESS.COUNTRYCODE": "mailingAddress.isoCountryCode",
        } | _STAMPS | _OWNER | _empty("TAXGROUP.NAME TAXGROUP.RECORDNO"),
    ),
    "ARINVOICE": Element(
        "accounts-receivable/invoice",
        {
            "RECORDNO": "key", "RECORDTYPE": "recordType", "RECORDID": "invoiceNumber", "STATE": "state",
            "RAWSTATE": "state", "DOCNUMBER": "referenceNumber", "DESCRIPTION": "description", "TERMNAME": "term.id",
            "TERMKEY": "term.key", "WHENCREATED": "invoiceDate", "WHENPOSTED": "invoiceSummary.glPostingDate",
            "WHENDISCOUNT": "discountCutOffDate", "WHENDUE": "dueDate", "WHENPAID": "paymentInformation.fullyPaidDate",
            "PRBATCH": "invoiceSummary.id", "PRBATCHKEY": "invoiceSummary.key", "MODULEKEY": "moduleKey",
            "SYSTEMGENERATED": "isSystemGeneratedDocument", "DUE_IN_DAYS": "dueInDays", "DUNNINGCOUNT": "dunningCount",
            "BILLTOPAYTOCONTACTNAME": "contacts.payTo.id", "SHIPTORETURNTOCONTACTNAME": "contacts.returnTo.id",
            "BILLTOPAYTOKEY": "contacts.payTo.key", "SHIPTORETURNTOKEY": "contacts.returnTo.key",
            **{
                f"{side}TOTAL{what}": f"{group}total{word}Amount{tail}"
                for side, word in (("", "Base"), ("TRX_", "Txn"))
                for what, group, tail in (
                    ("ENTERED", "", ""), ("DUE", "", "Due"), ("PAID", "paymentInformation.", "Paid"),
                    ("SELECTED", "paymentInformation.", "SelectedForPayment"),
                )
            },
        } | _WHOSE | _AUDIT
        | _money("currency.baseCurrency", "currency.txnCurrency", *(f"currency.{name}" for name in _RATED[2:]))
        | _empty(
            "CUSTMESSAGEID CUSTMESSAGE.MESSAGE DESCRIPTION2 TRX_ENTITYDUE TAXSOLUTIONID TAXMETHOD RETAINAGEPERCENTAGE "
            "TRX_TOTALRETAINED TRX_TOTALRELEASED TOTALRETAINED SUPDOCID"
        ),
        {"CUSTOMER": _CUSTOMER} | dict.fromkeys(("CONTACT", "BILLTO", "SHIPTO"), _OWN_CONTACT),
    ),
    "ARINVOICEITEM": Element(
        "accounts-receivable/invoice-line",
        {
            "RECORDNO": "key", "RECORDKEY": "invoice.key", "LINE_NO": "lineNumber", "AMOUNT": "baseAmount",
            "TRX_AMOUNT": "txnAmount", "TOTALTRXAMOUNT": "totalTxnAmount", "ENTRYDESCRIPTION": "memo",
            "BASECURR": "currency.baseCurrency", "CURRENCY": "currency.txnCurrency", "WHENCREATED": CREATED,
        } | _STAMPS,
        {"ARINVOICE": ("invoice", "ARINVOICE")},
    ),
    "ARADJUSTMENT": Element(
        "accounts-receivable/adjustment",
        {
            "RECORDNO": "key", "RECORDTYPE": "txnType", "RECORDID": "adjustmentNumber", "STATE": "state",
            "RAWSTATE": "state", "DOCNUMBER": "documentNumber", "DESCRIPTION": "description",
            "WHENCREATED": "createdDate", "WHENPOSTED": "glPostingDate", "WHENPAID": "baseCurrency.paidDate",
            "MODULEKEY": "moduleKey", "TOTALENTERED": "baseCurrency.totalAmountEntered",
            "TRX_TOTALENTERED": "txnCurrency.totalEntered",
            **{
                f"{side}TOTAL{what.upper()}": f"{ours}.total{what}"
                for side, ours in _SIDES.items() for what in ("Selected", "Paid", "Due")
            },
        } | _WHOSE | _AUDIT | _money(*_RATED),
        {"CUSTOMER": _CUSTOMER},
    ),
    "ARPYMT": Element(
        "gateway/payment",
        {
            "RECORDNO": "key", "RECORDTYPE": "recordType", "STATE": "state", "RAWSTATE": "state",
            "DISPLAYSTATE": "state", "FINANCIALENTITY": "financialEntity.entityId",
            "FINANCIALENTITYTYPE": "financialEntity.entityType", "FINANCIALACCOUNTNAME": "financialEntity.name",
            "FINANCIALACCOUNTCURRENCY": "financialEntity.currency", "PAYMENTMETHOD": "paymentMethod",
            "PAYERNAME": "payerName", "DOCNUMBER": "documentNumber", "DESCRIPTION": "description",
            "WHENCREATED": "paidDate", "RECEIPTDATE": "paidDate", "WHENPAID": "paidDate", "RECORDID": "referenceNumber",
            "CLEARED": "bankReconciliationStatus", "UNDEPOSITEDACCOUNTNO": "undepositedGLAccount.id",
            "MULTIENTITYPYMTKEY": "multiEntityPayment.key",
            **{f"{side}TOTAL{what}": f"{ours}.total{word}" for side, ours in _SIDES.items()
               for what, word in (("ENTERED", "Amount"), ("PAID", "Paid"), ("DUE", "Due"), ("SELECTED", "Selected"))},
        } | _WHOSE | _AUDIT | _money(*_RATED) | _empty(
            "PRBATCHKEY PRBATCH SUMMARYTITLE PAYMENTMETHODKEY BILLTOPAYTONAME BILLTOPAYTOKEY PARENTPAYMENTKEY CLRDATE "
            "TAXSOLUTIONID SUPDOCID RECORD_URL"
        ),
        {"CUSTOMER": _CUSTOMER},
    ),
    "ARADVANCE": Element(
        "accounts-receivable/advance",
        {
            "RECORDNO": "key", "RECORDTYPE": "recordType", "STATE": "state", "RAWSTATE": "state",
            "RECORDID": "advanceNumber", "DOCNUMBER": "referenceNumber", "DESCRIPTION": "description",
            "FINANCIALENTITY": "paymentInformation.financialEntity.id", "SYSTEMGENERATED": "isSystemGenerated",
            "PAYMENTMETHOD": "paymentInformation.paymentMethod", "RECEIPTDATE": "paymentInformation.receiptDate",
            "PAYMENTDATE": "paymentInformation.paymentDate", "WHENCREATED": "createdDate",
            "TOTALENTERED": "totalEntered", "TRX_TOTALENTERED": "txnTotalEntered",
            "TOTALSELECTED": "paymentInformation.totalSelected",
            "TRX_TOTALSELECTED": "paymentInformation.txnTotalSelected",
            "TOTALPAID": "paymentInformation.totalPaid", "TRX_TOTALPAID": "paymentInformation.txnTotalPaid",
            "TOTALDUE": "paymentInformation.totalDue", "TRX_TOTALDUE": "paymentInformation.totalTxnAmountDue",
        } | _WHOSE | _AUDIT | _money(
            *(f"paymentInformation.currency.{name}" for name in
              ("baseCurrency", "txnCurrency", "exchangeRateDate", "exchangeRateTypeId", "exchangeRate"))
        ),
        {"CUSTOMER": _CUSTOMER},
    ),
    "ARPYMTDETAIL": Element(
        "accounts-receivable/payment-detail",
        {
            "RECORDNO": "key", "RECORDKEY": "arInvoice.key", "POSADJKEY": "positiveAdjustment.key",
            "INLINEKEY": "inlineTxn.key", "ADJUSTMENTKEY": "arAdjustment.key", "ADVANCEKEY": "arAdvance.key",
            "POSTEDADVANCEKEY": "postedAdvance.key", "OVERPAYMENTKEY": "arPostedOverPayment.key",
            "NEGATIVEINVOICEKEY": "negativeInvoice.key", "PAYMENTKEY": "arPayment.key", "PAYMENTDATE": "paymentDate",
            "CURRENCY": "txnCurrency.currency", "WHENCREATED": CREATED,
            **{f"{side}{name.upper()}AMOUNT": f"{ours}.{name}Amount" for side, ours in _SIDES.items() for name in (
                "payment", "inline", "postedAdvance", "postedOverPayment", "negativeInvoice", "adjustment")},
        } | _STAMPS | _empty(
            "ENTRYKEY POSADJENTRYKEY INLINEENTRYKEY ADVANCEENTRYKEY POSTEDADVANCEENTRYKEY OVERPAYMENTENTRYKEY "
            "POSTEDOVERPAYMENTKEY POSTEDOVERPAYMENTENTRYKEY NEGATIVEINVOICEENTRYKEY ADJUSTMENTENTRYKEY PAYMENTENTRYKEY "
            "STATE PARENTPAYMENTKEY DISCOUNTDATE"
        ),
        {"ARINVOICE": ("arInvoice", "ARINVOICE"), "ARPYMT": ("arPayment", "ARPYMT")},
    ),
    "ARTERM": Element(
        "accounts-receivable/term",
        {"RECORDNO": "key", "NAME": "id", "DESCRIPTION": "description", "STATUS": "status", "DUEDATE": "due.days",
         "WHENCREATED": CREATED} | _STAMPS,
    ),
    "LOCATIONENTITY": Element(
        "company-config/entity",
        {
            "RECORDNO": "key", "LOCATIONID": "id", "NAME": "name", "STATUS": "status", "CURRENCY": "baseCurrency.id",
            "STARTDATE": "startDate", "ENDDATE": "endDate", "TAXID": "taxId", "WHENCREATED": CREATED,
        } | _STAMPS | _empty(
            "REPORTPRINTAS SUPERVISORID FIRSTMONTH FIRSTMONTHTAX WEEKSTART FEDERALID HAS_IE_RELATION CUSTOMERID "
            "CUSTOMERNAME VENDORID VENDORNAME ENABLELEGALCONTACT LEGALNAME LEGALADDRESS1 LEGALADDRESS2 LEGALCITY "
            "LEGALSTATE LEGALZIPCODE LEGALCOUNTRY OPCOUNTRY ADDRESSCOUNTRYDEFAULT RECORD_URL"
        ),
    ),
    "USERINFO": Element(
        "company-config/user", {"RECORDNO": "key", "LOGINID": "id", "STATUS": "status", "USERTYPE": "userType"}
    ),
    "AUDITHISTORY": Element(
        "company-config/audit-history",
        {
            "ID": "id", "OBJECTTYPE": "changeDetails.objectName", "OBJECTKEY": "changeDetails.objectId",
            "ACCESSMODE": "changeSource.actionPerformed", "ACCESSTIME": "changeSource.accessDateTime",
            "USERID": "changeSource.completedBy", "SOURCE": "changeSource.source",
        },
    ),
}  # fmt: skip
NAMES = {
    "CUSTOMER": "CUSTOMERID",
    "CONTACT": "CONTACTNAME",
    "LOCATIONENTITY": "LOCATIONID",
    "USERINFO": "LOGINID",
    "ARTERM": "NAME",
}
"""The field by which readByName finds a record; RECORDNO where there is none."""


def rest_name(element: str, name: str) -> str:
    """Return REST's name of a field of the gateway's, dotted where it is another record's; "" if it is always empty.

    Raises:
        KeyError: there is no such field.
    """
    found = ELEMENTS[element]
    if name in found.fields:
        return found.fields[name]
    head, _, rest = name.partition(".")
    across, target = found.refs[head]
    inner = rest_name(target, rest)
    return f"{across}.{inner}" if inner else ""

"""Records as Xero's own documents show them, literal JSON, and what the connector makes of one."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from include.connectors.base import Connection
from include.connectors.normalized import Reject
from include.connectors.xero import Xero
from include.normalize import typed

ORGANISATION = {
    "base_currency": "NZD", "short_code": "!23eYt", "rate_basis": "document_per_base",
    "prepayments_on_receivables": True,
}  # fmt: skip
BUYER = "430fa14a-f945-44d3-9f97-5df5e28441b8"
INVOICE = """{
  "Type": "ACCREC", "InvoiceID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "InvoiceNumber": "INV-0002",
  "Reference": "Red Fish, Blue Fish",
  "Payments": [{"PaymentID": "99ea7f6b-c513-4066-bc27-b7c65dcd76c2", "Date": "/Date(1543449600000+0000)/",
                "Amount": 20.00, "CurrencyRate": 1.000000, "HasAccount": false, "HasValidationErrors": false}],
  "CreditNotes": [], "Prepayments": [], "Overpayments": [],
  "AmountDue": 26.00, "AmountPaid": 20.00, "AmountCredited": 0.00, "SentToContact": true, "CurrencyRate": 1.000000,
  "Contact": {"ContactID": "430fa14a-f945-44d3-9f97-5df5e28441b8", "Name": "Liam Gallagher", "Addresses": []},
  "DateString": "2018-10-20T00:00:00", "Date": "/Date(1539993600000+0000)/",
  "DueDateString": "2018-12-30T00:00:00", "DueDate": "/Date(1546128000000+0000)/",
  "Status": "AUTHORISED", "LineAmountTypes": "Exclusive", "LineItems": [],
  "SubTotal": 40.00, "TotalTax": 6.00, "Total": 46.00, "UpdatedDateUTC": "/Date(1541176592690+0000)/",
  "CurrencyCode": "NZD"
}"""
CREDIT_NOTE = """{
  "CreditNoteID": "249f15fa-f2a7-4acc-8769-0984103f2225", "CreditNoteNumber": "CN-0005",
  "Payments": [{"PaymentID": "6b037c9b-2e5d-4905-84d3-eabfb3438242", "Date": "/Date(1552521600000+0000)/",
                "Amount": 2.00, "Reference": "Too much", "CurrencyRate": 1.000000, "HasAccount": false}],
  "ID": "249f15fa-f2a7-4acc-8769-0984103f2225", "CurrencyRate": 1.000000, "Type": "ACCRECCREDIT",
  "Reference": "US Tour", "RemainingCredit": 22.50,
  "Allocations": [
    {"AllocationID": "b12335f4-a1e5-4431-aeb4-488e5547558e", "Amount": 10.0, "Date": "/Date(1551744000000+0000)/",
     "Invoice": {"InvoiceID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "InvoiceNumber": "INV-0002"}, "IsDeleted": false},
    {"AllocationID": "c12335f4-a1e5-4431-aeb4-488e5547558e", "Amount": 5.0, "Date": "/Date(1551744000000+0000)/",
     "Invoice": {"InvoiceID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "InvoiceNumber": "INV-0002"}, "IsDeleted": true}],
  "Contact": {"ContactID": "430fa14a-f945-44d3-9f97-5df5e28441b8", "Name": "Liam Gallagher"},
  "DateString": "2019-03-05T00:00:00", "Date": "/Date(1551744000000+0000)/", "Status": "AUTHORISED",
  "SubTotal": 30.00, "TotalTax": 4.50, "Total": 34.50, "UpdatedDateUTC": "/Date(1551812346157+0000)/",
  "CurrencyCode": "NZD"
}"""
PAYMENT = """{
  "PaymentID": "99ea7f6b-c513-4066-bc27-b7c65dcd76c2", "Date": "/Date(1543449600000+0000)/", "BankAmount": 51.30,
  "Amount": 46, "Reference": "", "CurrencyRate": 0.896700, "PaymentType": "ACCRECPAYMENT", "Status": "AUTHORISED",
  "UpdatedDateUTC": "/Date(1541176592690+0000)/", "HasAccount": true, "IsReconciled": false,
  "Account": {"AccountID": "5690f1e8-1d02-4893-90c2-ee1a69eff942", "Code": "970"},
  "Invoice": {"Type": "ACCREC", "InvoiceID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87", "InvoiceNumber": "INV-0002",
              "Contact": {"ContactID": "430fa14a-f945-44d3-9f97-5df5e28441b8", "Name": "Liam Gallagher"},
              "CurrencyCode": "AUD"}
}"""
REFUND = """{
  "PaymentID": "6b037c9b-2e5d-4905-84d3-eabfb3438242", "Date": "/Date(1552521600000+0000)/", "BankAmount": 2.00,
  "Amount": 2.00, "Reference": "Too much", "CurrencyRate": 1.000000, "PaymentType": "ARCREDITPAYMENT",
  "Status": "AUTHORISED", "UpdatedDateUTC": "/Date(1551812346173+0000)/",
  "Account": {"AccountID": "136ebd08-60ea-4592-8982-be92c153b53a", "Code": "980"},
  "Invoice": {"Type": "ACCRECCREDIT", "InvoiceID": "249f15fa-f2a7-4acc-8769-0984103f2225", "InvoiceNumber": "CN-0005",
              "Contact": {"ContactID": "430fa14a-f945-44d3-9f97-5df5e28441b8", "Name": "Liam Gallagher"},
              "CurrencyCode": "NZD"}
}"""
OVERPAYMENT = """{
  "OverpaymentID": "2a8bda49-8908-473b-8bcf-1f90990460eb", "ID": "2a8bda49-8908-473b-8bcf-1f90990460eb",
  "Type": "RECEIVE-OVERPAYMENT", "Reference": "Reference for payment2", "RemainingCredit": 20.00,
  "Allocations": [{"Amount": 5.00, "Date": "/Date(1552435200000+0000)/",
                   "Invoice": {"InvoiceID": "046d8a6d-1ae1-4b4d-9340-5601bdf41b87"}}],
  "Payments": [], "CurrencyRate": 0.90,
  "Contact": {"ContactID": "430fa14a-f945-44d3-9f97-5df5e28441b8", "Name": "Liam Gallagher"},
  "DateString": "2019-03-13T00:00:00", "Date": "/Date(1552435200000+0000)/", "Status": "AUTHORISED",
  "LineAmountTypes": "NoTax", "SubTotal": 25.00, "TotalTax": 0.00, "Total": 25.00,
  "UpdatedDateUTC": "/Date(1552428535123+0000)/", "CurrencyCode": "AUD"
}"""
CONTACT = """{
  "ContactID": "430fa14a-f945-44d3-9f97-5df5e28441b8", "ContactStatus": "ACTIVE", "Name": "Clampett & Söhne",
  "FirstName": "Katherine", "LastName": "Warren", "CompanyNumber": "NumberBusiness1234", "AccountNumber": "K-17",
  "EmailAddress": "kat.warren@clampett.com", "BankAccountDetails": "", "TaxNumber": "DE123456789",
  "Addresses": [
    {"AddressType": "STREET", "AddressLine1": "Ramp 2", "City": "Bremen", "Region": "", "Country": ""},
    {"AddressType": "POBOX", "AddressLine1": "Postfach 12", "AddressLine2": "Tor 3", "AddressLine3": "", "City": "Köln",
     "Region": "NRW", "PostalCode": "50667", "Country": "Deutschland"}],
  "Phones": [
    {"PhoneType": "DDI", "PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""},
    {"PhoneType": "DEFAULT", "PhoneNumber": "847-1294", "PhoneAreaCode": "(626)", "PhoneCountryCode": ""},
    {"PhoneType": "MOBILE", "PhoneNumber": "999 111", "PhoneAreaCode": "171", "PhoneCountryCode": "49"}],
  "UpdatedDateUTC": "/Date(1503348544227+0000)/", "IsSupplier": true, "IsCustomer": true, "DefaultCurrency": "EUR",
  "ContactGroups": [{"ContactGroupID": "17b44ed7", "Name": "VIP", "Status": "ACTIVE"}],
  "ContactPersons": [
    {"FirstName": "Debbie", "LastName": "Gwyther", "EmailAddress": "debbie@rockstar.com", "IncludeInEmails": true},
    {"FirstName": "Bob", "LastName": "Gwyther", "EmailAddress": "Debbie@Rockstar.com ", "IncludeInEmails": false},
    {"FirstName": "Kat", "LastName": "W", "EmailAddress": "KAT.WARREN@clampett.com", "IncludeInEmails": false},
    {"FirstName": "Nomail", "LastName": "Person", "EmailAddress": "", "IncludeInEmails": false}],
  "PaymentTerms": {"Sales": {"Day": 30, "Type": "DAYSAFTERBILLDATE"}},
  "Balances": {"AccountsReceivable": {"Outstanding": 760.00, "Overdue": 920.00}}
}"""
OF_STREAM = {
    "customers": CONTACT, "invoices": INVOICE, "credit_notes": CREDIT_NOTE, "payments": PAYMENT,
    "overpayments": OVERPAYMENT,
}  # fmt: skip


def connector() -> Xero:
    """A connector that is never asked anything."""
    made = Xero(Connection("xero", "https://api.xero.com", "id", "secret"), "b2885ab5-0000-4000-8000-000000000000")
    made.hash_key = lambda: b"k" * 32
    return made


def mapped(stream: str, record: str, **changes: Any) -> dict[str, list[dict[str, Any]]]:
    """Return what a record means, by table; `changes` replace its fields, None removes one."""
    said = connector().normalize(Xero.stream(stream), [_changed(record, changes)])
    assert not said.rejects, said.rejects
    return {
        table: [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        for table, columns in said.tables.items()
    }


def rejected(stream: str, record: str, **changes: Any) -> Reject:
    """Return why a record is refused; nothing of it is kept."""
    frames, rejects = typed(connector(), Xero.stream(stream), [_changed(record, changes)])
    assert len(rejects) == 1 and not any(len(frame) for frame in frames.values())
    return rejects[0]


def _changed(record: str, changes: dict[str, Any]) -> dict[str, Any]:
    merged = json.loads(record, parse_float=Decimal) | changes | {"organisation": ORGANISATION}
    return {name: value for name, value in merged.items() if value is not None}

"""Rows as SuiteQL gives them (text, nulls left out), literal JSON, and what the connector makes of one."""

from __future__ import annotations

import json
from typing import Any

from include.connectors.base import Connection
from include.connectors.netsuite import NetSuite
from include.connectors.normalized import Reject
from include.normalize import typed

ABOUT = {
    "base_currency": "USD", "currencies": {"1": "USD", "4": "EUR"}, "zone": "America/Los_Angeles",
    "web": "https://1234567-sb1.app.netsuite.com/app/accounting/transactions/transaction.nl?id=",
}  # fmt: skip
INVOICE = """{
  "id": "7001", "type": "CustInvc", "tranid": "INV1042", "transactionnumber": "CUSTINVC1042", "status": "A",
  "approvalstatus": "2", "posting": "T", "voided": "F", "entity": "412", "currency": "4", "exchangerate": "1.08",
  "foreigntotal": "119.00", "foreignamountunpaid": "69.00", "memo": "Pumps", "otherrefnum": "PO 77",
  "terms": "Net 30", "trandate": "2026-03-01", "duedate": "2026-03-31", "createddate": "2026-03-01 09:15:00",
  "lastmodifieddate": "2026-03-09 16:00:01", "custbody_promised": "2026-04-02",
  "lines": [{"transaction": "7001", "id": "0", "entity": "412", "foreignamount": "119.00", "amount": "128.52",
             "amountunpaid": "74.52", "linelastmodifieddate": "2026-03-09 16:00:01"}],
  "taxes": [{"transaction": "7001", "tax": "-19.00"}]
}"""
CREDIT_MEMO = """{
  "id": "7040", "type": "CustCred", "tranid": "CM88", "status": "CustCred:A", "posting": "T", "voided": "F",
  "entity": "412", "currency": "4", "exchangerate": "1.08", "foreigntotal": "-60.00",
  "foreignpaymentamountunused": "10.00", "trandate": "2026-03-05", "lastmodifieddate": "2026-03-09 16:00:01",
  "lines": [{"transaction": "7040", "id": "0", "foreignamount": "-60.00", "amount": "-64.80",
             "paymentamountunused": "10.80"}],
  "taxes": [],
  "links": [
    {"previousdoc": "7001", "previousline": "0", "previoustype": "CustInvc", "nextdoc": "7040", "nextline": "0",
     "nexttype": "CustCred", "linktype": "Payment", "foreignamount": "30.00", "nextdate": "2026-03-06",
     "lastmodifieddate": "2026-03-06 10:00:00", "previouslastmodifieddate": "2026-03-09 16:00:01",
     "nextlastmodifieddate": "2026-03-09 16:00:01"},
    {"previousdoc": "7040", "previousline": "0", "previoustype": "CustCred", "nextdoc": "7001", "nextline": "0",
     "nexttype": "CustInvc", "linktype": "Payment", "foreignamount": "-30.00", "nextdate": "2026-03-06"},
    {"previousdoc": "7040", "previousline": "0", "previoustype": "CustCred", "nextdoc": "7090", "nextline": "1",
     "nexttype": "CustRfnd", "linktype": "Payment", "foreignamount": "20.00", "nextdate": "2026-03-07"}]
}"""
PAYMENT = """{
  "id": "7050", "type": "CustPymt", "tranid": "PYMT9", "status": "C", "posting": "T", "voided": "F", "entity": "412",
  "currency": "4", "exchangerate": "1.10", "foreigntotal": "-50.00", "paymentmethod": "Wire",
  "trandate": "2026-03-09", "createddate": "2026-03-09 16:00:00", "lastmodifieddate": "2026-03-09 16:00:01",
  "lines": [{"transaction": "7050", "id": "1", "foreignamount": "-50.00", "amount": "-54.00"}],
  "links": [
    {"previousdoc": "7001", "previousline": "0", "previoustype": "CustInvc", "nextdoc": "7050", "nextline": "1",
     "nexttype": "CustPymt", "linktype": "Payment", "foreignamount": "50.00", "nextdate": "2026-03-09"}]
}"""
DEPOSIT = """{
  "id": "7060", "type": "CustDep", "tranid": "DEP3", "status": "B", "posting": "T", "voided": "F", "entity": "412",
  "currency": "1", "exchangerate": "1", "foreigntotal": "500.00", "foreignpaymentamountunused": "150.00",
  "trandate": "2026-02-01", "lastmodifieddate": "2026-03-09 16:00:01", "lines": [],
  "links": [
    {"previousdoc": "7060", "previousline": "0", "previoustype": "CustDep", "nextdoc": "7061", "nextline": "0",
     "nexttype": "DepAppl", "linktype": "DepAppl", "foreignamount": "300.00", "nextdate": "2026-02-10"},
    {"previousdoc": "7060", "previousline": "0", "previoustype": "CustDep", "nextdoc": "7091", "nextline": "1",
     "nexttype": "CustRfnd", "linktype": "Payment", "foreignamount": "50.00", "nextdate": "2026-02-12"}]
}"""
JOURNAL = """{
  "id": "7070", "type": "Journal", "tranid": "JE5", "status": "B", "posting": "T", "voided": "F", "currency": "1",
  "exchangerate": "1", "foreigntotal": "90.00", "trandate": "2026-03-03", "lastmodifieddate": "2026-03-09 16:00:01",
  "lines": [
    {"transaction": "7070", "id": "0", "entity": "412", "foreignamount": "90.00", "foreignamountunpaid": "65.00",
     "amount": "90.00", "amountunpaid": "65.00"},
    {"transaction": "7070", "id": "2", "entity": "413", "foreignamount": "-40.00", "amount": "-40.00",
     "paymentamountunused": "15.00"}],
  "links": [
    {"previousdoc": "7070", "previousline": "0", "previoustype": "Journal", "nextdoc": "7070", "nextline": "2",
     "nexttype": "Journal", "linktype": "Payment", "foreignamount": "25.00", "nextdate": "2026-03-03"}]
}"""
CUSTOMER = """{
  "id": "412", "entityid": "CUST412", "companyname": "Clampett & Söhne", "isperson": "F",
  "email": "ar@clampett.example",
  "phone": "+49 421 1", "currency": "4", "parent": "400", "oncredithold": "ON", "isinactive": "F",
  "defaultbillingaddress": "88", "salesrep": "17", "salesrepname": "Ann Lee", "terms": "Net 30", "category": "VIP",
  "representingsubsidiary": "3", "datecreated": "2020-07-01 08:00:00", "lastmodifieddate": "2026-01-15 08:00:00",
  "contacts": [{"id": "900", "company": "412", "firstname": "Debbie", "lastname": "Gwyther", "title": "AP clerk",
                "email": "debbie@clampett.example", "officephone": "2", "isinactive": "F"}],
  "addresses": [{"nkey": "88", "addr1": "Ramp 2", "addr2": "Gate 3", "city": "Bremen", "zip": "28195",
                 "country": "DE"}]
}"""
OF_STREAM = {"customers": CUSTOMER, "invoices": INVOICE, "credit_notes": CREDIT_MEMO, "payments": PAYMENT}

CONNECTION = Connection(
    "netsuite", "https://1234567-sb1.suitetalk.api.netsuite.com", "consumer", "secret",
    {"token_id": "token", "token_secret": "token-secret", "account": "1234567_SB1", "concurrency": 50},
)  # fmt: skip


def connector(entity: str = "3") -> NetSuite:
    """A connector that is never asked anything."""
    made = NetSuite(CONNECTION, entity)
    made.hash_key = lambda: b"k" * 32
    return made


def changed(record: str, **changes: Any) -> dict[str, Any]:
    """Return a record with other values; None removes one, as NetSuite does with what is null."""
    made = {"about": ABOUT, **json.loads(record), **changes}
    return {name: value for name, value in made.items() if value is not None}


def mapped(stream: str, record: str, **changes: Any) -> dict[str, list[dict[str, Any]]]:
    """Return what a record means, by table."""
    said = connector().normalize(NetSuite.stream(stream), [changed(record, **changes)])
    assert not said.rejects, said.rejects
    return {
        table: [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        for table, columns in said.tables.items()
    }


def rejected(stream: str, record: str, **changes: Any) -> Reject:
    """Return why a record is refused; nothing of it is kept."""
    frames, rejects = typed(connector(), NetSuite.stream(stream), [changed(record, **changes)])
    assert not any(len(frame) for frame in frames.values()) and len(rejects) == 1
    return rejects[0]

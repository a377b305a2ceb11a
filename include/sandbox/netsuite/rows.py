"""The rows of transactions, their lines, their postings and their links."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.netsuite import dates, names
from include.sandbox.netsuite.entries import NOTHING, Entry, Line
from include.sandbox.netsuite.numbering import Numbering
from include.sandbox.netsuite.settings import Settings
from include.sandbox.netsuite.settlements import Link

Row = dict[str, Any]
RATE_DIGITS = 12
"""Digits after the point of an exchange rate, which the vendor states per unit of the document's currency."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What all rows of one subsidiary share; `entity` gives a party's internal id, `term` that of its terms."""

    subsidiary: int
    numbering: Numbering
    settings: Settings
    zone: ZoneInfo
    today: date
    entity: Callable[[str], int]
    term: Callable[[str], int | None]
    address: Callable[[str], int | None]

    def moment(self, at: datetime) -> str:
        """Return a moment as the account's clock shows it."""
        return dates.moment(at, self.zone)

    def id(self, key: str) -> int:
        """Return a transaction's internal id."""
        return self.numbering.of("transaction", key)


def transaction(entry: Entry, frame: Frame) -> Row:
    """Return the header of a transaction."""
    label, record = names.TYPES[entry.type]
    number = entry.number or f"{entry.type.upper()}{frame.id(entry.key)}"
    is_debt = entry.type in ("CustInvc", "CustChrg", "VendBill")
    is_credit = entry.type in ("CustCred", "CustPymt", "CustDep", "DepAppl", "VendCred", "VendPymt", "VPrep")
    sign = frame.settings.credit_rest_sign if entry.type == "CustCred" else 1
    late = (frame.today - entry.due).days if entry.due and is_debt and entry.open and entry.posting else None
    return {
        "id": frame.id(entry.key), "tranid": entry.number if entry.number or is_debt else number,
        "transactionnumber": f"{entry.type.upper()}{frame.id(entry.key)}", "trandisplayname": f"{label} #{number}",
        "type": entry.type, "recordtype": record, "status": entry.status, "approvalstatus": entry.approval,
        "trandate": dates.day(entry.day), "duedate": dates.day(entry.due) if entry.due and is_debt else None,
        "closedate": dates.day(entry.closed) if entry.closed else None,
        "createddate": frame.moment(entry.created), "lastmodifieddate": frame.moment(entry.changed),
        "entity": frame.entity(entry.party) if entry.type != "Journal" else None, "subsidiary": frame.subsidiary,
        "currency": frame.numbering.of("currency", entry.currency), "exchangerate": rate(entry),
        "foreigntotal": entry.total if entry.type != "Journal" else None,
        "foreignamountpaid": entry.used if is_debt else None, "foreignamountunpaid": entry.open if is_debt else None,
        "foreignpaymentamountused": (entry.used or NOTHING) * sign if is_credit else None,
        "foreignpaymentamountunused": entry.open * sign if is_credit and entry.open is not None else None,
        "terms": frame.term(entry.party) if is_debt else None,
        "postingperiod": frame.numbering.of("accountingperiod", entry.day.strftime("%Y-%m")),
        "posting": entry.posting, "void": entry.voided, "voided": entry.voided, "memo": entry.memo,
        "otherrefnum": entry.reference, "billingaddress": frame.address(entry.party) if is_debt else None,
        "daysopen": (frame.today - entry.day).days if is_debt and entry.open else None,
        "daysoverduesearch": max(late, 0) if late is not None else None, "reversal": None,
        "custbody_expected_on": dates.day(entry.expected) if entry.expected else None,
    }  # fmt: skip


def rate(entry: Entry) -> Decimal:
    """Return the base currency's units for one of the document's; the books state it the other way round."""
    return round(1 / entry.rate, RATE_DIGITS).normalize()


def lines(entry: Entry, frame: Frame) -> Iterator[Row]:
    """Yield the lines of a transaction, which add up to nothing."""
    key = frame.id(entry.key)
    original = frame.id(entry.original) if entry.original else None
    for number, line in enumerate(entry.lines):
        is_control, is_main = number in entry.control, number == entry.main
        has_rest = is_control and entry.type in ("CustInvc", "CustChrg", "VendBill")
        journal = line.rest is not None
        debit = journal and line.amount > 0
        yield {
            "transaction": key, "id": number, "uniquekey": frame.numbering.of("line", f"{entry.key}/{number}"),
            "linesequencenumber": number, "mainline": is_main, "taxline": line.is_tax, "iscogs": False,
            "foreignamount": line.amount, "netamount": line.base if not is_main else None,
            "quantity": -1 if line.account == "sales" else None,
            "rate": -line.amount if line.account == "sales" else None,
            "debitforeignamount": line.amount if line.amount > 0 else None,
            "creditforeignamount": -line.amount if line.amount < 0 else None,
            "foreignamountpaid": entry.used if has_rest else line.used if debit else None,
            "foreignamountunpaid": entry.open if has_rest else line.rest if debit else None,
            "foreignpaymentamountused": line.used if journal and not debit else None,
            "foreignpaymentamountunused": line.rest if journal and not debit else None,
            "entity": frame.entity(entry.party) if is_main or is_control or entry.type != "Journal" else None,
            "subsidiary": frame.subsidiary, "createdfrom": original if number == 0 else None, "memo": line.memo,
            "expenseaccount": names.ACCOUNTS[line.account][0],
            "accountinglinetype": names.LINE_TYPES.get(line.account),
            "linelastmodifieddate": frame.moment(entry.changed),
            "fxamountlinked": entry.used if is_control else None,
        }  # fmt: skip


def postings(entry: Entry, frame: Frame) -> Iterator[Row]:
    """Yield what a transaction posts, or would post, in base currency."""
    key, factor = frame.id(entry.key), rate(entry)
    for number, line in enumerate(entry.lines):
        rest = _in_base(line, entry.open, entry.rate) if number in entry.control and len(entry.control) == 1 else None
        paid = abs(line.base) - rest if rest is not None else None
        is_debit = line.amount > 0
        yield {
            "transaction": key, "transactionline": number, "accountingbook": 1,
            "account": names.ACCOUNTS[line.account][0], "posting": entry.posting, "amount": line.base,
            "debit": line.base if line.base > 0 else None, "credit": -line.base if line.base < 0 else None,
            "netamount": line.base, "amountlinked": paid, "amountpaid": paid if is_debit else None,
            "amountunpaid": rest if is_debit else None, "paymentamountused": None if is_debit else paid,
            "paymentamountunused": None if is_debit else rest, "exchangerate": factor,
            "lastmodifieddate": frame.moment(entry.changed) if frame.settings.line_stamps else None,
        }  # fmt: skip


def _in_base(line: Line, rest: Decimal | None, rate: Decimal) -> Decimal | None:
    """Return what a rest is worth at the document's own rate, as what was posted leaves it on the account."""
    return rest if rest is None or not line.amount else (rest / rate).quantize(line.base)


def link(each: Link, frame: Frame) -> Row:
    """Return what links a line of one transaction to a line of another."""
    (previous, line, previous_type), (following, next_line, next_type) = each.previous, each.next
    return {
        "previousdoc": frame.id(previous), "previousline": line, "previoustype": previous_type,
        "nextdoc": frame.id(following), "nextline": next_line, "nexttype": next_type, "linktype": each.type,
        "foreignamount": each.amount, "nextdate": dates.day(each.day), "lastmodifieddate": frame.moment(each.changed),
    }  # fmt: skip

"""Which of an account's transactions are receivables of a subsidiary, within its history, open, or changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from include.connectors.netsuite.suiteql import (
    Condition,
    Query,
    Value,
    all_of,
    any_of,
    from_day,
    from_moment,
    is_equal,
    one_of,
    within,
)

INVOICES, CREDIT_NOTES = ("CustInvc", "CustChrg"), ("CustCred",)
PAYMENTS = ("CustPymt", "CustDep", "DepAppl", "CustRfnd", "Journal")
TYPES = {"invoices": INVOICES, "credit_notes": CREDIT_NOTES, "payments": PAYMENTS}
"""Stream → the types of transactions that it reads."""
EVERY = (*INVOICES, *CREDIT_NOTES, *PAYMENTS)
DEBITS = (*INVOICES, "CustRfnd")
CREDITS = ("CustCred", "CustPymt", "CustDep", "DepAppl")
"""What raises a debt, and what lowers one; a journal entry does either, line by line."""
JOURNAL, DEPOSIT, APPLICATION = "Journal", "CustDep", "DepAppl"
APPLIED = ("Payment", "DepAppl", "DepRfnd")
"""Kinds of links that settle something; others say what was made from what."""
PENDING = ("CustInvc:D", "CustCred:D", "CustChrg:D")
LINKS = "previoustransactionlinelink k"
ON_RECEIVABLES = (
    Condition("a.transaction = l.transaction"), Condition("a.transactionline = l.id"), Condition("c.id = a.account"),
    Condition("c.accttype = ?", ("AcctRec",)),
)  # fmt: skip
"""What joins lines with their accounting and their account, and keeps those on receivable accounts."""
ACCOUNTED = "transactionline l, transactionaccountingline a, account c"


@dataclass(frozen=True, slots=True)
class Scope:
    """One subsidiary of an account, as conditions on `transaction t`.

    Args:
        subsidiary: its id; "" in an account that has none.
        book: the accounting book whose amounts count.
        has_line_stamps: lines say when they were changed.
    """

    subsidiary: str
    book: int
    zone: ZoneInfo
    has_line_stamps: bool = True

    def on_receivables(self) -> tuple[Condition, ...]:
        """Lines `l` on receivable accounts, with their accounting `a`, of this subsidiary."""
        return (*ON_RECEIVABLES, is_equal("a.accountingbook", self.book), *self._of_subsidiary())

    def transactions(self, types: Sequence[str]) -> tuple[Condition, ...]:
        """Transactions of these types: documents by their main line, journal entries by lines on receivables."""
        documents = [kind for kind in types if kind != JOURNAL]
        found: list[Condition] = []
        if documents:
            main = Query(("l.transaction",), "transactionline l", (is_equal("l.mainline", "T"), *self._of_subsidiary()))
            found.append(all_of(one_of("t.type", documents), within("t.id", main)))
        if JOURNAL in types:
            entries = Query(("l.transaction",), ACCOUNTED, self.on_receivables())
            found.append(all_of(is_equal("t.type", JOURNAL), within("t.id", entries)))
        return (any_of(*found),)

    def open(self, types: Sequence[str]) -> Condition:
        """Transactions with an open rest, and those that wait for approval."""
        found = [Condition("t.foreignamountunpaid <> 0"), Condition("t.foreignpaymentamountunused <> 0"),
                 Condition("t.posting = ?", ("F",))]  # fmt: skip
        if JOURNAL in types:
            rest = Condition("a.amountunpaid <> 0 OR a.paymentamountunused <> 0")
            found.append(within("t.id", Query(("l.transaction",), ACCOUNTED, (*self.on_receivables(), rest))))
        return any_of(*found)

    def in_range(self, types: Sequence[str], history_from: date) -> Condition:
        """Those dated from the day on or open, closed since; and credits that settle a part of such ones."""
        timely = [from_day("t.trandate", history_from), self.open(types)]
        if set(types) & {*INVOICES}:
            return any_of(*timely, from_day("t.closedate", history_from))
        debit = any_of(
            from_day("p.trandate", history_from), from_day("p.closedate", history_from),
            Condition("p.foreignamountunpaid <> 0"),
        )  # fmt: skip
        return any_of(*timely, *self._linked(all_of(one_of("p.type", (*DEBITS, JOURNAL)), debit)))

    def changed(self, types: Sequence[str], since: datetime) -> Condition:
        """Those changed from the moment on, or a line of theirs, a link, or the other end of one.

        Which end of an application is stamped nobody promises.
        """
        found = [from_moment("t.lastmodifieddate", since, self.zone)]
        if self.has_line_stamps:
            stamped = from_moment("l.linelastmodifieddate", since, self.zone)
            found.append(within("t.id", Query(("l.transaction",), ACCOUNTED, (*self.on_receivables(), stamped))))
        if not set(types) & {*INVOICES}:
            other = [from_moment(column, since, self.zone) for column in ("p.lastmodifieddate", "k.lastmodifieddate")]
            found += self._linked(any_of(*other))
        return any_of(*found)

    def of_customers(self, types: Sequence[str], customers: Sequence[Value]) -> Condition:
        """Those of some customers."""
        found = [one_of("t.entity", customers)]
        if JOURNAL in types:
            mine = (*self.on_receivables(), one_of("l.entity", customers))
            found.append(within("t.id", Query(("l.transaction",), ACCOUNTED, mine)))
        return any_of(*found)

    def of_changed_customers(self, types: Sequence[str], since: datetime) -> Condition:
        """Those of customers changed from the moment on: what was another's may have become theirs, without a stamp."""
        changed = Query(("m.id",), "customer m", (from_moment("m.lastmodifieddate", since, self.zone),))
        found = [within("t.entity", changed)]
        if JOURNAL in types:
            mine = (*self.on_receivables(), within("l.entity", changed))
            found.append(within("t.id", Query(("l.transaction",), ACCOUNTED, mine)))
        return any_of(*found)

    def _linked(self, other: Condition) -> list[Condition]:
        """Transactions linked, in either direction, with a transaction `p` for which a condition holds."""
        found = []
        for mine, its in (("nextdoc", "previousdoc"), ("previousdoc", "nextdoc")):
            joined = (Condition(f"p.id = k.{its}"), one_of("k.linktype", APPLIED), other)
            found.append(within("t.id", Query((f"k.{mine}",), f"{LINKS}, transaction p", joined)))
        return found

    def _of_subsidiary(self) -> tuple[Condition, ...]:
        return (is_equal("l.subsidiary", int(self.subsidiary)),) if self.subsidiary else ()

"""Payments, refunds, write-offs and uses of deposits, as this vendor's transactions; and what links them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.netsuite.entries import CONTROL, NOTHING, Entry, Line, type_of
from include.sandbox.netsuite.settings import Settings
from include.sandbox.records import PURCHASES, Allocation, Document, Kind, Payment, State

Worth = dict[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True)
class Link:
    """A part of one transaction that another settles; `previous` and `next` are keys and lines of entries."""

    previous: tuple[str, int, str]
    next: tuple[str, int, str]
    type: str
    amount: Decimal
    day: date
    changed: datetime


def groups(books: Books) -> dict[str, list[Payment]]:
    """Return the payments of each transaction: those of one bank transfer are one."""
    found: dict[str, list[Payment]] = defaultdict(list)
    for payment in books.payments.values():
        found[payment.batch or payment.id].append(payment)
    return found


def is_deleted(payments: list[Payment], key: str, settings: Settings) -> bool:
    """Whether nothing is left of a transaction: all of it was taken back, and not by voiding it."""
    if not all(payment.deleted for payment in payments):
        return False
    voids = settings.payments_taken_back
    return voids == "deleted" or (voids == "mixed" and int(key[0], 16) % 2 == 1)


def type_of_payment(books: Books, payment: Payment, settings: Settings) -> str:
    """Return which transaction a payment is."""
    kind = books.documents[payment.document].kind
    if kind in PURCHASES:
        return "VendPymt" if kind is Kind.BILL else "Deposit"
    if payment.account == "bad_debts":
        return settings.write_offs
    return "CustRfnd" if payment.is_refund else "CustPymt"


def payments(books: Books, settings: Settings, worth: Worth) -> Iterator[Entry]:
    """Yield an entry for each payment, refund and write-off that was not deleted."""
    for key, parts in groups(books).items():
        if not is_deleted(parts, key, settings):
            yield _payment(books, key, parts, settings, worth)


def _payment(books: Books, key: str, parts: list[Payment], settings: Settings, worth: Worth) -> Entry:
    first = parts[0]
    document, kind = books.documents[first.document], type_of_payment(books, parts[0], settings)
    living = [part for part in parts if not part.deleted and books.documents[part.document].state is State.POSTED]
    total = sum((part.amount for part in living), NOTHING)
    is_in = document.kind in (Kind.INVOICE, Kind.SUPPLIER_CREDIT, Kind.SUPPLIER_PREPAYMENT)
    sign = 1 if is_in else -1
    lines = [Line(first.account, total * sign, sum((part.bank_amount for part in living), NOTHING) * sign)]
    for part in living:
        control = CONTROL.get(document.kind, "receivable")
        lines.append(Line(control, -part.amount * sign, -worth[part.document, part.id] * sign))
    if gain := -sum((line.base for line in lines), NOTHING):
        lines.append(Line("currency_gains", NOTHING, gain, "FX"))
    if kind == "Journal":
        for line in lines[1 : 1 + len(living)]:
            line.rest, line.used = NOTHING, -line.amount
    signs = {"CustPymt": settings.payment_sign, "CustRfnd": settings.refund_sign, "VendPymt": -1}
    return Entry(
        key=key, type=kind, status=_status(kind, key, living=bool(living)), party=books.survivor(document.party),
        currency=first.currency, rate=first.rate, day=first.paid_on, created=min(part.created_at for part in parts),
        changed=_changed(books, parts, document, settings), total=total * signs.get(kind, 1), lines=lines,
        open=NOTHING, used=total, voided=not living, memo=first.reference if living else "VOID",
        main=0 if kind != "Journal" or settings.journal_mainline else None, control=list(range(1, 1 + len(living))),
    )  # fmt: skip


def _changed(books: Books, parts: list[Payment], document: Document, settings: Settings) -> datetime:
    at = max(part.updated_at for part in parts)
    party = books.parties.get(document.party)
    return max(at, party.updated_at) if settings.merge_stamps and party and party.merged_into else at


def _status(kind: str, key: str, *, living: bool) -> str:
    if not living:
        return "V"
    if kind == "CustPymt":
        return "C" if int(key[1], 16) % 2 else "B"
    return {"Journal": "B"}.get(kind, "Y")


def uses_of_deposits(books: Books, settings: Settings, worth: Worth) -> Iterator[Entry]:
    """Yield an entry for each use of a deposit that was not taken back: this vendor makes a transaction of it."""
    for allocation in books.allocations.values():
        deposit = books.documents[allocation.credit]
        if deposit.kind is Kind.PREPAYMENT and not allocation.deleted:
            invoice, amount = books.documents[allocation.invoice], allocation.amount
            lines = [
                Line("deposits", amount, worth[deposit.id, allocation.id]),
                Line("receivable", -amount, -worth[invoice.id, allocation.id]),
            ]
            if gain := -sum((line.base for line in lines), NOTHING):
                lines.append(Line("currency_gains", NOTHING, gain, "FX"))
            yield Entry(
                key=allocation.id, type="DepAppl", status="Y", party=books.survivor(deposit.party),
                currency=deposit.currency, rate=deposit.rate, day=allocation.applied_on, created=allocation.changed_at,
                changed=allocation.changed_at, total=amount, lines=lines, used=amount, control=[1],
            )  # fmt: skip


def links(books: Books, entries: dict[str, Entry], settings: Settings) -> list[Link]:
    """Return what settles what, as long as it does; what was taken back leaves nothing behind.

    A credit that is used twice for the same invoice is linked to it once, with the sum: two lines have one link.
    """
    found: dict[tuple[object, ...], Link] = {}
    for link in _links(books, entries, settings):
        key = (link.previous, link.next, link.type)
        if known := found.get(key):
            link = replace(link, amount=known.amount + link.amount, changed=max(known.changed, link.changed))
        found[key] = link
    return list(found.values())


def _links(books: Books, entries: dict[str, Entry], settings: Settings) -> Iterator[Link]:
    for key, parts in groups(books).items():
        living = [part for part in parts if not part.deleted]
        for part, line in zip(living, entries[key].control if key in entries else (), strict=False):
            document = books.documents[part.document]
            yield Link(
                (document.id, _line(entries, document), type_of(document, settings)),
                (key, line, entries[key].type), "Payment", part.amount, part.paid_on, part.updated_at,
            )  # fmt: skip
    for allocation in books.allocations.values():
        if not allocation.deleted:
            yield from _of_allocation(books, allocation, entries, settings)


def _of_allocation(
    books: Books, allocation: Allocation, entries: dict[str, Entry], settings: Settings
) -> Iterator[Link]:
    credit, invoice = books.documents[allocation.credit], books.documents[allocation.invoice]
    owed = (invoice.id, _line(entries, invoice), type_of(invoice, settings))
    given = (credit.id, _line(entries, credit), type_of(credit, settings))
    rest = (allocation.amount, allocation.applied_on, allocation.changed_at)
    if credit.kind is Kind.PREPAYMENT:
        use = (allocation.id, 1, "DepAppl")
        yield Link(given, (allocation.id, 0, "DepAppl"), "DepAppl", *rest)
        yield Link(owed, use, "Payment", *rest)
    elif credit.kind is Kind.CREDIT_NOTE and settings.credit_as_previous:
        yield Link(given, owed, "Payment", *rest)
    else:
        yield Link(owed, given, "Payment", *rest)


def _line(entries: dict[str, Entry], document: Document) -> int:
    entry = entries.get(document.id)
    return entry.control[0] if entry else 0

"""What stands in the books, as this vendor's transactions: one entry each, with lines that add up to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.netsuite.settings import Settings
from include.sandbox.records import Allocation, Document, Kind, Payment, State

NOTHING = Decimal(0)
TYPES = {
    Kind.INVOICE: "CustInvc", Kind.CREDIT_NOTE: "CustCred", Kind.OVERPAYMENT: "CustPymt", Kind.PREPAYMENT: "CustDep",
    Kind.BILL: "VendBill", Kind.SUPPLIER_CREDIT: "VendCred", Kind.SUPPLIER_PREPAYMENT: "VPrep",
}  # fmt: skip
DEBITS = (Kind.INVOICE, Kind.SUPPLIER_CREDIT, Kind.SUPPLIER_PREPAYMENT)
"""What stands on the debit side of its control account."""
CONTROL = {
    Kind.PREPAYMENT: "deposits", Kind.BILL: "payable", Kind.SUPPLIER_CREDIT: "payable",
    Kind.SUPPLIER_PREPAYMENT: "prepaid",
}  # fmt: skip
"""The account on which a document stands, if not on receivables."""


@dataclass(slots=True)
class Line:
    """A line; debits are positive. `rest` and `used` are of a journal's line on receivables alone.

    `base` is in the subsidiary's currency; `memo` is what it is for.
    """

    account: str
    amount: Decimal
    base: Decimal
    memo: str = ""
    is_tax: bool = False
    rest: Decimal | None = None
    used: Decimal | None = None


@dataclass(slots=True)
class Entry:
    """A transaction. `total` is signed as the vendor signs it; `open` and `used` are not."""

    key: str
    type: str
    status: str
    party: str
    currency: str
    rate: Decimal
    day: date
    created: datetime
    changed: datetime
    total: Decimal
    lines: list[Line]
    number: str = ""
    due: date | None = None
    open: Decimal | None = None
    used: Decimal | None = None
    posting: bool = True
    voided: bool = False
    memo: str = ""
    reference: str = ""
    closed: date | None = None
    original: str = ""
    expected: date | None = None
    approval: int = 2
    main: int | None = 0
    """Which line is the main one."""
    control: list[int] = field(default_factory=list)
    """Which lines stand for the debt or the credit, in the order of what they settle."""


def type_of(document: Document, settings: Settings) -> str:
    """Return a document's type; of the invoices that were sent when made, a few are charges or journals."""
    if document.kind is Kind.INVOICE and document.sent and not document.installments:
        dice = int(document.id[:8], 16)
        if settings.statement_charges and dice % settings.statement_charges == 0:
            return "CustChrg"
        if settings.debit_journals and dice % settings.debit_journals == 1:
            return "Journal"
    return TYPES[document.kind]


def released(books: Books) -> dict[tuple[str, str], Decimal]:
    """Return what each settlement takes off a document's control account, in base currency.

    By document and settlement. What is left is always what the rest is worth at the document's own rate.
    """
    found = {}
    for document in books.documents.values():
        if document.state is not State.POSTED:
            continue
        rest, worth = document.gross, books.in_base(document.gross, document.rate)
        settlements: list[Payment | Allocation] = [*books.payments_of(document.id), *books.allocations_of(document.id)]
        for settlement in settlements:
            if not settlement.deleted:
                rest -= settlement.amount
                left = books.in_base(rest, document.rate)
                found[document.id, settlement.id] = worth - left
                worth = left
    return found


def documents(books: Books, settings: Settings, worth: dict[tuple[str, str], Decimal]) -> Iterator[Entry]:
    """Yield an entry for each document that was not deleted."""
    for document in books.documents.values():
        if document.state is not State.DELETED:
            yield _document(books, document, settings, worth)


def changed(books: Books, document: Document, settings: Settings) -> datetime:
    """Return when the transaction says it was changed last, which not every application shows."""
    stamps = settings.applications_stamp
    shows = stamps == "both" or (stamps == "invoice" and document.kind in (Kind.INVOICE, Kind.BILL))
    at = document.updated_at if shows else books.edited_at(document)
    party = books.parties.get(document.party)
    return max(at, party.updated_at) if settings.merge_stamps and party and party.merged_into else at


def _document(books: Books, document: Document, settings: Settings, worth: dict[tuple[str, str], Decimal]) -> Entry:
    kind, posted, voided = type_of(document, settings), document.state is State.POSTED, document.state is State.VOIDED
    kept = not voided or settings.void_amounts == "kept"
    gross = document.gross if kept else NOTHING
    lines = (
        _lines(books, document, worth) if kept else [Line(CONTROL.get(document.kind, "receivable"), NOTHING, NOTHING)]
    )
    main, control = 0, 0
    if document.kind in (Kind.OVERPAYMENT, Kind.PREPAYMENT, Kind.SUPPLIER_PREPAYMENT) and len(lines) > 1:
        control = 1
    if kind == "Journal" and len(lines) > 1:
        lines, control = [lines[1], lines[0], *lines[2:]], 1
        lines[1].rest, lines[1].used = document.outstanding, document.gross - document.outstanding
    rest = NOTHING if voided else document.outstanding if posted else document.gross
    return Entry(
        key=document.id, type=kind, status=_status(document, kind, settings), party=books.survivor(document.party),
        currency=document.currency, rate=document.rate, day=document.issued_on, created=document.created_at,
        changed=changed(books, document, settings), total=gross * _sign(document, settings), lines=lines,
        number=document.number, due=document.due_on if kind != "Journal" else None, open=rest,
        used=document.gross - document.outstanding if posted else NOTHING, posting=posted or voided, voided=voided,
        memo="VOID" if voided else "", reference=document.reference, closed=document.closed_on,
        original=document.original, expected=document.expected_on, approval=_approval(document, settings),
        main=main if kind != "Journal" or settings.journal_mainline else None, control=[control],
    )  # fmt: skip


def _sign(document: Document, settings: Settings) -> int:
    if document.kind is Kind.OVERPAYMENT:
        return settings.payment_sign
    return -1 if document.kind in (Kind.CREDIT_NOTE, Kind.BILL, Kind.SUPPLIER_PREPAYMENT) else 1


def _status(document: Document, kind: str, settings: Settings) -> str:
    waits = document.state in (State.DRAFT, State.SUBMITTED)
    if document.state is State.VOIDED:
        return "V"
    if kind == "Journal":
        return "A" if waits else "B"
    if waits:
        rejected = document.state is State.SUBMITTED and settings.submitted == "rejected"
        return "E" if rejected and kind == "CustInvc" else "D"
    if kind == "CustDep":
        return "B" if document.outstanding else "C"
    if kind == "CustPymt":
        return "C" if int(document.id[0], 16) % 2 else "B"
    return "A" if document.outstanding else "B"


def _approval(document: Document, settings: Settings) -> int:
    if document.state is State.SUBMITTED and settings.submitted == "rejected":
        return 3
    return 1 if document.state in (State.DRAFT, State.SUBMITTED) else 2


def _lines(books: Books, document: Document, worth: dict[tuple[str, str], Decimal]) -> list[Line]:
    """Return the lines of a document: what it stands for, and what it was for; then differences of rates."""
    sign = 1 if document.kind in DEBITS else -1
    control = CONTROL.get(document.kind, "receivable")
    base = books.in_base(document.gross, document.rate)
    if document.kind in (Kind.OVERPAYMENT, Kind.PREPAYMENT, Kind.SUPPLIER_PREPAYMENT):
        lines = [Line("bank", -document.gross * sign, -base * sign), Line(control, document.gross * sign, base * sign)]
        return lines + _rate_lines(books, document, worth)
    sold = "sales" if document.kind in (Kind.INVOICE, Kind.CREDIT_NOTE) else "costs"
    lines = [Line(control, document.gross * sign, base * sign)]
    wrong = document.net - sum((line.net for line in document.lines), NOTHING)  # a planted defect shows in the first
    for number, line in enumerate(document.lines):
        net = line.net + (NOTHING if number else wrong)
        lines.append(Line(sold, -net * sign, -books.in_base(net, document.rate) * sign, line.description))
    if document.tax:
        tax = books.in_base(document.tax, document.rate)
        lines.append(Line("tax", -document.tax * sign, -tax * sign, is_tax=True))
    lines[-1].base -= sum((line.base for line in lines), NOTHING)  # rounding
    return lines + _rate_lines(books, document, worth)


def _rate_lines(books: Books, document: Document, worth: dict[tuple[str, str], Decimal]) -> list[Line]:
    """Return what a credit's use for an invoice of another rate makes of the control account: a gain or a loss."""
    if document.kind not in (Kind.CREDIT_NOTE, Kind.OVERPAYMENT) or document.state is not State.POSTED:
        return []
    found = []
    for allocation in books.allocations_of(document.id):
        gain = NOTHING if allocation.deleted else worth[document.id, allocation.id]
        if not allocation.deleted and (gain := gain - worth[allocation.invoice, allocation.id]):
            found += [Line("receivable", NOTHING, gain, "FX"), Line("currency_gains", NOTHING, -gain, "FX")]
    return found

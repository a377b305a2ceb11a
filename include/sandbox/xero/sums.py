"""Balances on the contact record: raw sums over currencies, never converted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.records import PURCHASES, Kind
from include.sandbox.xero.settings import Settings


@dataclass(slots=True)
class Sums:
    """What a contact owes and is owed, all currencies in one number."""

    receivable: Decimal = Decimal(0)
    receivable_overdue: Decimal = Decimal(0)
    payable: Decimal = Decimal(0)
    payable_overdue: Decimal = Decimal(0)


def by_party(books: Books, settings: Settings, today: date) -> dict[str, Sums]:
    """Return the sums of every party that has any open document."""
    found: dict[str, Sums] = defaultdict(Sums)
    for document in books.documents.values():
        if not document.outstanding:
            continue
        party = books.survivor(document.party) if settings.merged_documents == "move" else document.party
        is_late = bool(document.due_on and document.due_on < today)
        sums = found[party]
        if document.kind is Kind.BILL:
            sums.payable += document.outstanding
            sums.payable_overdue += document.outstanding if is_late else 0
        elif document.kind is Kind.INVOICE:
            sums.receivable += document.outstanding
            sums.receivable_overdue += document.outstanding if is_late else 0
        elif document.kind in PURCHASES:
            sums.payable -= document.outstanding if settings.balances_count_credits else 0
        elif settings.balances_count_credits:
            sums.receivable -= document.outstanding
    return dict(found)

"""What the entities of a group have in common: customers whom more than one bills, and each other."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from include.sandbox.books import Books
from include.sandbox.invoicing import new_document
from include.sandbox.invoicing import share as part_of
from include.sandbox.parties import new_party
from include.sandbox.records import Document, Kind, Party

BILLS = 5
"""So many invoices gets a customer in the second books: one paid, one part paid, the others open."""


def share(first: Books, second: Books, count: int, now: datetime) -> None:
    """Enter customers of the first books in the second ones, too, where they get invoices of their own.

    Both books know such a party by an id of their own; `shared`, the first id, tells that it is one. Then
    the second entity bills the first, which is a customer that `represents` an entity.

    Raises:
        ValueError: the first books have fewer customers that are in use and nobody's child or survivor.
    """
    survivors = {party.merged_into for party in first.parties.values()}
    usual = (p for p in first.parties.values() if p.is_customer and not p.archived and not p.parent)
    free = [party for party in usual if party.id not in survivors]
    if len(free) < count:
        raise ValueError(f"{count} customers to share, but only {len(free)} are free")
    for party in free[:count]:
        party.shared = party.id
        twin = replace(copy.deepcopy(party), id=second.new_id(), is_supplier=False)
        _bill(second.add_party(twin), second, now)
    sister = new_party(second, first.entity.created_at)
    sister.represents, sister.name, sister.legal_name = first.entity.id, first.entity.name, first.entity.name
    sister.currency, sister.parent, sister.is_supplier = first.entity.currency, "", False
    _bill(sister, second, now)


def pay_across(bills: Sequence[tuple[Books, Document]], at: datetime) -> str:
    """Let one bank transfer settle the rests of invoices in the books of several entities.

    Returns:
        The transfer's id: each entity's payment has it as its `batch`.
    """
    batch = bills[0][0].new_id()
    for books, invoice in bills:
        books.pay(invoice, invoice.outstanding, at, batch=batch)
    return batch


def transfer(first: Books, second: Books, at: datetime) -> str:
    """Let a customer whom both entities bill pay one invoice of each by one bank transfer.

    Returns:
        The transfer's id.

    Raises:
        ValueError: they share no customer.
    """
    for twin in second.parties.values():
        if twin.shared:
            bills = [(books, _owed(books, party, at)) for books, party in ((first, twin.shared), (second, twin.id))]
            return pay_across(bills, at)
    raise ValueError("the first two entities share no customer")


def _owed(books: Books, party: str, at: datetime) -> Document:
    """Return an open invoice of a party in its own currency, a new one if it has none."""
    mine = books.parties[party]
    usual = (d for d in books.kinds(Kind.INVOICE) if d.party == party and d.currency == mine.currency)
    return next((d for d in usual if d.outstanding), None) or new_document(books, Kind.INVOICE, mine, at)


def _bill(party: Party, books: Books, now: datetime) -> None:
    for number in range(BILLS):
        at = now - timedelta(days=60 - 10 * number, seconds=books.rng.randrange(3600))
        invoice = new_document(books, Kind.INVOICE, party, at.replace(microsecond=0))
        if number < 2:
            amount = part_of(books, invoice.gross, invoice.currency) if number else invoice.gross
            books.pay(invoice, amount, invoice.created_at + timedelta(days=5))

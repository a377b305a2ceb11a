"""Gives every record its number, in the order in which they were made, so that a seed decides all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from include.sandbox.intacct.credits import refunds
from include.sandbox.intacct.documents import record_name, revisions
from include.sandbox.intacct.keys import Name
from include.sandbox.intacct.payments import applications
from include.sandbox.intacct.people import term_id
from include.sandbox.intacct.receipts import receipts
from include.sandbox.intacct.source import Source
from include.sandbox.parties import TERMS
from include.sandbox.records import State

Made = Iterator[tuple[datetime, Name]]


def number(source: Source) -> None:
    """Give numbers to what has none; what has one keeps it."""
    numbers, company = source.numbers, source.company
    for days in sorted(set(TERMS)):
        numbers["term"].of((term_id(days),))
    for entity in company.entities:
        numbers["entity"].of((entity,))
    everyone = list(company.customers())
    numbers["customer"].number((party.created_at, (party.id,)) for _, party in everyone)
    numbers["contact"].number(
        (party.created_at, (party.id, which))
        for _, party in everyone
        for which in ("default", *map(str, range(len(party.people))))
    )
    numbers["record"].number((at, name) for made in (_documents, _payments) for at, name in made(source))
    details = [(r.created, (*r.name, part[1].id)) for r in receipts(source) if not r.summary for part in r.parts]
    details += [(at, ("application", name)) for _, _, name, at, _ in applications(source)]
    numbers["detail"].number(details)


def _documents(source: Source) -> Made:
    """Yield every document under every number that it ever had, and what reversed it."""
    for books, document in source.company.documents():
        moments = [document.created_at, *revisions(books, document, source.settings)]
        for revision, at in enumerate(moments):
            yield at, record_name(document, revision)
        if document.state is State.VOIDED:
            yield books.edited_at(document), ("reversal", document.id)
    for _, refund in refunds(source):
        yield refund.created_at, ("refund", refund.id)


def _payments(source: Source) -> Made:
    for receipt in receipts(source):
        yield receipt.created, receipt.name
    for _, _, name, at, _ in applications(source):
        yield at, ("application", name)

"""The rows of customers, suppliers and contacts, with their addresses and what they owe each subsidiary."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from include.sandbox.books import Books
from include.sandbox.netsuite import names
from include.sandbox.netsuite.entries import NOTHING
from include.sandbox.netsuite.rows import Frame, Row
from include.sandbox.netsuite.settings import Settings
from include.sandbox.records import Kind, Party, State

RECEIVABLE = (Kind.INVOICE, Kind.CREDIT_NOTE, Kind.OVERPAYMENT)


def key(party: Party) -> str:
    """Return the key by which the account knows a party, whichever subsidiary's books it stands in."""
    return party.shared or party.id


def is_listed(party: Party) -> bool:
    """Whether a party is a customer of any stage; who only sells to us is none, who was merged is gone."""
    return not party.merged_into and (party.is_customer or not party.is_supplier)


def customer(party: Party, books: Books, frame: Frame, balance: Decimal) -> Row:
    """Return a customer, as the books of its primary subsidiary have it."""
    number, contacts = frame.entity(party.id), [n for n, person in enumerate(party.people) if person.is_main]
    parent = books.parties.get(books.survivor(party.parent)) if party.parent else None
    rep = int(key(party)[:4], 16) % (len(names.REPS) + 1)
    return {
        "id": number, "entityid": party.number, "entitynumber": number, "companyname": party.name,
        "altname": party.name, "isperson": False, "email": party.email, "phone": party.office_phone,
        "mobilephone": party.mobile, "currency": frame.numbering.of("currency", party.currency),
        "terms": frame.term(party.id), "parent": frame.entity(parent.id) if parent else None,
        "salesrep": rep or None, "defaultbillingaddress": frame.address(party.id), "isinactive": party.archived,
        "creditholdoverride": "AUTO", "oncredithold": False, "language": "en_US",
        "datecreated": frame.moment(party.created_at), "lastmodifieddate": frame.moment(party.updated_at),
        "accountnumber": party.number, "resalenumber": party.registration_number,
        "custentity_vat_number": party.vat_number, "balancesearch": balance,
        "contact": contact_id(party, contacts[0], frame) if contacts else None,
        "searchstage": "Customer" if party.is_customer else "Prospect", "subsidiary": frame.subsidiary,
        "receivablesaccount": names.ACCOUNTS["receivable"][0],
    }  # fmt: skip


def contact_id(party: Party, number: int, frame: Frame) -> int:
    """Return the internal id of someone who works for a party."""
    return frame.numbering.of("entity", f"{key(party)}/{number}")


def contacts(party: Party, frame: Frame) -> Iterator[Row]:
    """Yield the people of a customer."""
    for number, person in enumerate(party.people):
        yield {
            "id": contact_id(party, number, frame), "entityid": f"{person.first_name} {person.last_name}",
            "firstname": person.first_name, "lastname": person.last_name, "email": person.email,
            "phone": party.office_phone, "isinactive": False, "isprivate": False, "company": frame.entity(party.id),
            "subsidiary": frame.subsidiary, "datecreated": frame.moment(party.created_at),
            "lastmodifieddate": frame.moment(party.updated_at),
        }  # fmt: skip


def vendor(party: Party, frame: Frame) -> Row:
    """Return a supplier."""
    return {
        "id": frame.entity(party.id), "entityid": party.number, "companyname": party.name, "isinactive": party.archived,
        "datecreated": frame.moment(party.created_at), "lastmodifieddate": frame.moment(party.updated_at),
    }  # fmt: skip


def address(party: Party, frame: Frame) -> Row:
    """Return where a party is; `country` is its code where it is known."""
    where = party.address
    return {
        "nkey": frame.address(party.id), "recordowner": frame.entity(party.id), "addressee": party.name,
        "addr1": where.line1, "city": where.city, "state": where.region, "zip": where.postal_code,
        "country": names.COUNTRIES.get(where.country, where.country),
        "lastmodifieddate": frame.moment(party.updated_at),
    }  # fmt: skip


def address_book(party: Party, frame: Frame) -> Row:
    """Return the line of a customer's address book that holds its address."""
    nkey = frame.address(party.id)
    return {
        "internalid": nkey, "entity": frame.entity(party.id), "addressbookaddress": nkey, "label": "Main",
        "defaultbilling": True, "defaultshipping": True,
    }  # fmt: skip


def relationship(party: Party, books: Books, frame: Frame, sums: tuple[Decimal, Decimal], *, is_primary: bool) -> Row:
    """Return what a customer is to one subsidiary: its balance and its deposits, in that subsidiary's currency."""
    return {
        "id": frame.numbering.of("relationship", f"{key(party)}/{books.entity.id}"), "entity": frame.entity(party.id),
        "subsidiary": frame.subsidiary, "isprimarysub": is_primary,
        "primarycurrency": frame.numbering.of("currency", party.currency), "balance": sums[0],
        "depositbalance": sums[1], "unbilledorders": NOTHING,
    }  # fmt: skip


def balances(books: Books, settings: Settings) -> dict[str, tuple[Decimal, Decimal]]:
    """Return what each party owes in base currency, and what it deposited; by the survivor's id."""
    found: dict[str, list[Any]] = {}
    for document in books.kinds(*RECEIVABLE, Kind.PREPAYMENT):
        if document.state is not State.POSTED:
            continue
        sums = found.setdefault(books.survivor(document.party), [NOTHING, NOTHING])
        rest = books.in_base(document.outstanding, document.rate)
        if document.kind is Kind.PREPAYMENT:
            sums[1] += rest
        elif document.kind is Kind.INVOICE:
            sums[0] += rest
        elif settings.balances_count_credits:
            sums[0] -= rest
    return {party: (sums[0], sums[1]) for party, sums in found.items()}

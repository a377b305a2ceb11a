"""Customers, their contacts, and the lists in which each customer has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.intacct.company import Owner
from include.sandbox.intacct.objects import Row
from include.sandbox.intacct.source import Source, Values, numbered, stamps
from include.sandbox.parties import SUPPLIERS
from include.sandbox.records import Kind, Party, Person

CATEGORIES = ("Accounting", "Purchasing", "Management")
COUNTRIES = {
    "New Zealand": "nz", "United Kingdom": "gb", "Germany": "de", "Japan": "jp", "Kuwait": "kw", "Poland": "pl",
    "Greece": "gr", "United States": "us",
}  # fmt: skip


def term_id(days: int) -> str:
    """Return the name of the terms of payment that are so many days."""
    return f"Net {days}" if days else "Due on receipt"


def contact_id(source: Source, party: Party, number: int | None = None) -> str:
    """Return the name of a customer's own contact, or of its person with this number; unique in the company.

    The name is the contact's id, so that two persons of one name are told apart by it.
    """
    if number is None:
        return f"{party.name}({source.company.customer_id(party)})"
    person = party.people[number]
    earlier = [(p.first_name, p.last_name) for p in party.people[:number]]
    again = earlier.count((person.first_name, person.last_name))
    return (
        f"{person.first_name} {person.last_name}({source.company.customer_id(party)}{f'-{again + 1}' if again else ''})"
    )


def contact_key(source: Source, party: Party, number: int | None = None) -> int:
    """Return the number of a customer's own contact, or of its person's."""
    return source.numbers["contact"].of((party.id, "default" if number is None else str(number)))


def customers(source: Source) -> Iterator[Row]:
    """Yield every customer; what they owe is in the row of the company and, as `totalDue@<entity>`, of each entity."""
    due = _due(source)
    for home, party in source.company.customers():
        yield _customer(source, home, party, due[party.id])


def totals(source: Source) -> Iterator[Row]:
    """Yield what each customer owes each entity."""
    due = _due(source)
    for _, party in source.company.customers():
        for entity, amount in due[party.id].items():
            key = source.numbers["customer total"].of((party.id, entity))
            values: Values = {
                "customer.key": source.numbers["customer"].of((party.id,)), "totalDue": amount,
                "entity.key": source.entity_key(entity),
            }  # fmt: skip
            yield Row(numbered(key) | values, Owner(entity))


def _customer(source: Source, home: Books, party: Party, due: dict[str, Decimal]) -> Row:
    owner = source.company.owner_of_customer(party)
    restriction = "unrestricted" if owner.seen_by is None else "restricted" if owner.seen_by else "rootOnly"
    main = next((n for n, person in enumerate(party.people) if person.is_main), None)
    mailed = next((n for n, person in enumerate(party.people) if person.gets_mail), None)
    own = contact_key(source, party)
    values: Values = {
        "key": source.numbers["customer"].of((party.id,)), "id": source.company.customer_id(party), "name": party.name,
        "parent.key": source.numbers["customer"].known((party.parent,)),
        "contacts.default.key": own, "contacts.shipTo.key": own,
        "contacts.primary.key": None if main is None else contact_key(source, party, main),
        "contacts.billTo.key": own if mailed is None else contact_key(source, party, mailed),
        "term.key": source.numbers["term"].of((term_id(party.terms),)), "taxId": party.vat_number or None,
        "customerResaleNumber": party.registration_number or None, "currency": party.currency,
        "status": "inactive" if party.archived else "active", "deliveryOptions": "email" if party.email else "print",
        "customerType.id": "Intercompany" if party.represents else None, "customerRestriction": restriction,
        "totalDue": sum(due.values(), Decimal(0)), "isOnHold": False, "isOneTimeUse": False,
        "entity.key": source.entity_key(owner.entity),
        **{f"totalDue@{entity}": amount for entity, amount in due.items()},
        **stamps(_entered(source, home, party), home.edited_at(party)),
    }  # fmt: skip
    return Row(values, owner)


def _entered(source: Source, home: Books, party: Party) -> datetime:
    """Return when a customer was entered: who first only sold to us, with the first invoice."""
    if int(party.number[1:]) % SUPPLIERS:
        return party.created_at
    mine = [d.created_at for d in home.kinds(Kind.INVOICE) if d.party == party.id]
    return min(mine, default=party.created_at)


def contacts(source: Source) -> Iterator[Row]:
    """Yield every contact: each customer's own one and its people; all of them are the whole company's."""
    for home, party in source.company.customers():
        created, changed = _entered(source, home, party), home.edited_at(party)
        audit = stamps(created, changed)
        status: Values = {"status": "active", "showInContactList": True, "tax.isTaxable": True}
        address = _address(party)
        own: Values = {
            "companyName": party.legal_name, "printAs": party.name, "email1": party.email or None,
            "phone1": party.office_phone or None, "mobile": party.mobile or None, "tax.taxId": party.vat_number or None,
        }  # fmt: skip
        ids: Values = {"key": contact_key(source, party), "id": contact_id(source, party)}
        yield Row(ids | own | address | audit | status)
        for number, person in enumerate(party.people):
            ids = {"key": contact_key(source, party, number), "id": contact_id(source, party, number)}
            yield Row(ids | _person(party, person) | address | audit | status)


def customer_contacts(source: Source) -> Iterator[Row]:
    """Yield the entries of customers' contact lists, each with its category."""
    for home, party in source.company.customers():
        owner = source.company.owner_of_customer(party)
        for number in range(len(party.people)):
            key = source.numbers["customer contact"].of((party.id, str(number)))
            values: Values = numbered(key) | stamps(_entered(source, home, party), home.edited_at(party)) | {
                "categoryName": CATEGORIES[number % len(CATEGORIES)],
                "customer.key": source.numbers["customer"].of((party.id,)),
                "contact.key": contact_key(source, party, number),
            }  # fmt: skip
            yield Row(values, owner)


def restricted_locations(source: Source) -> Iterator[Row]:
    """Yield the entities to which restricted customers are restricted."""
    for _, party in source.company.customers():
        owner = source.company.owner_of_customer(party)
        for entity in sorted(owner.seen_by or ()):
            values: Values = {
                "key": source.numbers["restricted location"].of((party.id, entity)), "id": entity,
                "objectType": "CUSTOMER", "customer.key": source.numbers["customer"].of((party.id,)),
                "location.key": source.entity_key(entity),
            }  # fmt: skip
            yield Row(values, owner)


def _person(party: Party, person: Person) -> Values:
    return {
        "companyName": party.legal_name, "firstName": person.first_name, "lastName": person.last_name,
        "printAs": f"{person.first_name} {person.last_name}", "email1": person.email or None,
    }  # fmt: skip


def _address(party: Party) -> Values:
    at = party.address
    return {
        "mailingAddress.addressLine1": at.line1, "mailingAddress.city": at.city,
        "mailingAddress.state": at.region or None, "mailingAddress.postCode": at.postal_code,
        "mailingAddress.country": at.country,
        "mailingAddress.isoCountryCode": COUNTRIES.get(at.country),
    }  # fmt: skip


def _due(source: Source) -> dict[str, dict[str, Decimal]]:
    """Return what each customer owes each owner of documents, credits taken off, all currencies in one number."""
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for books, document in source.company.documents():
        party = source.company.customer(books, document.party)
        if not party or not document.outstanding:
            continue
        amount = document.outstanding if document.kind is Kind.INVOICE else -document.outstanding
        if source.settings.customer_balance == "base":
            amount = books.in_base(amount, document.rate)
        found[party.id][source.company.owner(books, document.party)] += amount
    return found

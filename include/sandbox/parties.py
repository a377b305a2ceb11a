"""Makes parties: customers of many countries, some suppliers, some both, children, archived and merged ones."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from include.sandbox.books import Books
from include.sandbox.places import CURRENCIES, PLACES, TRADES
from include.sandbox.records import Address, Party, Person

TERMS = (0, 7, 14, 30, 30, 30, 45, 60)  # days
SUPPLIERS = 10
"""Every so many parties one is a supplier only, and the one after it becomes both."""


def new_party(books: Books, at: datetime) -> Party:
    """Enter a party with the next number; what it is like follows from the books' dice."""
    rng, number = books.rng, len(books.parties) + 1
    place = PLACES[number % len(PLACES)]
    last = rng.choice(place.last_names)
    name = f"{last} {TRADES[number % len(TRADES)]} {place.ending} {number}"
    domain = f"party-{number}.example"
    people = [
        Person(rng.choice(place.first_names), rng.choice(place.last_names), _email(n, domain, rng), rng.random() < 0.8)
        for n in range(rng.choice((0, 0, 1, 1, 2, 3)))
    ]
    if people and rng.random() < 0.8:
        people[0].is_main = True
    currency = books.entity.currency if rng.random() < 0.6 else CURRENCIES[number % len(CURRENCIES)]
    parent = rng.choice(list(books.parties)) if 5 < number < 500 and rng.random() < 0.1 else ""
    return books.add_party(
        Party(
            id=books.new_id(), number=f"C{number:05d}", name=name, legal_name=name.removesuffix(f" {number}"),
            currency=currency, created_at=at, updated_at=at,
            address=Address(
                f"{place.street} {rng.randint(1, 240)}", place.city, place.postal_code, place.region, place.country
            ),
            email=f"accounts@{domain}" if rng.random() < 0.9 else "", people=people,
            mobile=f"21 {rng.randint(100000, 999999)}" if rng.random() < 0.5 else "",
            office_phone=f"4 {rng.randint(1000000, 9999999)}" if rng.random() < 0.7 else "",
            vat_number=f"{place.country[:2].upper()}{rng.randint(10**8, 10**9 - 1)}" if rng.random() < 0.7 else "",
            registration_number=str(rng.randint(10**6, 10**7 - 1)) if rng.random() < 0.5 else "",
            terms=rng.choice(TERMS), parent=books.parties[parent].parent or parent if parent else "",
            is_supplier=number % SUPPLIERS == 0,
        )
    )  # fmt: skip


def _email(number: int, domain: str, rng: random.Random) -> str:
    """Return a person's address: mostly their own, sometimes their company's or a colleague's, sometimes none."""
    chance = rng.random()
    if chance < 0.1:
        return ""
    return f"accounts@{domain}" if chance < 0.2 else f"person.{number // 2 if chance < 0.3 else number}@{domain}"


def populate(books: Books, count: int, start: datetime) -> None:
    """Enter this many parties, one a few seconds after the other."""
    for number in range(count):
        new_party(books, start + timedelta(seconds=7 * number, milliseconds=books.rng.randrange(1000)))


def retire(books: Books, now: datetime) -> None:
    """Archive some customers and merge some others, a few days before now."""
    rng = books.rng
    parties = [party for party in books.parties.values() if party.is_customer]
    for number, party in enumerate(parties):
        at = now - timedelta(days=rng.uniform(1, 20))
        if number % 12 == 5:
            books.archive(party, later(party, at))
        elif number % 25 == 9:
            books.merge(party, parties[number - 1], later(party, at))


def later(party: Party, at: datetime) -> datetime:
    """Return the moment, or one just after the party's last change if that is later; whole milliseconds."""
    at = max(at, party.updated_at + timedelta(seconds=1))
    return at.replace(microsecond=at.microsecond // 1000 * 1000)

"""The people behind the documents: parties with addresses and contact mechanisms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proteus import Model
from tryton_books import create


@dataclass(frozen=True)
class Person:
    """A party to be, with one address."""

    name: str
    country: str  # ISO 3166, two letters
    city: str
    mechanisms: list[dict[str, Any]]


def contact(name: str | None, **values: str) -> list[dict[str, Any]]:
    """One human's contact mechanisms: `values` by mechanism type (email, phone, mobile, …)."""
    return [{"type": kind, "value": value, "name": name} for kind, value in values.items()]


def person(name: str, country: str, city: str, *contacts: list[dict[str, Any]]) -> Person:
    """A party and the humans to be reached there."""
    return Person(name, country, city, [mechanism for human in contacts for mechanism in human])


def create_parties(people: dict[str, Person]) -> dict[str, Any]:
    """Create the parties, under the keys of `people`."""
    countries = {country.code: country.id for country in Model.get("country.country").find()}
    rows = [
        {
            "name": one.name,
            "addresses": [
                (
                    "create",
                    [
                        {
                            "street_unstructured": "1 High Street",
                            "postal_code": "10001",
                            "city": one.city,
                            "country": countries[one.country],
                        }
                    ],
                )
            ],
            "contact_mechanisms": [("create", one.mechanisms)],
        }
        for one in people.values()
    ]
    return dict(zip(people, create("party.party", rows), strict=True))

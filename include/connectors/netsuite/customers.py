"""NetSuite's customers, their own mailbox as the main contact, and the contacts of their company."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from include.connectors import mailboxes
from include.connectors.netsuite import values
from include.connectors.normalized import Normalized, Record

Row = dict[str, Any]
Hash = Callable[[str], str]
"""Hashes a personal value with the organization's key."""


def normalize(customer: Record, key: str, said: Normalized, keyed_hash: Hash) -> None:
    """Add one customer and its contacts.

    Raises:
        ValueError, LookupError: a value is missing or not of its kind.
    """
    about = customer["about"]
    zone = ZoneInfo(about["zone"])
    is_person = bool(values.flag(customer.get("isperson")))
    parent, owner = customer.get("parent"), customer.get("salesrep")
    text = {name: values.text(customer.get(name)) for name in (
        "entityid", "companyname", "altname", "email", "resalenumber", "category", "terms", "salesrepname",
    )}  # fmt: skip
    named = text["altname"] if is_person else text["companyname"]
    inactive = values.flag(customer["isinactive"])
    if inactive is None:
        raise ValueError("whether it is active is not said")
    said.add("customers", {
        "external_id": key,
        "number": text["entityid"],
        "name": named or text["companyname"] or text["altname"] or _name(customer) or text["entityid"],
        "legal_name": text["companyname"],
        "parent_external_id": None if parent is None else f"customer:{values.identifier(parent)}",
        "currency": _currency(customer),
        "vat_number": text["resalenumber"],
        **_address(customer),
        "category": text["category"],
        "payment_terms": text["terms"],
        "credit_on_hold": _on_hold(customer.get("oncredithold")),
        "is_active": not inactive,
        "is_intercompany": customer.get("representingsubsidiary") is not None,
        "account_owner_external_id": None if owner is None else f"employee:{values.identifier(owner)}",
        "account_owner_name": text["salesrepname"],
        "custom_fields": custom_fields(customer, "custentity"),
        "source_created_at": values.moment(customer.get("datecreated"), zone),
        "source_updated_at": values.moment(customer.get("lastmodifieddate"), zone),
    })  # fmt: skip
    for row in _contacts(customer, key, keyed_hash, not inactive, zone):
        said.add("contacts", row)


def custom_fields(record: Record, prefix: str) -> dict[str, Any] | None:
    """Return the custom fields that were asked for and are filled."""
    return {name: value for name, value in record.items() if name.startswith(prefix)} or None


def _name(person: Mapping[str, Any]) -> str | None:
    parts = (values.text(person.get("firstname")), values.text(person.get("lastname")))
    return " ".join(part for part in parts if part) or None


def _currency(customer: Record) -> str | None:
    about, currency = customer["about"], customer.get("currency")
    if currency is None or not about["currencies"]:
        return str(about["base_currency"])
    return str(about["currencies"][str(currency)])


def _on_hold(value: Any) -> bool | None:
    """ON and OFF are a person's word, AUTO is the credit limit's."""
    written = str(value or "").upper()
    return True if written in ("ON", "T") else False if written in ("OFF", "F") else None


def _address(customer: Record) -> Row:
    listed = customer.get("addresses") or [{}]
    address: Mapping[str, Any] = listed[0]
    lines = [line for n in (1, 2, 3) if (line := values.text(address.get(f"addr{n}")))]
    country = values.text(address.get("country"))
    return {
        "address_line1": lines[0] if lines else None,
        "address_line2": ", ".join(lines[1:]) or None,
        "address_city": values.text(address.get("city")),
        "address_postal_code": values.text(address.get("zip")),
        "address_region": values.text(address.get("state")),
        "address_country": country if country and len(country) == 2 else None,
    }


def _contacts(customer: Record, key: str, keyed_hash: Hash, is_active: bool, zone: ZoneInfo) -> Iterator[Row]:
    """Yield the customer's own mailbox first, then people; one without e-mail and name says nothing."""
    common = {"customer_external_id": key, "source": "netsuite", "parent_stream": "customers",
              "parent_external_id": key}  # fmt: skip
    if email := values.text(customer.get("email")):
        yield {
            **common,
            "external_id": f"{key}:{keyed_hash(email)}",
            "first_name": values.text(customer.get("firstname")),
            "last_name": values.text(customer.get("lastname")),
            "email": email,
            "email_is_valid": mailboxes.is_valid(email),
            "phone": values.text(customer.get("phone")),
            "is_main": True,
            "is_active": is_active,
            "source_updated_at": values.moment(customer.get("lastmodifieddate"), zone),
        }
    for person in customer.get("contacts") or ():
        email = values.text(person.get("email"))
        phones = (values.text(person.get(name)) for name in ("mobilephone", "officephone", "phone"))
        first, last = values.text(person.get("firstname")), values.text(person.get("lastname"))
        yield {
            **common,
            "external_id": f"contact:{values.identifier(person['id'])}",
            "first_name": first,
            "last_name": last or (None if first else values.text(person.get("entityid"))),
            "email": email,
            "email_is_valid": None if email is None else mailboxes.is_valid(email),
            "phone": next((phone for phone in phones if phone), None),
            "position": values.text(person.get("title")),
            "is_main": False,
            "is_active": is_active and not values.flag(person.get("isinactive")),
            "source_created_at": values.moment(person.get("datecreated"), zone),
            "source_updated_at": values.moment(person.get("lastmodifieddate"), zone),
        }

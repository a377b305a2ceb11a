"""Xero's contacts as customers; their own address and their persons as contacts.

Persons have no id: their key is the contact's with a keyed hash of the address, or of the name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from include.connectors import mailboxes
from include.connectors.normalized import Normalized, Record
from include.connectors.xero import wire
from include.connectors.xero.wire import UnknownValue

FIELDS = (
    "ContactID", "ContactNumber", "AccountNumber", "ContactStatus", "Name", "FirstName", "LastName", "CompanyNumber",
    "EmailAddress", "TaxNumber", "Addresses", "Phones", "UpdatedDateUTC", "ContactGroups", "DefaultCurrency",
    "ContactPersons", "PaymentTerms", "MergedToContactID",
)  # fmt: skip
TERMS = {
    "DAYSAFTERBILLDATE": "{} days after bill date", "DAYSAFTERBILLMONTH": "{} days after bill month",
    "OFCURRENTMONTH": "day {} of current month", "OFFOLLOWINGMONTH": "day {} of following month",
}  # fmt: skip
STATUSES = ("ACTIVE", "ARCHIVED", "GDPRREQUEST")
POSTAL, STREET = "POBOX", "STREET"
PHONES = ("MOBILE", "DEFAULT", "DDI", "OFFICE")

Row = dict[str, Any]
Hash = Callable[[str], str]
"""Hashes a personal value with the organization's key."""


def essences(contacts: Sequence[Record]) -> Iterable[Any]:
    """Return what the mapping looks at of each contact."""
    return ({name: contact.get(name) for name in FIELDS} for contact in contacts)


def normalize(contact: Record, key: str, said: Normalized, keyed_hash: Hash) -> None:
    """Add one customer and its contacts.

    Raises:
        UnknownValue: the status or the kind of payment terms is one that no mapping covers.
        ValueError, LookupError: a value is missing or not of its kind.
    """
    if contact["ContactStatus"] not in STATUSES:
        raise UnknownValue("is_active")
    times = {"source_updated_at": wire.moment(contact.get("UpdatedDateUTC"))}
    survivor = wire.text(contact.get("MergedToContactID"))
    groups = (wire.text(group["Name"]) or "" for group in wire.rows(contact, "ContactGroups"))
    said.add("customers", {
        "external_id": key,
        "number": wire.text(contact.get("AccountNumber")) or wire.text(contact.get("ContactNumber")),
        "name": wire.text(contact["Name"]),
        "currency": wire.text(contact.get("DefaultCurrency")),
        "vat_number": wire.text(contact.get("TaxNumber")),
        "registration_number": wire.text(contact.get("CompanyNumber")),
        **_address(contact),
        "category": ", ".join(sorted(groups)) or None,
        "payment_terms": _terms(contact),
        "is_active": contact["ContactStatus"] == "ACTIVE",
        "superseded_by_external_id": f"Contact:{survivor}" if survivor else None,
        **times,
    })  # fmt: skip
    for row in _contacts(contact, key, keyed_hash):
        said.add("contacts", row | times)


def _address(contact: Record) -> Row:
    """Return the postal address, which stands on invoices; the street's where there is none."""
    by_type = {wire.text(address.get("AddressType")): address for address in wire.rows(contact, "Addresses")}
    filled = [a for kind in (POSTAL, STREET) if any(_lines(a := by_type.get(kind) or {})) or wire.text(a.get("City"))]
    address: Mapping[str, Any] = filled[0] if filled else {}
    lines = [line for line in _lines(address) if line]
    written = wire.text(address.get("Country"))
    code = wire.country(written)
    return {
        "address_line1": lines[0] if lines else None,
        "address_line2": ", ".join(lines[1:]) or None,
        "address_city": wire.text(address.get("City")),
        "address_postal_code": wire.text(address.get("PostalCode")),
        "address_region": wire.text(address.get("Region")),
        "address_country": code,
        "custom_fields": {"country": written} if written and not code else None,
    }


def _lines(address: Mapping[str, Any]) -> list[str | None]:
    return [wire.text(address.get(f"AddressLine{number}")) for number in range(1, 5)]


def _terms(contact: Record) -> str | None:
    sales = wire.part(wire.part(contact, "PaymentTerms"), "Sales")
    if (kind := wire.text(sales.get("Type"))) is None:
        return None
    if kind not in TERMS:
        raise UnknownValue("payment_terms")
    return TERMS[kind].format(wire.amount(sales["Day"]))


def _contacts(contact: Record, key: str, keyed_hash: Hash) -> Iterator[Row]:
    """Yield the contact's own address as the main one, then its persons, whoever shares a mailbox with another."""
    identifier = key.partition(":")[2]
    seen: Counter[str] = Counter()

    def row(person: Mapping[str, Any], is_main: bool, phone: str | None) -> Row:
        email = wire.text(person.get("EmailAddress"))
        first, last = wire.text(person.get("FirstName")), wire.text(person.get("LastName"))
        hashed = keyed_hash(email or f"{first or ''} {last or ''} {phone or ''}")
        seen[hashed] += 1
        ordinal = f":{seen[hashed]}" if seen[hashed] > 1 else ""
        return {
            "external_id": f"ContactPerson:{identifier}:{hashed}{ordinal}",
            "customer_external_id": key,
            "first_name": first,
            "last_name": last,
            "email": email,
            "email_is_valid": None if not email else mailboxes.is_valid(email),
            "phone": phone,
            "is_main": is_main,
            "is_active": contact["ContactStatus"] == "ACTIVE",
            "source": "xero",
            "parent_stream": "customers",
            "parent_external_id": key,
        }

    if wire.text(contact.get("EmailAddress")):
        yield row(contact, is_main=True, phone=_phone(contact))
    for person in wire.rows(contact, "ContactPersons"):
        if any(wire.text(person.get(name)) for name in ("EmailAddress", "FirstName", "LastName")):
            yield row(person, is_main=False, phone=None)


def _phone(contact: Record) -> str | None:
    by_type = {wire.text(phone.get("PhoneType")): phone for phone in wire.rows(contact, "Phones")}
    for kind in PHONES:
        phone = by_type.get(kind) or {}
        number = wire.text(phone.get("PhoneNumber"))
        if number:
            parts = (wire.text(phone.get("PhoneCountryCode")), wire.text(phone.get("PhoneAreaCode")), number)
            return " ".join(part for part in parts if part)
    return None

"""Tryton's parties as customers, their contact mechanisms as contacts."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from include.connectors import mailboxes
from include.connectors.normalized import Normalized, Record

FIELDS = (
    "name", "code", "active", "lang.code", "tax_identifier.code", "customer_payment_term.name", "categories.name",
    "create_date", "write_date",
    "contact_mechanisms.type", "contact_mechanisms.value", "contact_mechanisms.name", "contact_mechanisms.active",
    "contact_mechanisms.create_date", "contact_mechanisms.write_date",
    "addresses.street", "addresses.city", "addresses.postal_code", "addresses.country.code",
    "addresses.subdivision.name", "addresses.active", "addresses.invoice",
    "addresses.create_date", "addresses.write_date", "identifiers.create_date", "identifiers.write_date",
)  # fmt: skip
TELEPHONES = ("phone", "mobile")


def normalize(party: Record, said: Normalized) -> None:
    """Add one customer and its contacts."""
    key = f"party.party:{party['id']}"
    address = _address(party)
    street = [line for line in str(address.get("street") or "").splitlines() if line.strip()]
    categories = sorted(str(c["name"]) for c in party.get("categories.") or [] if c.get("name"))
    said.add(
        "customers",
        {
            "external_id": key,
            "number": party.get("code"),
            "name": party.get("name"),
            "legal_name": party.get("name"),
            "address_line1": street[0] if street else None,
            "address_line2": ", ".join(street[1:]) or None,
            "address_city": address.get("city"),
            "address_postal_code": address.get("postal_code"),
            "address_region": (address.get("subdivision.") or {}).get("name"),
            "address_country": (address.get("country.") or {}).get("code"),
            "language": (party.get("lang.") or {}).get("code"),
            "vat_number": (party.get("tax_identifier.") or {}).get("code"),
            "category": ", ".join(categories) or None,
            "payment_terms": (party.get("customer_payment_term.") or {}).get("name"),
            "is_active": bool(party.get("active")),
            "source_created_at": party.get("create_date"),
            "source_updated_at": party.get("write_date") or party.get("create_date"),
        },
    )
    for contact in _contacts(party, key):
        said.add("contacts", contact)


def _address(party: Record) -> dict[str, Any]:
    """Return the first active address for invoices, else the first active one, in Tryton's own order."""
    active = [a for a in party.get("addresses.") or [] if a.get("active")]
    return next((a for a in active if a.get("invoice")), active[0] if active else {})


def _contacts(party: Record, key: str) -> list[dict[str, Any]]:
    """One contact per e-mail; a telephone joins the first e-mail of its name, or stands alone.

    The first active e-mail in Tryton's own order is the main contact: it is `party.email`.
    """
    mechanisms = party.get("contact_mechanisms.") or []
    emails = [m for m in mechanisms if m.get("type") == "email"]
    telephones: dict[str, list[Any]] = defaultdict(list)
    for mechanism in mechanisms:
        if mechanism.get("type") in TELEPHONES:
            telephones[mechanism.get("name") or ""].append(mechanism)
    main = next((m["id"] for m in emails if m.get("active")), None)
    found = []
    for email in emails:
        numbers = telephones.pop(email.get("name") or "", [])
        phone = next((t.get("value") for t in numbers), None)
        found.append(_contact(email, key, is_main=email["id"] == main, email=email.get("value"), phone=phone))
    for numbers in telephones.values():
        found += [_contact(t, key, is_main=False, email=None, phone=t.get("value")) for t in numbers]
    return found


def _contact(mechanism: Any, key: str, is_main: bool, email: str | None, phone: str | None) -> dict[str, Any]:
    return {
        "external_id": f"party.contact_mechanism:{mechanism['id']}",
        "customer_external_id": key,
        "last_name": mechanism.get("name"),
        "email": email,
        "email_is_valid": None if not email else mailboxes.is_valid(email),
        "phone": phone,
        "is_main": is_main,
        "is_active": bool(mechanism.get("active")),
        "source": "tryton",
        "parent_stream": "customers",
        "parent_external_id": key,
        "source_created_at": mechanism.get("create_date"),
        "source_updated_at": mechanism.get("write_date") or mechanism.get("create_date"),
    }

"""Odoo's commercial partners as customers; the partners that belong to them as contacts."""

from __future__ import annotations

from typing import Any

from include.connectors import mailboxes
from include.connectors.normalized import Normalized, Record

CONTACT_TYPES = ("contact", "invoice")
"""Addresses for deliveries and others are nobody to write to about a debt."""


def normalize(partner: Record, said: Normalized) -> None:
    """Add one customer and its contacts."""
    key = f"res.partner:{partner['id']}"
    owner = partner["owner"] or {}
    said.add(
        "customers",
        {
            "external_id": key,
            "number": partner.get("ref"),
            "name": partner["name"],
            "legal_name": partner["name"],
            "parent_external_id": f"res.partner:{partner['parent']}" if partner["parent"] else None,
            "address_line1": partner.get("street"),
            "address_line2": partner.get("street2"),
            "address_city": partner.get("city"),
            "address_postal_code": partner.get("zip"),
            "address_region": _region(partner),
            "address_country": partner["country"],
            "language": partner.get("lang"),
            "vat_number": partner.get("vat"),
            "registration_number": partner.get("company_registry"),
            "category": ", ".join(sorted(tag for tag in partner["tags"] if tag)) or None,
            "payment_terms": _name(partner.get("property_payment_term_id")),
            "is_active": partner["active"],
            "is_intercompany": bool(partner.get("ref_company_ids")),
            "account_owner_external_id": f"res.users:{owner['id']}" if owner else None,
            "account_owner_name": owner.get("name"),
            "account_owner_email": owner.get("email"),
            "custom_fields": partner["custom"] or None,
            "source_created_at": partner["create_date"],
            "source_updated_at": partner["write_date"],
        },
    )
    for contact in _contacts(partner, key):
        said.add("contacts", contact)


def _contacts(partner: Record, key: str) -> list[dict[str, Any]]:
    """One contact per address of the customer's own, and of its people: the customer's own is the main one.

    Where it has none, the first invoice address is, else the first active one.
    """
    people = [one for one in partner["contacts"] if one.get("type") in CONTACT_TYPES]
    found = [one for one in (partner, *people) if one.get("email")]
    active = [one for one in found if one["active"]]
    first = next((one for one in active if one is partner or one.get("type") == "invoice"), None)
    main = first or (active[0] if active else None)
    return [_contact(one, key, is_main=one is main, is_own=one is partner) for one in found]


def _contact(person: Record, key: str, *, is_main: bool, is_own: bool) -> dict[str, Any]:
    return {
        "external_id": f"res.partner:{person['id']}",
        "customer_external_id": key,
        "last_name": None if is_own and person["is_company"] else person["name"],
        "email": person["email"],
        "email_is_valid": mailboxes.is_valid(person["email"]),
        "phone": person.get("phone") or person.get("mobile"),
        "position": person.get("function"),
        "language": person.get("lang"),
        "is_main": is_main,
        "is_active": person["active"],
        "source": "odoo",
        "parent_stream": "customers",
        "parent_external_id": key,
        "source_created_at": person["create_date"],
        "source_updated_at": person["write_date"],
    }


def _region(partner: Record) -> str | None:
    """Return the state's name; Odoo shows it with the country's code behind."""
    shown = _name(partner.get("state_id"))
    return shown.removesuffix(f" ({partner['country']})") if shown else None


def _name(one: Any) -> str | None:
    return one.name if one else None

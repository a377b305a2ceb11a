"""Sage Intacct's customers, and their contacts: those that they name, under the roles that they have there.

A contact belongs to the company, not to a customer, and its name is its id: so its key here is the customer's and
the contact's number. Who is written to first is the bill-to contact, else the primary one, else the customer's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from include.connectors import mailboxes
from include.connectors.intacct import values
from include.connectors.intacct.values import UnknownValue
from include.connectors.normalized import Normalized, Record

STATUSES = ("active", "activeNonPosting", "inactive")
MAIN = ("billTo", "primary", "default")
"""Roles, the first that a contact holds makes it the one that is written to."""
ADDRESS: Mapping[str, str] = {
    "address_line1": "addressLine1", "address_line2": "addressLine2", "address_city": "city",
    "address_postal_code": "postCode", "address_region": "state",
}  # fmt: skip

Row = Mapping[str, Any]


def normalize(record: Record, key: str, said: Normalized) -> None:
    """Add one customer and its contacts.

    Raises:
        UnknownValue: its status is one that no mapping covers.
        ValueError: a value is missing or not of its kind.
    """
    status = values.required(record, "status")
    if status not in STATUSES:
        raise UnknownValue("is_active")
    contacts: Sequence[Row] = record["contacts"]
    parent, owner = values.text(record, "parent.key"), values.text(record, "salesRepresentative.id")
    said.add("customers", {
        "external_id": key,
        "number": values.required(record, "id"),
        "name": values.required(record, "name"),
        "legal_name": values.text(record, "name"),
        "parent_external_id": f"customer:{parent}" if parent else None,
        "currency": values.text(record, "currency"),
        "vat_number": values.text(record, "taxId"),
        **_address(contacts),
        "category": values.text(record, "customerType.id"),
        "payment_terms": values.text(record, "term.id"),
        "credit_on_hold": values.flag(record, "isOnHold"),
        "is_active": status != "inactive",
        "account_owner_external_id": f"employee:{owner}" if owner else None,
        "account_owner_name": values.text(record, "salesRepresentative.name"),
        **values.times(record),
    })  # fmt: skip
    main = _main(contacts)
    for contact in contacts:
        said.add("contacts", _contact(contact, key, contact is main) | values.times(contact))


def _main(contacts: Sequence[Row]) -> Row | None:
    for role in MAIN:
        for contact in contacts:
            if role in contact["roles"]:
                return contact
    return None


def _contact(contact: Row, key: str, is_main: bool) -> dict[str, Any]:
    email = values.text(contact, "email1") or values.text(contact, "email2")
    first, last = values.text(contact, "firstName"), values.text(contact, "lastName")
    return {
        "external_id": f"contact:{key.partition(':')[2]}:{values.required(contact, 'key')}",
        "customer_external_id": key,
        "first_name": first,
        "last_name": last or (None if first else values.text(contact, "printAs")),
        "email": email,
        "email_is_valid": None if not email else mailboxes.is_valid(email),
        "phone": values.text(contact, "phone1") or values.text(contact, "mobile"),
        "position": ", ".join(contact["roles"]),
        "is_main": is_main,
        "is_active": contact.get("status") != "inactive",
        "source": "intacct",
        "parent_stream": "customers",
        "parent_external_id": key,
    }


def _address(contacts: Sequence[Row]) -> dict[str, Any]:
    """Return the address of the customer's own contact; of whom is billed, where that has none."""
    for role in ("default", "billTo", "primary"):
        for contact in contacts:
            if role in contact["roles"] and values.text(contact, "mailingAddress.addressLine1"):
                return _written(contact)
    own = next((contact for contact in contacts if "default" in contact["roles"]), None)
    return _written(own) if own else {}


def _written(contact: Row) -> dict[str, Any]:
    code, country = (values.text(contact, f"mailingAddress.{name}") for name in ("isoCountryCode", "country"))
    is_code = bool(code and len(code) == 2 and code.isalpha())
    return {
        **{column: values.text(contact, f"mailingAddress.{name}") for column, name in ADDRESS.items()},
        "address_country": code.upper() if code and is_code else None,
        "custom_fields": {"country": country} if country and not is_code else None,
    }

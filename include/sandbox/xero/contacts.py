"""Contacts as this vendor shows them: in full, in a list without `page`, and within a document."""

from __future__ import annotations

from include.sandbox.records import Party
from include.sandbox.xero.shapes import Shape, moment, plain
from include.sandbox.xero.sums import Sums

NO_PHONE = {"PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""}
NO_ADDRESS = {"City": "", "Region": "", "PostalCode": "", "Country": ""}


def brief(party: Party) -> Shape:
    """Return a contact within a document: what every list shows of it."""
    return {
        "ContactID": party.id, "Name": party.name, "Addresses": [], "Phones": [], "ContactGroups": [],
        "ContactPersons": [], "HasValidationErrors": False,
    }  # fmt: skip


def listed(party: Party, sums: Sums | None) -> Shape:
    """Return a contact of a list without `page`; no balances for a summary."""
    main = next((person for person in party.people if person.is_main), None)
    shape: Shape = {
        "ContactID": party.id, "ContactNumber": party.number, "AccountNumber": party.number,
        "ContactStatus": "ARCHIVED" if party.archived else "ACTIVE", "Name": party.name,
        "FirstName": main.first_name if main else "", "LastName": main.last_name if main else "",
        "CompanyNumber": party.registration_number, "EmailAddress": party.email, "BankAccountDetails": "",
        "TaxNumber": party.vat_number, "Addresses": _addresses(party), "Phones": _phones(party),
        "UpdatedDateUTC": moment(party.updated_at), "ContactGroups": [], "IsSupplier": party.is_supplier,
        "IsCustomer": party.is_customer, "DefaultCurrency": party.currency,
    }  # fmt: skip
    if sums:
        shape["Balances"] = {
            "AccountsReceivable": {"Outstanding": plain(sums.receivable), "Overdue": plain(sums.receivable_overdue)},
            "AccountsPayable": {"Outstanding": plain(sums.payable), "Overdue": plain(sums.payable_overdue)},
        }
    return shape | {"ContactPersons": [], "HasAttachments": False, "HasValidationErrors": False}


def full(party: Party, sums: Sums | None) -> Shape:
    """Return a contact of a page or by its id: with persons, terms and what it was merged into."""
    more: Shape = {
        "ContactPersons": [
            {
                "FirstName": p.first_name,
                "LastName": p.last_name,
                "EmailAddress": p.email,
                "IncludeInEmails": p.gets_mail,
            }
            for p in party.people
        ],
        "PaymentTerms": {"Sales": {"Day": party.terms, "Type": "DAYSAFTERBILLDATE"}},
        "SalesDefaultLineAmountType": "EXCLUSIVE",
        "PurchasesDefaultLineAmountType": "NONE",
    }
    return listed(party, sums) | more | ({"MergedToContactID": party.merged_into} if party.merged_into else {})


def within_page(party: Party) -> Shape:
    """Return the contact within a document that was asked with `page`: in full, but its persons and balances."""
    return listed(party, None)


def _addresses(party: Party) -> list[Shape]:
    at = party.address
    street = {
        "AddressType": "STREET", "AddressLine1": at.line1, "City": at.city, "Region": at.region,
        "PostalCode": at.postal_code, "Country": at.country,
    }  # fmt: skip
    return [street, {"AddressType": "POBOX"} | NO_ADDRESS]


def _phones(party: Party) -> list[Shape]:
    numbers = {"DDI": "", "DEFAULT": party.office_phone, "FAX": "", "MOBILE": party.mobile}
    return [
        {"PhoneType": kind} | NO_PHONE | ({"PhoneNumber": number} if number else {}) for kind, number in numbers.items()
    ]

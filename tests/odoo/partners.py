"""Cases of who owes: families of partners, archived ones, contacts of several types, two companies."""

from __future__ import annotations

from tests.odoo.books import CONTOSO
from tests.odoo.clerk import Clerk


def contacts_of_several_types(clerk: Clerk, who: int) -> list[int]:
    for kind, email in (("contact", "ada"), ("invoice", "bills"), ("delivery", "dock"), ("other", "other"),
                        ("contact", "")):  # fmt: skip
        clerk.create("res.partner", name=f"{kind.title()} {email or 'without address'}", parent_id=who, type=kind,
                     email=email and f"{email}@cases.example", phone="+1 555 0100")  # fmt: skip
    return [clerk.bill(who, 3.0, 20)]


def contact_archived(clerk: Clerk, who: int) -> list[int]:
    contact = clerk.create("res.partner", name="Left", parent_id=who, email="left@cases.example")
    clerk.write("res.partner", contact, active=False)
    return [clerk.bill(who, 4.0, 20)]


def billed_to_a_contact(clerk: Clerk, who: int) -> list[int]:
    """The document names a person of the customer's; what is owed stands with the customer."""
    person = clerk.create("res.partner", name="Accounts payable", parent_id=who, type="invoice",
                          email="payable@cases.example")  # fmt: skip
    return [clerk.bill(person, 17.0, 20)]


def subsidiary_of_a_customer(clerk: Clerk, who: int) -> list[int]:
    """A company below a company owes by itself."""
    child = clerk.customer("Case subsidiary", parent_id=who)
    return [clerk.bill(who, 18.0, 20), clerk.bill(child, 19.0, 20)]


def archived_debtor(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 21.0, 20)
    clerk.write("res.partner", who, active=False)
    return [invoice]


def person_without_company(clerk: Clerk, who: int) -> list[int]:
    clerk.write("res.partner", who, is_company=False, email=False)
    return [clerk.bill(who, 22.0, 20)]


def partner_of_one_company(clerk: Clerk, who: int) -> list[int]:
    clerk.write("res.partner", who, company_id=clerk.company)
    return [clerk.bill(who, 23.0, 20)]


def customer_and_supplier(clerk: Clerk, who: int) -> list[int]:
    clerk.bill(who, 60.0, 10, kind="in_invoice")
    return [clerk.bill(who, 100.0, 20)]


def without_documents(clerk: Clerk, who: int) -> list[int]:
    return []


def in_both_companies(clerk: Clerk, who: int) -> list[int]:
    (company,) = clerk.find("res.company", ("name", "=", CONTOSO))
    contoso = Clerk(clerk.odoo, company, clerk.today)
    contoso.pay(contoso.bill(who, 77.0, 20), 7.0)
    contoso.on_account(who, 9.0)
    contoso.bill(who, 50.0, 30, currency="USD")
    return [clerk.bill(who, 24.0)]

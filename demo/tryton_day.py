"""A day's work in both companies, done in a running Tryton.

    python tryton_day.py --url http://127.0.0.1:8000 --password-file admin.password

Touches sound documents only: what was planted stays, and nothing new is wrong afterwards.
A second day finds some of its work done already and leaves that out. Prints what was done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from proteus import Model
from tryton_books import Books, Sale, company_named, create, post, reconcile, todays_date, work_for
from tryton_client import answer, connect, parser
from tryton_parties import contact, create_parties, person


@dataclass(frozen=True)
class Plan:
    """Whose document meets which fate; all are customers of the company."""

    company: str
    paid: str
    paid_in_part: str
    invoiced: str
    credited: str
    cancelled: str
    draft_deleted: str
    approved_posted: str
    email_changed: str
    contact_added: str
    new_customer: str
    country: str


PLANS = (
    Plan(
        company="Northwind Traders",
        paid="Łódź Logistyka Sp. z o.o.",
        paid_in_part="Wide World Importers",
        invoiced="Alpine Ski House",
        credited="Graphic Design Institute",
        cancelled="Margie's Travel",
        draft_deleted="Coho Vineyard",
        approved_posted="Proseware, Inc.",
        email_changed="Tailspin Toys",
        contact_added="株式会社さくら商事",
        new_customer="Northridge Bikes",
        country="US",
    ),
    Plan(
        company="Contoso Services",
        paid="Consolidated Messenger B.V.",
        paid_in_part="A. Datum GmbH",
        invoiced="Bellows Conservatoire",
        credited="Fabrikam Compañía, S.L.",
        cancelled="A. Datum GmbH",
        draft_deleted="Bellows Conservatoire",
        approved_posted="A. Datum GmbH",
        email_changed="Bellows Conservatoire",
        contact_added="Consolidated Messenger B.V.",
        new_customer="Grafikhaus Nürnberg",
        country="DE",
    ),
)


def main() -> None:
    """Work through both plans."""
    options = parser(__doc__.splitlines()[0]).parse_args()
    with connect(options):
        answer(options, {"companies": [_work_through(plan) for plan in PLANS]})


def _work_through(plan: Plan) -> dict[str, Any]:
    company = company_named(plan.company)
    work_for(company)
    done = [{"what": what, "records": records} for what, *records in _work(plan, Books(company, todays_date()))]
    return {"company_id": company.id, "name": plan.company, "done": done}


def _work(plan: Plan, books: Books) -> Iterator[tuple[str, ...]]:
    """Do one thing after the other; answer what it was and the records it touched."""
    for invoice in _untouched(books, plan.paid):
        books.pay(invoice, str(invoice.amount_to_pay))
        yield "paid in full", _key(invoice)
    for invoice in _untouched(books, plan.paid_in_part):
        books.pay(invoice, str(round(invoice.total_amount / 4, invoice.currency.digits)))
        yield "paid in part", _key(invoice)
    for invoice in _untouched(books, plan.cancelled):
        invoice.click("cancel")
        yield "cancelled", _key(invoice)
    for invoice in _oldest(books, plan.draft_deleted, "draft"):
        key = _key(invoice)
        invoice.delete()
        yield "draft deleted", key
    yield from _post_documents(plan, books)
    yield _change_email(plan)
    yield _add_contact(plan)


def _post_documents(plan: Plan, books: Books) -> Iterator[tuple[str, ...]]:
    """All that the company sends out today, posted at one go, then the credit is applied."""
    newcomer = _welcome(plan)
    sales = {
        "invoice posted": Sale(_party(plan.invoiced), "318.45"),
        "new customer invoiced": Sale(newcomer, "1204.00"),
    }
    along = {"new customer invoiced": [newcomer]}
    for invoice in _untouched(books, plan.credited):
        sales["credited"] = Sale(invoice.party, str(-invoice.total_amount))
        along["credited"] = [invoice]
    drafts = books.draft(sales)
    for invoice in _oldest(books, plan.approved_posted, "validated"):
        drafts["approved invoice posted"] = invoice
    posted = post(drafts)
    for invoice in along.get("credited", []):
        reconcile(invoice, posted["credited"])
    for what, invoice in posted.items():
        yield what, *map(_key, [*along.get(what, []), invoice])


def _welcome(plan: Plan) -> Any:
    """A new party; on a second day another one, with a number behind its name."""
    count = len(Model.get("party.party").find([("name", "like", f"{plan.new_customer}%")]))
    name = f"{plan.new_customer} {count + 1}" if count else plan.new_customer
    office = contact("Office", email="office@newcomer.example")
    return create_parties({"": person(name, plan.country, "Neustadt", office)})[""]


def _change_email(plan: Plan) -> tuple[str, ...]:
    """As the client does it: through the party, whose write date moves with it."""
    party = _party(plan.email_changed)
    mechanism = next(one for one in party.contact_mechanisms if one.type == "email")
    mechanism.value = f"new.{mechanism.value}"
    party.save()
    return "e-mail changed", _key(party), _key(mechanism)


def _add_contact(plan: Plan) -> tuple[str, ...]:
    """As an import does it: the contact mechanism alone, while the party stays as it is."""
    party = _party(plan.contact_added)
    (mechanism,) = create(
        "party.contact_mechanism",
        [{"party": party.id, "type": "email", "name": "Night desk", "value": "night@desk.example"}],
    )
    return "contact added", _key(party), _key(mechanism)


def _party(name: str) -> Any:
    (party,) = Model.get("party.party").find([("name", "=", name)])
    return party


def _oldest(books: Books, customer: str, state: str) -> list[Any]:
    """The customer's oldest invoice in that state; empty when there is none left."""
    return Model.get("account.invoice").find(
        [
            ("company", "=", books.company.id),
            ("type", "=", "out"),
            ("state", "=", state),
            ("party.name", "=", customer),
        ],
        order=[("id", "ASC")],
        limit=1,
    )


def _untouched(books: Books, customer: str) -> list[Any]:
    """The customer's oldest open invoice in the company's currency that nobody paid yet."""
    return Model.get("account.invoice").find(
        [
            ("company", "=", books.company.id),
            ("type", "=", "out"),
            ("state", "=", "posted"),
            ("currency", "=", books.company.currency.id),
            ("party.name", "=", customer),
            ("payment_lines", "=", None),
        ],
        order=[("id", "ASC")],
        limit=1,
    )


def _key(record: Any) -> str:
    return f"{record.__class__.__name__}:{record.id}"


if __name__ == "__main__":
    main()

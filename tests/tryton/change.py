"""Makes changes in a running Tryton, each on a customer and a document of its own.

    python change.py --url http://127.0.0.1:8000 --password-file admin.password '{"paid": {"account.invoice": …}}'

Takes the ids that `prepare` gave for each change, by model; none takes a customer of the seed. Prints the keys.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from clerk import Clerk
from proteus import Model, config
from tryton_books import Sale, create
from tryton_client import answer, connect, parser

Ids = dict[str, int]


def _bill(clerk: Clerk, who: Any) -> Ids:
    return {"account.invoice": clerk.bill(who, "100.00").id}


def _draft(clerk: Clerk, who: Any) -> Ids:
    return {"account.invoice": clerk.books.draft({"": Sale(who, "100.00")})[""].id}


def _paid(clerk: Clerk, who: Any) -> Ids:
    invoice = clerk.bill(who, "100.00")
    clerk.pay(invoice, "100.00")
    (line,) = [line for line in invoice.reconciliation_lines if line.credit]
    return {"account.invoice": invoice.id, "account.move.line": line.id}


def _entry(clerk: Clerk, who: Any) -> Ids:
    invoice = clerk.bill(who, "100.00")
    line = clerk.enter(who, "-100.00", post=False)
    clerk.reconcile(clerk.open_lines(who))
    return {"account.invoice": invoice.id, "account.move.line": line.id}


def _tax_number(clerk: Clerk, who: Any) -> Ids:
    (number,) = create("party.identifier", [{"party": who.id, "type": "be_vat", "code": "0897290877"}])
    return {**_bill(clerk, who), "party.identifier": number.id}


def _invoice(ids: Ids) -> Any:
    return Model.get("account.invoice")(ids["account.invoice"])


def _write(model: str, identifier: int, **values: Any) -> None:
    current = config.get_config()
    current.get_proxy(model).write([identifier], values, current.context)


def paid_in_part(clerk: Clerk, ids: Ids) -> None:
    clerk.pay(_invoice(ids), "30.00")


def paid(clerk: Clerk, ids: Ids) -> None:
    clerk.pay(_invoice(ids), "100.00")


def unreconciled(clerk: Clerk, ids: Ids) -> None:
    clerk.unreconcile(_invoice(ids))


def email_changed(clerk: Clerk, ids: Ids) -> None:
    """On the mechanism alone: the party's own write date stays."""
    _write("party.contact_mechanism", ids["party.contact_mechanism"], value="changed@cases.example")


def mechanism_added(clerk: Clerk, ids: Ids) -> None:
    create("party.contact_mechanism", [{"party": ids["party.party"], "type": "email", "value": "added@cases.example"}])


def mechanism_deactivated(clerk: Clerk, ids: Ids) -> None:
    _write("party.contact_mechanism", ids["party.contact_mechanism"], active=False)


def mechanism_deleted(clerk: Clerk, ids: Ids) -> None:
    Model.get("party.contact_mechanism")(ids["party.contact_mechanism"]).delete()


def address_changed(clerk: Clerk, ids: Ids) -> None:
    _write("party.address", ids["party.address"], city="Elsewhere")


def tax_number_changed(clerk: Clerk, ids: Ids) -> None:
    _write("party.identifier", ids["party.identifier"], code="0403170701")


def entry_posted(clerk: Clerk, ids: Ids) -> None:
    """Its lines were reconciled before: nothing is open, and only the entry is stamped."""
    Model.get("account.move.line")(ids["account.move.line"]).move.click("post")


def maturity_changed(clerk: Clerk, ids: Ids) -> None:
    (line,) = _invoice(ids).lines_to_pay
    _write("account.move.line", line.id, maturity_date=clerk.books.today + dt.timedelta(days=99))


def draft_line_changed(clerk: Clerk, ids: Ids) -> None:
    (line,) = _invoice(ids).lines
    line.unit_price *= 2
    line.save()


def draft_deleted(clerk: Clerk, ids: Ids) -> None:
    _invoice(ids).delete()


def draft_posted(clerk: Clerk, ids: Ids) -> None:
    _invoice(ids).click("post")


def cancelled(clerk: Clerk, ids: Ids) -> None:
    _invoice(ids).click("cancel")


def archived(clerk: Clerk, ids: Ids) -> None:
    _write("party.party", ids["party.party"], active=False)


CHANGES: dict[str, tuple[Callable[[Clerk, Any], Ids], Callable[[Clerk, Ids], None]]] = {
    "paid_in_part": (_bill, paid_in_part),
    "paid": (_bill, paid),
    "unreconciled": (_paid, unreconciled),
    "email_changed": (_bill, email_changed),
    "mechanism_added": (_bill, mechanism_added),
    "mechanism_deactivated": (_bill, mechanism_deactivated),
    "mechanism_deleted": (_bill, mechanism_deleted),
    "address_changed": (_bill, address_changed),
    "tax_number_changed": (_tax_number, tax_number_changed),
    "entry_posted": (_entry, entry_posted),
    "maturity_changed": (_bill, maturity_changed),
    "draft_line_changed": (_draft, draft_line_changed),
    "draft_deleted": (_draft, draft_deleted),
    "draft_posted": (_draft, draft_posted),
    "cancelled": (_bill, cancelled),
    "archived": (_bill, archived),
}


def main() -> None:
    """Make the changes."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("changes", type=json.loads, help="JSON: change → model → id")
    arguments = options.parse_args()
    with connect(arguments):
        clerk = Clerk()
        answer(arguments, {name: _change(clerk, name, ids) for name, ids in arguments.changes.items()})


def _change(clerk: Clerk, name: str, ids: Ids) -> dict[str, str]:
    wanted = ids or _of_a_customer()
    CHANGES[name][1](clerk, wanted)
    return {model: f"{model}:{identifier}" for model, identifier in wanted.items()}


def prepare(clerk: Clerk) -> dict[str, Ids]:
    """Book what each change needs."""
    return {name: _prepare(clerk, name, book) for name, (book, _) in CHANGES.items()}


def _prepare(clerk: Clerk, name: str, book: Callable[[Clerk, Any], Ids]) -> Ids:
    who = clerk.customer(f"change {name.replace('_', ' ')}")
    return _of(who) | book(clerk, who)


def _of_a_customer() -> Ids:
    (who,) = Model.get("party.party").find([("name", "=", "Tailspin Toys")])
    return _of(who)


def _of(who: Any) -> Ids:
    return {
        "party.party": who.id,
        "party.contact_mechanism": who.contact_mechanisms[0].id,
        "party.address": who.addresses[0].id,
    }


if __name__ == "__main__":
    main()

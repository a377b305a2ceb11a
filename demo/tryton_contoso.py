"""Contoso Services: a company with one of each defect, every one on a record of its own."""

from __future__ import annotations

from typing import Any

from proteus import config
from tryton_books import VAT, WITHHOLDING, Books, Sale, post, reconcile
from tryton_parties import contact, create_parties, person

NAME, CURRENCY, COUNTRY = "Contoso Services", "EUR", "DE"

PEOPLE = {
    "datum": person(
        "A. Datum GmbH", "DE", "Berlin", contact("Anke Datum", email="rechnung@datum.example", phone="+49 30 5550201")
    ),
    "bellows": person("Bellows Conservatoire", "FR", "Paris", contact("Économat", email="economat@bellows.example")),
    "messenger": person(
        "Consolidated Messenger B.V.",
        "NL",
        "Utrecht",
        contact("Joost", email="joost@messenger.example", mobile="+31 6 55502020"),
    ),
    "lucerne": person("Lucerne Publishing", "DE", "Lindau", contact("Vera", email="vera@lucerne.example")),
    "humongous": person("Humongous Insurance", "IT", "Milano", contact("Sinistri", email="sinistri@humongous.example")),
    "nod": person("Nod 出版", "JP", "大阪", contact("経理", email="keiri@nod.example")),
    "school": person("School of Fine Art", "ES", "Málaga", contact("Aña", email="ana@school.example")),
    "southridge": person("Southridge Video", "FR", "Nice", contact("Luc", email="luc@southridge.example")),
    "phone": person("The Phone Company", "DE", "Bonn"),
    "wingtip": person("Wingtip Toys", "DE", "Ulm", contact("Office", email="office(at)wingtip.example")),
    "vanarsdel": person("VanArsdel, Ltd.", "NL", "Delft", contact("Kees", email="kees@vanarsdel.example")),
    "relecloud": person("Relecloud S.r.l.", "IT", "Roma", contact("Ida", email="ida@relecloud.example")),
    "yonder": person("Blue Yonder Airlines", "DE", "Erding", contact("Desk", phone="+49 89 5550203")),
    "woodgrove": person("Woodgrove Bank", "AT", "Wien", contact("Eva", email="eva@woodgrove.example")),
}


def create_customers(shared: Any) -> dict[str, Any]:
    """All parties of the company; `shared` buys from the other company too."""
    return {**create_parties(PEOPLE), "shared": shared}


def book(books: Books, who: dict[str, Any]) -> list[dict[str, Any]]:
    """Sound documents first, then the defects; answers what was planted, and where."""
    drafts = books.draft({**_sound_sales(who), **_defective_sales(who)})
    _number_by_hand([drafts["same number"], drafts["same number again"]], "C-1001")
    posted = post(drafts)
    waiting = books.draft(
        {"to delete": Sale(who["bellows"], "55.00", None), "approved": Sale(who["datum"], "320.00", None)}
    )
    waiting["approved"].click("validate_invoice")
    books.pay(posted["datum: paid"], "720.00", 80)
    books.pay(posted["bellows: part paid"], "400.00", 25)
    books.pay(posted["messenger: part paid"], "350.00", 15)
    reconcile(posted["bellows: credited"], posted["bellows: credit"])
    for line in posted["no due date"].lines_to_pay:
        line.maturity_date = None
        line.save()
    journal_line = _debit_without_invoice(books, who["vanarsdel"])
    return _planted(posted, who, journal_line)


def _sound_sales(who: dict[str, Any]) -> dict[str, Sale]:
    return {
        "datum: overdue": Sale(who["datum"], "6000.00", 64, tax=VAT),
        "datum: due": Sale(who["datum"], "1480.00", 16),
        "datum: paid": Sale(who["datum"], "600.00", 120, tax=VAT),
        "bellows: overdue": Sale(who["bellows"], "3250.40", 52),
        "bellows: part paid": Sale(who["bellows"], "900.00", 43),
        "bellows: credited": Sale(who["bellows"], "240.00", 42),
        "bellows: credit": Sale(who["bellows"], "-240.00", 39),
        "messenger: due": Sale(who["messenger"], "2100.00", 11, currency="USD"),
        "messenger: part paid": Sale(who["messenger"], "1000.00", 29, currency="USD"),
        "messenger: new": Sale(who["messenger"], "415.00", 3),
        "humongous: due": Sale(who["humongous"], "880.00", 19),
        "nod: due": Sale(who["nod"], "670.00", 23),
        "vanarsdel: due": Sale(who["vanarsdel"], "510.00", 7),
        "shared: due": Sale(who["shared"], "765.00", 17),
    }


def _defective_sales(who: dict[str, Any]) -> dict[str, Sale]:
    return {
        "no due date": Sale(who["lucerne"], "420.00", 24),
        "unknown currency": Sale(who["humongous"], "333.00", 21, currency="ZZZ"),
        "half a yen": Sale(who["nod"], "1050.50", 18, currency="JPY"),
        "same number": Sale(who["school"], "130.00", 13),
        "same number again": Sale(who["school"], "145.00", 12),
        "due before issue": Sale(who["southridge"], "275.00", 10, counted_from=55),
        "overdue, no e-mail": Sale(who["phone"], "150.00", 58),
        "overdue, bad e-mail": Sale(who["wingtip"], "120.00", 57),
        "net above gross": Sale(who["relecloud"], "800.00", 8, tax=WITHHOLDING),
        "only a phone": Sale(who["yonder"], "260.00", 6),
        "no payment term": Sale(who["woodgrove"], "185.00", 4, term=None, counted_from=-26),
    }


def _number_by_hand(invoices: list[Any], number: str) -> None:
    """Give drafts a number of their own, as an import with the server's rights does."""
    current = config.get_config()
    with current.set_context(_check_access=False):
        current.get_proxy("account.invoice").write(
            [invoice.id for invoice in invoices], {"number": number}, current.context
        )


def _debit_without_invoice(books: Books, customer: Any) -> Any:
    """A posted journal entry that debits the customer and comes from no document."""
    lines = [
        {
            "account": books.receivable.id,
            "party": customer.id,
            "debit": 95,
            "credit": 0,
            "maturity_date": books.day(-20),
        },
        {"account": books.revenue.id, "debit": 0, "credit": 95},
    ]
    move = books.enter(lines, "Carried over by hand")
    (line,) = (line for line in move.lines if line.account == books.receivable)
    return line


def _planted(posted: dict[str, Any], who: dict[str, Any], line: Any) -> list[dict[str, Any]]:
    def invoices(*keys: str) -> list[str]:
        return [f"account.invoice:{posted[key].id}" for key in keys]

    def party(key: str) -> list[str]:
        return [f"party.party:{who[key].id}"]

    rows = (
        ("critical", "open_invoice_without_due_date", invoices("no due date")),
        ("critical", "unknown_currency", invoices("unknown currency")),
        ("critical", "fraction_beyond_currency", invoices("half a yen")),
        ("critical", "duplicate_number", invoices("same number", "same number again")),
        ("warning", "due_before_issue", invoices("due before issue")),
        ("warning", "overdue_without_email", party("phone")),
        ("warning", "overdue_malformed_email", party("wingtip")),
        ("warning", "debit_journal_without_invoice", [f"account.move.line:{line.id}"]),
        ("warning", "net_above_gross", invoices("net above gross")),
        ("warning", "no_main_contact", party("yonder")),
        ("info", "open_invoice_without_payment_term", invoices("no payment term")),
    )
    return [{"kind": kind, "severity": severity, "records": records} for severity, kind, records in rows]

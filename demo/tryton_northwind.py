"""Northwind Traders: a company whose receivables are as they should be, in all their variety."""

from __future__ import annotations

from typing import Any

from proteus import Model
from tryton_books import THREE_PARTS, VAT, Books, Sale, reconcile
from tryton_parties import contact, create_parties, person

NAME, CURRENCY, COUNTRY = "Northwind Traders", "USD", "US"

PEOPLE = {
    "alpine": person(
        "Alpine Ski House",
        "AT",
        "Innsbruck",
        contact("Petra Huber", email="billing@alpine.example", phone="+43 512 5550101"),
    ),
    "bakery": person(
        "Bäckerei Müller & Söhne GmbH",
        "DE",
        "Köln",
        contact("Jürgen Müller", email="j.mueller@baeckerei.example", mobile="+49 170 5550102"),
        contact("Buchhaltung", email="buchhaltung@baeckerei.example"),
    ),
    "sakura": person(
        "株式会社さくら商事", "JP", "東京", contact("田中 花子", email="keiri@sakura.example", phone="+81 3 55500103")
    ),
    "lodz": person(
        "Łódź Logistyka Sp. z o.o.", "PL", "Łódź", contact("Agnieszka Wiśniewska", email="faktury@lodz.example")
    ),
    "wide": person(
        "Wide World Importers",
        "US",
        "Seattle",
        contact("Ann Beebe", email="ap@wide.example", phone="+1 206 5550104", mobile="+1 206 5550105"),
        contact("Kim Abercrombie", email="kim@wide.example", phone="+1 206 5550106"),
        contact("Treasury", email="treasury@wide.example"),
        contact(None, website="https://wide.example"),
    ),
    "tailspin": person("Tailspin Toys", "US", "Denver", contact("Sean O'Brien", email="ap@tailspin.example")),
    "coho": person("Coho Vineyard", "US", "Napa", contact("Cellar office", email="office@coho.example")),
    "adventure": person("Adventure Works", "US", "Bothell", contact("Orlando Gee", email="orlando@adventure.example")),
    "fourth": person(
        "Fourth Coffee", "FR", "Lyon", contact("Zoé Lefèvre", email="compta@fourth.example", phone="+33 4 55501070")
    ),
    "graphic": person("Graphic Design Institute", "US", "Austin", contact("Bursar", email="bursar@graphic.example")),
    "margie": person("Margie's Travel", "US", "Boston", contact("Margie", email="margie@travel.example")),
    "proseware": person(
        "Proseware, Inc.", "US", "Chicago", contact(None, email="accounts@proseware.example", phone="+1 312 5550108")
    ),
    "trey": person("Trey Research", "US", "Reno", contact("Trey", email="pay@trey.example")),
    "litware": person("Litware Supplies", "US", "Portland", contact("Sales", email="sales@litware.example")),
}


def create_customers(shared: Any) -> dict[str, Any]:
    """All parties of the company; `shared` buys from the other company too."""
    return {**create_parties(PEOPLE), "shared": shared}


def book(books: Books, who: dict[str, Any]) -> None:
    """Documents in every state. Ages are days before today; Net 30 is overdue from 31 on."""
    posted = books.post(_sales(who))
    waiting = books.draft(
        {
            "draft": Sale(who["proseware"], "300.00", None),
            "to delete": Sale(who["coho"], "77.70", None),
            "abandoned": Sale(who["margie"], "150.00", 14),
            "approved": Sale(who["proseware"], "560.00", None),
            "approved too": Sale(who["alpine"], "145.00", None),
        }
    )
    Invoice = Model.get("account.invoice")
    Invoice.click([waiting["approved"], waiting["approved too"]], "validate_invoice")
    Invoice.click([waiting["abandoned"], posted["margie: mistake"]], "cancel")
    _settle(books, posted)
    books.buy({who["litware"]: "2100.00", who["coho"]: "480.00"})
    who["adventure"].active = False
    who["adventure"].save()


def _sales(who: dict[str, Any]) -> dict[str, Sale]:
    return {
        "alpine: due": Sale(who["alpine"], "1200.00", 20),
        "alpine: overdue": Sale(who["alpine"], "860.40", 95),
        "alpine: paid": Sale(who["alpine"], "430.00", 150),
        "bakery: due": Sale(who["bakery"], "2310.75", 12, tax=VAT),
        "bakery: overdue": Sale(who["bakery"], "199.99", 48, tax=VAT),
        "bakery: paid": Sale(who["bakery"], "640.00", 200, tax=VAT),
        "sakura: overdue": Sale(who["sakura"], "5400.00", 75),
        "sakura: due": Sale(who["sakura"], "3100.00", 5),
        "sakura: open since long": Sale(who["sakura"], "480.00", 800),
        "lodz: overdue": Sale(who["lodz"], "780.10", 33),
        "lodz: part paid": Sale(who["lodz"], "1250.00", 110),
        "lodz: paid": Sale(who["lodz"], "90.00", 300),
        "wide: due": Sale(who["wide"], "15000.00", 28),
        "wide: overdue": Sale(who["wide"], "7350.50", 61, tax=VAT),
        "wide: paid": Sale(who["wide"], "2222.22", 400),
        "wide: new": Sale(who["wide"], "310.00", 2),
        "wide: closed long ago": Sale(who["wide"], "120.00", 790),
        "tailspin: one of three": Sale(who["tailspin"], "9000.00", 70, THREE_PARTS),
        "tailspin: one and a half": Sale(who["tailspin"], "1000.00", 40, THREE_PARTS),
        "tailspin: paid": Sale(who["tailspin"], "3000.00", 130, THREE_PARTS),
        "coho: due": Sale(who["coho"], "640.00", 15),
        "coho: paid": Sale(who["coho"], "1500.00", 130),
        "adventure: due": Sale(who["adventure"], "410.00", 25),
        "adventure: paid": Sale(who["adventure"], "975.00", 180),
        "fourth: paid": Sale(who["fourth"], "900.00", 80, currency="EUR"),
        "fourth: part paid": Sale(who["fourth"], "1500.00", 70, currency="EUR"),
        "fourth: due": Sale(who["fourth"], "2750.50", 10, currency="EUR"),
        "graphic: credited": Sale(who["graphic"], "500.00", 50),
        "graphic: credit": Sale(who["graphic"], "-500.00", 45),
        "graphic: credited in part": Sale(who["graphic"], "300.00", 44),
        "graphic: part credit": Sale(who["graphic"], "-100.00", 36),
        "graphic: due": Sale(who["graphic"], "725.00", 9),
        "margie: mistake": Sale(who["margie"], "350.00", 60),
        "margie: due": Sale(who["margie"], "410.00", 18),
        "margie: five short": Sale(who["margie"], "250.00", 100),
        "trey: closed long ago": Sale(who["trey"], "650.00", 820),
        "shared: due": Sale(who["shared"], "1000.00", 22),
        "shared: paid": Sale(who["shared"], "640.00", 90),
    }


def _settle(books: Books, invoices: dict[str, Any]) -> None:
    """Payments whole, in part, by installment, with write-off and at another rate; credits."""
    for key, amount, age in (
        ("trey: closed long ago", "650.00", 780),
        ("wide: closed long ago", "120.00", 760),
        ("wide: paid", "2222.22", 365),
        ("lodz: paid", "90.00", 260),
        ("bakery: paid", "768.00", 170),
        ("adventure: paid", "975.00", 145),
        ("alpine: paid", "430.00", 118),
        ("coho: paid", "1500.00", 99),
        ("tailspin: paid", "3000.00", 41),
        ("shared: paid", "640.00", 57),
        ("lodz: part paid", "500.00", 70),
        ("tailspin: one of three", "2700.00", 38),
        ("tailspin: one and a half", "450.00", 8),
        ("fourth: part paid", "600.00", 30),
        ("fourth: paid", "900.00", 20),
        ("graphic: credited in part", "200.00", 12),
    ):
        books.pay(invoices[key], amount, age)
    books.pay(invoices["margie: five short"], "245.00", 66, write_off=True)
    reconcile(invoices["graphic: credited"], invoices["graphic: credit"])
    reconcile(invoices["graphic: credited in part"], invoices["graphic: part credit"])

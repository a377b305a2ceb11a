"""Schema drift at Tryton: a changed type, in a record or in what is looked up for it, rejects it or changes nothing."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from include.connectors.base import Connection, Stream
from include.connectors.normalized import Normalized
from include.connectors.tryton import Tryton
from include.connectors.tryton.pages import Reader
from include.connectors.tryton.rpc import Reply, decode, join
from tests.conformance.changed_types import silent_changes

AT = {"__class__": "datetime", "year": 2026, "month": 3, "day": 1, "hour": 9, "minute": 0, "second": 0,
      "microsecond": 7}  # fmt: skip
STAMPS = {"create_date": AT, "write_date": AT}


def day(number: int) -> dict[str, Any]:
    return {"__class__": "date", "year": 2026, "month": 3, "day": number}


def money(text: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": text}


def amounts(debit: str = "0", credit: str = "0") -> dict[str, Any]:
    return {"debit": money(debit), "credit": money(credit), "amount_second_currency": None, "second_currency.": None}


PARTY = {
    "id": 7, "name": "Buyer", "code": "K-7", "active": True, "lang.": {"id": 1, "code": "en"},
    "tax_identifier.": {"id": 2, "code": "ATU1"}, "customer_payment_term.": {"id": 3, "name": "Net 30"},
    "categories.": [{"id": 4, "name": "Wholesale"}], **STAMPS,
    "contact_mechanisms.": [
        {"id": 5, "type": "email", "value": "ap@buyer.example", "name": "Anna", "active": True, **STAMPS},
        {"id": 6, "type": "phone", "value": "+43 1", "name": "Anna", "active": True, **STAMPS},
    ],
    "addresses.": [
        {"id": 8, "street": "Ring 1\nTop 2", "city": "Wien", "postal_code": "1010", "country.": {"id": 1, "code": "AT"},
         "subdivision.": {"id": 1, "name": "Wien"}, "active": True, "invoice": True, **STAMPS}
    ],
    "identifiers.": [{"id": 2, **STAMPS}],
}  # fmt: skip
DUE = {"id": 31, "maturity_date": day(20), "party": 7, "invoice_payment": None, **amounts("80"),
       "reconciliation.": None}  # fmt: skip
SETTLED = {"id": 32, "maturity_date": day(10), "party": 7, "invoice_payment": None, **amounts("20"),
           "reconciliation.": {"id": 9, "date": day(12)}}  # fmt: skip
INVOICE = {
    "id": 11, "number": "7", "reference": "PO 1", "description": "Goods", "state": "posted", "party": 7,
    "currency.": {"id": 1, "code": "USD"}, "invoice_date": day(1), "accounting_date": day(2),
    "payment_term.": {"id": 3, "name": "Net 30"}, "total_amount": money("100"), "untaxed_amount": money("90"),
    "tax_amount": money("10"), "amount_to_pay": money("50"), **STAMPS, "cancel_move.": None, "origin_invoices.": [],
    "lines_to_pay.": [DUE, SETTLED],
    "payment_lines.": [{"id": 33, **amounts(credit="30"), "reconciliation.": None}],
}  # fmt: skip
SETTLING = [
    {"id": i, **amounts(**side), "reconciliation": 9, "reconciliation.": {"id": 9, "date": day(12)},
     "move.": {"id": i, "date": day(12), "journal.": {"id": 1, "type": kind}}}
    for i, side, kind in ((32, {"debit": "20"}, "revenue"), (40, {"credit": "20"}, "write-off"))
]  # fmt: skip
LINE = {
    "id": 40, "party": 7, **amounts(credit="20"), "reconciliation.": {"id": 9, "date": day(12)},
    "invoice_payment": None, "description": "", **STAMPS,
    "move.": {"id": 400, "number": "C-1", "origin": None, "date": day(12), "state": "posted",
              "journal.": {"id": 2, "type": "cash", "name": "Cash"}, **STAMPS},
}  # fmt: skip
OWN = LINE | {
    "id": 32,
    **amounts("20"),
    "move.": LINE["move."]
    | {
        "id": 300,
        "journal.": {  # type: ignore[operator]
            "id": 1,
            "type": "revenue",
            "name": "Sales",
        },
    },
}
OWNER = {
    "id": 11, "move": 300, "additional_moves": [], "cancel_move": None, "cancel_move.": None, "state": "posted",
    "total_amount": money("100"), "currency.": {"id": 1, "code": "USD"},
    "lines_to_pay.": [{"id": 32, "debit": money("20"), "credit": money("0")}],
}  # fmt: skip
PAGES: dict[str, list[list[dict[str, Any]]]] = {
    "customers": [[PARTY], [{"id": 11, "party": 7}], []],
    "invoices": [[INVOICE], SETTLING],
    "payments": [[LINE], [row | {"reconciliation": 9} for row in (OWN, LINE)], [OWNER]],
}


class Answered(Tryton):
    """The connector over pages that stand as one record: the rows of each answer by `<answer>.<row>`."""

    def normalize(self, stream: Stream, records: Any) -> Normalized:
        (page,) = records
        answers = [[row for name, row in page.items() if name[0] == str(n)] for n in range(3)]
        client = Looked(answers[1:])
        reader = Reader(client, 1, "USD")  # type: ignore[arg-type]
        replies = [_reply(answers[0]), *reader._related(stream, _reply(answers[0]).result, None)]
        return super().normalize(stream, self.decode(stream, join("USD", replies)))


class Looked:
    """Answers, one after the other, what is looked up for a page."""

    def __init__(self, answers: list[list[Any]]) -> None:
        self.answers = answers

    def search_read(self, *_: Any, **__: Any) -> Reply:
        return _reply(self.answers.pop(0))


def _reply(rows: list[Any]) -> Reply:
    body = json.dumps({"result": rows}, default=float).encode()
    return Reply(json.loads(body, object_hook=decode)["result"], body, datetime(2026, 3, 1, tzinfo=UTC))


def page_of(*answers: list[dict[str, Any]]) -> dict[str, Any]:
    return {f"{n}.{m}": row for n, rows in enumerate(answers) for m, row in enumerate(rows)}


def connector() -> Answered:
    return Answered(Connection("t", "http://127.0.0.1:1", "greenlight", "x", {"database": "erp"}), "1")


@pytest.mark.parametrize("stream", PAGES)
def test_a_changed_type_is_never_coerced_in_silence(stream: str) -> None:
    """Also where it keeps what is looked up for a record from being found: then the page is read again."""
    found = silent_changes(connector(), Tryton.stream(stream), page_of(*PAGES[stream]), depth=2)
    assert [line for line in found if not re.search(r"\.(active|invoice) = (0|False) ", line)] == []


def test_flags_may_be_numbers_as_tryton_on_sqlite_writes_them() -> None:
    numbers = PARTY | {"active": 1, "addresses.": [PARTY["addresses."][0] | {"invoice": 0}]}  # type: ignore[index]
    said = connector().normalize(Tryton.stream("customers"), [page_of([numbers], *PAGES["customers"][1:])])
    assert said.rejects == [] and said.tables["customers"]["is_active"] == [True]


@pytest.mark.parametrize(
    ("where", "column"),
    [({"state": "frozen"}, "status"), ({"journal.": {"id": 2, "type": "new", "name": "N"}}, "kind")],
)
def test_an_unknown_word_of_a_closed_list_is_rejected_by_name(where: dict[str, Any], column: str) -> None:
    line = LINE | {"move.": LINE["move."] | where}  # type: ignore[operator]
    page = page_of([line], [row | {"reconciliation": 9} for row in (OWN, line)], [OWNER])
    (reject,) = connector().normalize(Tryton.stream("payments"), [page]).rejects
    assert (reject.key, reject.reason, reject.column) == ("account.move.line:40", "unknown_value", column)

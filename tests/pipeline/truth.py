"""What the warehouse must hold, told from the source's books without the connector's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from include import money
from tests.conformance.books import Row
from tests.conformance.sample_answers import in_range
from tests.nights import Nights

TYPES = {"C": "Party", "B": "Bill", "N": "Note", "R": "Receipt", "P": "Payout", "X": "Offset"}
STATUS = {"E": "draft", "W": "pending_approval", "O": "open", "S": "paid", "L": "written_off", "X": "voided"}
MOVED = {"P": "pending", "B": "booked", "F": "failed", "V": "voided"}
LISTS = {"contacts": "customers", "installments": "invoices", "allocations": "payments"}

Rows = dict[str, dict[str, tuple[Any, ...]]]


def assert_equal(nights: Nights) -> None:
    """Hold the warehouse to the books: everything in range is here, and all that is here is right."""
    nights.world.assert_equal(nights)


def hold(books: Row, history_from: date, held: Callable[[str], dict[str, dict[str, Any]]]) -> None:
    """Hold what the warehouse has of each table to the books."""
    truth = rows(books)
    due = {_key(*name.split(":")) for name in in_range(books, history_from)}
    for table, expected in truth.items():
        found = {_plain(key): _shown(table, row) for key, row in held(table).items()}
        assert {key: expected.get(key) for key in found} == found, table
        lacking = {key for key in expected if _owner(table, key) in due} - found.keys()
        assert not lacking, (table, lacking)


def rows(books: Row) -> Rows:
    """Return table → key → what matters of the row, for every record of the books."""
    truth: Rows = {name: {} for name in (
        "customers", "contacts", "invoices", "credit_notes", "installments", "payments", "refunds", "allocations"
    )}  # fmt: skip
    for record in (*books["parties"], *books["documents"], *books["movements"]):
        for table, key, values in _rows(record):
            assert key not in truth[table]
            truth[table][key] = values
    return truth


def _rows(record: Row) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    key, currency = _key(record["kynd"], record["ident"]), record.get("cur")
    customer = record.get("prty") and _key("C", record["prty"])
    match record["kynd"]:
        case "C":
            boss = record["boss"] and _key("C", record["boss"])
            yield "customers", key, (record["kdnr"], record["lbl"], boss, currency, not record["arch"])
            for line in record["mailz"]:
                name = f"Party.mailz:{record['ident']}:{line['ln']}"
                yield "contacts", name, (key, line["lst"], line["@"], line["tel"], line["main"])
        case "B" | "N":
            void = record["st"] == "X"
            gross = 0 if void else _minor(record["tot"], currency)
            values = (customer, record["num"], currency, gross, _minor(record["rest"], currency),
                      _minor(record["bRest"], record["bcur"]), STATUS[record["st"]], record["ttl"])  # fmt: skip
            yield ("invoices" if record["kynd"] == "B" else "credit_notes"), key, values
            for part in record["plan"]:
                amounts = (0, 0) if void else (_minor(part["amt"], currency), _minor(part["rest"], currency))
                yield "installments", f"Bill.plan:{record['ident']}:{part['ln']}", (key, _day(part["due"]), *amounts)
        case "R" | "P":
            values = (customer, currency, _minor(record["amt"], currency), _minor(record["rest"], currency),
                      _minor(record["bRest"], record["bcur"]), MOVED[record["st"]])  # fmt: skip
            yield ("payments" if record["kynd"] == "R" else "refunds"), key, values
    for line in record.get("appl", ()):
        target = _key(line["on"], line["no"])
        yield "allocations", f"{key}#{line['ln']}", (target, line["cur"], _minor(line["amt"], line["cur"]))


def _shown(table: str, row: dict[str, Any]) -> tuple[Any, ...]:
    columns = {
        "customers": ("number", "name", "parent_external_id", "currency", "is_active"),
        "contacts": ("customer_external_id", "last_name", "email", "phone", "is_main"),
        "invoices": ("customer_external_id", "number", "currency", "gross_amount", "outstanding_amount",
                     "base_outstanding_amount", "status", "title"),
        "credit_notes": ("customer_external_id", "number", "currency", "gross_amount", "unapplied_amount",
                         "base_outstanding_amount", "status", "title"),
        "installments": ("invoice_external_id", "due_date", "amount", "outstanding_amount"),
        "payments": ("customer_external_id", "currency", "amount", "unapplied_amount", "base_unapplied_amount",
                     "status"),
        "refunds": ("customer_external_id", "currency", "amount", "unapplied_amount", "base_unapplied_amount",
                    "status"),
        "allocations": ("target_external_id", "target_currency", "target_amount"),
    }  # fmt: skip
    return tuple(row[name] for name in columns[table])


def _plain(key: str) -> str:
    """Return an allocation's key as the record that lists it and the line; others as they are."""
    owner, _, rest = key.partition("/")
    return f"{owner}#{rest.rpartition('/')[2]}" if rest else key


def _owner(table: str, key: str) -> str:
    """Return the record that lists a row of this key."""
    if table == "allocations":
        return key.partition("#")[0]
    if table in LISTS:
        _, number, _ = key.split(":")
        return f"{'Party' if table == 'contacts' else 'Bill'}:{number}"
    return key


def _key(kind: str, number: Any) -> str:
    return f"{TYPES[kind]}:{number}"


def _minor(amount: str, currency: str) -> int:
    return int(Decimal(amount).scaleb(money.exponent(currency) or 0))


def _day(text: str) -> date:
    day, month, year = map(int, text.split("."))
    return date(year, month, day)

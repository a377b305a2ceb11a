"""Control figures: graded as declared, told how they were asked, and equal to what was read."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType

from include import heirs, money
from include.connectors.base import ControlFigures, Figure, Grade
from include.model import TABLES
from tests.conformance.subject import Row, Subject

SIGNED_RESTS = {
    "invoices": ("outstanding_amount", "base_outstanding_amount", 1),
    "credit_notes": ("unapplied_amount", "base_outstanding_amount", -1),
    "payments": ("unapplied_amount", "base_unapplied_amount", -1),
    "refunds": ("unapplied_amount", "base_unapplied_amount", 1),
}
Sums = dict[tuple[str, str, str], Decimal]
"""(basis, customer or "", currency) → what is owed."""


def check_figures_graded(subject: Subject) -> None:
    """Every figure declared is answered, in its declared grade at best, and no other."""
    connector, said = subject.connect(), _ask(subject)
    best: dict[str, Grade] = {}
    for figure in said.figures:
        assert figure.grade is not Grade.D, f"{figure.name}: the same response never counts"
        best[figure.name] = min(best.get(figure.name, Grade.D), figure.grade)
    assert best == dict(connector.grades), f"declared {dict(connector.grades)}, answered {best}"


def check_figures_answered(subject: Subject) -> None:
    """Nothing stays unanswered on a system that is well."""
    unanswered = _ask(subject).unanswered
    assert not unanswered, f"unanswered: {dict(unanswered)}"


def check_figures_asked(subject: Subject) -> None:
    """The analyst is told in a sentence how each figure was asked."""
    said = _ask(subject)
    for name in {figure.name for figure in said.figures}:
        how = said.asked.get(name, "")
        assert len(how.split()) >= 3 and "\n" not in how, f"{name}: {how!r} does not say how it was asked"


def check_figures_formed(subject: Subject) -> None:
    """Amounts are Decimal in a currency that can have them, counts are integers, no figure comes twice."""
    said = _ask(subject)
    twice = Counter((f.name, f.subject, f.currency, f.basis) for f in said.figures).most_common(1)
    assert twice and twice[0][1] == 1, f"a figure came twice: {twice}"
    for figure in said.figures:
        where = f"{figure.name} {figure.subject}"
        if figure.name == "count":
            assert type(figure.count) is int and figure.amount is None, f"{where} is no count"
            assert figure.subject in TABLES, f"{where} counts no table of the model"
            continue
        assert isinstance(figure.amount, Decimal), f"{where} is {type(figure.amount).__name__}, not Decimal"
        if figure.basis == "mixed":
            assert not figure.currency, f"{where} is a sum over currencies and names one"
            money.mixed_units(figure.amount)
            continue
        money.minor_units(figure.amount, figure.currency)
        if figure.name == "open_document":
            assert figure.base_amount is None or isinstance(figure.base_amount, Decimal), f"{where}: base_amount"
            assert figure.customer and figure.number, f"{where} names no customer or number"


def check_figures_add_up(subject: Subject) -> None:
    """Open documents add up to the open total, and to each customer's balance."""
    said = _ask(subject)
    documents = _named(said, "open_document")
    if not documents:
        return
    base = subject.connect().identity().base_currency
    sums: Sums = defaultdict(Decimal)
    states_base = all(figure.base_amount is not None for figure in documents)
    for figure in documents:
        for customer in ("", figure.customer):
            sums["document", customer, figure.currency] += figure.amount or 0
            sums["mixed", customer, ""] += figure.amount or 0
            if states_base:
                sums["base", customer, base] += figure.base_amount or 0
    comparable = [f for f in said.figures if states_base or f.basis != "base"]
    _agree(sums, replace(said, figures=tuple(comparable)), "the open documents")


def check_figures_equal_rows(subject: Subject) -> None:
    """Totals and balances are what the normalized rows add up to."""
    sums: Sums = defaultdict(Decimal)
    converted: Sums = defaultdict(Decimal)
    for row, rest, base_rest in _open_rows(subject):
        for customer in ("", row["customer_external_id"]):
            sums["document", customer, row["currency"]] += rest
            sums["mixed", customer, ""] += rest
            sums["base", customer, row["base_currency"]] += base_rest
            if not _states_base(row):
                converted["base", customer, row["base_currency"]] += Decimal(1).scaleb(
                    -(money.exponent(row["base_currency"]) or 0)
                )
    _agree(sums, _ask(subject), "the rows", converted)


def check_figures_name_every_document(subject: Subject) -> None:
    """Each open row has its figure, with the same rest, customer, currency and due date; and the other way round."""
    figures = {figure.subject: figure for figure in _named(_ask(subject), "open_document")}
    found = {row["external_id"]: (row, rest) for row, rest, _ in _open_rows(subject)}
    if "open_document" in subject.connect().not_offered:
        return
    assert figures.keys() == found.keys(), f"only one side has {sorted(figures.keys() ^ found.keys())[:3]} open"
    for key, (row, rest) in found.items():
        figure = figures[key]
        told = (figure.amount, figure.currency, figure.customer)
        assert told == (rest, row["currency"], row["customer_external_id"]), f"{key}: figure and row differ"
        if figure.due_date and "issue_date" in row:
            assert figure.due_date == row["due_date"], f"{key}: due dates differ"


def check_figures_count(subject: Subject) -> None:
    """Counts are the numbers of rows that are undated, open or dated in range, and of the customers who hold them."""
    figures = {figure.subject: figure.count for figure in _named(_ask(subject), "count")}
    if "count" in subject.connect().not_offered:
        return
    found = {
        table: [r for r in rows if _counts(table, r, subject.history_from)] for table, rows in subject.rows().items()
    }
    holders = {row["customer_external_id"] for table in DATED for row in found.get(table, ())}
    merged = {row["external_id"]: row["superseded_by_external_id"] for row in found["customers"]}
    held = heirs.survivors((row["external_id"] for row in found["customers"] if row["external_id"] in holders), merged)
    found["customers"] = [{"external_id": key} for key in held]
    assert {"customers", "invoices"} <= figures.keys(), "customers or invoices are not counted"
    for table, count in figures.items():
        assert count == len(found.get(table, ())), f"{count} {table} counted, {len(found.get(table, ()))} read"


DATED = {"invoices": "issue_date", "credit_notes": "issue_date", "payments": "paid_on", "refunds": "refunded_on"}


def _counts(table: str, row: Row, history_from: date) -> bool:
    if table not in DATED:
        return True
    day = row[DATED[table]]
    is_open = row["status"] in ("open", "draft", "pending_approval") or row.get("unapplied_amount")
    return day is None or day >= history_from or bool(is_open)


def check_figures_closed_world(subject: Subject) -> None:
    """The source's own document types are all mapped and add up to its open total."""
    said = _ask(subject)
    types, totals = _named(said, "closed_world"), _named(said, "open_total")
    assert all(figure.mapped for figure in types), "clean data holds a type that no mapping covers"
    for basis, currency in {(figure.basis, figure.currency) for figure in types}:
        total = [f.amount for f in totals if (f.basis, f.currency) == (basis, currency)]
        parts = sum(f.amount or 0 for f in types if (f.basis, f.currency) == (basis, currency))
        assert not total or parts == total[0], f"types add up to {parts} {currency}, the total is {total[0]}"


def check_figures_ask_anew(subject: Subject) -> None:
    """Figures come from requests of their own at every asking."""
    connector = subject.connect()
    connector.identity()
    before = connector.request_count
    connector.control_figures(subject.as_of, subject.history_from)
    once = connector.request_count
    connector.control_figures(subject.as_of, subject.history_from)
    assert once > before and connector.request_count > once, "figures were not asked for again"


def _ask(subject: Subject) -> ControlFigures:
    return subject.connect().control_figures(subject.as_of, subject.history_from)


def _named(said: ControlFigures, name: str) -> list[Figure]:
    return [figure for figure in said.figures if figure.name == name]


def _agree(
    sums: Sums,
    said: ControlFigures,
    whose: str,
    tolerance: Mapping[tuple[str, str, str], Decimal] = MappingProxyType({}),
) -> None:
    """Hold totals and balances against sums; where balances are listed, nobody who owes is left out.

    Args:
        tolerance: by how much a sum may be off: one minor unit per amount that had to be converted.
    """
    told: set[tuple[str, str, str]] = set()
    for figure in (*_named(said, "open_total"), *_named(said, "customer_balance")):
        customer = figure.subject if figure.name == "customer_balance" else ""
        place = (figure.basis, customer, figure.currency)
        told.add(place)
        assert figure.amount is not None
        off = abs(figure.amount - sums.get(place, Decimal(0)))
        assert off <= tolerance.get(place, 0), f"{figure.name} {figure.subject} is not what {whose} add up to"
    listed = {(basis, bool(customer)) for basis, customer, _ in told}
    left_out = [p for p, amount in sums.items() if amount and (p[0], bool(p[1])) in listed and p not in told]
    assert not left_out, f"no total or balance for {left_out[:3]}"


def _open_rows(subject: Subject) -> Iterable[tuple[Row, Decimal, Decimal]]:
    """Yield rows of the ledger scope with an open rest, and that rest signed, in both currencies."""
    for table, (rest, base_rest, sign) in SIGNED_RESTS.items():
        for row in subject.rows().get(table, ()):
            posted = row["status"] == "open" or (row["status"] == "booked" and row["on_receivable_account"])
            if posted and (row[rest] or row[base_rest]):
                in_base = (row[base_rest] or Decimal(0)) if _states_base(row) else _converted(row, row[rest])
                yield row, sign * row[rest], sign * in_base


def _states_base(row: Row) -> bool:
    """Tell whether the source states the open rest in base currency, or nothing to convert it at."""
    stated = row["base_outstanding_amount"] if "issue_date" in row else row["base_unapplied_amount"]
    return stated is not None or not row["exchange_rate"]


def _converted(row: Row, rest: Decimal) -> Decimal:
    rate = row["exchange_rate"]
    amount = rest / rate if row["exchange_rate_basis"] == "document_per_base" else rest * rate
    return amount.quantize(Decimal(1).scaleb(-(money.exponent(row["base_currency"]) or 0)), ROUND_HALF_EVEN)

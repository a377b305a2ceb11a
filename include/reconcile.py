"""Reconcile: hold the warehouse against figures that the ERP keeps elsewhere.

Ask, compare; on a difference read again what changed since the run's first request and ask again.
Only a difference that survives two comparisons counts; an ERP that never holds still is undecided.
Differences are rows that a critical expectation reads: this room fails only when it could not ask.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from include import extract, ledger, money, warehouse
from include.complete import complete
from include.connectors.base import Connector, ControlFigures, Figure
from include.ledger import Ledger, OpenDocument
from include.normalize import normalize
from include.organizations import Organization
from include.stager import Read

log = logging.getLogger(__name__)

COMPARISONS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison: what the ERP says, what the warehouse says; a row of table reconciliations.

    Amounts and counts are integers, amounts in minor units of `currency`; where the warehouse has the
    document in another one, `ours` is in `currency_here`.
    """

    figure: str
    grade: str
    subject: str
    classification: str
    asked: str
    basis: str = "document"
    customer_external_id: str = ""
    number: str = ""
    currency: str = ""
    currency_here: str = ""
    ours: int | None = None
    theirs: int | None = None
    difference: int | None = None
    base_difference: int | None = None
    is_explained: bool = False
    mapped: bool = True

    @property
    def differs(self) -> bool:
        """The two sides do not agree, or could not be compared."""
        return self.classification not in ("equal", "not_offered", "listed")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reconciling a run found: every line of the last comparison, and how many it took."""

    lines: tuple[Line, ...]
    comparisons: int

    @property
    def differences(self) -> tuple[Line, ...]:
        """The lines on which the two sides do not agree."""
        return tuple(line for line in self.lines if line.differs)


def reconcile(
    engine: Engine,
    organization: Organization,
    connector: Connector,
    run_id: str,
    as_of: date,
    started_at: datetime,
    clock: Callable[[], datetime],
) -> Outcome:
    """Compare until two comparisons in a row agree on what differs, and store the lines.

    Args:
        started_at: the run's first request, by the vendor's clock, UTC.
    """
    first_request = connector.request_count
    history = extract.history_from(organization, extract.identify(engine, organization, connector, clock()))
    before: set[Line] | None = None
    lines: list[Line] = []
    decided = False
    requests = connector.request_count - first_request
    for comparison in range(1, COMPARISONS + 1):
        asked_before = connector.request_count
        figures = connector.control_figures(as_of, history)
        requests += connector.request_count - asked_before
        lines = compare(figures, ledger.read(engine, organization.id, history), connector)
        now_differing = {line for line in lines if line.differs}
        decided = not now_differing or now_differing == before
        if decided or comparison == COMPARISONS:
            break
        before = now_differing
        _read_changes_again(engine, organization, connector, f"{run_id}~reconcile{comparison}", started_at, clock())
    if not decided:
        lines = [replace(line, classification="undecided") if line.differs else line for line in lines]
    budget = _budget(connector, figures, comparison)
    warehouse.store_reconciliation(engine, organization.id, run_id, as_of, lines, comparison, clock(), requests, budget)
    return Outcome(tuple(lines), comparison)


def _budget(connector: Connector, figures: ControlFigures, comparisons: int) -> dict[str, Any]:
    """Return what asking so often was to cost; empty where the connector does not say."""
    named = Counter(figure.name for figure in figures.figures)
    costs = connector.costs.get("figures")
    return costs.of_figures(named["open_document"], named["customer_balance"], comparisons) if costs else {}


def compare(figures: ControlFigures, ours: Ledger, connector: Connector) -> list[Line]:
    """Hold every figure against the warehouse, single documents first, then what they add up to."""
    asked = figures.asked
    documents = [f for f in figures.figures if f.name == "open_document"]
    lines = _documents(documents, ours, asked.get("open_document", ""))
    explained = [line for line in lines if line.differs]
    for figure in figures.figures:
        how = asked.get(figure.name, "")
        match figure.name:
            case "open_total":
                lines.append(_amount(figure, ours.total(figure), explained, how, ours.converted(figure)))
            case "customer_balance":
                own = [line for line in explained if line.customer_external_id == figure.subject]
                lines.append(_amount(figure, ours.balance(figure), own, how, ours.converted(figure)))
            case "count":
                lines.append(_count(figure, ours.counts.get(figure.subject, 0), ours, how))
            case "closed_world":
                lines.append(_type(figure, how))
    lines += _totals_only_here(figures, ours, explained, asked.get("open_total", ""))
    lines += _balances_only_here(figures, ours, explained, asked.get("customer_balance", ""))
    lines += [Line(name, "", "", "unanswered", why) for name, why in sorted(figures.unanswered.items())]
    lines += [
        Line(name, "", "", "not_offered", why)
        for name, why in sorted(connector.not_offered.items())
        if name in ("open_total", "customer_balance", "open_document", "closed_world", "count")
    ]
    return lines


def _documents(figures: list[Figure], ours: Ledger, asked: str) -> list[Line]:
    """Compare every open document: existence, customer, currency, open rest, due date."""
    if not figures and not asked:
        return []
    lines = []
    theirs = {figure.subject: figure for figure in figures}
    for key in sorted(set(theirs) | set(ours.documents)):
        figure, document = theirs.get(key), ours.documents.get(key)
        if figure is None:
            assert document is not None
            lines.append(_ghost(document, figures[0].grade if figures else "", asked))
        else:
            lines.append(_document(figure, document, ours, asked))
    return lines


def _ghost(document: OpenDocument, grade: str, asked: str) -> Line:
    return Line(
        "open_document", grade, document.key, "ghost_here", asked,
        customer_external_id=document.customer, number=document.number, currency=document.currency,
        ours=document.rest, theirs=0, difference=document.rest, base_difference=document.base_rest,
    )  # fmt: skip


def _document(figure: Figure, document: OpenDocument | None, ours: Ledger, asked: str) -> Line:
    theirs = _minor(figure.amount, figure.currency)
    base = _minor(figure.base_amount, ours.base_currency)
    line = Line(
        "open_document", figure.grade, figure.subject, "equal", asked,
        customer_external_id=figure.customer, number=figure.number, currency=figure.currency, theirs=theirs,
    )  # fmt: skip
    if document is None:
        kind = "rejected_here" if figure.subject in ours.rejected else "missing_here"
        difference = None if theirs is None else -theirs
        return replace(
            line, classification=kind, ours=0, difference=difference, base_difference=None if base is None else -base
        )
    base_difference = None if base is None or document.base_rest is None else document.base_rest - base
    line = replace(line, ours=document.rest, base_difference=base_difference)
    if document.currency != figure.currency:
        return replace(line, classification="currency", currency_here=document.currency)
    line = replace(line, difference=document.rest - (theirs or 0))
    if document.customer != figure.customer:
        return replace(line, classification="customer")
    if document.rest != theirs:
        return replace(line, classification="amount")
    if figure.due_date and document.due_date != figure.due_date:
        return replace(line, classification="due_date")
    return line


def _amount(figure: Figure, ours: int, explained_by: list[Line], asked: str, converted: int = 0) -> Line:
    """Compare a total or balance; it is explained when the differing documents add up to it.

    Args:
        converted: documents that were converted for ours, each of which may be off by one minor unit.
    """
    theirs = _minor(figure.amount, figure.currency, figure.basis)
    if theirs is None:
        return Line(figure.name, figure.grade, figure.subject, "unanswered", asked, figure.basis)
    difference = ours - theirs
    parts = [_part(line, figure) for line in explained_by]
    customer = figure.subject if figure.name == "customer_balance" else ""
    if converted:
        asked = f"{asked}; here {converted} open documents are converted at their own rate, half even"
    return Line(
        figure.name, figure.grade, figure.subject, "amount" if abs(difference) > converted else "equal", asked,
        figure.basis,
        customer_external_id=customer, currency=figure.currency, ours=ours, theirs=theirs, difference=difference,
        is_explained=difference != 0 and None not in parts and sum(p for p in parts if p is not None) == difference,
    )  # fmt: skip


def _part(line: Line, figure: Figure) -> int | None:
    """Return what a document that differs adds to the difference of a total or balance; None if nobody can tell."""
    if figure.basis == "base":
        return line.base_difference
    if not line.currency_here:
        return _counted(line.difference, line.currency, figure)
    # Here in one currency, there in another: it differs from both totals by all of it.
    here, there = _counted(line.ours, line.currency_here, figure), _counted(line.theirs, line.currency, figure)
    return None if here is None or there is None else here - there


def _counted(amount: int | None, currency: str, figure: Figure) -> int | None:
    """Return how far an amount in minor units of its currency counts in the figure, in the figure's units."""
    if figure.basis == "mixed" and amount is not None:
        return money.as_mixed(amount, currency)
    return amount if figure.basis == "mixed" or currency == figure.currency else 0


def _totals_only_here(figures: ControlFigures, ours: Ledger, explained: list[Line], asked: str) -> list[Line]:
    """Something is open here in a currency for which the ERP, which gives a total each, gives none."""
    totals = [f for f in figures.figures if f.name == "open_total" and f.basis == "document"]
    missing = {document.currency for document in ours.documents.values()} - {f.currency for f in totals}
    return [
        _amount(replace(totals[0], amount=Decimal(0), currency=currency), total, explained, asked)
        for currency in sorted(missing if totals else ())
        if (total := ours.total(replace(totals[0], currency=currency)))
    ]


def _balances_only_here(figures: ControlFigures, ours: Ledger, explained: list[Line], asked: str) -> list[Line]:
    """A customer owes here, but the ERP, which lists balances, does not name that customer."""
    balances = [f for f in figures.figures if f.name == "customer_balance"]
    if not balances:
        return []
    first = balances[0]
    named = {(f.subject, f.currency) for f in balances}
    return [
        _amount(
            replace(first, subject=customer, amount=Decimal(0), currency=currency),
            amount,
            [line for line in explained if line.customer_external_id == customer],
            asked,
        )
        for customer, currency, amount in ours.balances(first.basis)
        if (customer, currency) not in named and amount
    ]


def _count(figure: Figure, ours: int, ledger_: Ledger, asked: str) -> Line:
    """Compare how many rows there are; rejects account for rows that are missing here."""
    theirs = figure.count
    if theirs is None:
        return Line("count", figure.grade, figure.subject, "unanswered", asked)
    difference = ours - theirs
    rejected = ledger_.rejected_counts.get(figure.subject, 0)
    return Line(
        "count", figure.grade, figure.subject, "equal" if not difference else "count", asked,
        ours=ours, theirs=theirs, difference=difference, is_explained=difference != 0 and difference == -rejected,
    )  # fmt: skip


def _type(figure: Figure, asked: str) -> Line:
    return Line(
        "closed_world", figure.grade, figure.subject, "listed" if figure.mapped else "unmapped", asked, figure.basis,
        currency=figure.currency, theirs=_minor(figure.amount, figure.currency), mapped=figure.mapped,
    )  # fmt: skip


def _minor(amount: Decimal | None, currency: str, basis: str = "document") -> int | None:
    """Return minor units (mixed: ten-thousandths); None for no amount, or for one that could not be kept so."""
    if amount is None:
        return None
    try:
        return money.mixed_units(amount) if basis == "mixed" else money.minor_units(amount, currency)
    except ValueError:
        return None


def _read_changes_again(
    engine: Engine, organization: Organization, connector: Connector, run_id: str, since: datetime, now: datetime
) -> None:
    """Load what the ERP changed while this run was reading, and what that points at, through the same rooms."""
    for stream in connector.streams:
        read = Read(engine, organization, connector, stream, run_id)
        manifest = extract.read_changed(read, since)
        if not manifest.is_unchanged:
            changed, gone = manifest.changed_count, len(manifest.deleted)
            log.info("%d %s changed and %d vanished while the run was reading", changed, stream.name, gone)
            warehouse.load(engine, normalize(connector, manifest), now, exclude=organization.exclude, kind="repair")
    complete(engine, organization, connector, run_id, 1, now)

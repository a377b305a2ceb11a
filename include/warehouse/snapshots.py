"""Balance snapshots: what each customer owed on a day, kept where it differs from the day before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Engine,
    FromClause,
    Label,
    Select,
    Table,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
)

from include import model
from include.warehouse import tables
from include.warehouse.engine import begin
from include.warehouse.failures import in_own_words
from include.warehouse.operational import SNAPSHOT_AMOUNTS
from include.warehouse.stamp import Stamp
from include.warehouse.statements import count_written, over_whole_tables


def snapshot_balances(engine: Engine, organization_id: str, as_of: date, now: datetime) -> int:
    """Write a row per customer and currency whose amounts differ from their latest snapshot; return how many.

    Ledger scope: due and overdue are open rests of installments, unapplied is what payments and
    credit notes have left less what refunds have left, so that due + overdue - unapplied is the
    ERP's balance. A run later on the same day replaces that day's rows; earlier days never change,
    so once a later day was looked at, a run of an earlier one writes nothing.
    """
    stamp, snapshots = Stamp(organization_id, "", "", now), tables.table("balance_snapshots")
    of_today = and_(snapshots.c.organization_id == organization_id, snapshots.c.as_of == as_of)
    both = union_all(_balances(organization_id, as_of), _latest(organization_id, as_of)).subquery("both")
    sums = {name: (func.sum(both.c[f"{name}_now"]), func.sum(both.c[f"{name}_before"])) for name in SNAPSHOT_AMOUNTS}
    changed = (
        select(
            stamp.text("organization_id"),
            literal(as_of, Date()).label("as_of"),
            both.c.record_id,
            both.c.currency,
            *(cast(amount, BigInteger).label(name) for name, (amount, _) in sums.items()),
            stamp.moment("recorded_at"),
        )
        .group_by(both.c.record_id, both.c.currency)
        .having(or_(*(amount != before for amount, before in sums.values())))
    )
    names = [column.name for column in changed.selected_columns]
    with in_own_words(organization_id), begin(engine, organization_id) as connection:
        if _is_over(connection, organization_id, as_of):
            return 0
        connection.execute(delete(snapshots).where(of_today))
        with over_whole_tables(connection):
            return count_written(connection, insert(snapshots).from_select(names, changed))


def _is_over(connection: Connection, organization_id: str, as_of: date) -> bool:
    """Tell whether a later day than this was snapshot or validated: today's rows say nothing about that day."""
    later = (
        exists().where(t.c.organization_id == organization_id, t.c.as_of > as_of)
        for t in (tables.table("balance_snapshots"), tables.table("evidence"))
    )
    return bool(connection.scalar(select(or_(*later))))


def _latest(organization_id: str, as_of: date) -> Select[Any]:
    """Return each customer's and currency's last snapshot before that day."""
    snapshots = tables.table("balance_snapshots")
    younger = snapshots.alias("younger")
    return select(snapshots.c.record_id, snapshots.c.currency, *_amounts(snapshots, "before")).where(
        snapshots.c.organization_id == organization_id,
        snapshots.c.as_of < as_of,
        ~exists().where(
            younger.c.organization_id == organization_id,
            younger.c.record_id == snapshots.c.record_id,
            younger.c.currency == snapshots.c.currency,
            younger.c.as_of > snapshots.c.as_of,
            younger.c.as_of < as_of,
        ),
    )


def _balances(organization_id: str, as_of: date) -> Select[Any]:
    """Return what each customer owes on that day, in several rows per customer and currency."""
    customers, t = tables.table("customers"), tables.table
    parts = union_all(
        _installments(organization_id, as_of),
        _rests(t("credit_notes"), organization_id, 1, t("credit_notes").c.status == "open"),
        _rests(t("payments"), organization_id, 1, _on_account(t("payments"))),
        _rests(t("refunds"), organization_id, -1, _on_account(t("refunds"))),
    ).subquery("parts")
    owner = (customers.c.organization_id == organization_id) & (customers.c.external_id == parts.c.customer_external_id)
    return select(customers.c.record_id, parts.c.currency, *_amounts(parts, "now")).select_from(
        parts.join(customers, owner)
    )


def _amounts(source: FromClause, when: str) -> Iterator[Label[int]]:
    """Return the source's amounts as those of `when` (now or before), and zeros for the other moment."""
    for moment in ("now", "before"):
        for name in SNAPSHOT_AMOUNTS:
            yield (source.c[name] if moment == when else literal(0)).label(f"{name}_{moment}")


def _installments(organization_id: str, as_of: date) -> Select[Any]:
    parts, invoices = tables.table("installments"), tables.table("invoices")
    invoice = (invoices.c.organization_id == organization_id) & (invoices.c.external_id == parts.c.invoice_external_id)
    rest = parts.c.outstanding_amount

    def between(first: int, last: int | None) -> ColumnElement[int]:
        """Count the rest if it is overdue by that many days."""
        bounds = [parts.c.due_date <= as_of - timedelta(days=first)]
        if last is not None:
            bounds.append(parts.c.due_date >= as_of - timedelta(days=last))
        return case((and_(*bounds), rest), else_=0)

    amounts = {
        "due": case((parts.c.due_date < as_of, 0), else_=rest),
        "overdue_1_30": between(1, 30),
        "overdue_31_60": between(31, 60),
        "overdue_61_90": between(61, 90),
        "overdue_over_90": between(91, None),
        "unapplied": literal(0),
        "disputed": case((invoices.c.is_disputed.is_(True), rest), else_=0),
    }
    return (
        select(
            invoices.c.customer_external_id,
            parts.c.currency,
            *(amounts[name].label(name) for name in SNAPSHOT_AMOUNTS),
        )
        .select_from(parts.join(invoices, invoice))
        .where(
            parts.c.organization_id == organization_id,
            parts.c.deleted_at.is_(None),
            invoices.c.deleted_at.is_(None),
            invoices.c.status.in_(model.LEDGER_STATUSES),
        )
    )


def _rests(table: Table, organization_id: str, sign: int, counts: ColumnElement[bool]) -> Select[Any]:
    return select(
        table.c.customer_external_id,
        table.c.currency,
        *(
            (table.c.unapplied_amount * sign if amount == "unapplied" else literal(0)).label(amount)
            for amount in SNAPSHOT_AMOUNTS
        ),
    ).where(table.c.organization_id == organization_id, table.c.deleted_at.is_(None), counts)


def _on_account(table: Table) -> ColumnElement[bool]:
    return and_(table.c.status == "booked", table.c.on_receivable_account.is_(True))

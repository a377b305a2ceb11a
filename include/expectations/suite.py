"""The form in which expectations are written: a suite per table, an expectation a line or two.

A suite says once which rows it looks at (its batch: one organization's live rows with what other
tables know about them); an expectation is a condition that no row of the batch may meet. Analysts
add one by adding a `Rows` line; tests, Data Docs and the gate pick it up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a validation is about; every value is ours or validated, so it may stand in SQL.

    Args:
        streams: the connector's stream names.
        stale_before: a stream not read to its end since then is stale, UTC.
        allocations: complete, partial or none, as the connector declares.
        now: when the validation begins, UTC.
        volume_min_runs: how many runs must have been seen before a volume is called unusual.
    """

    organization_id: str
    run_id: str
    as_of: date
    stale_before: datetime
    streams: tuple[str, ...]
    allocations: str
    rejects_percent: Decimal
    unreachable_overdue_percent: Decimal
    now: datetime
    volume_min_runs: int

    @property
    def live(self) -> str:
        """The condition on every table alias `t`: this organization's rows that are not deleted."""
        return f"{self.own} AND t.deleted_at IS NULL"

    @property
    def own(self) -> str:
        """The condition on a table alias `t` without soft deletes."""
        return f"t.organization_id = {quoted(self.organization_id)}"


@dataclass(frozen=True, slots=True)
class Rows:
    """No row may meet `condition`.

    Args:
        name: short and stable, as evidence and tests name it.
        expects: what must be true, for an analyst.
        says: what is wrong with one record, read after its number and customer.
        amount: column with the money concerned, minor units.
        detail: column whose text follows what `says`.
        whole_table: `condition` is a whole query over {batch} that gives rows only if something is wrong.
        date_dependent: may fail tomorrow although no row changed.
    """

    name: str
    severity: Severity
    expects: str
    condition: str
    says: str
    amount: str = "amount"
    detail: str = "NULL"
    whole_table: bool = False
    date_dependent: bool = False

    @property
    def query(self) -> str:
        """The failing rows: keys, numbers and money only, never a name or an address.

        Great Expectations gives {batch} an alias of its own, so it stands in a subquery; it gives none
        to a query that says JOIN, which PostgreSQL before 16 refuses: join with a comma.
        """
        whole = self.condition if self.whole_table else (
            f"SELECT t.record, t.number, t.customer_number, t.currency, t.{self.amount} AS amount, "
            f"{self.detail} AS detail FROM {{batch}} AS t WHERE {self.condition}"
        )  # fmt: skip
        return whole.replace("{batch}", "(SELECT * FROM {batch})")


@dataclass(frozen=True, slots=True)
class Suite:
    """The expectations on one table.

    Args:
        title: what its rows are called in a sentence (invoice, customer …); empty for whole tables.
        batch: the query that gives the rows, with columns record, number, customer_number, currency, amount.
    """

    name: str
    title: str
    batch: Callable[[Scope], str]
    rows: Callable[[Scope], tuple[Rows, ...]]

    def queries(self, scope: Scope) -> list[tuple[Rows, str]]:
        """Return each expectation with its query, the batch in place."""
        batch = f"({self.batch(scope)}) AS batch"
        return [(rows, rows.query.replace("{batch}", batch)) for rows in self.rows(scope)]


def empty(table: str, severity: Severity = "critical") -> Rows:
    """Expect at least one row: an empty table passes every other expectation."""
    return Rows(
        f"{table}_not_empty", severity, f"There are {table}.",
        f"SELECT '{table}' AS record, NULL AS number, NULL AS customer_number, NULL AS currency, NULL AS amount, "
        "NULL AS detail FROM (SELECT COUNT(*) AS n FROM {batch} AS t) AS counted WHERE n = 0",
        f"there are no {table} at all", whole_table=True,
    )  # fmt: skip


def keys(table: str) -> Rows:
    """Expect the namespaced form of keys."""
    return Rows(
        f"{table}_key", "critical", "Every key names a record type and an id.",
        "t.record NOT LIKE '_%:%' OR t.record LIKE '%:'", "has a malformed key",
    )  # fmt: skip


def has_customer(table: str) -> Rows:
    """Expect the customer a row points at."""
    return Rows(
        f"{table}_customer", "critical", f"The customer of every one of the {table} is loaded.",
        "t.customer_found IS NULL", "belongs to a customer that is not loaded",
    )  # fmt: skip


def quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def moment(at: datetime) -> str:
    """Return a moment as an SQL literal that both databases compare with a timestamp."""
    return quoted(at.astimezone(UTC).isoformat(sep=" ", timespec="microseconds"))


def customer_of(alias: str = "t") -> str:
    """Return the join that brings a row's customer, within the organization."""
    return (
        f"LEFT JOIN customers c ON c.organization_id = {alias}.organization_id "
        f"AND c.external_id = {alias}.customer_external_id AND c.deleted_at IS NULL"
    )


def used_and_settled(record_type: str) -> str:
    """Return the joins that sum a row's allocations: `used.amount` as source, `taken.amount` as target."""
    return f"""
        LEFT JOIN (SELECT organization_id, source_external_id, SUM(source_amount) AS amount FROM allocations
                   WHERE source_type = '{record_type}' AND deleted_at IS NULL GROUP BY 1, 2) used
          ON used.organization_id = t.organization_id AND used.source_external_id = t.external_id
        LEFT JOIN (SELECT organization_id, target_external_id, SUM(target_amount) AS amount FROM allocations
                   WHERE target_type = '{record_type}' AND deleted_at IS NULL GROUP BY 1, 2) taken
          ON taken.organization_id = t.organization_id AND taken.target_external_id = t.external_id"""

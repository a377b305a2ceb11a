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
        swept: those of them whose deletions only a comparison of keys shows.
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
    swept: tuple[str, ...] = ()

    @property
    def live(self) -> str:
        """The condition on every table alias `t`: this organization's rows that are not deleted."""
        return f"{self.own} AND t.deleted_at IS NULL"

    @property
    def settled(self) -> Severity:
        """How grave it is when an invoice's rest is not explained: only if the system names every source."""
        return "critical" if self.allocations == "complete" else "info"

    @property
    def applied(self) -> Severity:
        """How grave it is when a payment, credit note or refund does not add up: unless nothing is known of its use."""
        return "info" if self.allocations == "none" else "critical"

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
        date_dependent: may fail in the next run although no row changed; renewed evidence looks at it again.
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
    """Expect the customer a row points at; one whose reject blocks is named by the rejects."""
    return Rows(
        f"{table}_customer", "critical", f"The customer of every one of the {table} is loaded.",
        "t.customer_found IS NULL AND t.customer_refused IS NULL", "belongs to a customer that is not loaded",
    )  # fmt: skip


def in_ledger_currency(what: str, plural: str) -> Rows:
    """Expect base amounts in the one currency that the organization was bound with."""
    return Rows(
        f"{what}_base_currency", "critical", f"Base amounts of {plural} are in the organization's ledger currency.",
        "t.base_currency <> COALESCE(t.ledger_currency, '')",
        "states its base amounts in another currency than the ledger",
    )  # fmt: skip


def quoted(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def moment(at: datetime) -> str:
    """Return a moment as an SQL literal that both databases compare with a timestamp."""
    return quoted(at.astimezone(UTC).isoformat(sep=" ", timespec="microseconds"))


def customer_of() -> str:
    """Return the join that brings a row's customer, `c`, within the organization."""
    return """
        LEFT JOIN customers c ON c.organization_id = t.organization_id
          AND c.external_id = t.customer_external_id AND c.deleted_at IS NULL"""


def customer() -> str:
    """Return what a batch says of the customer that `customer_of` joined: number, whether found or refused."""
    return f"""c.number AS customer_number, c.external_id AS customer_found,
               CASE WHEN c.external_id IS NULL THEN {refused("t.customer_external_id", blocking=True)} END
                 AS customer_refused"""


def refused(key: str, blocking: bool = False) -> str:
    """Return 1 if the record behind a key, which may name one of its lines, was rejected (and blocks), else NULL.

    Compared letter by letter: LIKE would take an id for a pattern, and on SQLite ignores case.
    """
    return f"""(SELECT MAX(1) FROM rejected_records r WHERE r.organization_id = t.organization_id
                 AND (r.external_id = {key}
                   OR SUBSTR({key}, 1, LENGTH(r.external_id) + 1) = r.external_id || ':')
                 {"AND r.is_open IS NOT FALSE" if blocking else ""})"""


def bound() -> str:
    """Return the join that brings the organization's binding, `bound`."""
    return "LEFT JOIN organizations bound ON bound.organization_id = t.organization_id"


POSTED = "('open', 'paid', 'written_off')"
"""Statuses of a document that stands in the ledger with its amounts."""


def twins(table: str) -> str:
    """Return the joins that count documents of the row's customer and number, itself included.

    `twins.n`: posted ones of the same calendar year, since some systems begin anew with every year;
    `open_twins.n`: open ones of any year.
    """
    same = "organization_id, customer_external_id, number"
    alive = "deleted_at IS NULL AND superseded_by_external_id IS NULL AND number IS NOT NULL"
    return f"""
        LEFT JOIN (SELECT {same}, {_year()} AS issued, COUNT(*) AS n FROM {table}
                   WHERE {alive} AND status IN {POSTED} GROUP BY 1, 2, 3, 4) twins
          ON {_same_document("twins")} AND twins.issued = {_year("t.")} AND t.status IN {POSTED}
        LEFT JOIN (SELECT {same}, COUNT(*) AS n FROM {table}
                   WHERE {alive} AND status = 'open' GROUP BY 1, 2, 3) open_twins
          ON {_same_document("open_twins")} AND t.status = 'open'"""


def _year(prefix: str = "") -> str:
    return f"COALESCE(SUBSTR(CAST({prefix}issue_date AS TEXT), 1, 4), '')"


def _same_document(alias: str) -> str:
    return " AND ".join(f"{alias}.{name} = t.{name}" for name in ("organization_id", "customer_external_id", "number"))


def used_and_settled(record_type: str) -> str:
    """Return the joins that sum a row's allocations: `used.amount` as source, `taken.amount` as target."""
    return f"""
        LEFT JOIN (SELECT organization_id, source_external_id, SUM(source_amount) AS amount FROM allocations
                   WHERE source_type = '{record_type}' AND deleted_at IS NULL GROUP BY 1, 2) used
          ON used.organization_id = t.organization_id AND used.source_external_id = t.external_id
        LEFT JOIN (SELECT organization_id, target_external_id, SUM(target_amount) AS amount FROM allocations
                   WHERE target_type = '{record_type}' AND deleted_at IS NULL GROUP BY 1, 2) taken
          ON taken.organization_id = t.organization_id AND taken.target_external_id = t.external_id"""

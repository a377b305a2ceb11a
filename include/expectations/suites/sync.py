"""Sync: was every stream read to its end and held against the source's keys, recently enough, and as otherwise?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from include.expectations.suite import Rows, Scope, Suite, moment, quoted

DAY = timedelta(days=1)
SWEPT_WITHIN = 7 * DAY
"""A record that was deleted without a trace is gone here within seven nights."""
WEEKS, MONTHS = 8, 12
"""How far back a volume is compared: with the same weekday, at a month's end with the ends of months."""
FACTOR, SLACK = 3, 20
"""A volume is unusual beyond `FACTOR` times what was seen, and `SLACK` records; from practice, not from a standard."""


def _batch(scope: Scope) -> str:
    """One row per stream the connector declares, whether it was ever read or not."""
    declared = " UNION ALL ".join(
        f"SELECT {quoted(name)} AS stream, {int(name in scope.swept)} AS is_swept" for name in scope.streams
    )
    runs = f"sync_runs t WHERE {scope.own} AND t.kind IN ('incremental', 'unchanged') AND t.run_id"
    this, other = f"{runs} = {quoted(scope.run_id)}", f"{runs} <> {quoted(scope.run_id)}"
    alike = " OR ".join(
        f"t.loaded_at >= {moment(at - DAY / 2)} AND t.loaded_at < {moment(at + DAY / 2)}" for at in _alike(scope)
    )
    return f"""
        SELECT declared.stream AS record, NULL AS number, NULL AS customer_number, NULL AS currency, NULL AS amount,
               t.read_to_end_at, t.swept_at, t.sweep_refused, t.sweep_gone, declared.is_swept,
               (SELECT COUNT(DISTINCT t.run_id) FROM {other}) AS runs,
               today.changed, usual.seen, usual.least, usual.most, fields.new_fields, fields.first_field
        FROM ({declared}) AS declared
        LEFT JOIN sync_cursors t ON t.stream = declared.stream AND {scope.own}
        LEFT JOIN (SELECT t.stream, SUM(t.changed) AS changed FROM {this} GROUP BY t.stream) today
          ON today.stream = declared.stream
        LEFT JOIN (SELECT t.stream, COUNT(*) AS new_fields, MIN(t.field) AS first_field FROM unknown_fields t
                   WHERE {scope.own} AND t.run_id = {quoted(scope.run_id)} GROUP BY t.stream) fields
          ON fields.stream = declared.stream
        LEFT JOIN (SELECT stream, COUNT(*) AS seen, MIN(changed) AS least, MAX(changed) AS most
                   FROM (SELECT t.stream, t.run_id, SUM(t.changed) AS changed FROM {other} AND ({alike})
                         GROUP BY t.stream, t.run_id) AS earlier GROUP BY stream) usual
          ON usual.stream = declared.stream"""


def _alike(scope: Scope) -> Iterator[datetime]:
    """Give this time of earlier days like this one."""
    if (scope.as_of + DAY).day != 1:
        yield from (scope.now - 7 * weeks * DAY for weeks in range(1, WEEKS + 1))
        return
    end = scope.as_of
    for _ in range(MONTHS):
        end = end.replace(day=1) - DAY
        yield scope.now - (scope.as_of - end)


def _rows(scope: Scope) -> tuple[Rows, ...]:
    return (
        Rows("stream_fresh", "critical", "Every stream was read to its end within the schedule.",
             f"t.read_to_end_at IS NULL OR t.read_to_end_at < {moment(scope.stale_before)}",
             "was not read to its end within the schedule", date_dependent=True),
        Rows("deletions_accepted", "critical", "Nobody is asked whether so many records may go.",
             "t.sweep_refused IS NOT NULL", "holds records that are gone from the source, too many to go unasked",
             detail="CAST(t.sweep_gone AS TEXT) || ' are gone; if that is right, run again with accept_deletions='"
                    " || t.sweep_refused", date_dependent=True),
        Rows("stream_swept", "critical", "Keys were compared with the source's within seven nights.",
             "t.is_swept = 1 AND t.sweep_refused IS NULL AND t.read_to_end_at IS NOT NULL AND "
             f"(t.swept_at IS NULL OR t.swept_at < {moment(scope.now - SWEPT_WITHIN)})",
             "was not compared with the source's keys for seven nights", date_dependent=True),
        Rows("fields_known", "info", "The source sends no field that its connector does not know.",
             "t.new_fields > 0", "came with fields that this version does not know; they are kept in the staged pages",
             detail="CAST(t.new_fields AS TEXT) || ' for the first time, ' || t.first_field || ' among them'"),
        Rows("volume_usual", "info", "About as much changed as on other days like this one.",
             f"t.runs >= {scope.volume_min_runs} AND t.seen >= 2 AND (t.changed > {FACTOR} * t.most + {SLACK} "
             f"OR {FACTOR} * t.changed + {SLACK} < t.least)", "changed more or less than on other days like this one",
             detail="CAST(t.changed AS TEXT) || ' records, otherwise ' || CAST(t.least AS TEXT) || ' to ' "
                    "|| CAST(t.most AS TEXT)"),
    )  # fmt: skip


SUITE = Suite("sync", "stream", _batch, _rows)

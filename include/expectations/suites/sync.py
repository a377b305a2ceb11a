"""Sync: was every stream read to its end, recently enough, and did about as much change as otherwise?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from include.expectations.suite import Rows, Scope, Suite, moment, quoted

DAY = timedelta(days=1)
WEEKS, MONTHS = 8, 12
"""How far back a volume is compared: with the same weekday, at a month's end with the ends of months."""
FACTOR, SLACK = 3, 20
"""A volume is unusual beyond `FACTOR` times what was seen, and `SLACK` records; from practice, not from a standard."""


def _batch(scope: Scope) -> str:
    """One row per stream the connector declares, whether it was ever read or not."""
    declared = " UNION ALL ".join(f"SELECT {quoted(name)} AS stream" for name in scope.streams)
    runs = f"sync_runs t WHERE {scope.own} AND t.kind IN ('incremental', 'unchanged') AND t.run_id"
    this, other = f"{runs} = {quoted(scope.run_id)}", f"{runs} <> {quoted(scope.run_id)}"
    alike = " OR ".join(
        f"t.loaded_at >= {moment(at - DAY / 2)} AND t.loaded_at < {moment(at + DAY / 2)}" for at in _alike(scope)
    )
    return f"""
        SELECT declared.stream AS record, NULL AS number, NULL AS customer_number, NULL AS currency, NULL AS amount,
               t.read_to_end_at, (SELECT COUNT(DISTINCT t.run_id) FROM {other}) AS runs,
               today.changed, usual.seen, usual.least, usual.most
        FROM ({declared}) AS declared
        LEFT JOIN sync_cursors t ON t.stream = declared.stream AND {scope.own}
        LEFT JOIN (SELECT t.stream, SUM(t.changed) AS changed FROM {this} GROUP BY t.stream) today
          ON today.stream = declared.stream
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
        Rows("volume_usual", "info", "About as much changed as on other days like this one.",
             f"t.runs >= {scope.volume_min_runs} AND t.seen >= 2 AND (t.changed > {FACTOR} * t.most + {SLACK} "
             f"OR {FACTOR} * t.changed + {SLACK} < t.least)", "changed more or less than on other days like this one",
             detail="CAST(t.changed AS TEXT) || ' records, otherwise ' || CAST(t.least AS TEXT) || ' to ' "
                    "|| CAST(t.most AS TEXT)"),
    )  # fmt: skip


SUITE = Suite("sync", "stream", _batch, _rows)

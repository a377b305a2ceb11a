"""The named failpoints: every place in a run at which it is made to die, room by room.

Each names one statement, file or call of the production code by what it does, not by a line number.
test_failpoints.py holds the list against reality: an undisturbed run reaches each of them, no two are
the same, and no statement that writes to a shared table lacks one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.survival.crash.watching import Event, Moment

BOTH: tuple[Moment, ...] = ("before", "after")
FILE: tuple[Moment, ...] = ("before", "torn", "after")
ON = "warehouse."


@dataclass(frozen=True, slots=True)
class Failpoint:
    """One place to die.

    Args:
        task: the last part of a task id.
        what: the table, a pattern of the file's name, or the function; "" for any.
        within: a function of the project that does it, at whatever depth; "" for any.
        nth: which time in the task's life, among those that match.
        only: the database whose statement this is; "" for either.
    """

    name: str
    task: str
    verb: str
    what: str = ""
    within: str = ""
    moments: tuple[Moment, ...] = BOTH
    nth: int = 1
    only: str = ""

    def is_at(self, event: Event) -> bool:
        """Tell whether it is this that is done, whichever time."""
        return (
            event.verb == self.verb
            and (not self.what or re.fullmatch(self.what, event.what) is not None)
            and (not self.within or self.within in event.within)
        )

    @property
    def function(self) -> str:
        """The function that must be watched for it; "" when it is another kind of thing."""
        return self.what if self.verb in ("CALL", "NEXT") else ""


def _call(name: str, task: str, function: str, within: str = "", nth: int = 1, only: str = "") -> Failpoint:
    return Failpoint(name, task, "CALL", function, within, BOTH, nth, only)


def _page(name: str, task: str, function: str, within: str = "", nth: int = 1) -> Failpoint:
    return Failpoint(name, task, "NEXT", function, within, BOTH, nth)


def _file(name: str, task: str, pattern: str, within: str = "", nth: int = 1) -> Failpoint:
    return Failpoint(name, task, "WRITE", pattern, within, FILE, nth)


def _sql(name: str, task: str, verb: str, table: str, within: str, nth: int = 1, only: str = "") -> Failpoint:
    return Failpoint(name, task, verb, table, within and ON + within, BOTH, nth, only)


def _commit(name: str, task: str, within: str) -> Failpoint:
    return Failpoint(name, task, "COMMIT", "", within)


BIND = (
    _call("bind: the system is asked who it is", "extract", "connector:identity"),
    _sql("bind: the organization's row", "extract", "INSERT", "organizations", "binding:bind"),
    _sql("bind: the hash key", "extract", "UPDATE", "organizations", "binding:bind"),
    _sql("bind: the account", "extract", "UPDATE", "organizations", "binding:bind", nth=2),
    _commit("bind: commit", "extract", "warehouse.binding:bind"),
)
EXTRACT = (
    _sql("extract: the stream's state is read", "extract", "SELECT", "", "queries:state"),
    _file("extract: the window's note", "extract", r"window\.json"),
    _page("extract: a page is asked for", "extract", "connector:read"),
    _page("extract: the second page is asked for", "extract", "connector:read", nth=2),
    _file("extract: a page", "extract", r"\d{6}\.zst"),
    _file("extract: a page's note", "extract", r"\d{6}\.json"),
    _file("extract: the second page", "extract", r"\d{6}\.zst", nth=2),
    _sql("extract: a page is held against what is known", "extract", "SELECT", "", "queries:digests"),
    _page("extract: what is open there is asked for", "extract", "connector:read_open"),
    _file("extract: a page of what is open", "extract", r"\d{6}\.zst", nth=3),
    _sql("extract: what is open here is looked up", "extract", "SELECT", "", "queries:open_keys"),
    _page("extract: what is open here is read again", "extract", "connector:read_ids"),
    _call("sweep: the keys are listed", "extract", "connector:keys"),
    _call("sweep: what never arrived is found", "extract", "include.sweep:lacking"),
    _call("sweep: what is gone is found", "extract", "include.sweep:unlisted"),
    _file("extract: the manifest", "extract", r"manifest\.json"),
)
UNCHANGED = (
    _sql("unchanged: the stream's row", "extract", "INSERT", "sync_cursors", "loading:record_unchanged"),
    _sql("unchanged: the fence", "extract", "UPDATE", "sync_cursors", "loading:record_unchanged"),
    _sql("unchanged: the run record", "extract", "INSERT", "sync_runs", "loading:record_unchanged"),
    _commit("unchanged: commit", "extract", "warehouse.loading:record_unchanged"),
)
RESUME = (
    _file("resume: the list of inherited pages", "extract", r"inherited\.json"),
    _call("resume: what changed since another run's pages is read", "extract", "include.stager:Stager.catch_up"),
)
NORMALIZE = (
    _call("normalize: the manifest is read", "normalize", "include.staging:Manifest.read"),
    _call("normalize: a page is read", "normalize", "include.staging:read_page"),
    _call("normalize: a page is decoded", "normalize", "connector:decode"),
    _call("normalize: the records are mapped", "normalize", "connector:normalize"),
    _file("normalize: a table's Parquet", "normalize", r"(?!records)[a-z_]+-\d{6}\.parquet"),
    _file("normalize: the next Parquet", "normalize", r"(?!records)[a-z_]+-\d{6}\.parquet", nth=2),
    _file("normalize: the records", "normalize", r"records-\d{6}\.parquet"),
    _file("normalize: the rejects", "normalize", r"rejects\.parquet"),
    _file("normalize: the manifest", "normalize", r"normalized\.json"),
)
STAGE = (
    _call("stage: the manifest is read", "load", "include.staging:Manifest.read"),
    _sql("stage: the schema is checked", "load", "SELECT", "", "schema:check"),
    _sql("stage: an earlier load is looked for", "load", "SELECT", "", "fence:stored_summary"),
    _sql("stage: a temporary table", "load", "CREATE", "staged_records", "staged:stage"),
    _sql("stage: the last temporary table", "load", "CREATE", "staged_survivors", "staged:stage"),
    _call("stage: rows are copied", "load", "include.warehouse.arrow:csv", only="postgresql"),
    _call("stage: rows are inserted", "load", "include.warehouse.arrow:sqlite_rows", only="sqlite"),
    _call("stage: a table's rows are filled in", "load", "include.warehouse.staged:_fill", nth=3),
    _sql("stage: an index", "load", "CREATE", "by_key_staged_records", "staged:_fill"),
    _sql("stage: a temporary table is analysed", "load", "ANALYZE", "", "staged:_fill", only="postgresql"),
    _call("stage: what is gone", "load", "include.warehouse.staged:_add_deleted"),
    _sql("stage: whose rows they are", "load", "SELECT", "", "staged:_find_records"),
    _commit("stage: its end", "load", "warehouse.loading:load"),
)
MERGE = (
    _sql("merge: the database is begun to be written", "load", "BEGIN", "IMMEDIATE", "loading:load", only="sqlite"),
    _call("fence: the stream's version is held", "load", "include.warehouse.fence:advance"),
    _sql("losses: what is gone is looked up", "load", "SELECT", "", "losses:judge"),
    _sql("losses: it is held against what there is", "load", "SELECT", "", "losses:_known"),
    _sql("fence: the stream's row", "load", "INSERT", "sync_cursors", "fence:advance"),
    _sql("fence: version and cursor", "load", "UPDATE", "sync_cursors", "fence:advance"),
    _sql("merge: what a record no longer yields", "load", "UPDATE", "", "merge:_remove"),
    _sql(
        "merge: what a record no longer lists",
        "load",
        "UPDATE",
        "contacts|installments|allocations",
        "merge:_remove",
        nth=2,
    ),
    _sql("merge: what differs is found", "load", "INSERT", "staged_changed", "merge:_find_changed"),
    _sql("merge: what changed is kept", "load", "INSERT", "record_changes", "merge:_keep_changes"),
    _sql(
        "merge: rows are updated", "load", "UPDATE", "customers|invoices|credit_notes|payments|refunds", "merge:_update"
    ),
    _sql(
        "merge: rows are inserted",
        "load",
        "INSERT",
        "customers|invoices|credit_notes|payments|refunds",
        "merge:_insert",
    ),
    _sql("merge: children are updated", "load", "UPDATE", "contacts|installments|allocations", "merge:_update"),
    _sql("merge: children are inserted", "load", "INSERT", "contacts|installments|allocations", "merge:_insert"),
    _sql("survivors: the list is emptied", "load", "DELETE", "staged_survivors", "survivors:supersede"),
    _sql("survivors: those the source names", "load", "INSERT", "staged_survivors", "survivors:_named_by_source"),
    _sql("survivors: those of the same number", "load", "INSERT", "staged_survivors", "survivors:_same_number"),
    _sql("survivors: their identity", "load", "UPDATE", "staged_survivors", "survivors:_hand_on"),
    _sql("survivors: heirs", "load", "UPDATE", "customers|invoices|credit_notes|payments", "survivors:_hand_on"),
    _sql(
        "survivors: predecessors",
        "load",
        "UPDATE",
        "customers|invoices|credit_notes|payments",
        "survivors:_hand_on",
        nth=2,
    ),
    _sql("derived: the roots of customers", "load", "UPDATE", "customers", "derive:_write_roots"),
    _sql("derived: exclusions", "load", "UPDATE", "customers", "derive:recompute", nth=2),
    _sql("derived: contacts that count", "load", "UPDATE", "contacts", "derive:recompute"),
    _sql("records: those that are gone", "load", "DELETE", "source_records", "records:remember"),
    _sql("records: digests of what changed", "load", "UPDATE", "source_records", "records:remember"),
    _sql("records: digests of what is new", "load", "INSERT", "source_records", "records:remember"),
    _sql("records: former lines", "load", "DELETE", "source_lines", "records:_remember_lines"),
    _sql("records: lines", "load", "INSERT", "source_lines", "records:_remember_lines"),
    _sql("rejects: those that loaded after all", "load", "DELETE", "rejected_records", "records:keep_rejects"),
    _sql("rejects: those seen again", "load", "UPDATE", "rejected_records", "records:keep_rejects"),
    _sql("rejects: those that changed", "load", "UPDATE", "rejected_records", "records:keep_rejects", nth=2),
    _sql("rejects: new ones", "load", "INSERT", "rejected_records", "records:keep_rejects"),
    _sql("load: the organization's row", "load", "INSERT", "organizations", "binding:raise_data_version"),
    _sql("load: the data's version", "load", "UPDATE", "organizations", "binding:raise_data_version"),
    _sql("load: the run record", "load", "INSERT", "sync_runs", "fence:record"),
    _commit("load: commit", "load", "warehouse.engine:_write"),
)
COMPLETE = (
    _sql("complete: what is missing is looked up", "read_missing", "SELECT", "", "queries:missing_references"),
    _page("complete: it is asked for", "read_missing", "connector:read_ids"),
    _file("complete: a page", "read_missing", r"\d{6}\.zst"),
    _file("complete: the manifest", "read_missing", r"manifest\.json"),
    _file("complete: what normalize makes of it", "read_missing", r"normalized\.json"),
    _sql("complete: the fence", "read_missing", "UPDATE", "sync_cursors", "fence:advance"),
    _sql("complete: the run record", "read_missing", "INSERT", "sync_runs", "fence:record"),
    _commit("complete: a round's commit", "read_missing", "warehouse.engine:_write"),
    _call("complete: the next round is begun", "read_missing", "include.complete:missing", nth=3),
)
RECONCILE = (
    _call("reconcile: the figures are asked for", "reconcile", "connector:control_figures"),
    _call("reconcile: they are asked for again", "reconcile", "connector:control_figures", nth=2),
    _call("reconcile: the books here are read", "reconcile", "include.ledger:read"),
    _page("reconcile: what changed meanwhile is read", "reconcile", "connector:read", "extract:read_changed"),
    _file("reconcile: the manifest of what changed", "reconcile", r"manifest\.json", "extract:read_changed"),
    _sql("reconcile: the fence of what changed", "reconcile", "UPDATE", "sync_cursors", "fence:advance"),
    _sql("reconcile: the run record of what changed", "reconcile", "INSERT", "sync_runs", "fence:record"),
    _commit("reconcile: the commit of what changed", "reconcile", "warehouse.loading:load"),
    _sql(
        "reconcile: an earlier try's figures go",
        "reconcile",
        "DELETE",
        "reconciliations",
        "comparison:store_reconciliation",
    ),
    _sql("reconcile: the figures", "reconcile", "INSERT", "reconciliations", "comparison:store_reconciliation"),
    _sql(
        "reconcile: an earlier try's run record goes",
        "reconcile",
        "DELETE",
        "sync_runs",
        "comparison:store_reconciliation",
    ),
    _sql("reconcile: its run record", "reconcile", "INSERT", "sync_runs", "comparison:store_reconciliation"),
    _commit("reconcile: commit", "reconcile", "warehouse.comparison:store_reconciliation"),
)
JUDGE = (
    _call("validate: old pages are removed", "validate", "include.staging:remove_expired"),
    _call("validate: what rules exclude", "validate", "include.warehouse:recompute"),
    _sql("snapshots: those of the day go", "validate", "DELETE", "balance_snapshots", "snapshots:snapshot_balances"),
    _sql("snapshots: balances", "validate", "INSERT", "balance_snapshots", "snapshots:snapshot_balances"),
    _commit("snapshots: commit", "validate", "warehouse.snapshots:snapshot_balances"),
    _call("validate: the checkpoint", "validate", "include.expectations.checkpoint:validate"),
    _call("validate: the pages are published", "validate", "include.expectations.data_docs:publish"),
    Failpoint("validate: a page", "validate", "WRITE", "", "expectations.data_docs:publish", FILE),
    Failpoint("validate: the evidence", "validate", "INSERT", "evidence", "test_mode:_store"),
    _commit("validate: commit", "validate", "test_mode:_store"),
)
GATE = (_call("gate: the evidence is asked for", "ready_to_exit_test_mode", "include.test_mode:assert_ready"),)

FAILPOINTS = (
    *BIND, *EXTRACT, *UNCHANGED, *RESUME, *NORMALIZE, *STAGE, *MERGE, *COMPLETE, *RECONCILE, *JUDGE, *GATE,
)  # fmt: skip
FUNCTIONS = frozenset(failpoint.function for failpoint in FAILPOINTS if failpoint.function)

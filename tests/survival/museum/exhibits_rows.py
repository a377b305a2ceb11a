"""Exhibits: loads that lose rows, write them twice, or write somebody else's."""

from __future__ import annotations

from tests.survival.museum import checks_rows as loads
from tests.survival.museum.mutant import Edit, Mutant

WAREHOUSE = "include.warehouse"

EXHIBITS = (
    Mutant(
        "the cursor is committed apart from the rows",
        "datamill-co/target-postgres#128: a state that leaves before its rows are stored loses them in a crash",
        loads.a_load_that_fails_midway_moves_no_cursor,
        (
            Edit(
                f"{WAREHOUSE}.loading:load",
                "fence.advance(connection, manifest, stamp, lost)",
                "fence.advance(connection, manifest, stamp, lost)\nconnection.exec_driver_sql('COMMIT')\n"
                "connection.exec_driver_sql('BEGIN IMMEDIATE')",
            ),
        ),
    ),
    Mutant(
        "children are appended",
        "faucet-hq/faucet-stream#478: what a parent no longer lists stays, because children are only upserted",
        loads.an_installment_that_is_gone_from_its_invoice_is_gone,
        (
            Edit(
                f"{WAREHOUSE}.merge:remove",
                "removed[name] = _remove(connection, staged, name, listed, stamp)",
                "removed[name] = 0",
            ),
        ),
    ),
    Mutant(
        "one stream replaces another one's children",
        "powersync-ja/powersync.dart#414: an update of the parent deletes child rows it knows nothing of",
        loads.a_stream_leaves_the_children_of_another_one_alone,
        (
            Edit(
                f"{WAREHOUSE}.merge:remove",
                "and_(table.c.parent_stream == stamp.stream, table.c.parent_external_id.in_(replaced))",
                "table.c.parent_external_id.in_(replaced)",
            ),
        ),
    ),
    Mutant(
        "of two rows with one key the first is kept",
        "mixpanel/mixpanel-utils#27: removing duplicates keeps the record that was seen longest ago",
        loads.of_two_readings_the_later_one_counts,
        (
            Edit(
                f"{WAREHOUSE}.staged:_insert",
                "f\"INSERT OR REPLACE INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})\"",
                "f\"INSERT OR IGNORE INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})\"",
            ),
        ),
    ),
    Mutant(
        "of two pages with one record the first is kept",
        "apache/gobblin#1315: which of several versions of a record survives the compaction is left to chance",
        loads.of_two_pages_the_later_reading_counts,
        (
            Edit(
                "include.normalize:normalize",
                "_read_again(manifest.pages)",
                "_read_again(manifest.pages[::-1])",
            ),
        ),
    ),
    Mutant(
        "every row is written every night",
        "dbt-labs/dbt-core#11950: unchanged rows get a new version in every run",
        loads.what_did_not_change_is_not_written,
        (
            Edit(
                f"{WAREHOUSE}.merge:_find_changed",
                "or_(is_new, table.c.deleted_at.is_not(None), differs)",
                "or_(is_new, ~is_new)",
            ),
        ),
    ),
    Mutant(
        "a change from nothing to something is none",
        "dbt-labs/dbt-core#1516: comparing with <> misses a value that was null before",
        loads.a_value_where_there_was_none_is_written,
        (
            Edit(
                f"{WAREHOUSE}.merge:_find_changed",
                "table.c[name].is_distinct_from(rows.c[name])",
                "table.c[name] != rows.c[name]",
            ),
        ),
    ),
    Mutant(
        "what comes back stays deleted",
        "dbt-labs/dbt-adapters#654: a record that comes back to life unchanged is still marked as deleted",
        loads.what_comes_back_after_its_deletion_is_alive,
        (
            Edit(
                f"{WAREHOUSE}.merge:_find_changed",
                "or_(is_new, table.c.deleted_at.is_not(None), differs)",
                "or_(is_new, differs)",
            ),
        ),
    ),
    Mutant(
        "a retried load fails for ever",
        "dlt-hub/dlt#4052: a load that was done but not noted cannot be told from one that was not done",
        loads.a_load_that_is_tried_again_has_succeeded,
        (
            Edit(
                f"{WAREHOUSE}.fence:stored_summary",
                "None if stored is None else Summary(**{**stored, 'already_loaded': True})",
                "None",
            ),
        ),
    ),
    Mutant(
        "the second stream of a run is taken for loaded",
        "dlt-hub/dlt#2687: pipelines that share a state take each other's progress for their own",
        loads.each_stream_of_a_run_is_loaded,
        (
            Edit(
                f"{WAREHOUSE}.fence:stored_summary",
                "runs.c.manifest == manifest.address",
                "runs.c.run_id == manifest.run_id",
            ),
        ),
    ),
    Mutant(
        "two runs at once: the older read wins",
        "dlt-hub/dlt#4297: overlapping merges into one table duplicate rows or drop them, silently",
        loads.a_read_from_before_another_load_is_refused,
        (Edit(f"{WAREHOUSE}.fence:advance", "cursors.c.version == manifest.version", "cursors.c.version >= 0"),),
    ),
    Mutant(
        "rejects are swallowed",
        "zilliztech/vts#132: the connector exits silently instead of telling what it could not take",
        loads.a_reject_is_kept_and_counted,
        (
            Edit(
                f"{WAREHOUSE}.loading:_merge",
                "rejects_changed = records.keep_rejects(connection, staged, stamp)",
                "rejects_changed = False",
            ),
        ),
    ),
    Mutant(
        "a mended reject stays",
        "datamill-co/target-postgres#24: invalid records go to a dead-letter queue that nobody empties",
        loads.a_reject_that_was_mended_is_forgotten,
        (Edit(f"{WAREHOUSE}.records:keep_rejects", "count_written(connection, resolved)", "0"),),
    ),
    Mutant(
        "an older reject replaces a newer one",
        "microsoft/Dynamics-365-FastTrack-Implementation-Assets#294: removing duplicates keeps the wrong version",
        loads.an_older_reject_does_not_replace_a_newer_one,
        (Edit(f"{WAREHOUSE}.records:keep_rejects", "is_older.is_not(True)", "is_older.is_not(None) | True"),),
    ),
    Mutant(
        "a replayed record replaces a newer row",
        "dbt-labs/dbt-core#2350: an old version is compared by the wrong moment and wins",
        loads.an_old_record_that_is_tried_again_does_not_replace_a_newer_one,
        (Edit(f"{WAREHOUSE}.loading:_merge", "records.drop_outdated(connection, staged, stamp)", "staged.records"),),
    ),
    Mutant(
        "a merged customer is two",
        "fivetran/dbt_hubspot#46: merged contacts stay beside the one they were merged into and count twice",
        loads.a_merged_customer_hands_its_identity_on,
        (Edit(f"{WAREHOUSE}.survivors:supersede", "_named_by_source(connection, table, staged, stamp)", "table"),),
    ),
    Mutant(
        "an invoice issued again is a new one",
        "GSA/data.gov#5173: a record that was removed and entered again comes as a second one",
        loads.an_invoice_issued_again_under_another_key_keeps_its_identity,
        (Edit(f"{WAREHOUSE}.survivors:supersede", "_same_number(connection, table, staged, stamp)", "table"),),
    ),
    Mutant(
        "one tenant's deletion takes another one's rows",
        "dlt-hub/dlt#4297: tenants that share tables wipe each other's rows",
        loads.a_deletion_is_one_organizations_own,
        (Edit(f"{WAREHOUSE}.merge:_remove", "stamp.owns(table)", "table.c.organization_id.is_not(None)"),),
    ),
    Mutant(
        "one tenant's row is taken for another one's",
        "dlt-hub/dlt#4297: a merge without the tenant in its key finds the other tenant's row",
        loads.equal_keys_of_two_organizations_are_two_rows,
        (
            Edit(
                f"{WAREHOUSE}.merge:_find_changed",
                "and_(stamp.owns(table), table.c.external_id == rows.c.external_id)",
                "table.c.external_id == rows.c.external_id",
            ),
        ),
    ),
    Mutant(
        "one tenant's open documents are asked after at another",
        "dlt-hub/dlt#2834: several datasets of one pipeline share what only one of them may say",
        loads.open_documents_are_one_organizations_own,
        (
            Edit(
                f"{WAREHOUSE}.queries:_alive",
                "and_(table.c.organization_id == organization_id, table.c.deleted_at.is_(None))",
                "table.c.deleted_at.is_(None)",
            ),
        ),
    ),
    Mutant(
        "another company's books are loaded into this one",
        "Azure/azure-powershell#17104: signing in with another account's credentials succeeds without a word",
        loads.another_company_behind_the_connection_is_refused,
        (Edit(f"{WAREHOUSE}.binding:_bound", "getattr(row, name) != getattr(identity, name)", "False"),),
    ),
    Mutant(
        "a writer asks for SQLite's lock too late",
        "chatmail/core#4063: a deferred transaction fails as locked when it begins to write, whatever the time-out",
        loads.writers_of_one_database_wait_for_each_other,
        (Edit(f"{WAREHOUSE}.engine:_begin_sqlite", "'BEGIN IMMEDIATE' if writes else 'BEGIN'", "'BEGIN'"),),
    ),
)

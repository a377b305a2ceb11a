"""Exhibits: rows that never come, come for ever, or go although they are there."""

from __future__ import annotations

from tests.survival.museum import checks_reading as reading
from tests.survival.museum.mutant import Edit, Mutant

EXTRACT, STAGER, STAGING, SWEEP = "include.extract", "include.stager", "include.staging", "include.sweep"

EXHIBITS = (
    Mutant(
        "the cursor is asked for exclusively",
        "airbytehq/airbyte#14732: rows that share the newest timestamp and come after the sync are never read",
        reading.what_is_stamped_as_the_newest_record_arrives,
        (Edit(f"{EXTRACT}:_window", "cursor - stream.overlap", "cursor + stream.overlap.resolution"),),
    ),
    Mutant(
        "same-second records are dropped after they were read",
        "estuary/connectors#5205: records at the checkpoint's own second are discarded for good",
        reading.what_is_stamped_as_the_newest_record_arrives,
        (
            Edit(f"{EXTRACT}:_window", "cursor - stream.overlap", "cursor"),
            Edit(
                f"{STAGER}:Stager._count",
                "again = self.seen.add(item.key for item in items)",
                "items = [i for i in items if not (self.window.since and i.updated_at and"
                " i.updated_at <= self.window.since)]\nagain = self.seen.add(item.key for item in items)",
            ),
        ),
    ),
    Mutant(
        "there is no overlap",
        "fivetran/dbt_jira#118: without a look-back, records that arrive late are missing for good",
        reading.what_is_committed_late_with_an_earlier_stamp_arrives,
        (Edit(f"{EXTRACT}:_window", "cursor - stream.overlap", "cursor"),),
    ),
    Mutant(
        "the cursor is the clock",
        "jprante/elasticsearch-jdbc#393: the next read begins at the current time, new rows are not found",
        reading.what_is_committed_late_after_the_newest_record_arrives,
        (Edit(f"{STAGER}:Stager.manifest", "min(self.newest, self.started_at, *held)", "self.started_at"),),
    ),
    Mutant(
        "the cursor is a day",
        "PostHog/posthog#59033: a cursor of a day's resolution skips what lands on that day after the sync",
        reading.what_is_changed_later_on_the_cursors_day_arrives,
        (
            Edit(
                f"{EXTRACT}:_window",
                "cursor - stream.overlap",
                "(cursor - stream.overlap).replace(hour=23, minute=59, second=59)",
            ),
        ),
    ),
    Mutant(
        "a stamp of the future moves the cursor",
        "chio-labs/sqlbuild#464: rows dated ahead become the largest cursor, and current data are skipped",
        reading.a_record_of_the_future_does_not_hide_todays_changes,
        (
            Edit(f"{STAGER}:Stager._count", "item.updated_at and item.updated_at > source_time", "False"),
            Edit(f"{STAGER}:Stager.manifest", "min(self.newest, self.started_at, *held)", "self.newest"),
        ),
    ),
    Mutant(
        "the cursor follows the last page back",
        "meltano/sdk#118: the bookmark is set to each record's value, whether it is larger than before or not",
        reading.the_cursor_never_goes_back,
        (
            Edit(f"{STAGER}:Stager.manifest", "max(cursor, reached)", "reached"),
            Edit("include.warehouse.fence:_reached", "max(cursor, row.cursor)", "cursor"),
        ),
    ),
    Mutant(
        "a backfill of some days moves the cursor",
        "dlt-hub/dlt#2834: a run that read one part saves the state that stands for all of it",
        reading.a_limited_run_moves_no_cursor,
        (
            Edit(
                f"{STAGER}:Stager.manifest",
                "not limited",
                "True",
            ),
            Edit("include.warehouse.fence:_reached", "manifest.limited", "False"),
        ),
    ),
    Mutant(
        "an error in mid-paging ends the list",
        "pipeshub-ai/pipeshub-ai#3095: a failed page is logged, and the short list reported as a whole one",
        reading.a_page_that_fails_fails_the_read,
        (
            Edit(
                f"{EXTRACT}:extract",
                "stager.stage(read.connector.read(stream, replace(window, resume=stager.token)), resumable=True)",
                "try:\n    stager.stage(read.connector.read(stream, replace(window, resume=stager.token)),"
                " resumable=True)\nexcept Exception:\n    pass",
            ),
        ),
    ),
    Mutant(
        "records without a timestamp are skipped",
        "PostHog/posthog#76090: the filter on updated_at leaves out what never had one, in every sync",
        reading.a_record_without_any_timestamp_arrives,
        (Edit(f"{EXTRACT}:extract", "sweep.lacking(read, stager.seen.lacking(listed))", "[]"),),
    ),
    Mutant(
        "what a record lists is read when the record changes only",
        "airbytehq/airbyte#2661: a change that leaves the cursor field alone is never picked up",
        reading.a_contact_that_is_deleted_without_a_trace_is_gone,
        (Edit(f"{SWEEP}:lacking", "read.stream.reread", "False"),),
    ),
    Mutant(
        "what is open here is not asked after again",
        "airbytehq/airbyte#2661: a change that leaves the cursor field alone is never picked up",
        reading.what_is_settled_without_a_trace_is_settled_here,
        (Edit(f"{EXTRACT}:extract", "sorted(stager.seen.lacking(again))", "[]"),),
    ),
    Mutant(
        "what is open there is not asked after",
        "airbytehq/airbyte#2661: a change that leaves the cursor field alone is never picked up",
        reading.what_is_reopened_without_a_trace_is_open_here,
        (Edit(f"{EXTRACT}:extract", "stager.stage(read.connector.read_open(stream), what='open')", "[]"),),
    ),
    Mutant(
        "the first page comes for ever",
        "NangoHQ/nango-sync#20: a wrong token path reads the first page over and over, and nothing tells",
        reading.the_same_page_for_ever_ends_the_read,
        (
            Edit(
                f"{STAGER}:_each_once",
                "mark in seen and (resumable or page.items)",
                "False",
            ),
        ),
    ),
    Mutant(
        "a retry goes on with another list's token",
        "mvanhorn/cli-printing-press#4674: the resume cursor is advanced past records that were never extracted",
        reading.a_retry_goes_on_with_the_windows_own_token,
        (Edit(f"{STAGER}:Stager.take_over", 'note["token"] if note["resumable"] else self.token', 'note["token"]'),),
    ),
    Mutant(
        "a retry takes pages that are older than the rows",
        "block/spirit#151: resuming from a checkpoint ignores what has changed since, and leaves a wrong copy",
        reading.a_retry_does_not_go_on_from_pages_older_than_the_rows,
        (Edit(f"{STAGING}:_staged", "bounds != _bounds(window, version)", "False"),),
    ),
    Mutant(
        "a task that is cleared takes its old pages",
        "rocky-data/rocky#1543: what is to run afresh trusts a stale checkpoint",
        reading.a_cleared_task_reads_again,
        (Edit(f"{STAGING}:_staged", '(folder / "manifest.json").exists()', "False"),),
    ),
    Mutant(
        "two runs write into one folder",
        "dlt-hub/dlt#2218: runs that share a staging location truncate each other's files",
        reading.two_runs_never_share_a_folder,
        (Edit(f"{STAGING}:_safe", 'plain == run_id and plain.strip(".")', "plain"),),
    ),
    Mutant(
        "deletions do not arrive",
        "airbytehq/airbyte#10140: records deleted at the source stay in the destination of an incremental sync",
        reading.what_is_deleted_there_is_deleted_here,
        (Edit(f"{EXTRACT}:extract", "manifest.deleted = deleted", "manifest.deleted = []"),),
    ),
    Mutant(
        "an incomplete list deletes what it lacks",
        "risingwavelabs/risingwave#27039: a comparison with a partial list emits deletes of rows that exist upstream",
        reading.a_list_that_lost_many_records_deletes_none,
        (Edit("include.warehouse.losses:judge", "lost <= within", "True"),),
    ),
    Mutant(
        "what a list leaves out is deleted unasked",
        "airbytehq/airbyte#2607: rows that the next read does not list are removed although they exist",
        reading.what_is_only_out_of_the_list_is_not_deleted,
        (Edit(f"{SWEEP}:_confirmed", "list(stager.seen.lacking(asked))", "asked"),),
    ),
    Mutant(
        "a mended mapping reaches only what changes later",
        "dbt-labs/dbt-core#10088: a new column stays empty for rows whose other columns do not change",
        reading.a_mended_mapping_reads_all_records_again,
        (
            Edit(
                f"{STAGER}:Stager._versioned",
                "f'{version}.{item.digest}'",
                "f'1.{item.digest}'",
            ),
        ),
    ),
    Mutant(
        "of two readings the changed one wins",
        "airbytehq/airbyte#21500: records that change while they are paged are read at the wrong moment",
        reading.a_record_that_changed_back_while_it_was_read_is_as_it_is_there,
        (
            Edit(
                f"{STAGER}:Stager._changed",
                "item.key in before or stored.get(item.key) != item.digest",
                "stored.get(item.key) != item.digest",
            ),
        ),
    ),
)

"""Exhibits: answers misread, tokens lost, limits overrun, secrets told."""

from __future__ import annotations

from tests.survival.museum import checks_wire as wire
from tests.survival.museum.mutant import Edit, Mutant

HTTP, PAGING, LEASES = "include.connectors.http", "include.connectors.paging", "include.access.leases"

EXHIBITS = (
    Mutant(
        "a rate limit is an empty answer",
        "medizininformatik-initiative/torch#272: a 429 is skipped although what it stands for exists",
        wire.a_rate_limit_is_no_answer,
        (Edit(f"{HTTP}:Http._send", "answer.status in accepts", "answer.status in (*accepts, 429)"),),
    ),
    Mutant(
        "a server error is an empty answer",
        "Tr3kkR/Yuzu#1875: a failed request gives no records, which ends the paging and moves the sync time",
        wire.a_server_error_is_no_empty_list,
        (Edit(f"{HTTP}:Http._send", "answer.status in accepts", "answer.status in accepts or answer.status >= 500"),),
    ),
    Mutant(
        "the wait that a system asks for is ignored",
        "apache/iggy#4168: Retry-After is read for one status only, others are asked again too early",
        wire.the_wait_that_is_asked_for_is_kept,
        (
            Edit(
                f"{HTTP}:Http._after_refusal",
                "policy.get_backoff_time() if wait is None else wait",
                "policy.get_backoff_time()",
            ),
        ),
    ),
    Mutant(
        "a wait given as a date is none",
        "austind/retryhttp#8: Retry-After is understood as a number only",
        wire.the_wait_may_be_given_as_a_date,
        (
            Edit(
                "include.connectors.resolutions:retry_after",
                "max(0.0, (parsedate_to_datetime(value) - clock).total_seconds())",
                "None",
            ),
        ),
    ),
    Mutant(
        "a web page is an empty list",
        "equinor/tagreader-python#483: an answer that is no JSON is taken for an empty list",
        wire.a_web_page_is_no_empty_list,
        (Edit(f"{HTTP}:Answer.json", "is_html = self.body.lstrip()[:1] == b'<'", "return {}"),),
    ),
    Mutant(
        "of two things under one name the last is believed",
        "tavily-ai/tavily-python#193: a list that an answer names twice is decoded as the second one only",
        wire.what_is_said_twice_is_not_believed,
        (Edit("include.exact_json:strict", "len(found) != len(pairs)", "False"),),
    ),
    Mutant(
        "an answer has no bounds",
        "saltstack/salt#69849: only the packed size of an answer is bounded, unpacked it fills the memory",
        wire.an_answer_is_bounded_after_unpacking,
        (Edit(f"{HTTP}:_body", "size > LARGEST_ANSWER", "False"),),
    ),
    Mutant(
        "credentials follow a redirect",
        "nodejs/undici#872: the Authorization header goes along to another origin",
        wire.credentials_do_not_follow_a_redirect,
        (Edit(f"{HTTP}:Http._ask", "False", "True"),),
    ),
    Mutant(
        "our clock stands for the vendor's",
        "heapwolf/level-replicator#4: a clock that is ahead asks the other side for what is in its future",
        wire.the_vendors_clock_is_not_replaced_by_ours,
        (
            Edit(
                f"{HTTP}:Answer.at",
                "parsedate_to_datetime(self.headers['Date']).astimezone(UTC)",
                "parsedate_to_datetime(self.headers['Date']).astimezone(UTC) if 'Date' in self.headers"
                " else datetime.now(UTC)",
            ),
        ),
    ),
    Mutant(
        "tokens that go round are followed",
        "boto/botocore#3778: only a token that repeats the one before is noticed, a longer circle never ends",
        wire.tokens_that_go_round_are_told,
        (Edit(f"{PAGING}:by_token", "seen.add(digest)", "seen = {digest}"),),
    ),
    Mutant(
        "a server that ignores the page number is followed",
        "NangoHQ/nango-sync#20: the first page is read again and again, until the maximum",
        wire.a_server_that_ignores_the_page_number_is_told,
        (Edit(f"{PAGING}:by_number", "earlier != number", "False"),),
    ),
    Mutant(
        "the last page is dropped",
        "CrowdStrike/rusty-falcon#36: the last page is missing in the result",
        wire.the_last_page_is_kept,
        (Edit(f"{PAGING}:by_number", "yield page", "if is_last(page):\n    return\nyield page"),),
    ),
    Mutant(
        "an unsorted list is paged by its keys",
        "MeltanoLabs/tap-postgres#297: a list that is said to be sorted is not, resuming by its key loses rows",
        wire.a_list_that_is_not_sorted_as_asked_is_told,
        (Edit(f"{PAGING}:by_key", "last is not None and key is not None and not key < last", "False"),),
    ),
    Mutant(
        "two processes use one refresh token",
        "editor-code-assistant/eca#462: processes that refresh at once end each other's session",
        wire.a_refresh_token_is_used_by_one_at_a_time,
        (Edit(f"{LEASES}:TokenStore._lease", "row.leased_until and row.leased_until > at", "False"),),
    ),
    Mutant(
        "a new token dies with its process",
        "intuit/quickbooks-online-mcp-server#43: the rotated refresh token is not kept, the next start fails",
        wire.a_new_token_outlives_its_process,
        (
            Edit(
                f"{LEASES}:TokenStore._commit",
                "self._row(connection).version == row.version",
                "self._row(connection).version != row.version",
            ),
        ),
    ),
    Mutant(
        "the former token is thrown away too early",
        "HQBase/hqbase#41: after a rotation nobody has a token that works",
        wire.the_former_token_is_kept_until_the_new_one_worked,
        (Edit(f"{LEASES}:TokenStore._commit", "row.current.encrypted() if row.current else None", "None"),),
    ),
    Mutant(
        "a limit is counted by each process alone",
        "aishek/axios-rate-limit#26: each process keeps a limit of its own, together they exceed the vendor's",
        wire.all_processes_stay_below_one_limit,
        (Edit("include.access.pacing:Pacer._take", "max(waits) > 0", "False"),),
    ),
    Mutant(
        "one tenant uses up another one's calls",
        "jmrplens/gitlab-mcp-server#540: one tenant can exhaust a limit that all of them share",
        wire.one_tenant_does_not_use_up_anothers_calls,
        (
            Edit(
                "include.access.pacing:Pacer._scope",
                "f'{self.connection_id}/{tenant}' if per == 'tenant' else self.connection_id",
                "self.connection_id",
            ),
        ),
    ),
    Mutant(
        "secrets stand in the log",
        "snowflakedb/snowflake-connector-python#1454: tokens of the session are written to the log",
        wire.no_secret_is_logged,
        (
            Edit(
                "include.connectors.redaction:_Redacting.filter",
                "redacted(record.getMessage())",
                "record.getMessage()",
            ),
        ),
    ),
    Mutant(
        "an error shows the whole address",
        "xorbitsai/xagent#40: keys in the query are written out with every failed request",
        wire.no_address_with_its_query_stands_in_an_error,
        (Edit(f"{HTTP}:Http._after_failure", "type(error).__name__", "error"),),
    ),
    Mutant(
        "a token goes to another server",
        "microsoft/vscode-mssql#17598: what belongs to one connection is used for another that leads elsewhere",
        wire.a_token_of_one_server_is_not_shown_to_another,
        (
            Edit(
                "include.connectors.oauth:Bearer.__init__",
                "'\\n'.join((self.oauth.token_url, connection.login, *secret))",
                "'\\n'.join((connection.login, *secret))",
            ),
        ),
    ),
)

"""Airflow's retries, fed by how errors are sorted: what a person must mend is not tried again, what must wait waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.definitions.retry_policy import RetryDecision

from include.errors import SourceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES = [
    RetryRule("include.errors.SourceUnavailable", action=RetryAction.RETRY, reason="wait for the system"),
    RetryRule("include.errors.StorageError", action=RetryAction.RETRY, reason="room may be made meanwhile"),
    RetryRule("include.errors.GreenlightError", action=RetryAction.FAIL, reason="a person must act first"),
]
"""The first rule that matches wins; anything unforeseen is retried."""
WORK = timedelta(minutes=30)
"""What a run still needs after its longest wait; less than that is no use waiting for."""


class RetryByKind(ExceptionRetryPolicy):
    """Retries by the kind of failure, and after as long as the system asked for.

    A wait that the run would not outlive fails at once: its owners hear of it now, not hours later, and
    the next run, which may not begin before this one has ended, goes on where the cursor stands.

    Args:
        run_timeout: the DAG's dagrun_timeout.
    """

    def __init__(self, run_timeout: timedelta) -> None:
        super().__init__(rules=RULES)
        self.run_timeout = run_timeout

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Mapping[str, Any] | None = None
    ) -> RetryDecision:
        """Decide, as a task's process asks when the task has failed."""
        decision = super().evaluate(exception, try_number, max_tries, context)  # type: ignore[arg-type]
        wait = exception.retry_after if isinstance(exception, SourceUnavailable) else None
        if decision.action is not RetryAction.RETRY or not wait:
            return decision
        delay = timedelta(seconds=wait)
        if delay + WORK > self._left(context):
            return RetryDecision.fail(
                f"the system asks to wait {delay}, longer than this run lasts; the next one goes on where it stopped"
            )
        return RetryDecision.retry(delay, f"the system asks to wait {delay}")

    def _left(self, context: Mapping[str, Any] | None) -> timedelta:
        started_at = getattr((context or {}).get("dag_run"), "start_date", None)
        return self.run_timeout - (datetime.now(UTC) - started_at if started_at else timedelta())

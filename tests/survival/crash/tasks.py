"""The tasks of one organization's DAG, called as Airflow calls them: the functions of dags/sync.py in a context."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException
from airflow.sdk.execution_time.context import set_current_context

from dags import sync
from include.organizations import Organization

PARAMS: Mapping[str, Any] = {
    "full_refresh": False, "streams": [], "customers": [], "from": None, "to": None, "dry_run": False,
    "accept_deletions": "",
}  # fmt: skip
SKIPPED = "skipped"
STEPS = ("extract", "normalize", "load")
LAST = ("complete.read_missing", "reconcile", "validate", "ready_to_exit_test_mode")


@dataclass
class Run:
    """One DAG run: what its tasks have answered so far, by task id."""

    run_id: str
    start_date: datetime
    params: Mapping[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    def copy(self) -> Run:
        return Run(self.run_id, self.start_date, self.params, dict(self.answers))


class Tasks:
    """The DAG of one organization; `order` is one in which its tasks may run, one after the other."""

    def __init__(self, organization: Organization) -> None:
        self.dag = sync.build(organization)
        self.streams = list(dict.fromkeys(name.partition(".")[0] for name in self.dag.task_ids if ".extract" in name))

    def order(self, judged: bool = False) -> Iterator[str]:
        """Yield the task ids; the last two, which take seconds, only where somebody wants a judgement."""
        for stream in self.streams:
            for step in STEPS:
                yield f"{stream}.{step}"
        yield from LAST if judged else LAST[:2]

    def run(self, run: Run, task_id: str, try_number: int = 1) -> Any:
        """Call a task's function as its process does, keep and return its answer; whatever it raises goes up."""
        task = self.dag.get_task(task_id)
        stream, _, step = task_id.partition(".")
        given: list[Any] = []
        if step == "extract":
            given = [stream]
        elif step in STEPS:
            given = [run.answers[f"{stream}.{STEPS[STEPS.index(step) - 1]}"]]
            if given == [SKIPPED]:  # as what is downstream of a skipped task
                return self._keep(run, task_id, SKIPPED)
        with set_current_context(self.context(run, try_number)):
            try:
                return self._keep(run, task_id, task.python_callable(*given))
            except AirflowSkipException:
                return self._keep(run, task_id, SKIPPED)

    def retried(self, error: BaseException, run: Run, task_id: str, try_number: int = 1) -> bool:
        """Tell whether Airflow would try the task again after this error, nobody attending."""
        task = self.dag.get_task(task_id)
        if try_number > task.retries:
            return False
        decision = task.retry_policy.evaluate(error, try_number, task.retries, self.context(run, try_number))
        return decision.action.name != "FAIL"

    def context(self, run: Run, try_number: int = 1) -> Any:
        """Return what a task's function or a callback of the run may ask for."""
        pushed: dict[str, Any] = {}
        return {
            "dag": self.dag,
            "run_id": run.run_id,
            "dag_run": SimpleNamespace(
                run_id=run.run_id, start_date=run.start_date, conf=dict(run.params), triggering_user_name=None
            ),
            "ti": SimpleNamespace(try_number=try_number, xcom_push=pushed.__setitem__),
            "params": {**PARAMS, **run.params},
        }

    @staticmethod
    def _keep(run: Run, task_id: str, answer: Any) -> Any:
        run.answers[task_id] = answer
        return answer

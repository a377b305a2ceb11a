"""What a DAG looks like, as text that shows in a diff what has changed.

`python -m tests.dags.structure` writes tests/dags/sync_structure.txt anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

SNAPSHOT = Path(__file__).parent / "sync_structure.txt"


def schedule(dag: Any) -> str:
    """Return the cron fields and their time zone."""
    timetable = dag.timetable
    return f"{timetable.expression} {timetable.timezone}" if hasattr(timetable, "expression") else "by hand"


def describe(dag: Any) -> str:
    """Return a line per setting, and a block per task."""
    lines = [
        f"{dag.dag_id}: {dag.description}",
        f"schedule {schedule(dag)} · catchup {dag.catchup} · active runs {dag.max_active_runs} · "
        f"timeout {dag.dagrun_timeout} · paused {dag.is_paused_upon_creation}",
        f"params {', '.join(sorted(dag.params))}",
        "",
    ]
    for task in sorted(dag.tasks, key=lambda t: (len(t.get_flat_relative_ids(upstream=True)), t.task_id)):
        group = task.task_group.group_id if task.task_group else None
        lines += [
            task.task_id + (f"  in group {group}" if group else ""),
            f"    after     {', '.join(sorted(task.upstream_task_ids)) or 'nothing'}",
            f"    runs      {task.trigger_rule.value} · pool {task.pool} · retries {task.retries} · "
            f"timeout {task.execution_timeout}",
            *([f"    outlets   {', '.join(asset.name for asset in task.outlets)}"] if task.outlets else []),
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the snapshot."""
    import os
    import tempfile

    from tests.dags.conftest import FOLDER, write

    with tempfile.TemporaryDirectory() as folder:
        os.environ["GREENLIGHT_ORGANIZATIONS"] = str(write(Path(folder)))
        from airflow.dag_processing.dagbag import DagBag

        SNAPSHOT.write_text(describe(DagBag(FOLDER).dags["sync__north"]))


if __name__ == "__main__":
    main()

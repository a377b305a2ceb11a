"""A real Airflow (`standalone`: scheduler, DAG processor, API server and UI) for the demo."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from demo.processes import Processes

START_SECONDS = 120
RUN_SECONDS = 600


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_taken(port: int) -> bool:
    """Tell whether somebody listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Airflow:
    """Airflow on loopback, driven over its REST API."""

    def __init__(self, processes: Processes, home: Path, port: int, environment: dict[str, str]) -> None:
        self.processes = processes
        self.home = home
        self.url = f"http://127.0.0.1:{port}"
        self.environment = environment | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        }
        self.session = requests.Session()
        self.session.mount("http://", HTTPAdapter(max_retries=Retry(connect=0, read=3)))  # a busy machine answers late
        self.log = home / "standalone.log"
        self.migration = self.pid = 0

    def prepare(self, within: Sequence[str], cwd: Path) -> None:
        """Begin to make the metadata database, while something else is done; `start` goes on when it is made."""
        self.home.mkdir()
        self.migration = self.processes.start([*within, "airflow", "db", "migrate"], self.log, self.environment, cwd)

    def start(self, within: Sequence[str], cwd: Path) -> None:
        """Start `airflow standalone` by way of a command that gives it its settings; `wait` tells when it is up."""
        with suppress(psutil.NoSuchProcess):
            psutil.Process(self.migration).wait(START_SECONDS)
        self.pid = self.processes.start([*within, "airflow", "standalone"], self.log, self.environment, cwd)

    def wait(self, dag_ids: Iterable[str]) -> None:
        """Wait until the API answers and knows these DAGs.

        Raises:
            RuntimeError: Airflow ended or did not come up in time; shows the end of its log.
        """
        deadline = time.monotonic() + START_SECONDS
        wanted = set(dag_ids)
        while time.monotonic() < deadline:
            try:
                if not self.session.headers.get("Authorization"):
                    token = self.session.get(f"{self.url}/auth/token", timeout=5)
                    token.raise_for_status()
                    self.session.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
                dags = self.get("dags", limit=100)["dags"]
                if wanted <= {dag["dag_id"] for dag in dags}:
                    return
            except requests.RequestException:
                if not any(process.pid == self.pid for process in self.processes.alive()):
                    break
            time.sleep(0.5)
        problems = self._import_errors()
        raise RuntimeError(f"Airflow did not come up with {', '.join(sorted(wanted))}.\n{problems}{self._tail()}")

    def _import_errors(self) -> str:
        try:
            errors = self.get("importErrors")["import_errors"]
        except requests.RequestException:
            return ""
        return "".join(f"{error['filename']}: {error['stack_trace']}\n" for error in errors)

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:]) + f"\nThe whole log is {self.log}"

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """Return the answer of one GET on the REST API."""
        answer = self.session.get(f"{self.url}/api/v2/{path}", params=params, timeout=20)
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run and return its id."""
        answer = self.session.post(
            f"{self.url}/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf or {}}, timeout=20
        )
        answer.raise_for_status()
        run_id: str = answer.json()["dag_run_id"]
        return run_id

    def tasks(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return task id → state of a run."""
        instances = self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=100)["task_instances"]
        return {instance["task_id"]: instance["state"] or "none" for instance in instances}

    def finish(self, runs: dict[str, str], tell: Callable[[str], None], seconds: float = RUN_SECONDS) -> dict[str, str]:
        """Wait for the runs (DAG id → run id), telling what they are doing; return DAG id → state.

        Raises:
            RuntimeError: a run did not end in time.
        """
        states: dict[str, str] = {}
        told: dict[str, str] = {}
        deadline = time.monotonic() + seconds
        while len(states) < len(runs) and time.monotonic() < deadline:
            for dag_id, run_id in runs.items():
                if dag_id in states:
                    continue
                tasks = self.tasks(dag_id, run_id)
                line = _progress(tasks)
                if line != told.get(dag_id):
                    told[dag_id] = line
                    tell(f"{dag_id.removeprefix('sync__'):<22} {line}")
                state = self.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"]
                if state in ("success", "failed"):
                    states[dag_id] = state
            time.sleep(1)
        if late := set(runs) - set(states):
            raise RuntimeError(f"{', '.join(sorted(late))} did not end within {seconds:.0f} s.\n{self._tail()}")
        return states


def _progress(tasks: dict[str, str]) -> str:
    ended = [t for t, state in tasks.items() if state in ("success", "failed", "skipped", "upstream_failed")]
    running = sorted(t for t, state in tasks.items() if state == "running")
    failed = sorted(t for t, state in tasks.items() if state == "failed")
    parts = [f"{len(ended):>2}/{len(tasks)} tasks"]
    parts += [f"running {', '.join(running)}"] if running else []
    parts += [f"failed {', '.join(failed)}"] if failed else []
    return " · ".join(parts)

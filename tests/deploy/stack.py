"""The deployment under test: docker-compose.yaml as it is, the test's additions, and Airflow's REST API."""

from __future__ import annotations

import json
import re
import secrets
import time
from pathlib import Path
from typing import Any

import requests

from demo.airflow_server import Airflow, free_port
from demo.processes import Processes
from include import environment
from tests.conformance.sample_server import SECRET
from tests.deploy.engine import Engine, run

PROJECT = Path(__file__).resolve().parents[2]
FILES = ("docker-compose.yaml", "tests/deploy/docker-compose.test.yaml")
BUILD_SECONDS, UP_SECONDS = 1800, 600
HEALTH_SECONDS = 240
VARIABLE = re.compile(r"\$\{([A-Z_]+):-([^}]+)\}")


def defaults() -> dict[str, str]:
    """Return the variables of docker-compose.yaml that have a default, with it."""
    return dict(VARIABLE.findall((PROJECT / FILES[0]).read_text(encoding="utf-8")))


class Stack:
    """The services, started under a name of their own, so that no other deployment is touched.

    Args:
        folder: holds the books, the organizations' files and the secrets, all of this run only.
        variables: what docker-compose.yaml is given beside what is this test's own: images, the sandbox.
    """

    def __init__(self, engine: Engine, folder: Path, variables: dict[str, str]) -> None:
        self.engine = engine
        self.name = f"greenlight-test-{secrets.token_hex(3)}"
        self.keys = folder / "keys.env"
        self.books = folder / "books"
        self.organizations = folder / "organizations"
        self._port = free_port()
        connection = {"conn_type": "generic", "host": "http://sample:8000", "password": SECRET}
        self._variables = {
            "GREENLIGHT_IMAGE": "greenlight-test/greenlight:latest",
            "GREENLIGHT_ADDRESS": f"127.0.0.1:{self._port}",
            "GREENLIGHT_URL": f"http://127.0.0.1:{self._port}",
            "GREENLIGHT_ORGANIZATIONS_FOLDER": str(self.organizations),
            "SAMPLE_BOOKS": str(self.books),
            "SAMPLE_CONNECTION": json.dumps(connection),
            "COMPOSE_PROJECT_NAME": self.name,
            "COMPOSE_PROFILES": "sandbox",
        } | variables
        environment.make_keys(self.keys, deployment=True)
        self.airflow = _Deployed(folder, self._port)

    def compose(self, *words: str, seconds: float = UP_SECONDS) -> str:
        """Run Compose over both files and return what it printed."""
        files = [word for name in FILES for word in ("--file", str(PROJECT / name))]
        command = (*self.engine.compose, "--project-directory", str(PROJECT), "--env-file", str(self.keys), *files)
        # What the caller's shell exports must not decide what is tested.
        own = {name: value for name, value in self.engine.environment.items() if not name.startswith("AIRFLOW")}
        return run((*command, *words), own | self._variables, seconds)

    def inside(self, service: str, *words: str) -> str:
        """Run a command in a running service and return what it printed."""
        return self.compose("exec", "-T", service, *words)

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """Return what the engine knows of each container, by Compose's label; all services without a name."""
        wanted = [f"label=com.docker.compose.project={self.name}"]
        wanted += [f"label=com.docker.compose.service={service}"] if service else []
        filters = [word for label in wanted for word in ("--filter", label)]
        found = self.engine.docker("ps", "--all", "--quiet", "--no-trunc", *filters).split()
        described: list[dict[str, Any]] = json.loads(self.engine.docker("inspect", *found)) if found else []
        return described

    def up(self, workers: int) -> None:
        """Build the image, start everything and log in."""
        self.compose("build", "init", seconds=BUILD_SECONDS)
        self.compose("up", "--detach", "--scale", f"worker={workers}")
        self.log_in()

    def log_in(self) -> None:
        """Wait for the API server and take a token."""
        self.airflow.log_in("administrator", environment._read(self.keys)["ADMINISTRATOR_PASSWORD"])

    def down(self) -> None:
        """Take everything down, volumes too."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")

    def worker_of(self, dag_id: str, run_id: str, task_id: str) -> str:
        """Return the id of the container in which a task runs."""
        host = self.airflow.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}")["hostname"]
        return next(c["Id"] for c in self.containers("worker") if c["Config"]["Hostname"] == host)

    def until_healthy(self) -> None:
        """Wait until every service that runs calls itself healthy.

        Raises:
            RuntimeError: one does not in time; names it with what its check said last.
        """
        deadline = time.monotonic() + HEALTH_SECONDS
        while ill := {name: health for name, health in self._health().items() if health["Status"] != "healthy"}:
            if time.monotonic() > deadline:
                said = [f"{name}: {(h['Log'] or [{}])[-1].get('Output', '')[-300:]}" for name, h in ill.items()]
                raise RuntimeError("not healthy: " + "\n".join(said))
            time.sleep(2)

    def _health(self) -> dict[str, dict[str, Any]]:
        running = [c for c in self.containers() if c["State"]["Running"] and "Health" in c["State"]]
        return {c["Name"]: c["State"]["Health"] for c in running}


class _Deployed(Airflow):
    """Airflow's REST API where a person logs in with a password."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(Processes(), folder, port, {})
        self.log.write_text("(see `docker logs`)\n")

    def log_in(self, name: str, password: str) -> None:
        """Take a token, as soon as the server gives one."""
        deadline = time.monotonic() + HEALTH_SECONDS
        while True:
            try:
                answer = self.session.post(
                    f"{self.url}/auth/token", json={"username": name, "password": password}, timeout=20
                )
                answer.raise_for_status()
                break
            except requests.RequestException as error:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"nobody can log in at {self.url}: {error}") from None
                time.sleep(2)
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

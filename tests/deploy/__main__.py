"""`make compose-test`: the deployment on a real Docker engine, from nothing to the gate, with killed workers.

Three organizations read the same books. One is left alone; of the second a worker is killed while it
reads, of the third while its load waits inside its transaction. All must end in the same rows, and so
must the night after the warehouse was restored from a dump that is older than the last two. A fourth
organization is the sandbox's, added while everything runs.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests

from tests.conformance import ledger
from tests.conformance.sample_server import order_faults
from tests.deploy import images, sandbox
from tests.deploy.engine import Missing, found_or_started
from tests.deploy.stack import PROJECT, Stack, defaults

KEPT = PROJECT / ".compose-test"
"""The images of an engine of our own, and the logs of a run that failed."""
ENTITY = "books"
UNDISTURBED, READING, LOADING = "undisturbed", "killed_reading", "killed_loading"
GATE = "ready_to_exit_test_mode"
WAIT_SECONDS = 180
SLOW = {"documents": "slow:2"}
"""So a stream of a few pages takes long enough to be killed in its middle."""
AS, DUMP = "--username postgres", "/tmp/warehouse.dump"
LOCK = f"hashtextextended('greenlight/{LOADING}', 0)"
"""What `warehouse.begin` waits for."""


def main() -> int:
    """Run the scenario; 0 passed, 1 failed, 2 the machine lacks something."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    started = time.monotonic()

    def tell(sentence: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {sentence}", flush=True)

    try:
        with found_or_started(KEPT) as engine, tempfile.TemporaryDirectory(prefix="greenlight-compose-") as name:
            tell("starting an engine of our own" if engine.is_ours else "a Docker engine answers")
            (folder := Path(name)).chmod(0o755)  # containers read the books as another user
            wanted = ("BASE_IMAGE", *images.SERVERS)
            stand_ins = images.prepare(engine, {name: defaults()[name] for name in wanted}, tell)
            stack = Stack(engine, folder, stand_ins | {"GREENLIGHT_SANDBOX": sandbox.options()})
            try:
                _scenario(stack, tell)
            except BaseException:
                _keep_logs(stack, tell)
                raise
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
                tell("taking everything down")
                stack.down()
                if left := stack.containers():
                    raise RuntimeError(f"{len(left)} containers are left")
    except Missing as sentence:
        print(f"compose-test: {sentence}", file=sys.stderr)
        return 2
    except (RuntimeError, AssertionError, requests.RequestException, subprocess.TimeoutExpired) as error:
        print(f"compose-test FAILED: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; everything was taken down", file=sys.stderr)
        return 130
    tell("passed")
    return 0


def _scenario(stack: Stack, tell: Callable[[str], None]) -> None:
    _write(stack)
    tell("building the image and starting the services, two workers among them")
    stack.up(workers=2)
    dag_ids = {name: f"sync__{name}" for name in (UNDISTURBED, READING, LOADING)}
    stack.airflow.wait(dag_ids.values())
    stack.inside("scheduler", "airflow", "pools", "set", "connector_sample", "8", "the sample system")
    _is_closed(stack)
    tell("nobody gets in without a password, nothing runs as root; the first organization runs")
    _to_the_gate(stack, UNDISTURBED, stack.airflow.trigger(dag_ids[UNDISTURBED]), tell)
    stack.airflow.wait([sandbox.connect(stack)])
    tell("an organization of the sandbox was added while everything runs")
    _to_the_gate(stack, sandbox.ORGANIZATION, stack.airflow.trigger(f"sync__{sandbox.ORGANIZATION}"), tell)
    truth = _rows(stack)
    assert truth[UNDISTURBED]["invoices"], "no invoice was loaded"
    stack.inside("postgres", "sh", "-c", f"pg_dump {AS} --format custom warehouse > {DUMP}")

    order_faults(stack.books, ENTITY, read=SLOW)
    for name, kill in ((READING, _kill_reading), (LOADING, _kill_loading)):
        run_id = stack.airflow.trigger(dag_ids[name])
        task_id, killed = kill(stack, dag_ids[name], run_id)
        tell(f"{name}: killed the worker of {task_id}; the other one goes on")
        order_faults(stack.books, ENTITY)
        _to_the_gate(stack, name, run_id, tell)
        tries = stack.airflow.get(f"dags/{dag_ids[name]}/dagRuns/{run_id}/taskInstances/{task_id}")["try_number"]
        assert tries > 1, f"{task_id} of {name} was not tried again"
        assert _rows(stack)[name] == truth[UNDISTURBED], f"{name} ended in other rows"
        tell(f"{name}: {task_id} was tried again and ended in the rows of an undisturbed run")
        stack.engine.docker("start", killed)
        order_faults(stack.books, ENTITY, read=SLOW)

    order_faults(stack.books, ENTITY)
    _restore(stack)
    assert not _rows(stack)[LOADING]["invoices"], "the dump is older, so the last organization is not in it"
    tell("the warehouse is restored from the dump of the first evening; the next night runs")
    again = [*dag_ids.values(), f"sync__{sandbox.ORGANIZATION}"]
    runs = {dag_id: stack.airflow.trigger(dag_id) for dag_id in again}
    states = stack.airflow.finish(runs, lambda _: None, seconds=WAIT_SECONDS * 2)
    assert set(states.values()) == {"success"}, f"the night after the restore ended as {states}"
    assert _rows(stack) == dict.fromkeys(truth, truth[UNDISTURBED]), "the restored warehouse ended in other rows"
    tell("the restored warehouse ended in the same rows")
    stack.until_healthy()
    tell("every service calls itself healthy")


def _write(stack: Stack) -> None:
    books = ledger.make(seed=3, customers=12, invoices=24, entity=ENTITY)
    ledger.write(stack.books, ENTITY, books)
    stack.organizations.mkdir()
    (stack.organizations / "_defaults.yaml").write_text(f"connector: sample\nentity: {ENTITY}\nschedule: none\n")
    for name in (UNDISTURBED, READING, LOADING):
        (stack.organizations / f"{name}.yaml").write_text(f"connection: sample_{name}\n")


def _is_closed(stack: Stack) -> None:
    anonymous = requests.get(f"{stack.airflow.url}/api/v2/dags", timeout=20).status_code
    assert anonymous == 401, f"an anonymous request was answered with {anonymous}"
    for container in stack.containers():
        if container["State"]["Running"]:
            name, limits = container["Name"], container["HostConfig"]
            user = stack.engine.docker("exec", container["Id"], "id", "--user").strip()
            is_test = name.rpartition("-")[0].endswith("sample") or "_sample_" in name
            assert user != "0", f"{name} runs as root"
            assert is_test or (limits["Memory"] and limits["NanoCpus"]), f"{name} has no limits"


def _to_the_gate(stack: Stack, name: str, run_id: str, tell: Callable[[str], None]) -> None:
    dag_id = f"sync__{name}"
    state = stack.airflow.finish({dag_id: run_id}, lambda _: None, seconds=WAIT_SECONDS * 2)[dag_id]
    tasks = stack.airflow.tasks(dag_id, run_id)
    assert (state, tasks[GATE]) == ("success", "success"), f"{name} ended as {state}: {tasks}"
    tell(f"{name}: the gate is open")


def _rows(stack: Stack) -> dict[str, dict[str, list[list[str]]]]:
    said = stack.inside("scheduler", "python", "-m", "tests.deploy.rows", UNDISTURBED, READING, LOADING)
    found: dict[str, dict[str, list[list[str]]]] = json.loads(said.strip().splitlines()[-1])
    return found


def _kill_reading(stack: Stack, dag_id: str, run_id: str) -> tuple[str, str]:
    """Kill the worker that reads invoices, after its first page was staged."""
    pages = f"/var/lib/greenlight/staging/{READING}/invoices"
    look = ("find", pages, "-name", "000001.zst")
    _until(lambda: bool(_quietly(stack, *look)), "no page was staged")
    killed = stack.worker_of(dag_id, run_id, "invoices.extract")
    stack.engine.docker("kill", killed)
    return "invoices.extract", killed


def _kill_loading(stack: Stack, dag_id: str, run_id: str) -> tuple[str, str]:
    """Hold the lock that the load of invoices wants, and kill its worker when it waits for it."""
    _until(lambda: stack.airflow.tasks(dag_id, run_id).get("payments.load") == "success", "payments were not loaded")
    statement = f"SET application_name = 'compose-test'; SELECT pg_advisory_lock({LOCK}); SELECT pg_sleep(300)"
    stack.compose("exec", "-d", "postgres", "psql", "--username", "postgres", "--command", statement, "warehouse")
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    _until(lambda: _psql(stack, waiting) == "1", "no load waits for its turn")
    killed = stack.worker_of(dag_id, run_id, "invoices.load")
    stack.engine.docker("kill", killed)
    _psql(stack, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'compose-test'")
    return "invoices.load", killed


def _restore(stack: Stack) -> None:
    """Do what docs/operations.md says, command by command."""
    users = ("api-server", "scheduler", "dag-processor", "triggerer", "worker")
    stack.compose("stop", "--timeout", "20", *users)
    for words in (
        f"dropdb {AS} --force warehouse",
        f"createdb {AS} --owner greenlight warehouse",
        f"psql {AS} --command 'REVOKE ALL ON DATABASE warehouse FROM PUBLIC'",
        f"pg_restore {AS} --no-owner --role greenlight --exit-on-error --dbname warehouse < {DUMP}",
    ):
        stack.inside("postgres", "sh", "-c", words)
    stack.compose("start", *users)
    stack.log_in()
    stack.airflow.wait([f"sync__{name}" for name in (UNDISTURBED, READING, LOADING)])


def _psql(stack: Stack, statement: str) -> str:
    words = ("psql", "--username", "postgres", "--tuples-only", "--no-align", "--command", statement, "warehouse")
    return stack.inside("postgres", *words).strip()


def _quietly(stack: Stack, *words: str) -> str:
    try:
        return stack.inside("scheduler", *words)
    except RuntimeError:  # the folder is not there yet
        return ""


def _until(is_so: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{otherwise} within {WAIT_SECONDS} s")
        time.sleep(0.3)


def _keep_logs(stack: Stack, tell: Callable[[str], None]) -> None:
    KEPT.mkdir(mode=0o700, exist_ok=True)
    try:
        (KEPT / "failed.log").write_text(stack.compose("logs", "--no-color", "--timestamps"))
        tell(f"the services' logs are in {KEPT / 'failed.log'}")
    except (RuntimeError, subprocess.TimeoutExpired):
        tell("the services' logs could not be kept")


if __name__ == "__main__":
    sys.exit(main())

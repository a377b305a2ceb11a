"""The demo: companies of two systems through Airflow to the gate, twice, checked against the systems' clients.

    python -m demo [SCENARIO] [--exit] [--json FILE] [--port PORT]

`companies` starts a real Tryton server, filled through Tryton's own client, and a sandbox that speaks
Xero's protocol; `group` starts sandboxes that speak NetSuite's and Sage Intacct's, with several companies
in each. Then it starts Airflow, lets its scheduler run an organization for every company, does a day's
work in all of them, runs again incrementally, and prints what came of it.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo import table
from demo.airflow_server import Airflow, free_port, is_taken
from demo.companies import Companies
from demo.group import Group
from demo.processes import Processes
from demo.scenario import Scenario

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / ".demo"
SCENARIOS: dict[str, Callable[[Processes, Path], Scenario]] = {"companies": Companies, "group": Group}


def main() -> int:
    """Run the demo; return 0 only if every figure equals what the systems' own clients say."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", choices=SCENARIOS, default="companies", help="what it shows")
    parser.add_argument("--exit", action="store_true", help="stop after the table instead of keeping the UI up")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table, with every reason, to FILE")
    parser.add_argument("--port", type=int, default=8080, help="port of the Airflow UI (default 8080, 0 = any)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the demo keeps its files")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        with _only_one(arguments.folder):
            _make_way(arguments.json)
            return _demo(arguments)
    except KeyboardInterrupt:
        print("\nstopped; no process was left behind")
        return 130
    except RuntimeError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


def _make_way(file: Path | None) -> None:
    """Take an earlier run's figures away, so that nobody reads them for this one's.

    Raises:
        RuntimeError: the file could not be written at the end.
    """
    if file is None:
        return
    try:
        file.open("a").close()
        if file.is_file() and not file.is_symlink():
            file.unlink()
    except OSError as error:
        raise RuntimeError(f"{file} cannot be written: {error.strerror}") from None


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, and start with an empty folder.

    Raises:
        RuntimeError: another demo is running in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise RuntimeError(
                f"a demo is already running here (process {lock.read().strip() or '?'}); stop it with Ctrl-C first"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        for entry in folder.iterdir():
            if entry.name != "lock":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        yield


def _demo(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    port = arguments.port or free_port()
    if is_taken(port):
        raise RuntimeError(f'port {port} is in use; choose another one: make demo ARGS="--port {port + 1}"')
    python = Path(sys.executable)
    within = [str(python), "-m", "include.environment", "run"]

    def tell(sentence: str) -> None:
        print(f"[{time.monotonic() - started:4.0f} s] {sentence}", flush=True)

    folder: Path = arguments.folder
    processes = Processes()
    scenario = SCENARIOS[arguments.scenario](processes, folder)
    try:
        environment = _environment(folder)
        airflow = Airflow(processes, folder / "airflow", port, environment)

        def command(what: str, *arguments_: str) -> str:
            log = folder / "commands.log"
            words = [*within, str(python), "-m", *arguments_]
            return processes.run(words, log, airflow.environment, PROJECT, what)

        tell(f"filling {scenario.filling}")
        airflow.prepare(within, PROJECT)
        scenario.start(environment)
        connections = scenario.connections()
        airflow.environment |= {f"AIRFLOW_CONN_{name.upper()}": made for name, made in connections.items()}
        tell("connecting their companies")
        command("making the warehouse's tables", "include.warehouse", "upgrade")
        for connection in connections:
            connected = command("connecting the companies", "include.connect", connection, "--all")
            print("\n".join(f"         {line}" for line in connected.strip().splitlines()), flush=True)
        tell("starting Airflow")
        airflow.start(within, PROJECT)
        command("making the pools", "include.pools")
        dag_ids = sorted(f"sync__{path.stem}" for path in (folder / "organizations").glob("[a-z]*.yaml"))
        airflow.wait(dag_ids)
        tell(f"Airflow answers at {airflow.url}; its scheduler runs {', '.join(dag_ids)}")
        airflow.finish({dag_id: airflow.trigger(dag_id) for dag_id in dag_ids}, tell)
        tell("a day's work is done in all of them: payments, new invoices, credit notes, cancellations")
        scenario.work_a_day()
        tell("running again, incrementally")
        airflow.finish({dag_id: airflow.trigger(dag_id) for dag_id in dag_ids}, tell)
        status = folder / "status.json"
        command("reading the figures", "include.status", "--json", str(status))
        organizations = json.loads(status.read_text())
        tell(f"asking {scenario.systems} own clients for the same figures")
        wrong = table.differences(organizations, scenario.truth(), scenario.planted())
        wrong += scenario.objections(organizations, folder / "warehouse.sqlite")
        seconds = round(time.monotonic() - started, 1)
        print(table.render(organizations), flush=True)
        for sentence in wrong:
            print(f"NOT AS THE SYSTEMS SAY: {sentence}")
        if arguments.json:
            _write(arguments.json, {"seconds": seconds, "ok": not wrong, "organizations": organizations})
        if not wrong:
            tell("every figure equals what the systems' own clients say")
        if not arguments.exit:
            _stay(airflow, organizations)
        return 1 if wrong else 0
    finally:
        scenario.stop()
        processes.stop()


def _environment(folder: Path) -> dict[str, str]:
    """Return the settings of the demo's own Airflow, warehouse, staging and docs."""
    organizations = folder / "organizations"
    organizations.mkdir()
    (organizations / "_defaults.yaml").write_text("schedule: none  # the demo starts the runs, whatever the hour\n")
    return {
        "PYTHONUNBUFFERED": "1",
        "GREENLIGHT_ORGANIZATIONS": str(organizations),
        "GREENLIGHT_STAGING": f"file://{folder}/staging",
        "GREENLIGHT_DOCS": f"file://{folder}/docs",
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": str(folder / "warehouse.sqlite")}),
    }


def _write(path: Path, figures: dict[str, Any]) -> None:
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


def _stay(airflow: Airflow, organizations: list[dict[str, Any]]) -> None:
    """Keep everything up until Ctrl-C."""
    print(f"\nLook around:\n  Airflow     {airflow.url}/dags?tags=receivables")
    for organization in organizations:
        print(f"  Data Docs   {organization['data_docs']}")
    print("Ctrl-C stops everything.", flush=True)
    while True:
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())

"""Measures Greenlight: speed beside a bare script, memory, a thousand organizations, a quiet night.

    make bench [ARGS="--json FILE"]        or        python -m bench --parts speed --rounds 3

Exits with 1 when a bound is broken, with 2 when the server was too slow for anything to be judged.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bench import database, memory, nights, organizations, report, speed
from bench.source import Sandbox, serving
from bench.worker import Worker

PARTS = ("speed", "memory", "organizations", "night")
VERSIONS = ("apache-airflow", "msgspec", "pandas", "psycopg", "pyarrow", "SQLAlchemy")
QUICK = {"parts": ["speed"], "invoices": 300, "sizes": [300], "rounds": 1, "warm_up": 0}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for, print it, and judge it."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that whoever was started is ended, too
    if options.quick:
        vars(options).update({**QUICK, "parts": options.parts or QUICK["parts"]})
    options.parts = options.parts or PARTS
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)  # what cannot be written is said now
    started = time.monotonic()
    said: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in VERSIONS},
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="greenlight-bench-")))
        environment = _environment(folder)
        if "organizations" in options.parts:
            tell(f"parsing the DAGs of {options.organizations:,} organizations")
            said["organizations"] = organizations.measure(environment, folder, options.organizations)
        if set(options.parts) - {"organizations"}:
            starter = stack.enter_context(Worker(environment))
            books = stack.enter_context(database.running(starter))
            said["postgresql"] = books.version()
            if {"speed", "memory"} & set(options.parts):
                said |= _stages(options, folder, environment, books)
            if "night" in options.parts:
                tell(f"a night of {options.group} organizations under Airflow, after a first load of each")
                said |= nights.measure(books, folder, options.group, options.dag_invoices)
    said["seconds"] = round(time.monotonic() - started)
    broken = report.broken(said, options.least_ratio / 100, options.most_megabytes)
    said |= {"broken": broken, "bounds": {"ratio": options.least_ratio, "megabytes": options.most_megabytes}}
    print(report.table(said), flush=True)
    if options.json:
        options.json.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n")
    for sentence in broken:
        print(f"BROKEN: {sentence}", file=sys.stderr)
    return exit_code(broken)


def exit_code(broken: Sequence[str]) -> int:
    """Return 0 where all bounds hold, 2 where nothing could be judged, else 1."""
    return (2 if broken[0].startswith(report.REFUSED) else 1) if broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, help="all unless some are named")
    parser.add_argument("--invoices", type=int, default=200_000, help="of the comparison with the bare script")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 400_000], help="at which memory is held")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is taken")
    parser.add_argument("--warm-up", type=int, default=2_000, help="invoices of the pass that is not measured")
    parser.add_argument("--organizations", type=int, default=1_000, help="whose DAGs are parsed")
    parser.add_argument("--group", type=int, default=30, help="organizations of the night without changes")
    parser.add_argument("--dag-invoices", type=int, default=20_000, help="of the organization whose DAG is timed")
    parser.add_argument("--least-ratio", type=float, default=45, metavar="PERCENT", help="of the bare script's rate")
    parser.add_argument("--most-megabytes", type=float, default=300, help="of any stage's process")
    parser.add_argument("--latency", type=float, default=0, metavar="SECONDS", help="hold every reply back so long")
    parser.add_argument("--quick", action="store_true", help="a few hundred invoices: shows that it runs, no figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    return parser


def _stages(
    options: argparse.Namespace, folder: Path, environment: dict[str, str], books: database.Database
) -> dict[str, Any]:
    """Measure the stages: beside the bare script, and alone at several sizes."""
    with ExitStack() as stack:
        return _measured(options, folder, speed.Workers(environment, stack), environment, books, stack)


def _measured(
    options: argparse.Namespace,
    folder: Path,
    workers: speed.Workers,
    environment: dict[str, str],
    books: database.Database,
    stack: ExitStack,
) -> dict[str, Any]:
    wanted = [
        *([options.warm_up] if options.warm_up else []),
        *([options.invoices] if "speed" in options.parts else []),
    ]
    wanted += options.sizes if "memory" in options.parts else []
    tell(f"making the books of {len(wanted)} organisations with {sum(set(wanted)):,} invoices")
    sandboxes = {size: Sandbox(folder / f"xero-{size}", size) for size in dict.fromkeys(wanted)}
    for sandbox in sandboxes.values():
        stack.callback(sandbox.stop)
    said: dict[str, Any] = {"invoices": options.invoices, "rounds": options.rounds}
    measured: dict[int, speed.Speed] = {}
    for size, sandbox in sandboxes.items():
        source = stack.enter_context(serving(sandbox, options.latency))
        measured[size] = speed.Speed(source, books, workers, folder / "staging")
        tell(f"asking once for every page of {size:,} invoices")
        measured[size].record()
        sandbox.stop()
    if options.warm_up:
        tell("warming up")
        measured[options.warm_up].round()
    if "speed" in options.parts:
        subject, rounds = measured[options.invoices], []
        for number in range(1, options.rounds + 1):
            tell(f"round {number} of {options.rounds}")
            rounds.append(subject.round())
        figures = {name: figure.as_dict() for name, figure in speed.medians(rounds).items()}
        said |= {"figures": figures, "again": subject.again, "rejects": subject.rejects, "written": subject.written}
    for size in options.sizes if "memory" in options.parts else ():
        tell(f"memory at {size:,} invoices")
        found = memory.measure(measured[size].source, books, environment, folder / "staging")
        said.setdefault("sizes", {})[str(size)] = {name: figure.as_dict() for name, figure in found.items()}
    return said


def _environment(folder: Path) -> dict[str, str]:
    """Return the settings of the stages' processes: staging, key and Airflow's home of their own."""
    return {
        "GREENLIGHT_STAGING": f"file://{folder}/staging",
        "GREENLIGHT_SECRET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }


def tell(sentence: str) -> None:
    """Say what is being done."""
    print(f"· {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

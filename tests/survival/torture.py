"""`make torture`: everything of the survival kit in its large size, counted.

Each part runs in a process of its own, at most `--jobs` of them at once, and stops trying more when its
minutes are over; what it tried until then counts. On two cores all but the wire's faults end well before theirs.
The seed of every part is printed, and repeats it:

    make torture ARGS="--json torture.json"
    make torture ARGS="--only crowd,museum --seed 4711"
    make torture ARGS="--json torture.json --page"        # and write docs/reliability.md from this run

Exit status: 0 everything survived, 1 something did not, 2 the command was not understood.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.survival.report import Report

PROJECT = Path(__file__).resolve().parents[2]
GRACE_MINUTES = 20
"""So long a part may take to end after its minutes; then it is ended, and has failed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `module:function` that is given a Report and a seed, and how long it may take."""

    entry: str
    minutes: float


PARTS = {
    "property": Part("tests.survival.property.torture:torture", 180),
    "crash": Part("tests.survival.crash.torture:torture", 120),
    "wire": Part("tests.survival.wire.torture:torture", 30),
    "crowd": Part("tests.survival.crowd.torture:crowd", 90),
    "zones": Part("tests.survival.crowd.torture:zones", 5),
    "canaries": Part("tests.survival.crowd.torture:canaries", 10),
    "museum": Part("tests.survival.museum.gallery:torture", 5),
}
"""In the order in which they begin, the longest first."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    asked = _parser().parse_args(arguments)
    if asked.part:
        return _run_here(asked.part, asked.seed, asked.minutes, asked.json)
    seed = random.SystemRandom().randrange(10**6) if asked.seed is None else asked.seed
    names = list(PARTS) if asked.only is None else asked.only
    print(f"torture: {', '.join(names)}; seed {seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as folder, ThreadPoolExecutor(asked.jobs) as pool:
        ended = list(pool.map(lambda name: _run_apart(name, seed, asked.minutes, Path(folder)), names))
    result: dict[str, Any] = {}
    for counts, _ in ended:
        result |= counts
    result = dict(sorted(result.items()))
    is_good = bool(result) and all(good for _, good in ended)
    minutes = (time.monotonic() - began) / 60
    for name, counts in result.items():
        print(f"{name:<28} {' '.join(f'{word} {number}' for word, number in counts.items())}")
    print(
        f"{'everything survived' if is_good else 'NOT everything survived'}, after {minutes:.0f} minutes, seed {seed}"
    )
    if asked.json:
        asked.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if asked.page:
        from tests.survival.page import write

        write(result, seed, minutes, names, is_good)
    return 0 if is_good else 1


def _run_apart(name: str, seed: int, minutes: float | None, folder: Path) -> tuple[dict[str, Any], bool]:
    """Run a part in a process of its own; return its counts, and whether all survived."""
    file, limit = folder / f"{name}.json", minutes or PARTS[name].minutes
    command = [sys.executable, "-m", "tests.survival.torture", "--part", name, "--seed", str(seed)]
    with subprocess.Popen([*command, "--minutes", str(limit), "--json", str(file)], cwd=PROJECT) as process:
        try:
            status = process.wait(60 * (limit + GRACE_MINUTES))
        except subprocess.TimeoutExpired:
            process.terminate()
            print(f"FAILED {name}: it does not end (seed {seed})", flush=True)
            status = 1
    counts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return counts or {name: {"tried": 1, "survived": 0}}, status == 0


def _run_here(name: str, seed: int, minutes: float, file: Path) -> int:
    """Run one part in this process and write its counts."""
    report = Report(minutes)
    module, _, function = PARTS[name].entry.partition(":")
    with tempfile.TemporaryDirectory(prefix="torture-airflow-") as home:
        os.environ |= {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "GX_ANALYTICS_ENABLED": "false"}
        try:
            getattr(importlib.import_module(module), function)(report, seed)
        finally:
            file.write_text(json.dumps(report.as_dict()), encoding="utf-8")
    print(f"{name} ended: {'survived' if report.is_good else 'NOT survived'} (seed {seed})", flush=True)
    return 0 if report.is_good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=_file, metavar="FILE", help="write {name: {tried, survived}}")
    parser.add_argument("--seed", type=int, help="repeat a run; default: another one each time")
    parser.add_argument("--only", type=_names, metavar="PARTS", help=f"some of: {', '.join(PARTS)}")
    parser.add_argument("--minutes", type=float, help="at most so many for each part, instead of its own")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="parts at once; default: the cores")
    parser.add_argument("--page", action="store_true", help="write docs/reliability.md from this run")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    return parser


def _file(text: str) -> Path:
    """Refuse at once what could not be written two hours later."""
    file = Path(text)
    if not file.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {file.parent}")
    return file


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if unknown := sorted(set(names) - set(PARTS)):
        raise argparse.ArgumentTypeError(f"there is no part {', '.join(unknown)}")
    return names


if __name__ == "__main__":
    sys.exit(main())

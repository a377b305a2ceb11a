"""The README's first command, end to end: two systems, a real Airflow, checked against the systems' own clients."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import psutil
import pytest

from demo.airflow_server import free_port

PROJECT = Path(__file__).resolve().parents[2]
WITHIN_SECONDS = 240

pytestmark = [pytest.mark.slow, pytest.mark.e2e]


def demo(*arguments: str, folder: Path, **popen: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "demo", "--folder", str(folder), *arguments]
    return subprocess.Popen(
        command, cwd=PROJECT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, **popen,
    )  # fmt: skip


def left_behind(folder: Path, port: int) -> list[str]:
    """Return the command lines of this demo's processes that still run.

    They name its folder or its port, or write their output into a file of it.
    """
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            writes = any(str(folder) in file.path for file in process.open_files())
            running = process.status() != psutil.STATUS_ZOMBIE and process.pid != os.getpid()
        except psutil.Error:
            continue
        if running and (writes or str(folder) in command or f"port:{port}" in command):
            found.append(command)
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The demo, run once to its end."""
    folder = tmp_path_factory.mktemp("demo")
    figures = folder.parent / "demo.json"
    port = free_port()
    child = demo("--exit", "--json", str(figures), "--port", str(port), folder=folder)
    output, _ = child.communicate(timeout=600)
    assert child.returncode == 0, output
    return json.loads(figures.read_text()) | {"folder": folder, "port": port}


@pytest.mark.alone
def test_every_figure_is_as_the_systems_say_within_four_minutes(finished: dict[str, Any]) -> None:
    assert finished["ok"]
    assert finished["seconds"] <= WITHIN_SECONDS


@pytest.mark.parametrize("connector", ["tryton", "xero"])
def test_the_clean_company_is_ready_and_the_defective_one_says_why_not(
    finished: dict[str, Any], connector: str
) -> None:
    modes = [(o["mode"], bool(o["why"])) for o in finished["organizations"] if o["connector"] == connector]
    assert sorted(modes) == [("ready", False), ("test_mode", True)]


@pytest.mark.parametrize(("connector", "at_least"), [("tryton", 8), ("xero", 5)])
def test_the_defective_company_has_its_planted_defects(finished: dict[str, Any], connector: str, at_least: int) -> None:
    (defective,) = (o for o in finished["organizations"] if o["why"] and o["connector"] == connector)
    kinds = {(w["check"], w["severity"]) for w in defective["why"]}
    assert len(kinds) >= at_least
    assert len({kind for kind, severity in kinds if severity == "critical"}) >= 4
    assert {w["severity"] for w in defective["why"]} == {"critical", "warning"}
    assert len({(w["check"], w["record"]) for w in defective["why"]}) == len(defective["why"])


def test_the_data_docs_are_there(finished: dict[str, Any]) -> None:
    for organization in finished["organizations"]:
        assert f"<h1>{escape(organization['name'])}</h1>" in Path(organization["data_docs"]).read_text()


def test_it_leaves_no_process_behind(finished: dict[str, Any]) -> None:
    assert left_behind(finished["folder"], finished["port"]) == []


@pytest.mark.parametrize("seconds", [1, 12, 35])
def test_ctrl_c_at_any_moment_leaves_no_process_behind(tmp_path: Path, seconds: int) -> None:
    port = free_port()
    child = demo("--port", str(port), folder=tmp_path)
    time.sleep(seconds)
    os.kill(child.pid, signal.SIGINT)
    output, _ = child.communicate(timeout=60)
    assert child.returncode == 130, output
    assert output.strip().splitlines()[-1] == "stopped; no process was left behind"
    assert left_behind(tmp_path, port) == []


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_in_use_gives_one_clear_line(tmp_path: Path, taken_port: int) -> None:
    child = demo("--port", str(taken_port), folder=tmp_path)
    output, _ = child.communicate(timeout=30)
    assert child.returncode == 1
    assert output.startswith(f"demo: port {taken_port} is in use; choose another one") and output.count("\n") == 1


def test_figures_that_cannot_be_written_give_one_clear_line_at_once(tmp_path: Path) -> None:
    child = demo("--exit", "--json", str(tmp_path / "no" / "demo.json"), folder=tmp_path / "demo")
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "demo.json cannot be written: No such file or directory" in out and "Traceback" not in out


def test_a_second_start_gives_one_clear_line(tmp_path: Path) -> None:
    first = demo("--port", "0", folder=tmp_path)
    try:
        time.sleep(1.5)
        second = demo("--port", "0", folder=tmp_path)
        output, _ = second.communicate(timeout=30)
        assert second.returncode == 1
        assert output.startswith(f"demo: a demo is already running here (process {first.pid})")
        assert output.count("\n") == 1
    finally:
        os.kill(first.pid, signal.SIGINT)
        first.communicate(timeout=60)

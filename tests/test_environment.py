"""The environment of what runs from this folder, and `make up` where it may not start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from cryptography.fernet import Fernet

from include import environment


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `.env` of the test's own."""
    monkeypatch.setattr(environment, "KEYS", tmp_path / ".env")
    return tmp_path / ".env"


def test_keys_are_made_once_and_are_nobody_elses_to_read(keys: Path) -> None:
    assert len(environment.make_keys(keys)) == 3
    text = keys.read_text()
    assert keys.stat().st_mode & 0o777 == 0o600
    assert environment.make_keys(keys) == []
    assert keys.read_text() == text
    Fernet(environment._read(keys)["GREENLIGHT_SECRET_KEY"])


def test_keys_are_added_to_what_a_person_wrote(keys: Path) -> None:
    keys.write_text("# mine\nMY_SETTING = a=b\nGREENLIGHT_SECRET_KEY=kept")
    keys.chmod(0o644)
    assert "GREENLIGHT_SECRET_KEY" not in environment.make_keys(keys)
    assert environment._read(keys)["MY_SETTING"] == "a=b"
    assert environment._read(keys)["GREENLIGHT_SECRET_KEY"] == "kept"
    assert keys.stat().st_mode & 0o777 == 0o600


def test_what_is_set_goes_first(keys: Path) -> None:
    keys.write_text("GREENLIGHT_SECRET_KEY=from_file\n")
    set_already = {"AIRFLOW__CORE__PARALLELISM": "9", "GREENLIGHT_STAGING": "s3://x", "PYTHONPATH": "/elsewhere"}
    environment.load(environment=set_already)
    assert set_already["AIRFLOW__CORE__PARALLELISM"] == "9"
    assert set_already["GREENLIGHT_STAGING"] == "s3://x"
    assert set_already["GREENLIGHT_SECRET_KEY"] == "from_file"
    assert set_already["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert set_already["AIRFLOW_HOME"] == str(environment.PROJECT / ".data" / "airflow")
    assert set_already["PYTHONPATH"].split(os.pathsep) == [str(environment.PROJECT), "/elsewhere"]


def test_somebody_elses_airflow_is_left_alone(keys: Path) -> None:
    keys.write_text("GREENLIGHT_SECRET_KEY=mine\nAIRFLOW__CORE__FERNET_KEY=mine\n")
    theirs = {"AIRFLOW_HOME": "/opt/airflow"}
    environment.load(environment=theirs)
    assert theirs == {"AIRFLOW_HOME": "/opt/airflow", "GREENLIGHT_SECRET_KEY": "mine"}
    environment.load(everything=True, environment=theirs)
    assert theirs["AIRFLOW_HOME"] == "/opt/airflow"
    assert theirs["AIRFLOW__CORE__DAGS_FOLDER"] == str(environment.PROJECT / "dags")


def test_a_command_runs_in_the_environment_and_its_exit_status_is_kept(tmp_path: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "include.environment", "run", *words],
            cwd=environment.PROJECT, env={"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(tmp_path)},
            capture_output=True, text=True,
        )  # fmt: skip

    done = run("sh", "-c", "echo $AIRFLOW__API__HOST $AIRFLOW_HOME; exit 7")
    assert (done.stdout.strip(), done.returncode) == (f"127.0.0.1 {tmp_path}", 7)
    done = run("no-such-command")
    assert (done.stderr.strip(), done.returncode) == ("no-such-command: No such file or directory", 127)


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Environment for an Airflow of the test's own, on free ports; whatever it left is ended."""
    names = (
        "AIRFLOW__API__PORT",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT",
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT",
    )
    probes = [socket.socket() for _ in names]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = {name: str(probe.getsockname()[1]) for name, probe in zip(names, probes, strict=True)}
    for probe in probes:
        probe.close()
    yield {
        "PATH": os.environ["PATH"],
        "AIRFLOW_HOME": str(tmp_path),
        "GREENLIGHT_ORGANIZATIONS": str(tmp_path),
        **ports,
    }
    for process in left_behind(tmp_path):
        process.kill()


def left_behind(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AIRFLOW_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def up(surroundings: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "include.up"], cwd=environment.PROJECT, env=surroundings,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_up_says_in_one_line_that_a_port_is_in_use(surroundings: dict[str, str]) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", int(surroundings["AIRFLOW__API__PORT"])))
        listener.listen()
        child = up(surroundings)
        output, _ = child.communicate(timeout=60)
    port = surroundings["AIRFLOW__API__PORT"]
    assert child.returncode == 1
    assert output == f"up: port {port} is in use: stop what listens there, or set AIRFLOW__API__PORT to another one\n"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_up_refuses_a_second_start_and_leaves_no_process_behind(
    surroundings: dict[str, str], tmp_path: Path, ending: signal.Signals
) -> None:
    first = up(surroundings)
    while not left_behind(tmp_path) or not (tmp_path / "standalone.log").exists():
        time.sleep(0.1)
    second = up(surroundings)
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert output == f"up: Airflow is already running from {tmp_path}: stop that one with Ctrl-C first\n"
    first.send_signal(ending)
    output, _ = first.communicate(timeout=60)
    assert first.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[ending]
    assert "Traceback" not in output
    assert left_behind(tmp_path) == []

"""The tests' real Odoo: quick to start, alone in its namespaces, gone when its parent is, skipped with the reason."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from demo.tryton_files import is_free
from tests import postgres
from tests.odoo import debian, install
from tests.odoo.server import Odoo, template

PROJECT = Path(__file__).resolve().parents[2]
STARTING_SECONDS = 30
ENDING_SECONDS = 10
MOUNTS = Path("/proc/self/mounts")
PARENT = """
import sys, time
from pathlib import Path
from tests import postgres
from tests.odoo.server import Odoo, template
with postgres.server(copy_of=template()) as database, Odoo(database, Path(sys.argv[1])) as odoo:
    print(odoo.port, odoo.database.port, odoo._process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.e2e
def test_starts_within_seconds_and_ends_with_the_block(tmp_path: Path, server: Odoo) -> None:
    """Beside the one that all tests share: two workers, or two checkouts, do not meet."""
    before = MOUNTS.read_text(encoding="utf-8")
    began = time.monotonic()
    with postgres.server(copy_of=template()) as database, Odoo(database, tmp_path) as odoo:
        assert time.monotonic() - began < STARTING_SECONDS
        assert odoo.port != server.port and database.port != server.database.port
        assert MOUNTS.read_text(encoding="utf-8") == before, "what it mounts is seen by nobody else"
        process = psutil.Process(odoo._process.pid)  # type: ignore[union-attr]
        family = [process, *process.children(recursive=True)]
        assert any(one.name() == "odoo" and one.uids().real for one in family), "it does not run as root"
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert is_free(odoo.port) and is_free(database.port)


@pytest.mark.e2e
def test_ends_when_its_parent_is_killed(tmp_path: Path, server: Odoo) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    try:
        assert parent.stdout
        port, database_port, pid = map(int, parent.stdout.readline().split())
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        assert len(family) > 1
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    _, alive = psutil.wait_procs(family, ENDING_SECONDS)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
    deadline = time.monotonic() + ENDING_SECONDS
    while not (is_free(port) and is_free(database_port)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert is_free(port) and is_free(database_port)


def test_it_says_why_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the tests that need it are skipped with exactly that."""
    _use(tmp_path, monkeypatch)
    assert install.missing() == "no real Odoo 14 is installed: make env-odoo"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    install.main()
    assert install.missing() == (
        "set-up could not make a real Odoo 14: only root can make and enter a Debian 11 in a folder"
    )
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    install.main()
    assert "debootstrap is missing (Debian: apt-get install debootstrap)" in install.missing()


@pytest.mark.skipif(bool(debian.unable()), reason=debian.unable() or "it can be made")
def test_what_was_left_half_made_is_no_debian_and_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _use(tmp_path, monkeypatch)
    (tmp_path / "root.part" / "half").mkdir(parents=True)
    monkeypatch.setattr(debian, "INSTALL", 'echo made > "$0/made"; echo out of space >&2; false')
    with pytest.raises(debian.CannotBeMade, match="out of space"):
        debian.make()
    assert not debian.ROOT.exists() and not (tmp_path / "root.part" / "half").exists()
    monkeypatch.setattr(debian, "INSTALL", 'echo made > "$0/made"')
    debian.make()
    assert [path.name for path in debian.ROOT.iterdir()] == ["made"]


def _use(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "CACHE", cache)
    monkeypatch.setattr(debian, "ROOT", cache / "root")
    monkeypatch.setattr(install, "REASON", cache / "not-made")

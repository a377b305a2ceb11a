"""Processes of the tests' own; see worker.py for what they can be told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Engine

from tests.machinery.vendor import Vendor

PROJECT = Path(__file__).resolve().parents[2]
SECONDS = 250


def start(
    engine: Engine, vendor: Vendor, what: str, refresh_token: str = "", *, times: int = 1
) -> subprocess.Popen[str]:
    """Start one that works with this warehouse's access store and this vendor, or one that starts so many."""
    url = engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.machinery.worker", url, vendor.url, refresh_token, what, str(times)],
        cwd=PROJECT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def said(*started: subprocess.Popen[str]) -> list[str]:
    """Wait for processes that must succeed, and return the lines that they printed."""
    answers = [process.communicate(timeout=SECONDS) for process in started]
    assert [process.returncode for process in started] == [0] * len(started), answers
    return [line for out, _ in answers for line in out.splitlines()]

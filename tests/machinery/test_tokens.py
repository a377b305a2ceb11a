"""One connection's token, used by many processes: refreshed once, never lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from include import access
from include.access import leases
from include.access.leases import TokenStore
from include.access.token import Token
from include.connectors.http import Http
from include.connectors.oauth import Bearer
from include.errors import ConfigurationError, GrantRefused
from tests.machinery.conftest import OAUTH, Connect
from tests.machinery.vendor import Vendor

PROJECT = Path(__file__).resolve().parents[2]


def start(engine: Engine, vendor: Vendor, refresh_token: str, what: str) -> subprocess.Popen[str]:
    """Start a process of its own."""
    url = engine.url.render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.machinery.worker", url, vendor.url, refresh_token, what],
        cwd=PROJECT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.slow
def test_sixteen_processes_refresh_once(engine: Engine, store: Engine, vendor: Vendor) -> None:
    vendor.slow = 1.0
    seed = vendor.new_refresh_token()
    started = [start(engine, vendor, seed, "token") for _ in range(16)]
    said = [process.communicate(timeout=100) for process in started]
    assert [process.returncode for process in started] == [0] * 16, said
    assert len({out for out, _ in said}) == 1
    assert [form["grant_type"] for form in vendor.token_requests] == ["refresh_token"]

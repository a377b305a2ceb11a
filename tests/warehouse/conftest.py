"""What the warehouse's tests share: batches to load, and a key to encrypt with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tests.warehouse.batches import Batch
from tests.warehouses import *  # noqa: F403


@pytest.fixture(autouse=True)
def secret_key(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key of the test's own in GREENLIGHT_SECRET_KEY."""
    key = Fernet.generate_key().decode()
    monkeypatch.setenv("GREENLIGHT_SECRET_KEY", key)
    return key


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Batch]:
    """Start the batch of one read: `read("invoices")`, for another organization `read("invoices", "beta")`."""
    return lambda stream, organization_id="acme": Batch(tmp_path / "staging", stream, organization_id)

"""What the DAGs' tests share: a folder with two organizations, parsed once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag

FOLDER = Path(__file__).resolve().parents[2] / "dags"


def write(folder: Path) -> Path:
    """Write the YAML files of two organizations."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_defaults.yaml").write_text("connector: tryton\nconnection: erp\n")
    (folder / "north.yaml").write_text("entity: '1'\ntimezone: Europe/Berlin\nowners: [ledger@example.com]\n")
    (folder / "south.yaml").write_text("entity: '2'\nname: The South\nschedule: none\npaused_upon_creation: true\n")
    return folder


@pytest.fixture(scope="session")
def organizations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder, named by the environment as long as it is needed."""
    before = os.environ.get("GREENLIGHT_ORGANIZATIONS")
    folder = write(tmp_path_factory.mktemp("organizations"))
    os.environ["GREENLIGHT_ORGANIZATIONS"] = str(folder)
    yield folder
    os.environ.pop("GREENLIGHT_ORGANIZATIONS")
    if before is not None:
        os.environ["GREENLIGHT_ORGANIZATIONS"] = before


@pytest.fixture(scope="session")
def bag(organizations: Path) -> DagBag:
    """The DAGs of both organizations."""
    return DagBag(FOLDER)

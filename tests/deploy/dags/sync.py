"""The project's own airflow DAG file, with the sample system registered."""

from __future__ import annotations

import runpy
from pathlib import Path

from tests.conformance import sample  # noqa: F401 - registers the system

PROJECT = Path(__file__).resolve().parents[3]
found = runpy.run_path(str(PROJECT / "dags" / "sync.py"))
globals().update({name: dag for name, dag in found.items() if name.startswith("sync__")})

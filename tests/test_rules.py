"""Rules of the house that no single module can keep alone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from include import model_page
from include.connectors import base

PROJECT = Path(__file__).resolve().parents[1]
HEAVY = ("pandas", "pyarrow", "great_expectations")
MAY_NAME_VENDORS = ("demo", "bench", "docs", "tests", "include/sandbox", "include/outbound")
KNOWS_HTTP = {("oauth.py", "requests"), ("token_endpoint.py", "urllib3.util")}
"""A type, and a table of retries for the one session; neither asks."""
PICTURE_BYTES = 200_000
DOCUMENTS = (
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", ".gitignore", "requirements-dev.in",
    "requirements-dev.txt",
)  # fmt: skip


def tracked() -> list[Path]:
    """Return the project's files, those not yet committed among them, those ignored not."""
    said = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if said.returncode:
        pytest.skip("not a git checkout")
    return [path for name in said.stdout.splitlines() if (path := PROJECT / name).is_file()]


def imported(path: Path, top_level_only: bool = False) -> Iterator[str]:
    """Yield the modules a file imports; what stands under TYPE_CHECKING or in a function is not at its top level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_models_page_is_made_from_the_model() -> None:
    """After a change that is meant: make docs, or python -m include.model_page."""
    assert model_page.PAGE.read_text(encoding="utf-8") == model_page.render()


def test_the_readmes_pictures_are_there_and_small() -> None:
    """Taken anew by make pictures while make demo is up."""
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (PROJECT / "README.md").read_text(encoding="utf-8"))
    assert shown and len(shown) == len(list((PROJECT / "docs" / "pictures").iterdir()))
    assert {name: size for name in shown if (size := (PROJECT / name).stat().st_size) > PICTURE_BYTES} == {}


@pytest.mark.parametrize("vendor", [name for name in base.known() if name != "sample"])
def test_a_vendors_name_decides_nothing_outside_its_own_module(vendor: str) -> None:
    word = re.compile(re.escape(vendor), re.IGNORECASE)
    found = []
    for path in tracked():
        name = path.relative_to(PROJECT).as_posix()
        own = name.startswith(f"include/connectors/{vendor}")
        if own or name in DOCUMENTS or name.startswith(tuple(f"{folder}/" for folder in MAY_NAME_VENDORS)):
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{name}:{n}: {line.strip()}"
            for n, line in enumerate(lines, 1)
            if word.search(line) and not line.startswith('"demo/')  # a linter's setting for the demo's files
        ]
    assert found == []


def test_there_is_a_vendor_to_look_for() -> None:
    assert "tryton" in base.known()


@pytest.mark.parametrize("module", ["organizations", "test_mode", "warehouse", "run"])
def test_what_every_task_imports_is_light(module: str) -> None:
    program = f"import sys, include.{module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stdout.split() == []


def test_the_demo_knows_the_project_by_its_commands_only() -> None:
    files = sorted((PROJECT / "demo").rglob("*.py"))
    assert files
    found = [f"{path.name}: {name}" for path in files for name in imported(path) if name.split(".")[0] == "include"]
    assert found == []


def test_no_room_needs_airflow_to_be_imported() -> None:
    files = sorted((PROJECT / "include").rglob("*.py"))
    found = {
        path.relative_to(PROJECT / "include").as_posix()
        for path in files
        for name in imported(path, top_level_only=True)
        if name.split(".")[0] == "airflow"
    }
    assert found <= {"notify.py", "retry.py"}


def test_nobody_asks_over_http_but_the_one_session_factory() -> None:
    """One place holds time-outs, pacing, redaction and the allowed host."""
    files = [path for path in sorted((PROJECT / "include").rglob("*.py")) if path.name != "http.py"]
    found = {(path.name, name) for path in files for name in imported(path)
             if name.split(".")[0] in ("requests", "urllib3", "httpx")}  # fmt: skip
    assert found - KNOWS_HTTP == set()

"""How far a connector says it was proven is what tests and pins say, too: the README shows it to people who decide."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from include import connector_tables
from include.connectors import base
from include.connectors.base import Proof
from include.sandbox.__main__ import faces

PROJECT = Path(__file__).resolve().parents[1]
BY = re.compile(r"`(?P<name>[\w./-]+)`(?: (?P<version>\d[\d.]*\d))?[ ,]")
PINS = [*PROJECT.glob("requirements*.txt"), *PROJECT.glob("demo/requirements*.txt")]
VENDORS = [connector.name for connector in connector_tables.own()]


def marked(vendor: str) -> set[str]:
    """Return what tests are marked to prove of the connector: `pytest.mark.proves(name, how)`."""
    found = set()
    for path in PROJECT.glob("tests/**/test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.proves":
                name, how = (ast.literal_eval(argument) for argument in node.args)
                found |= {how} if name == vendor else set()
    return found


def pinned(name: str, version: str) -> Iterator[Path]:
    """Yield the files that pin the package to this version, or to one of it."""
    line = re.compile(rf"^{re.escape(name)}=={re.escape(version)}[. ]", re.MULTILINE)
    return (path for path in PINS if line.search(path.read_text(encoding="utf-8")))


def imports(vendor: str, package: str) -> bool:
    """Tell whether a file of the connector's tests imports the package."""
    line = re.compile(rf"^ *(from|import) {package.replace('-', '_')}\b", re.MULTILINE)
    return any(line.search(path.read_text(encoding="utf-8")) for path in PROJECT.glob(f"tests/{vendor}/*.py"))


def installs(vendor: str, package: str) -> bool:
    """Tell whether set-up installs the Debian package for the connector's tests."""
    recipe = PROJECT / f"tests/{vendor}/debian.py"
    return recipe.exists() and f'"{package}"' in recipe.read_text(encoding="utf-8")


def test_the_tables_are_made_from_the_connectors() -> None:
    """After a change that is meant: make docs, or python -m include.connector_tables."""
    page = connector_tables.README.read_text(encoding="utf-8")
    assert connector_tables.put_into(page) == page


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_proof_that_is_claimed_has_tests_and_no_other(vendor: str) -> None:
    assert {str(proof) for proof in base.get(vendor).proven} == marked(vendor)


@pytest.mark.parametrize(("vendor", "proof"), [(v, p) for v in VENDORS for p in base.get(v).proven])
def test_what_a_connector_was_proven_by_is_there_in_that_version(vendor: str, proof: Proof) -> None:
    said = BY.match(base.get(vendor).proven[proof])
    assert said, "it begins with the `name` of what it was proven by"
    name, version = said["name"], said["version"]
    match proof:
        case Proof.SANDBOX:
            assert name == f"include/sandbox/{vendor}" and vendor in faces()
        case Proof.CLIENT:
            assert version and list(pinned(name, version)) and imports(vendor, name)
        case Proof.SERVER:
            assert version and (
                PROJECT / f"demo/requirements-{vendor}.txt" in pinned(name, version)
                or installs(vendor, f"{name}-{version}")
            )


def test_a_page_without_markers_is_not_overwritten() -> None:
    with pytest.raises(ValueError, match="lacks a line"):
        connector_tables.put_into("# A page of somebody's own\n")

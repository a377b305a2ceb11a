"""Walks through the museum: every check passes on the code as it is, and fails while its mutant is in it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from include.errors import GreenlightError
from tests.survival.museum.exhibits import CHECKS, EXHIBITS
from tests.survival.museum.mutant import Mutant, applied
from tests.survival.museum.room import Template, opened
from tests.survival.report import Report

SYMPTOMS = (AssertionError, pytest.fail.Exception, GreenlightError, DBAPIError)
"""How a defect shows: a wrong row, or an error where there must be none. A NameError would be our own slip."""


def catches(mutant: Mutant, folder: Path, template: Template) -> str:
    """Return how the mutant's check fails while the defect is in the code, "" where it does not."""
    with applied(mutant), opened(folder, template) as room:
        try:
            mutant.caught_by(room)
        except SYMPTOMS as symptom:
            return str(symptom) or type(symptom).__name__
    return ""


def torture(report: Report, seed: int) -> None:
    """Count the mutants and those that are caught."""
    with tempfile.TemporaryDirectory(prefix="museum-") as name:
        folder = Path(name)
        template = Template(folder)
        for number, check in enumerate(CHECKS):
            with report.trying("museum_checks", check.__name__):
                (mine := folder / f"check-{number}").mkdir()
                with opened(mine, template) as room:
                    check(room)
        for number, mutant in enumerate(EXHIBITS):
            (mine := folder / f"mutant-{number}").mkdir()
            caught = bool(catches(mutant, mine, template))
            report.add("mutants", 1, int(caught), total="total", good="killed")
            if not caught:
                report.failed("mutants", f"{mutant.name} survived {mutant.caught_by.__name__}")

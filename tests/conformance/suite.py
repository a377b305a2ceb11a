"""The conformance suite: every method of include/connectors/base.py, as plain functions over a Subject.

A connector's test file is a fixture that makes its Subject and one test parametrised over CHECKS.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance import checks_declared, checks_errors, checks_figures, checks_read, checks_rows, checks_sums
from tests.conformance.subject import Subject

MODULES = (checks_declared, checks_read, checks_rows, checks_sums, checks_figures, checks_errors)

CHECKS: dict[str, Callable[[Subject], None]] = {
    name.removeprefix("check_"): check
    for module in MODULES
    for name, check in vars(module).items()
    if name.startswith("check_")
}

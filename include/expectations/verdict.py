"""What a checkpoint found: checks, the records that failed them, and the words for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from include import money

SEVERITIES = ("critical", "warning", "info")
COMPARISON = "reconciliation"
"""The suite that holds the warehouse against the ERP's own figures."""
LINES_PER_CHECK, ROWS_PER_CHECK = 20, 200
"""How many records of one check the task log and the page name; its CSV lists all."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One record that failed a check: its key, numbers people use, and the money concerned.

    Args:
        amount: minor units of `currency`; None where no amount can be told.
    """

    record: str
    number: str
    customer_number: str
    currency: str
    amount: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation's result; `blocking` keeps the gate shut."""

    name: str
    suite: str
    severity: str
    passed: bool
    blocking: bool
    expectation: str
    failures: tuple[Failure, ...] = ()

    def sums(self) -> dict[str, int]:
        """Return the money concerned, minor units per currency, absolute amounts added up."""
        found: Counter[str] = Counter()
        for failure in self.failures:
            if failure.amount and failure.currency:
                found[failure.currency] += abs(failure.amount)
        return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one validation, and where its pages are.

    Args:
        data_version: the organization's when the validation began; rows changed since were not looked at.
    """

    organization_id: str
    checks: tuple[Check, ...]
    docs: str
    data_version: int

    @property
    def passed(self) -> bool:
        """Nothing blocks, and something was checked at all."""
        return bool(self.checks) and not any(check.blocking for check in self.checks)

    @property
    def rows_passed(self) -> bool:
        """Nothing blocks but differences from the ERP, which a run that read only a part cannot have removed."""
        return bool(self.checks) and not any(c.blocking and c.suite != COMPARISON for c in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """Failed checks: blocking ones first, then by severity, the most money first."""
        failed = (check for check in self.checks if not check.passed)
        return tuple(sorted(failed, key=lambda c: (not c.blocking, SEVERITIES.index(c.severity), -_weight(c), c.name)))

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many checks of each severity passed and failed."""
        result = {severity: {"passed": 0, "failed": 0} for severity in SEVERITIES}
        for check in self.checks:
            result[check.severity]["passed" if check.passed else "failed"] += 1
        return result

    def why(self) -> list[dict[str, Any]]:
        """Return every record of every failed critical or warning check once, blocking ones first."""
        return [
            {"check": check.name, "severity": check.severity, "blocking": check.blocking, **asdict(failure)}
            for check in self.failed
            if check.severity != "info" or check.blocking
            for failure in check.failures
        ]

    def headline(self) -> str:
        """Say in one sentence whether the organization is ready, and if not, what is in the way."""
        blocking = [check for check in self.checks if check.blocking]
        if self.passed:
            warnings = sum(not c.passed and c.severity == "warning" for c in self.checks)
            return f"{self.organization_id} is ready: no critical check failed" + (
                f", {warnings} warning{'s' * (warnings != 1)} to look at" if warnings else ""
            )
        records = {failure.record for check in blocking for failure in check.failures}
        return (
            f"{self.organization_id} is not ready: {len(blocking)} critical check{'s' * (len(blocking) != 1)} failed, "
            f"{len(records)} record{'s' * (len(records) != 1)} to mend"
        )

    def plain_words(self) -> str:
        """Return the task log: what to fix, how many records, how much money, the largest first."""
        lines = [self.headline()]
        for check in self.failed:
            money_ = ", ".join(money.display(amount, currency) for currency, amount in check.sums().items())
            mark = "BLOCKS" if check.blocking else check.severity
            count = f"{len(check.failures)} record{'s' * (len(check.failures) != 1)}"
            lines.append(f"\n[{mark}] {check.expectation} ({count}{', ' + money_ if money_ else ''})")
            lines += [f"    {failure.sentence}" for failure in check.failures[:LINES_PER_CHECK]]
            if len(check.failures) > LINES_PER_CHECK:
                lines.append(f"    … and {len(check.failures) - LINES_PER_CHECK} more, all in the CSV of the Data Docs")
        return "\n".join([*lines, "", f"Data Docs: {self.docs}"])


def _weight(check: Check) -> int:
    return max(check.sums().values(), default=0)

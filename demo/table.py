"""The demo's table, and whether it says what the systems' own clients say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

SEVERITIES = ("critical", "warning", "info")
MINOR_DIGITS = {"JPY": 0, "KWD": 3, "BHD": 3}
"""Currencies of the demo's books that have other than two decimals."""


def render(organizations: list[dict[str, Any]]) -> str:
    """Return the table, a block of lines per organization, and below it why one is not ready."""
    header = ("organization", "mode", "customers", "contacts", "invoices", "outstanding", "requests", "checks passed")
    rows = [header]
    for o in organizations:
        amounts = [_amount(amount, currency) for currency, amount in o["outstanding"].items()] or ["nothing"]
        checks = ", ".join(_checks(severity, o["checks"].get(severity, {})) for severity in SEVERITIES)
        figures = (str(o[name]) for name in ("customers", "contacts", "invoices"))
        rows.append((o["id"], o["mode"], *figures, amounts[0], str(o["requests"]), checks))
        rows += [("", "", "", "", "", amount, "", "") for amount in amounts[1:]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("─" * width for width in widths))
    for o in organizations:
        lines += ["", f"{o['id']}: {o['reason']}"]
        lines += [f"  {'BLOCKS ' if w['blocking'] else 'warning'}  {w['sentence']}" for w in o["why"]]
    return "\n" + "\n".join(lines) + "\n"


def _amount(minor: int, currency: str) -> str:
    digits = MINOR_DIGITS.get(currency, 2)
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f} {currency}"


def _checks(severity: str, counts: dict[str, int]) -> str:
    passed, failed = counts.get("passed", 0), counts.get("failed", 0)
    return f"{severity} {passed}/{passed + failed}"


def differences(
    organizations: list[dict[str, Any]], truth: list[dict[str, Any]], seeded: list[dict[str, Any]]
) -> list[str]:
    """Return a sentence for every figure, mode or reason that is not as the systems' clients and the seeding say."""
    found = {o["entity"]: o for o in organizations}
    planted = {str(c["company_id"]): c["planted"] for c in seeded}
    wrong: list[str] = []
    for company in truth:
        entity = str(company["company_id"])
        if entity not in found:
            wrong.append(f"{company['name']} was not connected")
            continue
        ours = found.pop(entity)
        theirs = {**{n: company["counts"][n] for n in ("customers", "contacts", "invoices")},
                  "outstanding": company["outstanding"]}  # fmt: skip
        wrong += [
            f"{company['name']}: {name} is {ours[name]}, its system's own client says {value}"
            for name, value in theirs.items()
            if ours[name] != value
        ]
        wrong += _verdict(company["name"], ours, planted[entity])
    return wrong + [f"{entity} is no company of either system" for entity in found]


def _verdict(name: str, ours: dict[str, Any], planted: list[dict[str, Any]]) -> list[str]:
    """Compare mode and reasons with what was planted: a clean company is ready, a defective one is not."""
    blocking = any(defect["severity"] == "critical" for defect in planted)
    expected = {r for defect in planted if defect["severity"] in ("critical", "warning") for r in defect["records"]}
    named = {w["record"] for w in ours["why"]}
    wrong = []
    if ours["mode"] != ("test_mode" if blocking else "ready"):
        wrong.append(f"{name}: is in mode {ours['mode']} with {'a' if blocking else 'no'} blocking defect")
    wrong += [f"{name}: planted {record} was not found" for record in sorted(expected - named)]
    wrong += [f"{name}: {record} was named, but nothing is wrong with it" for record in sorted(named - expected)]
    return wrong

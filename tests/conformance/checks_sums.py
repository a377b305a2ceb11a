"""What must add up inside the rows: statuses, installments, and checks (a) to (c) of the receivables rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from include.model import ALLOCATED_TYPES, LEDGER_STATUSES
from tests.conformance.subject import Row, Subject

ZERO = Decimal(0)
RESTS = {"invoices": "outstanding_amount", "credit_notes": "unapplied_amount"}


def check_statuses(subject: Subject) -> None:
    """A status and its amounts agree: paid has no rest, a draft none either, voided rows are 0."""
    found = subject.rows()
    for table, rest in RESTS.items():
        for row in found.get(table, ()):
            where = f"{table} {row['external_id']} is {row['status']}"
            assert row["status"] == "open" or not row[rest], f"{where} with an open rest"
            if row["status"] == "voided":
                amounts = (row["gross_amount"], row["net_amount"], row["tax_amount"])
                assert not any(amounts), f"{where} with amounts"
                assert row["gross_before_void"] is not None, f"{where} without its former gross"
            if row["status"] in LEDGER_STATUSES:
                assert row["number"] and row["issue_date"], f"{where} without number or date"
            assert table == "invoices" or row["gross_amount"] >= 0, f"{where}, its amounts must be positive"


def check_installments(subject: Subject) -> None:
    """Every posted invoice has installments; they add up to its gross and its rest, earliest due first."""
    found = subject.rows()
    parts: dict[str, list[Row]] = defaultdict(list)
    for part in found.get("installments", ()):
        parts[part["invoice_external_id"]].append(part)
    for invoice in found.get("invoices", ()):
        own = sorted(parts[invoice["external_id"]], key=lambda part: part["sequence"])
        if invoice["status"] not in LEDGER_STATUSES:
            continue
        where = f"invoice {invoice['external_id']}"
        assert own, f"{where} has no installment"
        assert sum(p["amount"] for p in own) == invoice["gross_amount"], f"{where}: installments are not its gross"
        rest = sum(p["outstanding_amount"] for p in own)
        assert rest == invoice["outstanding_amount"], f"{where}: installments are not its rest"
        assert {p["currency"] for p in own} == {invoice["currency"]}, f"{where}: an installment in another currency"
        assert [p["due_date"] for p in own] == sorted(p["due_date"] for p in own), f"{where}: parts are not by due date"
        unpaid = [p["due_date"] for p in own if p["outstanding_amount"]]
        due = min(unpaid) if unpaid else own[-1]["due_date"]
        assert invoice["due_date"] == due, f"{where}: due_date is not its earliest unpaid part's"


def check_allocations(subject: Subject) -> None:
    """(a) to (c): documents and movements are explained by their allocations, where those are complete."""
    if subject.connect().allocations != "complete":
        return
    found = subject.rows()
    used, reduced = _allocated(found)
    for row in found.get("invoices", ()):
        if row["status"] in LEDGER_STATUSES:
            rest = row["gross_amount"] - reduced[row["external_id"]]
            assert row["outstanding_amount"] == rest, f"(a) {row['external_id']}: rest is not gross less allocations"
    for table, amount in (("payments", "amount"), ("credit_notes", "gross_amount"), ("refunds", "amount")):
        for row in found.get(table, ()):
            if row["status"] in ("draft", "pending_approval", "rejected", "voided"):
                continue
            explained = used[row["external_id"]] + reduced[row["external_id"]] + row["unapplied_amount"]
            assert row[amount] == explained, f"(b/c) {table} {row['external_id']}: amount is not used and unapplied"


def check_allocations_in_currency(subject: Subject) -> None:
    """An allocation takes from source and target in their own currencies."""
    found = subject.rows()
    currencies = {
        (kind, row["external_id"]): row["currency"] for kind, t in ALLOCATED_TYPES.items() for row in found.get(t, ())
    }
    for row in found.get("allocations", ()):
        for side in ("source", "target"):
            currency = currencies.get((row[f"{side}_type"], row[f"{side}_external_id"]))
            where = f"allocation {row['external_id']}: {side}"
            assert currency in (None, row[f"{side}_currency"]), f"{where}_currency is not that of the {side}"
            complete = [row[f"{side}_{part}"] is None for part in ("type", "external_id", "amount", "currency")]
            assert len(set(complete)) == 1, f"{where} is told only in part"


def _allocated(found: Mapping[str, list[Row]]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Return how much of each source was used, and how much each target was reduced by."""
    used: dict[str, Decimal] = defaultdict(Decimal)
    reduced: dict[str, Decimal] = defaultdict(Decimal)
    for row in found.get("allocations", ()):
        if row["source_external_id"]:
            used[row["source_external_id"]] += row["source_amount"]
        reduced[row["target_external_id"]] += row["target_amount"]
    return used, reduced

"""One planted defect per check; each trips that check and no other, but for those it cannot help tripping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.expectations.books import FAKE, NOW, PARTIAL, SWEPT, Books


@dataclass(frozen=True)
class Case:
    """A defect, the check it trips, and the records that check names.

    Args:
        also: checks that the same defect trips, too.
    """

    check: str
    plant: Callable[[Books], None]
    records: tuple[str, ...]
    also: tuple[str, ...] = ()
    connector: Any = FAKE


def change(table: str, where: dict[str, Any] | str, **values: Any) -> Callable[[Books], None]:
    return lambda books: books.change(table, where, **values)


def remove(table: str, where: dict[str, Any] | str | None = None) -> Callable[[Books], None]:
    return lambda books: books.remove(table, where)


def differ(figure: str, classification: str = "amount", **values: Any) -> Callable[[Books], None]:
    return change("reconciliations", {"figure": figure}, classification=classification, difference=7, **values)


def rename(table: str, old: str, new: str) -> Callable[[Books], None]:
    return change(table, old, external_id=new)


def add(table: str, external_id: str, **values: Any) -> Callable[[Books], None]:
    return lambda books: books.add(table, external_id, **values)


def reject(**values: Any) -> Callable[[Books], None]:
    return lambda books: books.reject("invoice:90", number="INV-90", customer_external_id="party:1", **values)


def no_totals(books: Books) -> None:
    for figure in ("open_total", "customer_balance"):
        books.remove("reconciliations", {"figure": figure})


def no_invoices(books: Books) -> None:
    for table in ("invoices", "installments", "allocations", "credit_notes", "payments", "refunds"):
        books.remove(table)


def no_rows(books: Books) -> None:
    no_invoices(books)
    books.remove("contacts")
    books.remove("customers")


def second_main_contact(books: Books) -> None:
    books.add("contacts", "contact:9", customer_external_id="party:1", parent_external_id="party:1")


def little_unreachable(books: Books) -> None:
    """Nobody can write to the second customer, who holds 5.00 of 164.00 overdue; 18.00 would be too much."""
    books.change("contacts", "contact:2", email_is_valid=False)
    books.change("invoices", "invoice:6", base_outstanding_amount=500)
    books.change("installments", "invoice:6:1", due_date=date(2026, 3, 9))


def twin(table: str, key: str, rest: str) -> Callable[[Books], None]:
    return add(table, f"{key.split(':')[0]}:77", customer_external_id="party:1", gross_amount=0, **{rest: 0},
               number={"invoice:1": "INV-1", "credit:1": "CN-1"}[key], status="paid")  # fmt: skip


def again(table: str, key: str, year: int, **values: Any) -> Callable[[Books], None]:
    """An open document with the number of another one, issued in that year."""
    return add(table, f"{key.split(':')[0]}:78", customer_external_id="party:1", gross_amount=0, number="INV-1",
               outstanding_amount=0, issue_date=date(year, 2, 1), **values)  # fmt: skip


def volume(today: int, runs: int = 14, same_weekday: int = 30) -> Callable[[Books], None]:
    """A run a day, on this weekday with as many changes as said, on others with a thousand."""

    def plant(books: Books) -> None:
        books.add("sync_runs", manifest="today", changed=today)
        for days in range(1, runs + 1):
            changed = same_weekday if days % 7 == 0 else 1_000
            books.add("sync_runs", manifest=f"{days} ago", run_id=f"{days} ago", changed=changed,
                      loaded_at=NOW - timedelta(days=days, minutes=days))  # fmt: skip

    return plant


def one_voided_with_gross(books: Books) -> None:
    books.change("invoices", "invoice:5", gross_amount=3_000)


ALLOCATED = "invoice:2/payment:payment:1/invoice:invoice:2/1"
NOBODY = "party:99"
STALE = NOW - timedelta(days=3)

CASES = (
    Case("total_asked", no_totals, ("total_asked",)),
    Case("total_asked", lambda b: b.change("reconciliations", {}, grade="C"), ("total_asked",)),
    Case("counts_asked", remove("reconciliations", {"figure": "count"}), ("counts_asked",)),
    Case("counts_asked", change("reconciliations", {"figure": "count"}, grade="D"), ("counts_asked",)),
    Case("figure_answered", differ("open_document", "unanswered"), ("invoice:1",)),
    Case("figure_decided", differ("open_total", "undecided"), ("open_total",)),
    Case("document_equal", differ("open_document"), ("invoice:1",)),
    Case("document_equal", differ("open_document", "missing_here", is_explained=True), ("invoice:1",)),
    Case("customer_balance", differ("customer_balance"), ("party:1",)),
    Case("open_total", differ("open_total"), ("open_total",)),
    Case("open_total", differ("open_total", is_explained=None), ("open_total",)),
    Case("counts_equal", differ("count"), ("invoices",)),
    Case("none_emptied", differ("count", "count", subject="credit_notes", ours=0, theirs=3, is_explained=True),
         ("credit_notes",)),
    Case("none_emptied", differ("count", "count", subject="credit_notes", ours=0, theirs=3), ("credit_notes",)),
    Case("closed_world", lambda b: b.add("reconciliations", figure="closed_world", subject="note", currency="EUR",
                                         classification="unmapped", difference=9), ("note",)),
    Case("stream_fresh", change("sync_cursors", {"stream": "invoices"}, read_to_end_at=STALE), ("invoices",)),
    Case("stream_fresh", change("sync_cursors", {"stream": "invoices"}, read_to_end_at=None), ("invoices",)),
    Case("stream_fresh", remove("sync_cursors", {"stream": "payments"}), ("payments",)),
    Case("deletions_accepted", change("sync_cursors", {"stream": "invoices"}, sweep_refused="abc123", sweep_gone=9),
         ("invoices",)),
    Case("stream_swept", change("sync_cursors", {"stream": "invoices"}, swept_at=NOW - timedelta(days=8)),
         ("invoices",), connector=SWEPT),
    Case("fields_known", lambda b: b.add("unknown_fields", field="Color"), ("invoices",)),
    Case("volume_usual", volume(today=111), ("invoices",)),
    Case("volume_usual", volume(today=3), ("invoices",)),
    Case("open_record_currency", reject(reason="unknown_currency"), ("invoice:90",)),
    Case("open_record_amount", reject(reason="impossible_amount", amount="12.345", currency="EUR"), ("invoice:90",)),
    Case("open_record_rejected", reject(reason="missing_column"), ("invoice:90",)),
    Case("open_record_rejected", reject(reason=None), ("invoice:90",)),
    Case("open_record_rejected", reject(reason="missing_column", is_open=None), ("invoice:90",)),
    Case("rejects_share", reject(is_open=False), ("invoice:90",)),
    Case("customers_not_empty", no_rows, ("customers",), also=("invoices_not_empty",)),
    Case("customers_key", rename("customers", "party:2", "party"), ("party",),
         also=("contacts_customer", "invoices_customer")),
    Case("customers_key", rename("customers", "party:2", "party:"), ("party:",),
         also=("contacts_customer", "invoices_customer")),
    Case("customer_parent", change("customers", "party:2", parent_external_id=NOBODY), ("party:2",)),
    Case("overdue_customer_reachable", little_unreachable, ("party:2",)),
    Case("overdue_reachable_share", change("contacts", "contact:1", email_is_valid=False), ("party:1",),
         also=("overdue_customer_reachable",)),
    Case("main_contact", change("contacts", "contact:1", is_main=False), ("party:1",)),
    Case("main_contact", second_main_contact, ("party:1",)),
    Case("contacts_key", rename("contacts", "contact:1", "1"), ("1",)),
    Case("contacts_customer", change("contacts", "contact:2", customer_external_id=NOBODY), ("contact:2",)),
    Case("invoices_not_empty", no_invoices, ("invoices",)),
    Case("invoices_key", rename("invoices", "invoice:4", "4"), ("4",)),
    Case("invoices_customer", change("invoices", "invoice:5", customer_external_id=NOBODY), ("invoice:5",)),
    Case("invoice_unique", twin("invoices", "invoice:1", "outstanding_amount"), ("invoice:1", "invoice:77")),
    Case("invoice_number_again", again("invoices", "invoice:1", 2024), ("invoice:1", "invoice:78")),
    Case("credit_note_base_currency", change("credit_notes", "credit:1", base_currency="CHF"), ("credit:1",)),
    Case("payment_base_currency", change("payments", "payment:1", base_currency="CHF"), ("payment:1",)),
    Case("refund_base_currency", change("refunds", "refund:1", base_currency="CHF"), ("refund:1",)),
    Case("invoice_base_currency", change("invoices", "invoice:6", base_currency="CHF"), ("invoice:6",)),
    Case("due_date", change("invoices", "invoice:1", due_date=None), ("invoice:1",)),
    Case("due_date", change("installments", "invoice:1:1", due_date=None), ("invoice:1",)),
    Case("installments_present", remove("installments", "invoice:3:1"), ("invoice:3",)),
    Case("installments_add_up", change("installments", "invoice:2:1", amount=5_999), ("invoice:2",)),
    Case("installments_add_up", change("installments", "invoice:2:2", outstanding_amount=3_999), ("invoice:2",)),
    Case("invoice_settled", change("allocations", ALLOCATED, target_amount=5_999), ("invoice:2",)),
    Case("invoice_settled", change("allocations", ALLOCATED, target_amount=5_999), ("invoice:2",), connector=PARTIAL),
    Case("invoice_status", one_voided_with_gross, ("invoice:5",)),
    Case("invoice_status", change("invoices", "invoice:4", outstanding_amount=1), ("invoice:4",)),
    Case("due_after_issue", change("invoices", "invoice:1", issue_date=date(2026, 3, 2)), ("invoice:1",)),
    Case("net_within_gross", change("invoices", "invoice:3", net_amount=5_001), ("invoice:3",)),
    Case("outstanding_within_gross", change("invoices", "invoice:1", gross_amount=11_899, net_amount=11_899),
         ("invoice:1",), also=("installments_add_up", "invoice_settled")),
    Case("payment_terms", change("invoices", "invoice:1", payment_terms=None), ("invoice:1",)),
    Case("installments_key", rename("installments", "invoice:3:1", "invoice"), ("invoice",)),
    Case("installment_invoice", add("installments", "invoice:99:1", invoice_external_id="invoice:99", amount=1,
                                    parent_external_id="invoice:99", outstanding_amount=1), ("invoice:99:1",)),
    Case("installment_currency", change("installments", "invoice:3:1", currency="USD"), ("invoice:3:1",)),
    Case("credit_notes_key", rename("credit_notes", "credit:1", "credit"), ("credit",),
         also=("allocation_source", "credit_note_applied")),
    Case("credit_notes_customer", change("credit_notes", "credit:1", customer_external_id=NOBODY), ("credit:1",)),
    Case("credit_note_unique", twin("credit_notes", "credit:1", "unapplied_amount"), ("credit:1", "credit:77")),
    Case("credit_note_applied", change("credit_notes", "credit:1", gross_amount=5_001), ("credit:1",)),
    Case("payments_key", lambda b: b.add("payments", "7", customer_external_id="party:1", amount=1, unapplied_amount=1),
         ("7",)),
    Case("payments_customer", change("payments", "payment:1", customer_external_id=NOBODY), ("payment:1",)),
    Case("payment_applied", change("payments", "payment:1", unapplied_amount=499), ("payment:1",)),
    Case("payment_applied", change("allocations", ALLOCATED, source_amount=5_999), ("payment:1",)),
    Case("refunds_key", add("refunds", "7", customer_external_id="party:1", amount=1, unapplied_amount=1), ("7",)),
    Case("refunds_customer", change("refunds", "refund:1", customer_external_id=NOBODY), ("refund:1",)),
    Case("refund_linked", change("refunds", "refund:1", unapplied_amount=1), ("refund:1",)),
    Case("owed_without_invoice", add("refunds", "journal:1", kind="journal", customer_external_id="party:1", amount=50,
                                     unapplied_amount=50), ("journal:1",)),
    Case("allocations_key", add("allocations", "z", target_type="invoice", target_external_id="invoice:1",
                                target_amount=0, parent_external_id="invoice:1"), ("z",)),
    Case("allocation_source", add("allocations", "invoice:1/payment:x", target_type="invoice",
                                  target_external_id="invoice:1", target_amount=0, source_type="payment",
                                  source_external_id="payment:99",
                                  source_amount=0, parent_external_id="invoice:1"), ("invoice:1/payment:x",)),
    Case("allocation_target", add("allocations", "invoice:1/payment:y", target_type="invoice",
                                  target_external_id="invoice:99", target_amount=0,
                                  parent_external_id="invoice:1"), ("invoice:1/payment:y",)),
    Case("allocation_currency", change("allocations", ALLOCATED, target_currency="USD"), (ALLOCATED,)),
    Case("allocation_currency", change("allocations", ALLOCATED, source_currency="USD"), (ALLOCATED,)),
    Case("allocation_currency", change("allocations", ALLOCATED, source_currency=None), (ALLOCATED,)),
)  # fmt: skip

"""Which of Odoo's records belong to an organization: its company, its receivables, its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from include.connectors.base import Window
from include.connectors.odoo.values import stamp

Domain = list[Any]
INVOICE_TYPES, NOTE_TYPES = ("out_invoice", "out_receipt"), ("out_refund",)
DOCUMENT_TYPES = (*INVOICE_TYPES, *NOTE_TYPES)
UNSETTLED: Domain = ["&", ["state", "=", "posted"],
                     "|", ["amount_residual", "!=", 0], ["amount_residual_signed", "!=", 0]]  # fmt: skip
"""Posted with a rest, in the document's currency or in the books'."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One company's receivables, as domains.

    Args:
        receivable: domain of lines on receivable accounts, in this version's words.
        due: domain of the lines that say when an invoice is due.
        difference_journal: id of the journal of exchange differences, 0 where there is none.
    """

    company: int
    receivable: Domain
    due: Domain
    difference_journal: int

    @property
    def documents(self) -> Domain:
        """Every invoice, receipt and credit note of the company's customers."""
        return [["company_id", "=", self.company], ["move_type", "in", list(DOCUMENT_TYPES)]]

    @property
    def open_documents(self) -> Domain:
        """Drafts, and what is posted and not settled."""
        return [*self.documents, "|", ["state", "=", "draft"], *UNSETTLED]

    @property
    def unsettled_documents(self) -> Domain:
        """What is posted and not settled."""
        return [*self.documents, *UNSETTLED]

    def documents_in_range(self, history_from: date) -> Domain:
        """Open ones of any age, closed ones from history_from by invoice date; one without a date is in range."""
        return [
            *self.documents, "|", "|", "|",
            ["state", "=", "draft"], ["invoice_date", "=", False], ["invoice_date", ">=", history_from.isoformat()],
            *UNSETTLED,
        ]  # fmt: skip

    @property
    def lines(self) -> Domain:
        """Every line on the company's receivable accounts."""
        return [["company_id", "=", self.company], *self.receivable]

    @property
    def open_lines(self) -> Domain:
        """Lines that are neither reconciled nor cancelled; those of drafts too."""
        return [*self.lines, ["reconciled", "=", False], ["parent_state", "!=", "cancel"]]

    def lines_in_range(self, history_from: date) -> Domain:
        """Open ones and what settled a part of an open one at any age, the rest from history_from.

        A matching's date is never before those of its two lines: what an old payment settles now is in range.
        """
        day = history_from.isoformat()
        matched = [("matched_debit_ids", "debit_move_id"), ("matched_credit_ids", "credit_move_id")]
        conditions: Domain = [["date", ">=", day]]
        for partials, other in matched:
            conditions += [[f"{partials}.max_date", ">=", day], [f"{partials}.{other}.reconciled", "=", False]]
        is_open = ["&", ["reconciled", "=", False], ["parent_state", "!=", "cancel"]]
        return [*self.lines, *["|"] * len(conditions), *conditions, *is_open]

    @property
    def own_lines(self) -> Domain:
        """The lines of invoices and credit notes that say when they are due."""
        return [*self.lines, ["move_id.move_type", "in", list(DOCUMENT_TYPES)], *self.due]

    @property
    def movements(self) -> Domain:
        """The lines that are payments or refunds: of no document, no settled exchange difference, not over nothing."""
        difference = ["&", ["journal_id", "=", self.difference_journal], ["reconciled", "=", True]]
        return [
            *self.lines, "!", "&", ["move_id.move_type", "in", list(DOCUMENT_TYPES)], *self.due, "!", *difference,
            "|", ["balance", "!=", 0], ["amount_currency", "!=", 0],
        ]  # fmt: skip

    def movements_in_range(self, history_from: date) -> Domain:
        """Those that count: dated from history_from on, or with an unused rest."""
        return [
            *self.movements, ["partner_id", "!=", False], "|", ["date", ">=", history_from.isoformat()],
            "&", ["reconciled", "=", False], ["parent_state", "!=", "cancel"],
        ]  # fmt: skip


def modified(window: Window) -> Domain:
    """Records written within the window, at Odoo's precision of a second."""
    domain: Domain = []
    if window.since:
        domain.append(["write_date", ">=", stamp(window.since)])
    if window.until:
        domain.append(["write_date", "<", stamp(window.until)])
    return domain
